"""Permissions of CloudWatch alarms, which publish under the service's own name."""

from __future__ import annotations

from aws_cdk import Aws

from lake_blueprints.foundation.access import Permission

CLOUDWATCH = "cloudwatch.amazonaws.com"
_ALARMS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html"
_TOPIC_KEYS = "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"


def publish(topic_arn: str) -> Permission:
    """Publish to a topic."""
    return _of_this_account(("sns:Publish",), topic_arn, "publishes that an alarm has changed", _ALARMS)


def use_topic_key(key_arn: str) -> Permission:
    """Use the key of a topic."""
    actions = ("kms:Decrypt", "kms:GenerateDataKey*")
    return _of_this_account(actions, key_arn, "publishes to encrypted topics", _ALARMS, _TOPIC_KEYS)


def _of_this_account(actions: tuple[str, ...], arn: str, because: str, *sources: str) -> Permission:
    return Permission(
        actions=actions,
        on=(arn,),
        because=because,
        sources=sources,
        conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
    )

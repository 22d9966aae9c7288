"""Topic and key policies that admit CloudWatch alarms."""

from __future__ import annotations

from weakref import WeakSet

from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns

from lake_blueprints.foundation.access import admit, arn_of
from lake_blueprints.foundation.alarms import permissions

# A topic has one policy and many alarms; each statement crosses to the CDK's process.
_ADMITTED: WeakSet[sns.ITopic] = WeakSet()


def admit_alarms(topic: sns.ITopic) -> None:
    """Let the alarms of this account publish to a topic, and use its key; once for a topic.

    A topic without a policy admits them, one with a policy of its own admits only what the policy names. The policies
    of an imported topic and of an imported key cannot be changed from here: they must admit CloudWatch already.

    Notes
    -----
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html,
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    if topic in _ADMITTED:
        return
    _ADMITTED.add(topic)
    admit(topic, "Alarms", permissions.CLOUDWATCH, permissions.publish(topic.topic_arn))
    if topic.master_key:
        admit_alarms_to_key(topic.master_key)


def admit_alarms_to_key(key: kms.IKey) -> None:
    """Let the alarms of this account use the key of a topic; a statement that is there already is not repeated."""
    admit(key, "Alarms", permissions.CLOUDWATCH, permissions.use_topic_key(arn_of(key)))

"""The customer-managed key of a lake, with the statements that AWS services need in its policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import Aws, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from lake_blueprints.foundation.alarms import admit_alarms_to_key
from lake_blueprints.foundation.removal import guard_removal

_ENCRYPT = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey")
_DELIVER = ("kms:Decrypt", "kms:GenerateDataKey*")


class LakeKey(Construct):
    """Define a key that rotates every year and that the services of a lake may use.

    Roles need no statement here: the account's IAM policies apply, and the grants of the lake's constructs write
    them. A service that acts under its own name does, and is switched on by name. None of the statements names a
    resource that uses the key, so no circular dependency can arise. Only AWS services, or callers through one, may make
    grants on the key: a grant is an access that no policy shows.

    Parameters
    ----------
    cloudwatch_logs: bool
        CloudWatch Logs may encrypt log groups of this account. By default it may.
    eventbridge: bool
        EventBridge rules may publish to encrypted topics and queues. By default they may not.
    cloudwatch_alarms: bool
        CloudWatch alarms may publish to encrypted topics. By default they may not, until one of the library's alarms
        is attached to a topic under the key.
    budgets: bool
        AWS Budgets may publish to encrypted topics. By default it may not.
    s3_notifications: bool
        S3 may notify encrypted topics and queues. By default it may not.
    s3_inventory: bool
        S3 may write inventories and Storage Lens exports. By default it may not.
    s3_tables: bool
        S3 Tables may compact encrypted tables. By default it may not.
    log_delivery: bool
        Vended logs may be delivered to encrypted destinations. By default they may not.
    cloudtrail: bool
        CloudTrail may encrypt trails of this account. By default it may not.
    removal_policy: RemovalPolicy
        What happens to the key when it leaves the stack, subject to the removal guard. By default it is
        retained; it is also retained whenever something that it encrypts is.

    Defines
    -------
    One KMS key, as `key`.

    Notes
    -----
    Sources of the statements: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html,
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html,
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/configure-inventory.html,
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html,
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-kms-permissions.html,
    https://docs.aws.amazon.com/controltower/latest/controlreference/ct-kms-pv-1.html.

    Example
    -------
        >>> key = LakeKey(self, "Key", eventbridge=True, cloudwatch_alarms=True).key
        >>> raw = Zone(self, "Raw", encryption_key=key)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cloudwatch_logs: bool = True,
        eventbridge: bool = False,
        cloudwatch_alarms: bool = False,
        budgets: bool = False,
        s3_notifications: bool = False,
        s3_inventory: bool = False,
        s3_tables: bool = False,
        log_delivery: bool = False,
        cloudtrail: bool = False,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        self.key = kms.Key(self, "Key", enable_key_rotation=True, description=f"Data lake key of {self.node.path}")
        guard_removal(self.key, removal_policy)

        self._forbid_grants_outside_aws()

        stack = Stack.of(self)
        ours = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
        if cloudwatch_logs:
            groups = stack.format_arn(service="logs", resource="log-group:*")
            # The principal has the Region in its name, and in China its suffix as well; the log group's ARN would be a
            # circular dependency.
            self._allow(
                "Logs",
                f"logs.{Aws.REGION}.{Aws.URL_SUFFIX}",
                _ENCRYPT,
                {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
            )
        for switched_on, sid, principal in (
            (budgets, "Budgets", "budgets.amazonaws.com"),
            (s3_notifications, "S3Notifications", "s3.amazonaws.com"),
            (log_delivery, "LogDelivery", "delivery.logs.amazonaws.com"),
        ):
            if switched_on:
                self._allow(sid, principal, _DELIVER, ours)
        if eventbridge:
            # EventBridge does not say for whom it acts, and a condition that asks loses every message; SNS and SQS name
            # the topic or queue.
            for sid, context, service in (
                ("EventBridgeTopics", "sns:topicArn", "sns"),
                ("EventBridgeQueues", "sqs:arn", "sqs"),
            ):
                targets = stack.format_arn(service=service, resource="*")
                condition = {"ArnLike": {f"kms:EncryptionContext:aws:{context}": targets}}
                self._allow(sid, "events.amazonaws.com", _DELIVER, condition)
        if cloudwatch_alarms:
            admit_alarms_to_key(self.key)
        if s3_inventory:
            self._allow("S3Inventory", "s3.amazonaws.com", ("kms:GenerateDataKey",), ours)
        if s3_tables:
            tables = stack.format_arn(service="s3tables", resource="bucket", resource_name="*")
            condition = {"ArnLike": {"kms:EncryptionContext:aws:s3:arn": tables}}
            self._allow("S3Tables", "maintenance.s3tables.amazonaws.com", _DELIVER, condition)
        if cloudtrail:
            trails = stack.format_arn(service="cloudtrail", region="*", resource="trail", resource_name="*")
            condition = {**ours, "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": trails}}
            self._allow("CloudTrail", "cloudtrail.amazonaws.com", ("kms:GenerateDataKey*",), condition)
            self._allow("CloudTrailDescribe", "cloudtrail.amazonaws.com", ("kms:DescribeKey",), ours)

    def _forbid_grants_outside_aws(self) -> None:
        """Let nobody give the key away who is not an AWS service, or asks one: a grant is in no policy."""
        asked = {"kms:GrantIsForAWSResource": "false", "aws:PrincipalIsAWSService": "false"}
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="GrantsOutsideAWS",
                effect=iam.Effect.DENY,
                actions=["kms:CreateGrant"],
                principals=[iam.AnyPrincipal()],
                resources=["*"],
                conditions={"BoolIfExists": asked},
            )
        )

    def _allow(self, sid: str, principal: str, actions: tuple[str, ...], conditions: Mapping[str, Any]) -> None:
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid=sid,
                actions=list(actions),
                principals=[iam.ServicePrincipal(principal)],
                resources=["*"],
                conditions=conditions,
            )
        )

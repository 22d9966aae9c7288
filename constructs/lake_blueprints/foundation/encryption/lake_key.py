"""The customer-managed key of a lake, with the statements that AWS services need in its policy."""

from __future__ import annotations

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from lake_blueprints.foundation.access import admit
from lake_blueprints.foundation.alarms import admit_alarms_to_key
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.encryption import permissions
from lake_blueprints.foundation.removal import guard_removal


@checked
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
    zero_etl: bool
        Zero-ETL integrations may encrypt what they carry. By default they may not, until one of the library's is under
        the key.
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
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/zero-etl.creating.html,
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
        zero_etl: bool = False,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        self.key = kms.Key(self, "Key", enable_key_rotation=True, description=f"Data lake key of {self.node.path}")
        guard_removal(self.key, removal_policy)

        self._forbid_grants_outside_aws()

        if cloudwatch_logs:
            # The principal has the Region in its name, and in China its suffix as well; the log group's ARN would be a
            # circular dependency.
            admit(self.key, "Logs", f"logs.{Aws.REGION}.{Aws.URL_SUFFIX}", permissions.log_groups(self.key))
        if budgets:
            admit(self.key, "Budgets", "budgets.amazonaws.com", permissions.budgets(self.key))
        if s3_notifications:
            admit(self.key, "S3Notifications", "s3.amazonaws.com", permissions.notifications(self.key))
        if log_delivery:
            admit(self.key, "LogDelivery", "delivery.logs.amazonaws.com", permissions.log_delivery(self.key))
        if eventbridge:
            for sid, context, service in (
                ("EventBridgeTopics", "sns:topicArn", "sns"),
                ("EventBridgeQueues", "sqs:arn", "sqs"),
            ):
                admit(self.key, sid, "events.amazonaws.com", permissions.events(self.key, context, service))
        if cloudwatch_alarms:
            admit_alarms_to_key(self.key)
        if s3_inventory:
            admit_inventories(self.key)
        if s3_tables:
            admit_table_maintenance(self.key)
        if zero_etl:
            admit_integrations(self.key)
        if cloudtrail:
            for sid, permission in (
                ("CloudTrail", permissions.encrypt_trails(self.key)),
                ("CloudTrailDescribe", permissions.describe_to_trails(self.key)),
            ):
                admit(self.key, sid, "cloudtrail.amazonaws.com", permission)

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


def admit_table_maintenance(key: kms.IKey) -> None:
    """Let S3 Tables maintain the tables under a key; a statement that is there already is not repeated."""
    admit(key, "S3Tables", "maintenance.s3tables.amazonaws.com", permissions.compact_tables(key))


def admit_inventories(key: kms.IKey) -> None:
    """Let S3 encrypt inventories under a key; a statement that is there already is not repeated."""
    admit(key, "S3Inventory", "s3.amazonaws.com", permissions.inventories(key))


def admit_integrations(key: kms.IKey) -> None:
    """Let zero-ETL integrations encrypt what they carry; a statement that is there already is not repeated."""
    admit(key, "ZeroEtl", "redshift.amazonaws.com", permissions.encrypt_integrations(key))

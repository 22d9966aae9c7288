"""A DynamoDB table that serves a dataset's rows by key."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, Token
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.contracts import Dataset
from lake_blueprints.databases.dynamodb.keys import Key, table_keys
from lake_blueprints.databases.dynamodb.permissions import read_items, write_items
from lake_blueprints.foundation.access import allow, combine
from lake_blueprints.foundation.alarms import AlarmSpec, add_alarms
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.foundation.removal import guard_removal
from template_checks.limits import dynamodb as limits


@checked
class ServingTable(Construct):
    """Define an encrypted DynamoDB table that serves the rows of a dataset by key, paid by request.

    Parameters
    ----------
    dataset: Dataset, optional
        The rows that are served: its primary key becomes the table's. By default items have any attributes.
    partition_key, sort_key: dynamodb.Attribute or str, optional
        Keys of the items, or the names of the dataset's columns. By default the dataset's primary key, of one or two
        columns; then there is a sort key only if it has two.
    time_to_live: str, optional
        Attribute that holds the time at which an item expires, in seconds since 1970. By default items stay.
    stream: kinesis.IStream, optional
        Kinesis stream that receives every change of an item. By default none.
    max_read_request_units, max_write_request_units: int, optional
        Ceiling of what requests may cost, in request units a second, at least 1. By default there is none.
    point_in_time_recovery: bool
        Whether each second of the last 35 days can be restored, which exports need. By default it can.
    encryption_key: kms.IKey, optional
        Key for the items. By default a new `LakeKey` is defined.
    alarm_topic: sns.ITopic, optional
        Topic of the alarms on throttled reads and writes. By default there are no alarms.
    removal_policy: RemovalPolicy
        What happens to the items when the table leaves the stack, subject to the removal guard. By default they are
        retained, and the table is protected against deletion.

    Defines
    -------
    One DynamoDB table, as `table`, with its `table_name`; a key, as `key`, unless it is given; with a topic, the
    two alarms of `alarm_specs`. Idle, a table costs its storage and that of its backup.

    Raises
    ------
    ValueError
        If a key is missing, is no column or is of a type that DynamoDB takes for no key, or a ceiling is below 1.

    Notes
    -----
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.CoreComponents.html

    Example
    -------
        >>> serving = ServingTable(self, "Serving", dataset=contract["flights"])
        >>> serving.grant_read(role)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        dataset: Dataset | None = None,
        partition_key: Key | None = None,
        sort_key: Key | None = None,
        time_to_live: str | None = None,
        stream: kinesis.IStream | None = None,
        max_read_request_units: int | None = None,
        max_write_request_units: int | None = None,
        point_in_time_recovery: bool = True,
        encryption_key: kms.IKey | None = None,
        alarm_topic: sns.ITopic | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        partition, *sort = table_keys(dataset, partition_key, sort_key)
        for option, units, limit in (
            ("max_read_request_units", max_read_request_units, limits.MAX_READ_REQUEST_UNITS),
            ("max_write_request_units", max_write_request_units, limits.MAX_WRITE_REQUEST_UNITS),
        ):
            if units is not None and not Token.is_unresolved(units):
                limit.check(option, units)
        self.dataset = dataset
        self.keys = (partition.name, *(key.name for key in sort))
        self.time_to_live = time_to_live
        self.point_in_time_recovery = point_in_time_recovery
        self.key: kms.IKey = encryption_key or LakeKey(self, "Key", removal_policy=removal_policy).key
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=partition,
            sort_key=sort[0] if sort else None,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            max_read_request_units=max_read_request_units,
            max_write_request_units=max_write_request_units,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=self.key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=point_in_time_recovery
            ),
            time_to_live_attribute=time_to_live,
            kinesis_stream=stream,
        )
        kept = guard_removal(self.table, removal_policy, encryption_key=self.key)
        definition = self.table.node.default_child
        assert isinstance(definition, dynamodb.CfnTable)
        definition.deletion_protection_enabled = kept is not RemovalPolicy.DESTROY
        self.table_name: str = self.table.table_name
        if alarm_topic:
            self.add_alarms(alarm_topic)

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow reading items by key, by query and by scan."""
        return allow(grantee, *read_items(self.table, self.key))

    def grant_write(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow putting, changing and deleting items; not reading them."""
        return allow(grantee, *write_items(self.table, self.key))

    def grant_read_write(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow reading, putting, changing and deleting items."""
        return combine(self.grant_read(grantee), self.grant_write(grantee))

    @property
    def alarm_specs(self) -> tuple[AlarmSpec, ...]:
        """The alarms on throttled reads and writes, which a caller must repeat."""
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
        return tuple(
            AlarmSpec(
                id=f"{action}Throttled",
                namespace="AWS/DynamoDB",
                metric=f"{action}ThrottleEvents",
                dimensions={"TableName": self.table_name},
                description=f"{action}s exceed what the table or one of its partitions takes",
            )
            for action in ("Read", "Write")
        )

    def add_alarms(self, topic: sns.ITopic) -> None:
        """Define the alarms of `alarm_specs`; once.

        Parameters
        ----------
        topic: sns.ITopic
            Topic that receives the alarms; its policy and its key's then admit CloudWatch, unless they are imported.
        """
        add_alarms(self, self.alarm_specs, topic)

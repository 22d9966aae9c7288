"""A zero-ETL integration of a database with a warehouse.

Above 200 lines: half of it is the signature and documentation of one construct.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Duration, Fn
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_rds as rds
from aws_cdk import aws_redshift as redshift
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.catalog.s3_tables import TableZone
from lake_blueprints.contracts import Dataset
from lake_blueprints.databases.aurora import AuroraCluster
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.databases.rds import RdsInstance
from lake_blueprints.databases.redshift import Warehouse
from lake_blueprints.databases.zero_etl import permissions
from lake_blueprints.databases.zero_etl.checks import (
    check_database_source,
    check_destination,
    check_place,
    check_table_source,
    check_target,
    refresh_seconds,
)
from lake_blueprints.databases.zero_etl.tables import SourceTable, data_filter, source_tables
from lake_blueprints.foundation.access import admit
from lake_blueprints.foundation.alarms import AlarmSpec, add_alarms
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.connections import DatabaseEngine
from lake_blueprints.foundation.encryption.lake_key import admit_integrations
from lake_blueprints.foundation.encryption.permissions import INTEGRATION_CONTEXT
from lake_blueprints.foundation.units import DurationInSeconds, KnownDurationInSeconds

# A table comes every 15 to 30 minutes.
_LATE, _LATE_TABLE = Duration.minutes(30), Duration.hours(2)


@checked
class ZeroEtl(Construct):
    """Define an integration that keeps tables of a database current in a warehouse, without a job.

    Each table arrives as a whole, then each change within seconds; of a DynamoDB table within 15 to 30 minutes. They
    are in a database of their own, which only the integration writes, and which the step `CreateDestination` makes:
    CloudFormation cannot.

    Parameters
    ----------
    source: AuroraCluster, RdsInstance or ServingTable
        The database: a cluster or instance with `zero_etl`, or a table with `point_in_time_recovery`.
    target: Warehouse or TableZone
        The warehouse, with `case_sensitive_identifiers`. A `TableZone` is refused: CloudFormation has no type for the
        policy of the Glue catalog that must admit such an integration.
    datasets: sequence of Dataset
        Contracts of the tables, each with a primary key; nothing else of the source is replicated. A table of DynamoDB
        needs none. By default none.
    tables: mapping of str to str, optional
        Tables whose name or schema is another, by dataset: `{"orders": "sales.Orders"}`. By default they are named as
        the datasets, in the schema `public` of PostgreSQL.
    database: str, optional
        Name of the database in the warehouse. By default that of the source, or the id of the table in lower case.
    refresh_interval: Duration, optional
        Time between two refreshes, up to 5 days; of a table at least 15 minutes. By default changes come at once,
        and those of a table every 15 minutes. Every refresh wakes the warehouse, which then bills.
    restricted: bool
        Whether tables with restricted columns are replicated, unmasked: a filter can leave out tables, but no columns.
        By default they are refused.
    lag: Duration, optional
        Time after which changes that have not arrived raise the alarm. By default 30 minutes, of a table 2 hours.
    alarm_topic: sns.ITopic, optional
        Topic of the alarms of `alarm_specs`. By default there are none.
    encryption_key: kms.IKey, optional
        Key for what is carried; its policy then admits integrations, unless it is imported. By default the warehouse's.

    Defines
    -------
    One integration, with its `integration_arn`; statements in the policies of the warehouse, the key and a table;
    with a topic, two alarms. It costs nothing itself, but keeps an Aurora cluster from pausing.

    Raises
    ------
    ValueError
        If the source logs or backs up too little, the warehouse ignores the case of names, a dataset has no primary
        key or restricted columns, or a name or time is out of range.

    Notes
    -----
    A change of source, target or key makes another integration, which replicates everything again.

    https://docs.aws.amazon.com/redshift/latest/mgmt/zero-etl-using.html

    Example
    -------
        >>> network = LakeNetwork(self, "Network")
        >>> shop = AuroraCluster(self, "Shop", database="shop", network=network, zero_etl=True)
        >>> warehouse = Warehouse(self, "Warehouse", network=network, case_sensitive_identifiers=True)
        >>> integration = ZeroEtl(self, "Orders", source=shop, target=warehouse, datasets=[contract["flights"]])
        >>> CreateDestination(integration=integration)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        source: AuroraCluster | RdsInstance | ServingTable,
        target: Warehouse | TableZone,
        datasets: Sequence[Dataset] = (),
        tables: Mapping[str, str] | None = None,
        database: str | None = None,
        refresh_interval: KnownDurationInSeconds | None = None,
        restricted: bool = False,
        lag: DurationInSeconds | None = None,
        alarm_topic: sns.ITopic | None = None,
        encryption_key: kms.IKey | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        if isinstance(target, TableZone):
            raise ValueError(
                "'target' must be a Warehouse, got a TableZone: CloudFormation has no type for the policy of the Glue "
                "catalog that must admit an integration into S3 Tables"
            )
        check_target(target)
        check_place(source, target)
        described = [source.dataset] if isinstance(source, ServingTable) and source.dataset else datasets
        _check_restricted(described, restricted)
        of_table = isinstance(source, ServingTable)
        self.source, self.target = source, target
        self.refresh_seconds = refresh_seconds(refresh_interval, of_table=of_table)
        self.key: kms.IKey = encryption_key or target.key
        self._lag = lag or (_LATE_TABLE if of_table else _LATE)
        admit_integrations(self.key)
        self.tables: tuple[SourceTable, ...] = ()
        self.source_database: str | None = None
        self._integration: rds.CfnIntegration | redshift.CfnIntegration
        if isinstance(source, ServingTable):
            named, source_arn = source.node.id.lower(), source.table.table_arn
            self._integration = self._define_of_table(source, target, datasets)
        else:
            named = source.endpoint.database
            source_arn = source.cluster_arn if isinstance(source, AuroraCluster) else source.instance_arn
            self._integration = self._define_of_database(source, source_arn, target, datasets, tables or {})
        self.database = check_destination(database or named, target)
        self._admit_source(target, source_arn)
        # It says whether names keep their case.
        self._integration.node.add_dependency(target.node.find_child("Workgroup"))
        self.integration_arn: str = self._integration.attr_integration_arn
        self.integration_id: str = Fn.select(6, Fn.split(":", self.integration_arn))
        if alarm_topic:
            self.add_alarms(alarm_topic)

    @property
    def alarm_specs(self) -> tuple[AlarmSpec, ...]:
        """The alarms on changes that arrive late, and on tables that are not replicated any more."""
        # https://docs.aws.amazon.com/redshift/latest/mgmt/zero-etl-using.metrics.html
        common: dict[str, Any] = {"namespace": "AWS/Redshift", "dimensions": {"IntegrationId": self.integration_id}}
        return (
            AlarmSpec(
                id="Late",
                metric="IntegrationLag",
                statistic="Maximum",
                threshold=self._lag.to_seconds(),
                description="Changes arrive in the warehouse too late",
                **common,
            ),
            AlarmSpec(
                id="TablesFailed",
                metric="IntegrationNumTablesFailedReplication",
                statistic="Maximum",
                description="Tables are not replicated into the warehouse",
                **common,
            ),
        )

    def add_alarms(self, topic: sns.ITopic) -> None:
        """Define the alarms of `alarm_specs`; once.

        Parameters
        ----------
        topic: sns.ITopic
            Topic that receives the alarms; its policy and its key's then admit CloudWatch, unless they are imported.
        """
        add_alarms(self, self.alarm_specs, topic)

    def _define_of_database(
        self,
        source: AuroraCluster | RdsInstance,
        source_arn: str,
        target: Warehouse,
        datasets: Sequence[Dataset],
        names: Mapping[str, str],
    ) -> rds.CfnIntegration:
        check_database_source(source)
        endpoint = source.endpoint
        self.tables = source_tables(endpoint, datasets, names)
        if endpoint.engine is DatabaseEngine.POSTGRESQL:
            self.source_database = endpoint.database
        integration = rds.CfnIntegration(
            self,
            "Integration",
            source_arn=source_arn,
            target_arn=target.namespace_arn,
            data_filter=data_filter(endpoint.database, self.tables),
            kms_key_id=self.key.key_arn,
            additional_encryption_context=dict(INTEGRATION_CONTEXT),
        )
        if isinstance(source, AuroraCluster):
            # A cluster without an instance is no source.
            integration.node.add_dependency(source.node.find_child("Writer"))
        return integration

    def _define_of_table(
        self, source: ServingTable, target: Warehouse, datasets: Sequence[Dataset]
    ) -> redshift.CfnIntegration:
        check_table_source(source)
        if datasets:
            raise ValueError("'datasets' must be left out for a ServingTable, which is replicated as a whole")
        arn = source.table.table_arn
        admit(source.table, "ZeroEtl", permissions.REDSHIFT, permissions.export_table(self, arn))
        admit(source.table, "ZeroEtlExports", permissions.REDSHIFT, permissions.follow_export(self, arn))
        admit(source.key, "ZeroEtlTable", permissions.REDSHIFT, permissions.decrypt_table(self, source.key))
        return redshift.CfnIntegration(
            self,
            "Integration",
            source_arn=arn,
            target_arn=target.namespace_arn,
            kms_key_id=self.key.key_arn,
            additional_encryption_context=dict(INTEGRATION_CONTEXT),
        )

    def _admit_source(self, target: Warehouse, source_arn: str) -> None:
        """Let the warehouse take the source, and this account's principals integrate it."""
        taken = permissions.take_rows(source_arn, target.namespace_arn)
        # It has a policy, and is no resource of the CDK.
        warehouse: Any = target
        admit(warehouse, f"ZeroEtl{self.node.addr[-8:]}", permissions.REDSHIFT, taken)
        target.add_to_resource_policy(
            iam.PolicyStatement(principals=[iam.AccountRootPrincipal()], actions=[permissions.CREATE])
        )


def _check_restricted(datasets: Sequence[Dataset], restricted: bool) -> None:
    for dataset in datasets if not restricted else ():
        if found := [column.name for column in dataset.restricted_columns]:
            raise ValueError(
                f"dataset '{dataset.name}' has the restricted columns {', '.join(found)}, which zero-ETL cannot leave "
                "out; give restricted=True if every user of the warehouse may see them"
            )

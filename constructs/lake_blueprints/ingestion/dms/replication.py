"""Replication of tables of a database into a zone, by AWS DMS.

Above 200 lines: half of it is the signature and documentation of one construct.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from aws_cdk import Aws, Duration, Fn, Names, Stack
from aws_cdk import aws_dms as dms
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.catalog import Landing
from lake_blueprints.catalog.names import check_prefix
from lake_blueprints.contracts import Dataset
from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.alarms import AlarmSpec, add_alarms
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.connections import DatabaseEndpoint
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.foundation.network.working import work_in
from lake_blueprints.foundation.units import KnownDurationInSeconds
from lake_blueprints.ingestion.dms import permissions
from lake_blueprints.ingestion.dms.account_roles import define_account_roles
from lake_blueprints.ingestion.dms.alarms import latency_alarms, report_failure
from lake_blueprints.ingestion.dms.compute import SERVERLESS_CALLS, TASK_CALLS, Calls, Instance, Serverless
from lake_blueprints.ingestion.dms.settings import (
    regional_principal,
    replication_settings,
    source_settings,
    target_settings,
)
from lake_blueprints.ingestion.dms.tables import source_tables, table_mappings
from lake_blueprints.storage.s3 import Zone

_LONGEST_IDENTIFIER = 60
_LEAST_SUBNETS = 2


class ReplicationMode(StrEnum):
    """Rows that are replicated: those that are there, changes, or both."""

    FULL_LOAD = "full-load"
    CHANGES = "cdc"
    FULL_LOAD_AND_CHANGES = "full-load-and-cdc"


@checked
class Replication(Construct):
    """Define a replication of tables into a zone: all rows first, then each change, as Parquet.

    A deployment does not start it: the step `StartReplication` does, or you. While it runs, DMS refuses to change or
    delete it; stop it before a deployment that does. Records have the columns of the contract, `op` (I, U or D) and
    `cdc_commit_ts`; `merge_changes` makes a curation that merges them into an Iceberg table.

    Parameters
    ----------
    source: DatabaseEndpoint
        The database. Its secret must hold `host` and `port` beside `username` and `password`, as a `DatabaseSecret`
        with a host does; those that RDS manages do not.
    datasets: sequence of Dataset
        Contracts of the tables, each with a primary key; their names are those of the tables.
    zone: Zone
        Where the files go. Nothing that happens in the source deletes any.
    network: LakeNetwork or ec2.IVpc
        Network with a route to the database, and private subnets in two zones or more. Endpoints for S3 and Secrets
        Manager follow, as `LakeNetwork` says.
    tables: mapping of str to str
        Tables whose name or schema is another, by dataset: `{"orders": "sales.Orders"}`. By default none.
    schema: str, optional
        Schema of the tables. By default `public` in PostgreSQL, `dbo` in SQL Server, and the database in MySQL and
        MariaDB; Oracle needs one.
    prefix: str
        Prefix of all files, ending in a slash; below it is a folder for each schema and table. By default
        `replicated/`.
    mode: ReplicationMode
        Rows that are replicated. By default those that are there, then changes.
    compute: Serverless or Instance
        Where it runs. By default `Serverless()`, which costs nothing while it is stopped.
    file_interval: Duration
        Time after which changes are written to a file, 1 second to 1 hour; one of 32 MB is written before. By default
        5 minutes.
    lob_max_kb: int
        Size in KB up to which long values, such as text and JSON, are replicated, 1 to 102,400; a longer one stops the
        replication. By default 64.
    heartbeat: bool
        Whether DMS writes to a table of its own in a PostgreSQL source, so that an idle database does not keep its log.
        By default it does; the user then needs to create a schema.
    certificate_arn: str, optional
        DMS certificate of the server's authority; the connection is then verified. By default it is encrypted only,
        which MySQL, MariaDB and Oracle do not do without one.
    create_account_roles: bool
        Whether to define the roles `dms-vpc-role` and `dms-cloudwatch-logs-role`, which an account has once. By
        default they are expected to be there.
    alarm_topic: sns.ITopic, optional
        Topic of the alarms and of failures; see `add_alarms`. By default there are none.
    encryption_key: kms.IKey, optional
        Key for the endpoints and the storage of the replication. By default the zone's.

    Defines
    -------
    Two endpoints; a replication configuration, or an instance and a task; a subnet group; a security group, as
    `connections`; the roles that write files, as `role`, and read the secret, as `secret_role`; with a topic, two
    alarms, as `alarm_specs`, and a rule on failures.

    Raises
    ------
    ValueError
        If the engine is none of DMS, a dataset has no primary key or table, the network has one private subnet only, or
        a number is out of range.

    Notes
    -----
    https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Serverless.Limitations.html,
    https://docs.aws.amazon.com/dms/latest/userguide/CHAP_VPC_Endpoints.html

    Example
    -------
        >>> user = DatabaseSecret(self, "ShopUser", username="lake_reader", host="shop.example.com", port=5432)
        >>> shop = DatabaseEndpoint(
        ...     engine=DatabaseEngine.POSTGRESQL, host="shop.example.com", database="shop", secret=user.secret
        ... )
        >>> network = LakeNetwork(self, "Network")
        >>> flights = contract["flights"]
        >>> replication = Replication(self, "Shop", source=shop, datasets=[flights], zone=raw, network=network)
        >>> StartReplication(replication=replication)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        source: DatabaseEndpoint,
        datasets: Sequence[Dataset],
        zone: Zone,
        network: LakeNetwork | ec2.IVpc,
        tables: Mapping[str, str] | None = None,
        schema: str | None = None,
        prefix: str = "replicated/",
        mode: ReplicationMode = ReplicationMode.FULL_LOAD_AND_CHANGES,
        compute: Serverless | Instance | None = None,
        file_interval: KnownDurationInSeconds | None = None,
        lob_max_kb: int = 64,
        heartbeat: bool = True,
        certificate_arn: str | None = None,
        create_account_roles: bool = False,
        alarm_topic: sns.ITopic | None = None,
        encryption_key: kms.IKey | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        check_prefix(prefix)
        file_interval = file_interval or Duration.minutes(5)
        _check_range("file_interval", file_interval.to_seconds(), 1, 3_600, "seconds")
        _check_range("lob_max_kb", lob_max_kb, 1, 102_400, "KB")
        self.source, self.zone, self.prefix, self.mode = source, zone, prefix, mode
        self.compute = compute or Serverless()
        self.tables = source_tables(source, datasets, tables or {}, schema)
        self.key: kms.IKey = encryption_key or zone.key
        self._identifier = Names.unique_resource_name(self, max_length=_LONGEST_IDENTIFIER)
        vpc = network.vpc if isinstance(network, LakeNetwork) else network
        subnets = _subnets(vpc)

        for table in self.tables:
            restricted = [column.name for column in table.dataset.restricted_columns]
            zone.restrict(f"{prefix}{table.folder}", columns=restricted)
        self.role = ServiceRole(
            self, "Role", services=["dms.amazonaws.com"], description="Writes replicated tables to a zone"
        )
        allow(self.role, *permissions.write_files(zone, prefix))
        self.secret_role = ServiceRole(
            self,
            "SecretRole",
            services=[regional_principal(Stack.of(self))],
            description="Reads the credentials of a replicated database",
            # AWS's own trust policy for this principal has no condition, and nothing says that it sends the account.
            source_account=False,
        )
        allow(self.secret_role, *permissions.read_secret(source.secret))
        for working in (self.role, self.secret_role):
            work_in(subnets, working)
        key_arn = self.key.key_arn
        of_source = source_settings(source, self.secret_role, certificate_arn=certificate_arn, heartbeat=heartbeat)
        self._source = dms.CfnEndpoint(self, "Source", endpoint_type="source", kms_key_id=key_arn, **of_source)
        self._target = dms.CfnEndpoint(
            self,
            "Target",
            endpoint_type="target",
            engine_name="s3",
            kms_key_id=key_arn,
            s3_settings=target_settings(zone, prefix, self.role, file_interval),
        )
        self._group = ec2.SecurityGroup(
            self, "Group", vpc=vpc, description=f"Replication {self.node.path}", allow_all_outbound=False
        )
        self.connections = ec2.Connections(security_groups=[self._group])
        self._open(source)
        self._subnets = dms.CfnReplicationSubnetGroup(
            self,
            "Subnets",
            replication_subnet_group_description=f"Subnets of {self.node.path}",
            subnet_ids=[subnet.subnet_id for subnet in subnets],
        )
        if create_account_roles:
            for role in define_account_roles(self):
                self._subnets.node.add_dependency(role)
        settings, mappings = replication_settings(lob_max_kb), table_mappings(self.tables)
        self.dimensions: Mapping[str, str]
        self.calls: Calls
        if isinstance(self.compute, Serverless):
            self.arn = self._define_serverless(self.compute, settings, mappings)
        else:
            self.arn = self._define_task(self.compute, settings, mappings)
        if alarm_topic:
            self.add_alarms(alarm_topic)

    def landing(self, dataset: Dataset) -> Landing:
        """Return the change records of a dataset, for a `CurationJob` with a curation of `merge_changes`.

        Raises
        ------
        ValueError
            If the dataset is not replicated.
        """
        for table in self.tables:
            if table.dataset.name == dataset.name:
                return table.landing(self.zone, self.prefix)
        known = ", ".join(table.dataset.name for table in self.tables)
        raise ValueError(f"'{dataset.name}' is not replicated by '{self.node.path}'; it replicates {known}")

    @property
    def alarm_specs(self) -> tuple[AlarmSpec, ...]:
        """The alarms on changes that are an hour late; none for a full load alone."""
        if self.mode is ReplicationMode.FULL_LOAD:
            return ()
        return tuple(latency_alarms(self.dimensions, Duration.hours(1)))

    def add_alarms(self, topic: sns.ITopic) -> None:
        """Define the alarms of `alarm_specs`, and a rule that publishes when the replication fails; once.

        Parameters
        ----------
        topic: sns.ITopic
            Topic that receives both; its policy and its key's then admit CloudWatch and EventBridge, unless they are
            imported.
        """
        add_alarms(self, self.alarm_specs, topic)
        report_failure(self, topic, serverless=isinstance(self.compute, Serverless), arn=self.arn)

    def grant_start(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow starting the replication, and looking at its state."""
        return allow(grantee, permissions.start(self.calls, self.arn), permissions.look_at(self.calls))

    def grant_stop(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow stopping the replication, and looking at its state."""
        return allow(grantee, permissions.stop(self.calls, self.arn), permissions.look_at(self.calls))

    def _define_serverless(self, compute: Serverless, settings: dict[str, Any], mappings: dict[str, Any]) -> str:
        config = dms.CfnReplicationConfig(
            self,
            "Replication",
            replication_config_identifier=self._identifier,
            replication_type=self.mode.value,
            source_endpoint_arn=self._source.ref,
            target_endpoint_arn=self._target.ref,
            replication_settings=settings,
            table_mappings=mappings,
            compute_config=dms.CfnReplicationConfig.ComputeConfigProperty(
                min_capacity_units=compute.min_capacity,
                max_capacity_units=compute.max_capacity,
                multi_az=compute.multi_az,
                kms_key_id=self.key.key_arn,
                replication_subnet_group_id=self._subnets.ref,
                vpc_security_group_ids=[self._group.security_group_id],
            ),
        )
        arn = config.attr_replication_config_arn
        self.calls = SERVERLESS_CALLS
        # The last part of the ARN, which DMS chooses, and not the identifier.
        self.dimensions = {"ReplicationConfigId": f"{Aws.ACCOUNT_ID}:{Fn.select(6, Fn.split(':', arn))}"}
        return arn

    def _define_task(self, compute: Instance, settings: dict[str, Any], mappings: dict[str, Any]) -> str:
        instance = dms.CfnReplicationInstance(
            self,
            "Instance",
            replication_instance_identifier=self._identifier,
            replication_instance_class=compute.instance_class,
            allocated_storage=compute.storage_gb,
            multi_az=compute.multi_az,
            publicly_accessible=False,
            auto_minor_version_upgrade=True,
            kms_key_id=self.key.key_arn,
            replication_subnet_group_identifier=self._subnets.ref,
            vpc_security_group_ids=[self._group.security_group_id],
        )
        task = dms.CfnReplicationTask(
            self,
            "Replication",
            replication_instance_arn=instance.ref,
            migration_type=self.mode.value,
            source_endpoint_arn=self._source.ref,
            target_endpoint_arn=self._target.ref,
            replication_task_settings=json.dumps(settings),
            table_mappings=json.dumps(mappings),
        )
        self.calls = TASK_CALLS
        self.dimensions = {
            "ReplicationInstanceIdentifier": self._identifier.lower(),
            "ReplicationTaskIdentifier": Fn.select(6, Fn.split(":", task.ref)),
        }
        return task.ref

    def _open(self, source: DatabaseEndpoint) -> None:
        port, what = ec2.Port.tcp(source.listens_on), f"Database {source.database}"
        self._group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.HTTPS, "S3, Secrets Manager")
        if source.connections:
            self.connections.allow_to(source.connections, port, what)
        else:
            self._group.add_egress_rule(ec2.Peer.any_ipv4(), port, what)


def _subnets(vpc: ec2.IVpc) -> list[ec2.ISubnet]:
    private = [*vpc.isolated_subnets, *vpc.private_subnets]
    if len(private) < _LEAST_SUBNETS:
        raise ValueError(
            f"'network' must have private subnets in {_LEAST_SUBNETS} Availability Zones for DMS; "
            f"'{vpc.node.path}' has {len(private)}"
        )
    return private


def _check_range(name: str, value: float, least: int, most: int, unit: str) -> None:
    if not least <= value <= most:
        raise ValueError(f"'{name}' must be {least:,} to {most:,} {unit}, got {value:g}")

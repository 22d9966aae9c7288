"""An Aurora cluster that pauses while nobody uses it.

Above 200 lines: half of it is the signature and documentation of one construct.
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from constructs import Construct

from lake_blueprints.databases.rds.engines import engine_of
from lake_blueprints.databases.rds.permissions import sign_in_as
from lake_blueprints.databases.rds.placement import (
    acknowledge,
    choose_key,
    define_endpoint,
    define_log_groups,
    define_subnets,
)
from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.connections import DatabaseEngine
from lake_blueprints.foundation.connections.permissions import sign_in
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.foundation.removal import guard_removal
from lake_blueprints.foundation.units import KnownDurationInDays, KnownDurationInSeconds, KnownText
from template_checks.limits import rds as limits

# Of each engine the newest major version that pauses and that zero-ETL and DMS read, as of November 2026.
_VERSIONS = {DatabaseEngine.POSTGRESQL: "17", DatabaseEngine.MYSQL: "8.0"}
_AWAKE = 0.5


@checked
class AuroraCluster(Construct):
    """Define a private, encrypted Aurora cluster of one serverless writer, which pauses while nobody uses it.

    Parameters
    ----------
    engine: DatabaseEngine
        `POSTGRESQL` or `MYSQL`. By default PostgreSQL.
    version: str, optional
        Version of the engine, at best the major one, such as 17, since AWS retires the minor ones: the newest is taken,
        and kept current. By default 17, or 8.0 of MySQL.
    database: str
        Name of the first database. By default lake.
    master_username: str
        Name of the first user. By default lake_admin.
    network: LakeNetwork or ec2.IVpc, optional
        Where the cluster listens, in isolated or private subnets. By default a new `LakeNetwork` is defined.
    min_capacity: float, optional
        Compute while nobody uses it, in Aurora capacity units, 0 to 256 in halves. By default 0: it pauses, and the
        next connection waits 15 seconds, after a day 30. With replication, 0.5.
    max_capacity: float
        Most compute at a time, in Aurora capacity units, 1 to 256 in halves; it bounds the cost of an hour. By
        default 2.
    pause_after: Duration, optional
        Time without a connection after which it pauses, 5 minutes to 24 hours. By default 5 minutes.
    replication: bool
        Whether changes can be read by others, such as DMS: by logical replication, or the binary log of MySQL. By
        default they cannot, since a cluster that replicates never pauses: it then costs half a unit all month at the
        least, about 44 USD. A cluster that exists takes it up at its next reboot.
    zero_etl: bool
        Whether zero-ETL integrations can read it, by `ZeroEtl`: it then replicates, as with `replication`, and logs
        whole rows. By default they cannot.
    parameters: mapping of str to str, optional
        Further parameters of the cluster's parameter group. By default none.
    backups_kept_for: Duration, optional
        How long each second can be restored, 1 to 35 days. By default 7 days.
    encryption_key: kms.IKey, optional
        Key for data, backups, logs and the secret of the first user; CloudWatch Logs may use it, as with `LakeKey`. By
        default a new `LakeKey` is defined.
    log_retention: logs.RetentionDays
        How long logs are kept. By default one year.
    removal_policy: RemovalPolicy
        What happens to the data when the cluster leaves the stack, subject to the removal guard: with `SNAPSHOT`, a
        last snapshot is taken. By default it is retained. Unless it is `DESTROY`, it is protected against deletion.

    Defines
    -------
    One cluster with one writer, its parameter group, subnet group and security group, as `connections`, which lets
    nobody in; its log groups; a key, as `key`, and a network unless they are given. RDS makes and rotates the secret of
    the first user. Clients need TLS. `endpoint` is what a `Connection` takes.

    Raises
    ------
    ValueError
        If the engine is another one, a capacity, time or the network is out of range, the capacity is 0 with
        replication, or a parameter is one that options set.

    Notes
    -----
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html

    Example
    -------
        >>> network = LakeNetwork(self, "Network")
        >>> orders = AuroraCluster(self, "Orders", database="orders", network=network)
        >>> Connection(self, "ToOrders", endpoint=orders.endpoint, network=network)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        engine: DatabaseEngine = DatabaseEngine.POSTGRESQL,
        version: KnownText | None = None,
        database: str = "lake",
        master_username: str = "lake_admin",
        network: LakeNetwork | ec2.IVpc | None = None,
        min_capacity: float | None = None,
        max_capacity: float = 2,
        pause_after: KnownDurationInSeconds | None = None,
        replication: bool = False,
        zero_etl: bool = False,
        parameters: Mapping[str, str] | None = None,
        backups_kept_for: KnownDurationInDays | None = None,
        encryption_key: kms.IKey | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        replication = replication or zero_etl
        least = min_capacity if min_capacity is not None else _AWAKE if replication else 0
        _check_capacity(least, max_capacity, replication=replication)
        pause = (pause_after or Duration.minutes(5)).to_seconds()
        limits.PAUSE_SECONDS.check("pause_after", pause)
        backup_days = (backups_kept_for or Duration.days(7)).to_days()
        limits.CLUSTER_BACKUP_DAYS.check("backups_kept_for", backup_days)
        version = version or _VERSIONS.get(engine, "")
        kind = engine_of(
            engine,
            version,
            aurora=True,
            replication=replication,
            zero_etl=zero_etl,
            parameters=parameters or {},
        )
        self.replication, self.zero_etl, self.version = replication, zero_etl, version
        self.key = choose_key(self, encryption_key, removal_policy)
        subnets, group = define_subnets(self, network, encryption_key=self.key, removal_policy=removal_policy)
        group_of_parameters = rds.CfnDBClusterParameterGroup(
            self,
            "Parameters",
            family=kind.family,
            description=f"Parameters of {self.node.path}",
            parameters=dict(kind.parameters),
        )
        self._cluster = rds.CfnDBCluster(
            self,
            "Cluster",
            engine=kind.name,
            engine_version=version,
            database_name=database,
            master_username=master_username,
            manage_master_user_password=True,
            master_user_secret=rds.CfnDBCluster.MasterUserSecretProperty(kms_key_id=self.key.key_arn),
            enable_iam_database_authentication=True,
            db_cluster_parameter_group_name=group_of_parameters.ref,
            db_subnet_group_name=subnets,
            vpc_security_group_ids=[group.security_group_id],
            serverless_v2_scaling_configuration=rds.CfnDBCluster.ServerlessV2ScalingConfigurationProperty(
                min_capacity=least,
                max_capacity=max_capacity,
                seconds_until_auto_pause=None if least else pause,
            ),
            storage_encrypted=True,
            kms_key_id=self.key.key_arn,
            backup_retention_period=backup_days,
            copy_tags_to_snapshot=True,
            enable_cloudwatch_logs_exports=list(kind.logs),
        )
        kept = guard_removal(self._cluster, removal_policy, encryption_key=self.key)
        self._cluster.deletion_protection = kept is not RemovalPolicy.DESTROY
        port_in_view = "nothing reaches the port but what 'connections' admits"
        acknowledge(self._cluster, RDS11=port_in_view)
        if engine is DatabaseEngine.MYSQL:
            acknowledge(
                self._cluster,
                RDS14="each second of the backups can be restored; backtracking loses what came after",
                RDS16="the general log has every statement with its values",
            )
        writer = rds.CfnDBInstance(
            self,
            "Writer",
            engine=kind.name,
            db_cluster_identifier=self._cluster.ref,
            db_instance_class="db.serverless",
            publicly_accessible=False,
            auto_minor_version_upgrade=True,
        )
        # It holds nothing, but a cluster is as long as its writer is there.
        writer.apply_removal_policy(
            RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if kept is RemovalPolicy.RETAIN else RemovalPolicy.DESTROY
        )
        # Nothing is logged before there is a writer.
        writer.node.add_dependency(
            *define_log_groups(
                self,
                f"/aws/rds/cluster/{self._cluster.ref}",
                kind.logs,
                encryption_key=self.key,
                retention=log_retention,
                removal_policy=kept,
            )
        )
        self.cluster_identifier: str = self._cluster.ref
        self.cluster_arn: str = self._cluster.attr_db_cluster_arn
        self.endpoint, self.connections = define_endpoint(
            self,
            engine=engine,
            host=self._cluster.attr_endpoint_address,
            port=self._cluster.attr_endpoint_port,
            database=database,
            secret_arn=self._cluster.attr_master_user_secret_secret_arn,
            encryption_key=self.key,
            group=group,
        )
        self.secret = self.endpoint.secret

    def grant_connect(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow signing in as the first user, by its secret; the network is opened by `connections`."""
        return allow(grantee, *sign_in(self.secret))

    def grant_sign_in(self, grantee: iam.IGrantable, username: str) -> iam.Grant:
        """Allow signing in by IAM as a user whom the database lets do so, by `GRANT rds_iam TO` in PostgreSQL.

        https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.DBAccounts.html
        """
        resource_id = self._cluster.attr_db_cluster_resource_id
        return allow(grantee, sign_in_as(Stack.of(self), resource_id, username))


def _check_capacity(least: float, most: float, *, replication: bool) -> None:
    limits.MIN_CAPACITY.check("min_capacity", least)
    limits.MAX_CAPACITY.check("max_capacity", most)
    if least > most:
        raise ValueError(f"'min_capacity' must be {most:g} or less, the 'max_capacity', got {least:g}")
    if replication and not least:
        raise ValueError(
            f"'min_capacity' must be {_AWAKE:g} or more with 'replication', since such a cluster never pauses, got 0"
        )

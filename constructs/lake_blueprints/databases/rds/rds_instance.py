"""A database instance of RDS.

Above 200 lines: half of it is the signature and documentation of one construct.
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Acknowledgment, Duration, Names, RemovalPolicy, Stack, Validations
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
from lake_blueprints.foundation.units import KnownDurationInDays, KnownText
from template_checks.limits import rds as limits

# A major version with standard support for years, as of November 2026; of MySQL, schemas know only the minor ones.
_VERSIONS = {DatabaseEngine.POSTGRESQL: "17"}
_NAME_CHARACTERS = 63


_NAMED = Acknowledgment(
    id="LAKE-LIFECYCLE-001",
    reason="RDS names log groups after the instance, and they must be there before it; a change that replaces it fails",
)


@checked
class RdsInstance(Construct):
    """Define a private, encrypted database instance of RDS, which runs and bills all the time.

    An `AuroraCluster` pauses while nobody uses it; an instance costs less if it is used all day, and while changes are
    read from it.

    Parameters
    ----------
    engine: DatabaseEngine
        `POSTGRESQL` or `MYSQL`. By default PostgreSQL.
    version: str, optional
        Version of the engine, at best the major one, such as 17, since AWS retires the minor ones: the newest is taken,
        and kept current. By default 17; MySQL needs one, such as 8.4.11.
    instance_class: str
        Machine, as RDS names it. By default db.t4g.micro.
    storage_gb: int
        First size of the storage, in GB, 20 to 65,536. By default 20.
    max_storage_gb: int, optional
        Size to which the storage grows by itself, in GB, more than the first one; None: it does not grow. By default
        100.
    multi_az: bool
        Whether a second instance takes over, which doubles the price. By default none does.
    database: str
        Name of the first database. By default lake.
    master_username: str
        Name of the first user. By default lake_admin.
    network: LakeNetwork or ec2.IVpc, optional
        Where the instance listens, in isolated or private subnets. By default a new `LakeNetwork` is defined.
    replication: bool
        Whether changes can be read by others, such as DMS: by logical replication, or the binary log of MySQL. By
        default they cannot. It takes effect at the next reboot of an instance that exists.
    zero_etl: bool
        Whether zero-ETL integrations can read it, by `ZeroEtl`: it then replicates, as with `replication`, and logs
        whole rows. By default they cannot.
    parameters: mapping of str to str, optional
        Further parameters of the instance's parameter group. By default none.
    backups_kept_for: Duration, optional
        How long each second can be restored, 1 to 35 days. By default 7 days.
    encryption_key: kms.IKey, optional
        Key for data, backups, logs and the secret of the first user; CloudWatch Logs may use it, as with `LakeKey`. By
        default a new `LakeKey` is defined.
    log_retention: logs.RetentionDays
        How long logs are kept. By default one year.
    removal_policy: RemovalPolicy
        What happens to the data when the instance leaves the stack, subject to the removal guard: with `SNAPSHOT`, a
        last snapshot is taken. By default it is retained. Unless it is `DESTROY`, it is protected against deletion.

    Defines
    -------
    One instance, its parameter group, subnet group and security group, as `connections`, which lets nobody in; its log
    groups; a key, as `key`, and a network unless they are given. RDS makes and rotates the secret of the first user.
    Clients need TLS. `endpoint` is what a `Connection` takes.

    The instance has a name, since its log groups have it in theirs and must be there first. A change that would replace
    the instance, such as another key, therefore fails, and nothing is lost.

    Raises
    ------
    ValueError
        If the engine is another one or MySQL without a version, a size, time or the network is out of range, or a
        parameter is one that options set.

    Notes
    -----
    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Procedural.UploadtoCloudWatch.html

    Example
    -------
        >>> orders = RdsInstance(self, "Orders", database="orders", replication=True)
        >>> orders.grant_sign_in(role, "reader")
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        engine: DatabaseEngine = DatabaseEngine.POSTGRESQL,
        version: KnownText | None = None,
        instance_class: str = "db.t4g.micro",
        storage_gb: int = 20,
        max_storage_gb: int | None = 100,
        multi_az: bool = False,
        database: str = "lake",
        master_username: str = "lake_admin",
        network: LakeNetwork | ec2.IVpc | None = None,
        replication: bool = False,
        zero_etl: bool = False,
        parameters: Mapping[str, str] | None = None,
        backups_kept_for: KnownDurationInDays | None = None,
        encryption_key: kms.IKey | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        limits.STORAGE_GB.check("storage_gb", storage_gb)
        if max_storage_gb is not None:
            _check_growth(storage_gb, max_storage_gb)
        # Without backups RDS has no binary log, and nothing could be restored.
        backup_days = (backups_kept_for or Duration.days(7)).to_days()
        limits.CLUSTER_BACKUP_DAYS.check("backups_kept_for", backup_days)
        version = version or _VERSIONS.get(engine, "")
        if engine is DatabaseEngine.MYSQL and not version:
            raise ValueError("'version' must be given for 'mysql', such as '8.4.11', got None")
        kind = engine_of(
            engine,
            version,
            aurora=False,
            replication=replication,
            zero_etl=zero_etl,
            parameters=parameters or {},
        )
        self.replication, self.zero_etl, self.version = replication or zero_etl, zero_etl, version
        self.key = choose_key(self, encryption_key, removal_policy)
        subnets, group = define_subnets(self, network, encryption_key=self.key, removal_policy=removal_policy)
        group_of_parameters = rds.CfnDBParameterGroup(
            self,
            "Parameters",
            family=kind.family,
            description=f"Parameters of {self.node.path}",
            parameters=dict(kind.parameters),
        )
        name = Names.unique_resource_name(self, max_length=_NAME_CHARACTERS, separator="-").lower()
        self._instance = rds.CfnDBInstance(
            self,
            "Instance",
            db_instance_identifier=name,
            engine=kind.name,
            engine_version=version,
            auto_minor_version_upgrade=True,
            db_instance_class=instance_class,
            storage_type="gp3",
            allocated_storage=str(storage_gb),
            max_allocated_storage=max_storage_gb,
            multi_az=multi_az,
            db_name=database,
            master_username=master_username,
            manage_master_user_password=True,
            master_user_secret=rds.CfnDBInstance.MasterUserSecretProperty(kms_key_id=self.key.key_arn),
            enable_iam_database_authentication=True,
            db_parameter_group_name=group_of_parameters.ref,
            db_subnet_group_name=subnets,
            vpc_security_groups=[group.security_group_id],
            publicly_accessible=False,
            storage_encrypted=True,
            kms_key_id=self.key.key_arn,
            backup_retention_period=backup_days,
            delete_automated_backups=False,
            copy_tags_to_snapshot=True,
            enable_cloudwatch_logs_exports=list(kind.logs),
        )
        kept = guard_removal(self._instance, removal_policy, encryption_key=self.key)
        self._instance.deletion_protection = kept is not RemovalPolicy.DESTROY
        Validations.of(self._instance).acknowledge(_NAMED)
        acknowledge(self._instance, RDS11="nothing reaches the port but what 'connections' admits")
        if not multi_az:
            acknowledge(self._instance, RDS3="a second instance doubles the price; 'multi_az' asks for it")
        self._instance.node.add_dependency(
            *define_log_groups(
                self,
                f"/aws/rds/instance/{name}",
                kind.logs,
                encryption_key=self.key,
                retention=log_retention,
                removal_policy=kept,
            )
        )
        self.instance_identifier: str = self._instance.ref
        self.instance_arn: str = self._instance.attr_db_instance_arn
        self.endpoint, self.connections = define_endpoint(
            self,
            engine=engine,
            host=self._instance.attr_endpoint_address,
            port=self._instance.attr_endpoint_port,
            database=database,
            secret_arn=self._instance.attr_master_user_secret_secret_arn,
            encryption_key=self.key,
            group=group,
        )
        self.secret = self.endpoint.secret

    def grant_connect(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow signing in as the first user, by its secret; the network is opened by `connections`."""
        return allow(grantee, *sign_in(self.secret))

    def grant_sign_in(self, grantee: iam.IGrantable, username: str) -> iam.Grant:
        """Allow signing in by IAM as a user whom the database lets do so, by `GRANT rds_iam TO` in PostgreSQL.

        https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.DBAccounts.html
        """
        return allow(grantee, sign_in_as(Stack.of(self), self._instance.attr_dbi_resource_id, username))


def _check_growth(storage_gb: int, max_storage_gb: int) -> None:
    limits.STORAGE_GB.check("max_storage_gb", max_storage_gb)
    if max_storage_gb <= storage_gb:
        raise ValueError(
            f"'max_storage_gb' must be more than {storage_gb}, the 'storage_gb', or None, got {max_storage_gb}"
        )

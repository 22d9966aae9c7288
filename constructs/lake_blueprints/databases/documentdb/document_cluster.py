"""A cluster of Amazon DocumentDB with one serverless writer.

Above 200 lines: half of it is the signature and documentation of one construct.
"""

from __future__ import annotations

from aws_cdk import Acknowledgment, ArnFormat, Duration, RemovalPolicy, Stack, Token, Validations
from aws_cdk import aws_docdb as docdb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from lake_blueprints.databases.documentdb.permissions import sign_in
from lake_blueprints.databases.rds.placement import (
    acknowledge,
    choose_key,
    define_log_groups,
    define_security_group,
    private_subnets,
)
from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.foundation.removal import guard_removal
from lake_blueprints.foundation.units import KnownDurationInDays, KnownDurationInSeconds
from template_checks.limits import documentdb as limits

_PORT = 27_017
_AUDITED = "the log that is exported is 'audit', and its events are chosen by the parameter audit_logs"
_ACKNOWLEDGED = {
    "DOC2": "nothing reaches the port but what 'connections' admits",
    "DOC3": "DocumentDB makes and rotates the password, in Secrets Manager",
    **{f"DOC5[LogExport::{event}]": _AUDITED for event in ("authenticate", "createIndex", "dropCollection")},
}
# Of validators whose data is older than serverless instances, of July 2025.
_SERVERLESS = "https://docs.aws.amazon.com/documentdb/latest/developerguide/docdb-serverless.html has db.serverless"


@checked
class DocumentCluster(Construct):
    """Define a private, encrypted DocumentDB cluster of one serverless writer.

    It never pauses: half a unit all month is about 30 USD, besides storage, requests and the secret.

    Parameters
    ----------
    version: str
        Version of the engine, of 5.0 or 8.0. By default 5.0.0, the long-term one.
    master_username: str
        Name of the first user. By default lake_admin.
    min_capacity: float
        Compute while nobody uses it, in DocumentDB capacity units, 0.5 to 256 in halves. By default 0.5.
    max_capacity: float
        Most compute at a time, in DocumentDB capacity units, 1 to 256 in halves; it bounds the cost of an hour. By
        default 2.
    change_streams_kept_for: Duration, optional
        How long changes can be read, 1 hour to 7 days, of collections whose change streams are switched on. By default
        3 hours.
    network: LakeNetwork or ec2.IVpc, optional
        Where the cluster listens, in isolated or private subnets. By default a new `LakeNetwork` is defined.
    backups_kept_for: Duration, optional
        How long each second can be restored, 1 to 35 days. By default 7 days.
    encryption_key: kms.IKey, optional
        Key for data, backups, logs and the secret of the first user; CloudWatch Logs may use it, as with `LakeKey`. By
        default a new `LakeKey` is defined.
    log_retention: logs.RetentionDays
        How long the audit log is kept. By default one year.
    removal_policy: RemovalPolicy
        What happens to the data when the cluster leaves the stack, subject to the removal guard: with `SNAPSHOT`, a
        last snapshot is taken. By default it is retained. Unless it is `DESTROY`, it is protected against deletion.

    Defines
    -------
    One cluster, named `cluster_identifier`, with one writer, its parameter group, subnet group and security group, as
    `connections`, which lets nobody in; its audit log; a key, as `key`, and a network unless they are given. DocumentDB
    makes and rotates the secret of the first user. Clients need TLS, with Amazon's certificates. `endpoint_address` and
    `endpoint_port` are those of the writer.

    Raises
    ------
    ValueError
        If the version is another one, or a capacity, a time or the network is out of range.

    Notes
    -----
    https://docs.aws.amazon.com/documentdb/latest/developerguide/docdb-serverless.html

    Example
    -------
        >>> network = LakeNetwork(self, "Network")
        >>> catalogue = DocumentCluster(self, "Catalogue", network=network)
        >>> catalogue.grant_connect(role)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        version: str = "5.0.0",
        master_username: str = "lake_admin",
        min_capacity: float = 0.5,
        max_capacity: float = 2,
        change_streams_kept_for: KnownDurationInSeconds | None = None,
        network: LakeNetwork | ec2.IVpc | None = None,
        backups_kept_for: KnownDurationInDays | None = None,
        encryption_key: kms.IKey | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        _check_capacity(min_capacity, max_capacity)
        changes = (change_streams_kept_for or Duration.hours(3)).to_seconds()
        limits.CHANGE_STREAM_SECONDS.check("change_streams_kept_for", changes)
        backup_days = (backups_kept_for or Duration.days(7)).to_days()
        limits.BACKUP_DAYS.check("backups_kept_for", backup_days)
        family = _family(version)
        self.key = choose_key(self, encryption_key, removal_policy)
        vpc, subnets = private_subnets(self, network, encryption_key=self.key, removal_policy=removal_policy)
        group = define_security_group(self, vpc)
        self.connections = ec2.Connections(security_groups=[group], default_port=ec2.Port.tcp(_PORT))
        parameters = docdb.CfnDBClusterParameterGroup(
            self,
            "Parameters",
            family=family,
            description=f"Parameters of {self.node.path}",
            parameters={
                "tls": "tls1.2+",
                # Sign-in, users and definitions; not each statement, with its values.
                "audit_logs": "enabled",
                "change_stream_log_retention_duration": f"{changes:.0f}",
            },
        )
        cluster = docdb.CfnDBCluster(
            self,
            "Cluster",
            engine_version=version,
            master_username=master_username,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=self.key.key_arn,
            port=_PORT,
            db_cluster_parameter_group_name=parameters.ref,
            db_subnet_group_name=docdb.CfnDBSubnetGroup(
                self,
                "Subnets",
                db_subnet_group_description=f"Subnets of {self.node.id}"[:100],
                subnet_ids=[subnet.subnet_id for subnet in subnets],
            ).ref,
            vpc_security_group_ids=[group.security_group_id],
            serverless_v2_scaling_configuration=docdb.CfnDBCluster.ServerlessV2ScalingConfigurationProperty(
                min_capacity=min_capacity, max_capacity=max_capacity
            ),
            storage_encrypted=True,
            kms_key_id=self.key.key_arn,
            backup_retention_period=backup_days,
            copy_tags_to_snapshot=True,
            enable_cloudwatch_logs_exports=["audit"],
        )
        acknowledge(cluster, **_ACKNOWLEDGED)
        kept = guard_removal(cluster, removal_policy, encryption_key=self.key)
        cluster.deletion_protection = kept is not RemovalPolicy.DESTROY
        writer = docdb.CfnDBInstance(
            self,
            "Writer",
            db_cluster_identifier=cluster.ref,
            db_instance_class="db.serverless",
            auto_minor_version_upgrade=True,
        )
        Validations.of(writer).acknowledge(Acknowledgment(id="CloudFormation-Validate::E3620", reason=_SERVERLESS))
        # It holds nothing, but a cluster is as long as its writer is there.
        writer.apply_removal_policy(
            RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if kept is RemovalPolicy.RETAIN else RemovalPolicy.DESTROY
        )
        # Nothing is logged before there is a writer.
        writer.node.add_dependency(
            *define_log_groups(
                self,
                f"/aws/docdb/{cluster.ref}",
                ["audit"],
                encryption_key=self.key,
                retention=log_retention,
                removal_policy=kept,
            )
        )
        self.cluster_identifier: str = cluster.ref
        self.cluster_arn = Stack.of(self).format_arn(
            service="rds",
            resource="cluster",
            resource_name=cluster.ref,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        self.endpoint_address: str = cluster.attr_endpoint
        self.endpoint_port: str = cluster.attr_port

    def grant_connect(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow signing in as the first user, by its secret; the network is opened by `connections`."""
        return allow(grantee, *sign_in(Stack.of(self), self.cluster_arn, self.key))


def _check_capacity(least: float, most: float) -> None:
    if Token.is_unresolved(least) or Token.is_unresolved(most):
        return
    limits.MIN_CAPACITY.check("min_capacity", least)
    limits.MAX_CAPACITY.check("max_capacity", most)
    if least > most:
        raise ValueError(f"'min_capacity' must be {most:g} or less, the 'max_capacity', got {least:g}")


def _family(version: str) -> str:
    if Token.is_unresolved(version):
        raise ValueError("'version' must be known at synth, since the family of the parameters is of it")
    for known in limits.SERVERLESS_VERSIONS:
        if version.startswith(f"{known}."):
            return f"docdb{known}"
    allowed = " or ".join(limits.SERVERLESS_VERSIONS)
    raise ValueError(
        f"'version' must be one of {allowed}, which have serverless instances, such as 5.0.0; got {version}"
    )

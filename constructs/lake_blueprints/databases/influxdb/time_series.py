"""An instance of InfluxDB in Amazon Timestream."""

from __future__ import annotations

import json

from aws_cdk import Names, RemovalPolicy, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_timestream as timestream
from constructs import Construct

from lake_blueprints.databases.rds.placement import choose_key, define_security_group, outlasting, private_subnets
from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.connections.permissions import sign_in
from lake_blueprints.foundation.encryption.generated_secret import define_generated_secret
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.foundation.removal import guard_removal
from template_checks.limits import influxdb as limits

_PORT, _MOST_SUBNETS = 8086, 3
_SECRETS = "https://docs.aws.amazon.com/timestream/latest/developerguide/timestream-for-influx-security-db-secrets.html"


@checked
class TimeSeries(Construct):
    """Define a private instance of InfluxDB 2, for metrics that are asked by time.

    It runs around the clock, about 90 USD a month at the least; an Iceberg table that is partitioned by the hour costs
    its storage. CloudFormation cannot encrypt its data under a key of the lake: AWS's own key does.

    Parameters
    ----------
    bucket: str
        Name of the first bucket. By default lake.
    organization: str
        Name of the first organization. By default lake.
    instance_type: str
        Size of the instance. By default db.influx.medium, the smallest.
    storage_gib: int
        Storage in GiB, 20 to 15,360, of 3,000 operations a second. By default 20.
    multi_az: bool
        Whether there is a standby in another zone, which doubles the cost. By default there is none.
    network: LakeNetwork or ec2.IVpc, optional
        Where the instance listens, in isolated or private subnets. By default a new `LakeNetwork` is defined.
    encryption_key: kms.IKey, optional
        Key for the secret of the first user, and for nothing else. By default a new `LakeKey` is defined.
    removal_policy: RemovalPolicy
        What happens to the instance and its secret when they leave the stack, subject to the removal guard. By default
        they are retained.

    Defines
    -------
    The instance, with its `endpoint_address` and `endpoint_port`; its security group, as `connections`, which lets
    nobody in; the secret of its first user, as `secret`; a network and a key, as `key`, unless they are given. The
    service makes a secret of its own beside it, `service_secret_arn`.

    Raises
    ------
    ValueError
        If the storage is out of range, or the network has private subnets in fewer than two zones.

    Notes
    -----
    A change of nearly any property replaces the instance, which its name then forbids: the data would stay behind.
    https://docs.aws.amazon.com/timestream/latest/developerguide/timestream-for-influxdb.html

    Example
    -------
        >>> network = LakeNetwork(self, "Network")
        >>> metrics = TimeSeries(self, "Metrics", bucket="turbines", network=network)
        >>> metrics.grant_connect(role)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket: str = "lake",
        organization: str = "lake",
        instance_type: str = "db.influx.medium",
        storage_gib: int = 20,
        multi_az: bool = False,
        network: LakeNetwork | ec2.IVpc | None = None,
        encryption_key: kms.IKey | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        if not Token.is_unresolved(storage_gib):
            limits.STORAGE_GIB.check("storage_gib", storage_gib)
        self.key = choose_key(self, encryption_key, removal_policy)
        vpc, subnets = private_subnets(self, network, encryption_key=self.key, removal_policy=removal_policy)
        group = define_security_group(self, vpc)
        self.connections = ec2.Connections(security_groups=[group], default_port=ec2.Port.tcp(_PORT))
        user = "lake-admin"
        generated = define_generated_secret(
            self,
            description=f"First user of InfluxDB, {self.node.path}",
            generate=secretsmanager.CfnSecret.GenerateSecretStringProperty(
                secret_string_template=json.dumps({"username": user}),
                generate_string_key="password",
                password_length=32,
                # InfluxDB of Timestream takes letters and digits alone.
                exclude_punctuation=True,
            ),
            encryption_key=self.key,
            removal_policy=outlasting(removal_policy),
            not_rotated_because="a new password replaces the instance; InfluxDB changes it, by its own API",
        )
        self.secret = secretsmanager.Secret.from_secret_attributes(
            self, "Attributes", secret_complete_arn=generated.ref, encryption_key=self.key
        )
        instance = timestream.CfnInfluxDBInstance(
            self,
            "Instance",
            name=f"lake-{Names.unique_resource_name(self, max_length=32, separator='').lower()}",
            username=user,
            password=f"{{{{resolve:secretsmanager:{generated.ref}:SecretString:password::}}}}",
            organization=organization,
            bucket=bucket,
            db_instance_type=instance_type,
            db_storage_type="InfluxIOIncludedT1",
            allocated_storage=storage_gib,
            deployment_type="WITH_MULTIAZ_STANDBY" if multi_az else "SINGLE_AZ",
            publicly_accessible=False,
            port=_PORT,
            vpc_subnet_ids=[subnet.subnet_id for subnet in subnets[:_MOST_SUBNETS]],
            vpc_security_group_ids=[group.security_group_id],
        )
        guard_removal(instance, outlasting(removal_policy), encryption_key=self.key)
        self.endpoint_address: str = instance.attr_endpoint
        self.endpoint_port = _PORT
        self.service_secret_arn: str = instance.attr_influx_auth_parameters_secret_arn

    def grant_connect(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow signing in as the first user, by its secret; the network is opened by `connections`."""
        return allow(grantee, *sign_in(self.secret, "signs in to InfluxDB", _SECRETS))

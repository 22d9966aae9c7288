"""Parts of a database: its network, its log groups, its address."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from aws_cdk import Acknowledgment, CfnResource, RemovalPolicy, Token, Validations
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from lake_blueprints.foundation.connections import DatabaseEndpoint, DatabaseEngine
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.foundation.network.vpc import choose_vpc
from lake_blueprints.foundation.removal import guard_removal

_LEAST_ZONES = 2


def choose_key(scope: Construct, given: kms.IKey | None, removal_policy: RemovalPolicy) -> kms.IKey:
    """Return the key that is given, or a new one, without which no snapshot could be read."""
    return given or LakeKey(scope, "Key", removal_policy=outlasting(removal_policy)).key


def outlasting(removal_policy: RemovalPolicy) -> RemovalPolicy:
    """Return what happens to something that has no snapshots, beside a database."""
    return RemovalPolicy.DESTROY if removal_policy is RemovalPolicy.DESTROY else RemovalPolicy.RETAIN


def private_subnets(
    scope: Construct,
    network: LakeNetwork | ec2.IVpc | None,
    *,
    encryption_key: kms.IKey,
    removal_policy: RemovalPolicy,
) -> tuple[ec2.IVpc, list[ec2.ISubnet]]:
    """Return the network of a database, a new one unless it is given, and its subnets there.

    Raises
    ------
    ValueError
        If the network has no two zones with private subnets.
    """
    vpc = choose_vpc(scope, network, encryption_key=encryption_key, removal_policy=outlasting(removal_policy))
    subnets = vpc.isolated_subnets or vpc.private_subnets
    zones = {subnet.availability_zone for subnet in subnets}
    if len(zones) < _LEAST_ZONES:
        raise ValueError(
            f"'network' must have private or isolated subnets in {_LEAST_ZONES} Availability Zones, since AWS takes "
            f"fewer for no database; '{vpc.node.path}' has {len(zones)}"
        )
    return vpc, subnets


def define_security_group(scope: Construct, vpc: ec2.IVpc) -> ec2.SecurityGroup:
    """Define the security group of a database, which lets nobody in."""
    return ec2.SecurityGroup(
        scope, "SecurityGroup", vpc=vpc, description=f"Database {scope.node.path}", allow_all_outbound=False
    )


def define_subnets(
    scope: Construct,
    network: LakeNetwork | ec2.IVpc | None,
    *,
    encryption_key: kms.IKey,
    removal_policy: RemovalPolicy,
) -> tuple[str, ec2.SecurityGroup]:
    """Define the subnets and the security group of a database of RDS, which lets nobody in."""
    vpc, subnets = private_subnets(scope, network, encryption_key=encryption_key, removal_policy=removal_policy)
    group = rds.CfnDBSubnetGroup(
        scope,
        "Subnets",
        db_subnet_group_description=f"Subnets of {scope.node.path}",
        subnet_ids=[subnet.subnet_id for subnet in subnets],
    )
    return group.ref, define_security_group(scope, vpc)


def define_log_groups(
    scope: Construct,
    prefix: str,
    names: Iterable[str],
    *,
    encryption_key: kms.IKey,
    retention: logs.RetentionDays,
    removal_policy: RemovalPolicy,
) -> list[logs.LogGroup]:
    """Define one group for each log, named as RDS names it; else it makes them without the key, to stay forever."""
    groups = [
        logs.LogGroup(
            scope,
            f"Log{name.capitalize()}",
            log_group_name=f"{prefix}/{name}",
            encryption_key=encryption_key,
            retention=retention,
        )
        for name in names
    ]
    for group in groups:
        guard_removal(group, outlasting(removal_policy), encryption_key=encryption_key)
    return groups


def define_endpoint(
    scope: Construct,
    *,
    engine: DatabaseEngine,
    host: str,
    port: str,
    database: str,
    secret_arn: str,
    encryption_key: kms.IKey,
    group: ec2.ISecurityGroup,
) -> tuple[DatabaseEndpoint, ec2.Connections]:
    """Return the address of a database, with the secret that RDS manages, and who may reach it."""
    secret = secretsmanager.Secret.from_secret_attributes(
        scope, "MasterUser", secret_complete_arn=secret_arn, encryption_key=encryption_key
    )
    # As it is answered, and not as it is asked for: an emulator has ports of its own.
    number = cast("int", Token.as_number(port))
    connections = ec2.Connections(security_groups=[group], default_port=ec2.Port.tcp(number))
    endpoint = DatabaseEndpoint(
        engine=engine, host=host, port=number, database=database, secret=secret, connections=connections
    )
    return endpoint, connections


def acknowledge(resource: CfnResource, **reasons: str) -> None:
    """Accept findings of cdk-nag's AwsSolutions, by the ends of their names."""
    Validations.of(resource).acknowledge(
        *(Acknowledgment(id=f"AwsSolutions-{name}", reason=reason) for name, reason in reasons.items())
    )

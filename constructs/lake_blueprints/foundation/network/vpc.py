"""The network that a warehouse is in."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from constructs import Construct

from lake_blueprints.foundation.network.lake_network import LakeNetwork


def choose_vpc(
    scope: Construct,
    network: LakeNetwork | ec2.IVpc | None,
    *,
    encryption_key: kms.IKey,
    removal_policy: RemovalPolicy,
) -> ec2.IVpc:
    """Return the VPC of the network that is given, or of a new one."""
    if network is None:
        network = LakeNetwork(scope, "Network", encryption_key=encryption_key, removal_policy=removal_policy)
    return network.vpc if isinstance(network, LakeNetwork) else network

"""The network that a warehouse is in."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from constructs import Construct

from lake_blueprints.foundation.network.lake_network import LakeNetwork

_GLUE = ec2.InterfaceVpcEndpointAwsService.GLUE


def choose_vpc(
    scope: Construct,
    network: LakeNetwork | ec2.IVpc | None,
    *,
    reach_glue: bool,
    encryption_key: kms.IKey,
    removal_policy: RemovalPolicy,
) -> ec2.IVpc:
    """Return the VPC of the network that is given, or of a new one.

    Raises
    ------
    ValueError
        If Glue must be reached, but the network has no endpoint for it.
    """
    if network is None:
        endpoints = [_GLUE] if reach_glue else []
        network = LakeNetwork(
            scope, "Network", endpoints=endpoints, encryption_key=encryption_key, removal_policy=removal_policy
        )
    if not isinstance(network, LakeNetwork):
        return network
    if reach_glue and not network.reaches(_GLUE):
        raise ValueError(
            "enhanced VPC routing needs an endpoint for Glue, or external tables cannot be read; "
            "give the network endpoints=[ec2.InterfaceVpcEndpointAwsService.GLUE]"
        )
    return network.vpc

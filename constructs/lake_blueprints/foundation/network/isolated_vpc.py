"""A VPC of subnets that nothing leads out of."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from aws_cdk import Acknowledgment, CfnTag, Token, Validations
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from lake_blueprints.foundation.network.zones import is_zone_id

# A VPC has at most 65,536 addresses; in smaller subnets than those of /24 a warehouse may not find enough:
# https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-usage-considerations.html
_LARGEST, _SMALLEST = 16, 24
_DEFAULT_GROUP = [
    Acknowledgment(
        id=f"{pack}-VPCDefaultSecurityGroupClosed",
        reason="nothing is in the default security group, and the subnets have no way out; closing it would take a "
        "custom resource with more permissions than it removes",
    )
    for pack in ("HIPAA.Security", "NIST.800.53.R4", "NIST.800.53.R5", "PCI.DSS.321")
]


def define_isolated_vpc(scope: Construct, addresses: ipaddress.IPv4Network, zones: Sequence[str]) -> ec2.IVpc:
    """Define the VPC of its parts.

    The L2 asks the account for its zones in a stack that is bound to a Region, even if they are given, and has
    two of them in a stack that is not. It also defines routes and gateways that nothing here needs.
    """
    vpc = ec2.CfnVPC(
        scope, "Vpc", cidr_block=str(addresses), enable_dns_support=True, enable_dns_hostnames=True, tags=_name(scope)
    )
    Validations.of(vpc).acknowledge(*_DEFAULT_GROUP)
    blocks = addresses.subnets(prefixlen_diff=(len(zones) - 1).bit_length())
    subnets, tables = [], []
    for number, (zone, block) in enumerate(zip(zones, blocks, strict=False), 1):
        subnet = ec2.CfnSubnet(
            scope,
            f"Subnet{number}",
            vpc_id=vpc.ref,
            availability_zone=None if is_zone_id(zone) else zone,
            availability_zone_id=zone if is_zone_id(zone) else None,
            cidr_block=str(block),
            map_public_ip_on_launch=False,
            tags=_name(scope, f"isolated {number}"),
        )
        table = ec2.CfnRouteTable(scope, f"Routes{number}", vpc_id=vpc.ref, tags=_name(scope, f"isolated {number}"))
        ec2.CfnSubnetRouteTableAssociation(
            scope, f"Association{number}", subnet_id=subnet.ref, route_table_id=table.ref
        )
        subnets.append(subnet.ref)
        tables.append(table.ref)
    return ec2.Vpc.from_vpc_attributes(
        scope,
        "Attributes",
        vpc_id=vpc.ref,
        vpc_cidr_block=str(addresses),
        availability_zones=list(zones),
        isolated_subnet_ids=subnets,
        isolated_subnet_route_table_ids=tables,
    )


def read_addresses(cidr: str) -> ipaddress.IPv4Network:
    """Return the addresses of a network.

    Raises
    ------
    ValueError
        If they are none, not known at synth, or of a size that a VPC cannot have.
    """
    if Token.is_unresolved(cidr):
        raise ValueError("'cidr' must be known at synth, because subnets are cut from it; got a token")
    try:
        addresses = ipaddress.IPv4Network(cidr)
    except ValueError as error:
        raise ValueError(f"'cidr' must be IPv4 addresses such as 10.0.0.0/16, got '{cidr}': {error}") from None
    if not _LARGEST <= addresses.prefixlen <= _SMALLEST:
        raise ValueError(f"'cidr' must be of size /{_LARGEST} to /{_SMALLEST}, got '{cidr}'")
    return addresses


def _name(scope: Construct, suffix: str = "") -> list[CfnTag]:
    return [CfnTag(key="Name", value=f"{scope.node.path} {suffix}".strip())]

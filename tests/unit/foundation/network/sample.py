"""Samples of a network, and of endpoints in one that is given."""

from __future__ import annotations

import zlib
from typing import Any

from aws_cdk import aws_ec2 as ec2

from lake_blueprints.foundation.network import LakeNetwork, VpcEndpoints
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Sample


def given(lake: Fixtures) -> dict[str, Any]:
    """Return a VPC that is there already, and a service that it shall reach."""
    name = lake.unique("Vpc")
    # Each construct has one of its own: a service has one private name in a VPC.
    number = f"{zlib.crc32(f'{lake.scope.node.path}/{name}'.encode()):016x}"
    vpc = ec2.Vpc.from_vpc_attributes(
        lake.scope,
        name,
        vpc_id=f"vpc-0{number}",
        vpc_cidr_block="10.0.0.0/16",
        availability_zones=["eu-central-1a", "eu-central-1b"],
        isolated_subnet_ids=[f"subnet-{zone}{number}" for zone in range(2)],
        isolated_subnet_route_table_ids=[f"rtb-{zone}{number}" for zone in range(2)],
    )
    return {"vpc": vpc, "services": [ec2.InterfaceVpcEndpointAwsService.GLUE]}


SAMPLE = Sample(construct=LakeNetwork)
WITH_ENDPOINTS = Sample(
    construct=LakeNetwork,
    variant="endpoints",
    options=lambda _: {"endpoints": [ec2.InterfaceVpcEndpointAwsService.GLUE]},
)
ENDPOINTS = Sample(construct=VpcEndpoints, options=given)

"""Samples of a network, and of endpoints in one that is given."""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_ec2 as ec2

from lake_blueprints.foundation.network import LakeNetwork, VpcEndpoints
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Sample


def given(lake: Fixtures) -> dict[str, Any]:
    """Return a VPC that is there already, and a service that it shall reach."""
    vpc = ec2.Vpc.from_vpc_attributes(
        lake.scope,
        lake.unique("Vpc"),
        vpc_id="vpc-0123456789abcdef0",
        vpc_cidr_block="10.0.0.0/16",
        availability_zones=["eu-central-1a", "eu-central-1b"],
        isolated_subnet_ids=["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        isolated_subnet_route_table_ids=["rtb-0123456789abcdef0", "rtb-0123456789abcdef1"],
    )
    return {"vpc": vpc, "services": [ec2.InterfaceVpcEndpointAwsService.GLUE]}


SAMPLE = Sample(construct=LakeNetwork)
WITH_ENDPOINTS = Sample(
    construct=LakeNetwork,
    variant="endpoints",
    options=lambda _: {"endpoints": [ec2.InterfaceVpcEndpointAwsService.GLUE]},
)
ENDPOINTS = Sample(construct=VpcEndpoints, options=given)

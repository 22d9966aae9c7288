"""Samples of a network."""

from __future__ import annotations

from aws_cdk import aws_ec2 as ec2

from lake_blueprints.foundation.network import LakeNetwork
from tests.conformance.sample import Sample

SAMPLE = Sample(construct=LakeNetwork)
WITH_ENDPOINTS = Sample(
    construct=LakeNetwork,
    variant="endpoints",
    options=lambda _: {"endpoints": [ec2.InterfaceVpcEndpointAwsService.GLUE]},
)

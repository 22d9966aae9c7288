"""Sample of a training job."""

from __future__ import annotations

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2

from lake_blueprints.machine_learning.training import (
    Compute,
    InputChannel,
    Spot,
    TrainingJob,
    TrainingNetwork,
)
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Sample

# CloudFormation has no model package groups there.
ELSEWHERE = frozenset({"aws-cn"})


def options(lake: Fixtures) -> dict[str, Any]:
    return {"channels": {"train": InputChannel(table=lake.table)}, "output": lake.analytics}


def on_spot(lake: Fixtures) -> dict[str, Any]:
    subnet = ec2.Subnet.from_subnet_id(lake.scope, lake.unique("Subnet"), "subnet-1")
    group = ec2.SecurityGroup.from_security_group_id(lake.scope, lake.unique("Group"), "sg-1")
    network = TrainingNetwork(subnets=[subnet], security_groups=[group])
    return {**options(lake), "network": network, "compute": Compute(spot=Spot(max_wait=Duration.hours(2)))}


SAMPLE = Sample(
    construct=TrainingJob,
    options=options,
    unavailable_in=ELSEWHERE,
)
SPOT = Sample(construct=TrainingJob, variant="spot", options=on_spot, unavailable_in=ELSEWHERE)

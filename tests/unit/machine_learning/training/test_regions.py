"""Regions: where training can be, and whose image it takes there."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from lake_blueprints.machine_learning.training import InputChannel, TrainingJob
from lake_blueprints.storage.s3 import Zone
from tests.support import new_stack

# The account that owns SageMaker's scikit-learn image, from the documentation of SageMaker's Docker registry paths.
IMAGE_ACCOUNTS = {"us-east-1": "683313688378", "us-gov-west-1": "414596584902"}


def training(stack: cdk.Stack) -> TrainingJob:
    zone = Zone(stack, "Zone")
    return TrainingJob(stack, "Delays", channels={"train": InputChannel(zone=zone, prefix="flights/")}, output=zone)


@pytest.mark.parametrize("region", ["cn-north-1", "cn-northwest-1", "us-gov-east-1", "ap-south-2"])
def test_says_where_it_cannot_be(region: str) -> None:
    assert "AWS::SageMaker::ModelPackageGroup" not in PROVIDER_SCHEMA_MANAGER.get_resource_types(region)
    with pytest.raises(ValueError, match=f"CloudFormation has no SageMaker model package groups in '{region}'; train"):
        training(new_stack(region=region))


@pytest.mark.parametrize(("region", "account"), IMAGE_ACCOUNTS.items())
def test_takes_its_image_from_the_account_of_the_region(region: str, account: str) -> None:
    assert training(new_stack(region=region)).image.uri.startswith(f"{account}.dkr.ecr.{region}.")

"""Partitions: what every construct defines exists where it is deployed, and is named as it is there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from lake_blueprints import ContractBaseline
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.machine_learning.training import TrainingJob
from tests.library import constructs
from tests.support import new_stack, template_of
from tests.unit.everything import EVERYTHING, Build, training

# Region, partition, and the suffix of its names.
PLACES = [
    ("us-east-1", "aws", "amazonaws.com"),
    ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
    ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
]
# The account that owns SageMaker's scikit-learn image, from the documentation of SageMaker's Docker registry paths.
IMAGE_ACCOUNTS = {"us-east-1": "683313688378", "us-gov-west-1": "414596584902"}

THERE = [
    pytest.param(build, *place, id=f"{kind.__name__} in {place[1]}")
    for kind, build in EVERYTHING.items()
    for place in PLACES
    if not (kind is TrainingJob and place[1] == "aws-cn")
]


def deployed(build: Build, region: str, partition: str, suffix: str) -> dict[str, Any]:
    """Return a template in which everything that depends on the place is what it becomes there."""
    stack = new_stack(region=region)
    build(stack, "One")
    pseudo = {
        "AWS::Partition": partition,
        "AWS::URLSuffix": suffix,
        "AWS::Region": region,
        "AWS::AccountId": "123456789012",
    }
    resolved: dict[str, Any] = _resolve(template_of(stack), pseudo)
    return resolved


def _resolve(node: Any, pseudo: dict[str, str]) -> Any:
    if isinstance(node, list):
        return [_resolve(item, pseudo) for item in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("Ref"), str) and node["Ref"] in pseudo:
        return pseudo[node["Ref"]]
    found = {key: _resolve(value, pseudo) for key, value in node.items()}
    if isinstance(found.get("Fn::Join"), list):
        separator, parts = found["Fn::Join"]
        return separator.join(part if isinstance(part, str) else f"<{json.dumps(part)}>" for part in parts)
    return found


def texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    if isinstance(node, dict):
        # Service principals have one name in every partition, but for those that the next test knows.
        yield from (text for key, value in node.items() if key != "Service" for text in texts(value))
    if isinstance(node, list):
        yield from (text for item in node for text in texts(item))


def test_no_construct_is_forgotten() -> None:
    # It defines no resource.
    assert constructs() - {ContractBaseline} == EVERYTHING.keys()


@pytest.mark.parametrize(("build", "region", "partition", "suffix"), THERE)
def test_names_are_those_of_the_partition(build: Build, region: str, partition: str, suffix: str) -> None:
    template = deployed(build, region, partition, suffix)
    for text in texts(template["Resources"]):
        assert set(re.findall(r"arn:([^:]*):", text)) <= {partition}, text
        assert set(re.findall(r"amazonaws\.com(?:\.cn)?", _without_services(text))) <= {suffix}, text
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    for service in set(re.findall(r'"(logs\.[^"]*)"', json.dumps(template))):
        assert service == f"logs.{region}.{suffix}"


def _without_services(text: str) -> str:
    """Leave out names of services in a policy's conditions and in a role's trust, the same everywhere."""
    return "" if re.fullmatch(r"[a-z0-9-]+\.amazonaws\.com", text) else text


@pytest.mark.parametrize(("build", "region", "partition", "suffix"), THERE)
def test_every_resource_type_is_there(build: Build, region: str, partition: str, suffix: str) -> None:
    kinds = {resource["Type"] for resource in deployed(build, region, partition, suffix)["Resources"].values()}
    assert kinds <= set(PROVIDER_SCHEMA_MANAGER.get_resource_types(region))


@pytest.mark.parametrize("region", ["cn-north-1", "cn-northwest-1", "us-gov-east-1", "ap-south-2"])
def test_training_says_where_it_cannot_be(region: str) -> None:
    assert "AWS::SageMaker::ModelPackageGroup" not in PROVIDER_SCHEMA_MANAGER.get_resource_types(region)
    with pytest.raises(ValueError, match=f"CloudFormation has no SageMaker model package groups in '{region}'; train"):
        training(new_stack(region=region), "Delays")


@pytest.mark.parametrize(("region", "account"), IMAGE_ACCOUNTS.items())
def test_training_takes_its_image_from_the_account_of_the_region(region: str, account: str) -> None:
    stack = new_stack(region=region)
    assert training(stack, "Delays").image.uri.startswith(f"{account}.dkr.ecr.{region}.")


def test_a_network_reaches_s3_by_the_name_that_it_has_in_china() -> None:
    resources = deployed(LakeNetwork, *PLACES[1])["Resources"].values()
    (endpoint,) = (resource for resource in resources if resource["Type"] == "AWS::EC2::VPCEndpoint")
    assert endpoint["Properties"]["ServiceName"] == "com.amazonaws.cn-north-1.s3"

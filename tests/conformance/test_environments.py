"""Environments: a template has no partition, Region or account of its own, and exists in every partition."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tests.conformance.controls import Grouped, Placed, control
from tests.conformance.subject import PLACES, Subject

_SUFFIXES = {"aws": "amazonaws.com", "aws-cn": "amazonaws.com.cn", "aws-us-gov": "amazonaws.com"}
_PLACE = re.compile(r"arn:aws[\w-]*:|\b\d{12}\b|\b(?:af|ap|ca|cn|eu|il|me|mx|sa|us)(?:-gov)?-(?:[a-z]+)-\d\b")


def places(subject: Subject) -> set[str]:
    """Return the partitions, accounts and Regions that are written out in the resources of a stack of any."""
    resources = subject.shared.template("Dev")["Resources"]
    return {place for text in texts(resources) for place in _PLACE.findall(text)}


def foreign(subject: Subject) -> list[str]:
    """Return the texts with names of another partition than the stack's, by the stack's Region."""
    found = []
    for partition, template in subject.placed.items():
        there = resolved(template, partition)
        for text in texts(there["Resources"]):
            arns = set(re.findall(r"arn:([^:]*):", text)) - {partition}
            domains = set(re.findall(r"amazonaws\.com(?:\.cn)?", _without_services(text))) - {_SUFFIXES[partition]}
            found += [f"{partition}: {text}"] if arns or domains else []
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        expected = f"logs.{PLACES[partition]}.{_SUFFIXES[partition]}"
        found += [one for one in set(re.findall(r'"(logs\.[^"]*)"', json.dumps(there))) if one != expected]
    return found


def missing(subject: Subject) -> list[str]:
    """Return the resource types that CloudFormation does not have in a Region where the sample is defined."""
    return [
        f"{partition}: {kind}"
        for partition, template in subject.placed.items()
        for kind in sorted({resource["Type"] for resource in template["Resources"].values()})
        if kind not in set(PROVIDER_SCHEMA_MANAGER.get_resource_types(PLACES[partition]))
    ]


def resolved(template: dict[str, Any], partition: str) -> dict[str, Any]:
    """Return a template in which all that depends on the place is what it becomes there."""
    pseudo = {
        "AWS::Partition": partition,
        "AWS::URLSuffix": _SUFFIXES[partition],
        "AWS::Region": PLACES[partition],
        "AWS::AccountId": "123456789012",
    }
    found: dict[str, Any] = _resolve(template, pseudo)
    return found


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
        # Service principals have one name in every partition, but for that of CloudWatch Logs.
        yield from (text for key, value in node.items() if key != "Service" for text in texts(value))
    if isinstance(node, list):
        yield from (text for item in node for text in texts(item))


def _without_services(text: str) -> str:
    """Leave out names of services in a policy's conditions, a role's trust and a policy's text, the same everywhere."""
    text = re.sub(r'"Service":"[a-z0-9-]+\.amazonaws\.com"', "", text)
    return "" if re.fullmatch(r"[a-z0-9-]+\.amazonaws\.com", text) else text


def test_no_partition_region_or_account_is_written_out(subject: Subject) -> None:
    assert places(subject) == set()


def test_names_are_those_of_the_partition(subject: Subject) -> None:
    assert foreign(subject) == []


def test_every_resource_type_is_there(subject: Subject) -> None:
    assert missing(subject) == []


def test_a_construct_that_knows_its_place_is_noticed() -> None:
    placed = control(Placed)
    assert places(placed) == {"arn:aws:", "123456789012", "eu-central-1"}
    assert any(found.startswith("aws-cn: arn:aws:s3:::flights/*") for found in foreign(placed))


def test_a_resource_type_that_a_partition_lacks_is_noticed() -> None:
    assert missing(control(Grouped)) == ["aws-cn: AWS::SageMaker::ModelPackageGroup"]

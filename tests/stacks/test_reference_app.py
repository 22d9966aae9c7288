"""The reference app as it is deployed: every gate on every stack, and one clear line for what is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

import app as reference
from tests.support import ROOT, nag_findings, validation_findings

CONTEXT: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]
PROD = {"environment": "prod", "account": "123456789012"}


def synthesise(**context: Any) -> tuple[cdk.App, dict[str, dict[str, Any]]]:
    """Return the app and its templates, with the feature flags of cdk.json."""
    app = cdk.App(context={**CONTEXT, **context}, builtin_cloud_formation_validation=False, analytics_reporting=False)
    reference.build(app)
    folder = Path(app.synth().directory)
    found = {path.name.split(".")[0]: json.loads(path.read_text()) for path in folder.glob("*.template.json")}
    assert "missing" not in json.loads((folder / "manifest.json").read_text()), "synth would ask the account"
    return app, found


@pytest.fixture(scope="module", params=[{}, PROD], ids=["dev", "prod"])
def lake(request: pytest.FixtureRequest) -> Iterator[tuple[cdk.App, dict[str, dict[str, Any]]]]:
    yield synthesise(**request.param)


def test_has_a_stack_for_each_concern(lake: tuple[cdk.App, dict[str, dict[str, Any]]]) -> None:
    concerns = {name.split("-", 2)[2] for name in lake[1]}
    assert concerns == {
        "storage",
        "network",
        "ingestion",
        "processing",
        "query",
        "warehouse",
        "machine-learning",
        "orchestration",
    }


def test_every_stack_is_valid(lake: tuple[cdk.App, dict[str, dict[str, Any]]]) -> None:
    assert [finding for template in lake[1].values() for finding in validation_findings(template)] == []


def test_no_stack_has_an_open_audit_finding(lake: tuple[cdk.App, dict[str, dict[str, Any]]]) -> None:
    assert nag_findings(lake[0]) == []


def test_no_template_names_a_partition_or_defines_a_custom_resource(
    lake: tuple[cdk.App, dict[str, dict[str, Any]]],
) -> None:
    text = json.dumps(lake[1])
    assert "arn:aws:" not in text
    assert "Custom::" not in text
    assert "AWS::Lambda::Function" not in text


def test_every_stack_leaves_room_to_grow(lake: tuple[cdk.App, dict[str, dict[str, Any]]]) -> None:
    assert max(len(template["Resources"]) for template in lake[1].values()) <= 450


def test_policies_fit_into_what_iam_allows(lake: tuple[cdk.App, dict[str, dict[str, Any]]]) -> None:
    """A managed policy has at most 6,144 characters; a reference may become an ARN of about 120."""
    for template in lake[1].values():
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::IAM::ManagedPolicy":
                document = resource["Properties"]["PolicyDocument"]
                assert len(json.dumps(_with_names(document), separators=(",", ":"))) <= 6144


def _with_names(node: Any) -> Any:
    """Return a document in which every reference has become a text of the length that it may have."""
    if isinstance(node, list):
        return [_with_names(item) for item in node]
    if isinstance(node, dict):
        if "Fn::Join" in node:
            return "".join(str(_with_names(part)) for part in node["Fn::Join"][1])
        if node.keys() <= {"Ref", "Fn::GetAtt", "Fn::GetStackOutput", "Fn::ImportValue"} and node:
            short = str(node.get("Ref", "")).startswith("AWS::")
            return "x" * (12 if short else 120)
        return {key: _with_names(value) for key, value in node.items()}
    return node


def test_everything_that_can_be_tagged_says_who_owns_and_who_pays(
    lake: tuple[cdk.App, dict[str, dict[str, Any]]],
) -> None:
    for template in lake[1].values():
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::S3::Bucket":
                assert {"cost-center", "environment", "owner"} <= {tag["Key"] for tag in resource["Properties"]["Tags"]}


def test_prod_retains_what_dev_lets_go() -> None:
    policies = [
        {
            resource.get("DeletionPolicy", "Delete")
            for template in synthesise(**context)[1].values()
            for resource in template["Resources"].values()
            if resource["Type"] in {"AWS::S3::Bucket", "AWS::KMS::Key", "AWS::RedshiftServerless::Namespace"}
        }
        for context in ({}, PROD)
    ]
    assert policies == [{"Delete"}, {"RetainExceptOnCreate"}]


def run(**context: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CDK_CONTEXT_JSON": json.dumps({**CONTEXT, **context})}
    command = [sys.executable, str(ROOT / "app.py")]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"environment": "test"}, "error: unknown environment 'test'; cdk.json has dev, prod"),
        ({"environment": "prod"}, "error: environment 'prod' needs an account"),
        ({"contracts": "nowhere"}, "flights.odcs.yaml: cannot be read: No such file or directory"),
    ],
)
def test_says_in_one_line_what_is_wrong(context: dict[str, Any], message: str) -> None:
    result = run(**context)
    assert result.returncode != 0
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("kind: DataContract", "kind: DataContract: x"), "not valid YAML"),
        (("logicalType: timestamp", "logicalType: moment"), "'moment' is not one of"),
        (("version: 1.0.0\n", ""), "'version' is a required property"),
        (("- name: carrier", "- name: month"), "the same catalog name 'month'"),
        (
            ("integer\n        description: Year", "boolean\n        description: Year"),
            "key 'year' of dataset 'flights'",
        ),
    ],
)
def test_says_in_one_line_what_is_wrong_with_a_contract(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    for contract in (ROOT / "examples/flights/contracts").glob("*.yaml"):
        text = contract.read_text()
        (tmp_path / contract.name).write_text(text.replace(*change) if "flights" in contract.name else text)
    result = run(contracts=str(tmp_path))
    assert result.returncode != 0
    assert message in result.stderr
    assert "flights.odcs.yaml: " in result.stderr
    assert result.stderr.count("\n") == 1


def test_logs_are_kept_as_long_as_the_environment_says() -> None:
    retentions = [
        {
            resource["Properties"]["RetentionInDays"]
            for template in synthesise(**context)[1].values()
            for resource in template["Resources"].values()
            if resource["Type"] == "AWS::Logs::LogGroup"
        }
        for context in ({}, PROD)
    ]
    assert retentions == [{30}, {365}]

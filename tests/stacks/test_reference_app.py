"""The reference app as it is deployed: every gate on every stack, and one clear line for what is wrong."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from cfnlint.helpers import REGIONS
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

import app as reference
from lake_blueprints.catalog.iceberg.regions import check_optimizers
from lake_blueprints.contracts import Contract
from lake_blueprints.machine_learning.training.regions import check_region
from template_checks.command import running
from template_checks.command.acknowledgments import listed
from template_checks.command.gates import GATES, PACKS, nag
from template_checks.core.assembly import read_assembly
from tests.support import ROOT, nag_findings, validation_findings

CONTEXT: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]
CONTRACTS = ROOT / "examples" / "flights" / "contracts"
PROD = {"environment": "prod", "account": "123456789012", "alarm_email": "oncall@example.com"}


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
    assert nag_findings(lake[0], packs=list(nag.PACKS.values())) == []


def test_no_gate_of_lake_check_finds_anything(lake: tuple[cdk.App, dict[str, dict[str, Any]]]) -> None:
    report = running.run(Path(lake[0].outdir), GATES, PACKS)
    assert (report.findings, report.failures) == ([], [])


def test_the_documentation_counts_what_is_acknowledged() -> None:
    count = listed(read_assembly(Path(synthesise()[0].outdir))).splitlines()[-1]
    for page in ("README.md", "docs/checking.md"):
        assert count in (ROOT / page).read_text(), f"{page} does not say: {count}"


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


def with_settings(**settings: Any) -> dict[str, Any]:
    """Return the context in which dev has other settings."""
    dev = {**CONTEXT["environments"]["dev"], **settings}
    return {"environments": {**CONTEXT["environments"], "dev": dev}}


def run(**context: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CDK_CONTEXT_JSON": json.dumps({**CONTEXT, **context})}
    command = [sys.executable, str(ROOT / "app.py")]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"environment": "test"}, "error: unknown environment 'test'; cdk.json has dev, prod"),
        ({"environment": "prod"}, "error: environment 'prod' needs an account"),
        ({"environment": "prod", "account": "123456789012"}, "error: environment 'prod' needs an address that alarms"),
        (
            with_settings(region="cn-north-1", table_optimizers=False),
            "error: CloudFormation has no SageMaker model package groups in 'cn-north-1'",
        ),
        ({"region": "eu-west-3"}, "error: CloudFormation has no Glue table optimizers in 'eu-west-3'; choose another"),
        ({"contracts": "nowhere"}, "nowhere: has no contract; none of its files is called"),
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
        (("version: 1.0.0\n", ""), "'version' is missing; add it"),
        (("- name: carrier", "- name: month"), "the same catalog name 'month'"),
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


def test_every_contract_of_the_folder_becomes_a_dataset_without_a_line_of_code(tmp_path: Path) -> None:
    for contract in CONTRACTS.glob("*.yaml"):
        (tmp_path / contract.name).write_text(contract.read_text())
    weather = (CONTRACTS / "weather.odcs.yaml").read_text()
    (tmp_path / "tides.odcs.yaml").write_text(weather.replace("weather", "tides"))
    tables = [
        resource["Properties"].get("TableInput", resource["Properties"])["Name"]
        for template in synthesise(contracts=str(tmp_path))[1].values()
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Glue::Table"
    ]
    datasets = ["flights", "weather", "tides"]
    assert sorted(tables) == sorted([*datasets, *datasets, *(f"{dataset}_quarantine" for dataset in datasets)])


def test_the_app_names_no_column() -> None:
    datasets = [one for contract in Contract.from_directory(CONTRACTS) for one in contract.datasets]
    columns = {name for dataset in datasets for name in dataset.column_names}
    for source in [ROOT / "app.py", *(ROOT / "stacks").glob("*.py")]:
        words = {word for text in texts(source) for word in re.findall(r"\w+", text)}
        assert (source.name, words & columns) == (source.name, set())


def texts(source: Path) -> Iterator[str]:
    """Yield every text of a module but its docstrings."""
    tree = ast.parse(source.read_text())
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def test_refuses_exactly_the_regions_that_lack_a_type_of_the_app(
    lake: tuple[cdk.App, dict[str, dict[str, Any]]],
) -> None:
    """The registry of CloudFormation, as cfn-lint ships it, is the oracle."""
    types = {one["Type"] for template in lake[1].values() for one in template["Resources"].values()}
    types -= {"AWS::CDK::Metadata"}
    lacking = {region for region in REGIONS if not types <= set(PROVIDER_SCHEMA_MANAGER.get_resource_types(region))}
    refused = set()
    for region in REGIONS:
        try:
            check_region(region)
            check_optimizers(region)
        except ValueError:
            refused.add(region)
    assert refused == lacking


def test_deploys_where_an_account_has_two_zones() -> None:
    for context in (with_settings(region="us-west-1", table_optimizers=False), with_settings(az_count=2)):
        templates = synthesise(**context)[1]
        subnets = [
            one
            for template in templates.values()
            for one in template["Resources"].values()
            if one["Type"] == "AWS::EC2::Subnet"
        ]
        assert len(subnets) == 2


def test_optimizers_are_left_out_where_the_region_has_none() -> None:
    templates = synthesise(**with_settings(region="eu-west-3", table_optimizers=False))[1]
    kinds = {one["Type"] for template in templates.values() for one in template["Resources"].values()}
    assert "AWS::Glue::Table" in kinds
    assert "AWS::Glue::TableOptimizer" not in kinds


def test_zones_can_be_chosen() -> None:
    chosen = with_settings(region="us-east-1", availability_zones=["use1-az2", "us-east-1a"])
    properties = [
        one["Properties"]
        for template in synthesise(**chosen)[1].values()
        for one in template["Resources"].values()
        if one["Type"] == "AWS::EC2::Subnet"
    ]
    found = [(one.get("AvailabilityZone"), one.get("AvailabilityZoneId")) for one in properties]
    assert found == [(None, "use1-az2"), ("us-east-1a", None)]


def test_every_stream_and_delivery_has_its_alarms_and_prod_a_subscriber(
    lake: tuple[cdk.App, dict[str, dict[str, Any]]],
) -> None:
    everything = [one for template in lake[1].values() for one in template["Resources"].values()]
    kinds = [one["Type"] for one in everything]
    metrics = [one["Properties"]["MetricName"] for one in everything if one["Type"] == "AWS::CloudWatch::Alarm"]
    assert metrics.count("GetRecords.IteratorAgeMilliseconds") == kinds.count("AWS::Kinesis::Stream") > 0
    assert metrics.count("DeliveryToS3.DataFreshness") == kinds.count("AWS::KinesisFirehose::DeliveryStream") > 0
    prod = "flights-prod-storage" in lake[1]
    assert kinds.count("AWS::SNS::Subscription") == prod
    (stream,) = [one["Properties"] for one in everything if one["Type"] == "AWS::Kinesis::Stream"]
    assert stream["RetentionPeriodHours"] == (168 if prod else 24)


def test_logs_are_kept_as_long_as_the_environment_says() -> None:
    shorter = with_settings(log_retention_days=30)
    retentions = [
        {
            resource["Properties"]["RetentionInDays"]
            for template in synthesise(**context)[1].values()
            for resource in template["Resources"].values()
            if resource["Type"] == "AWS::Logs::LogGroup"
        }
        for context in (shorter, PROD)
    ]
    assert retentions == [{30}, {365}]

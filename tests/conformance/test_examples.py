"""Examples: each is synthesised, passes gates of `lake check`, and is deployed to the local cloud."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from template_checks.command.finding import Finding
from template_checks.command.running import results_of
from template_checks.core.assembly import StackTemplate
from tests.conformance.examples import Asset, capabilities, path_of, synthesised

_LONGEST = 40
CAPABILITIES = capabilities()
# Whose engine nobody has for this machine, with the resource type that the local cloud refuses.
REFUSED = {
    "databases/documentdb": "AWS::DocDB::DBCluster",
    "databases/influxdb": "AWS::Timestream::InfluxDBInstance",
}


# The other packs ask for what an app decides, such as replication; cfn-lint is slow. The reference app is held to all.
_GATES = ("rules", "schema", "iam", "aws-solutions")


def findings(templates: list[StackTemplate]) -> list[str]:
    """Return what gates of `lake check` find in the stacks of any apps and nobody has acknowledged."""
    by_name = {template.name: template for template in templates}
    return [
        f"{rule} {found.stack}/{found.logical_id}: {found.message}"
        for gate in _GATES
        for found in results_of([gate], templates)[0]
        if isinstance(found, Finding)
        for rule in found.rules
        if not acknowledged(by_name[found.stack], rule, found.logical_id)
    ]


def acknowledged(template: StackTemplate, rule: str, logical_id: str) -> bool:
    return template.acknowledgment(rule, template.construct_path(logical_id)) is not None


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_a_capability_has_a_short_example(capability: str) -> None:
    assert len(path_of(capability).read_text().splitlines()) <= _LONGEST
    assert len(synthesised(path_of(capability)).templates) == 1


def test_lake_check_finds_nothing_in_the_examples() -> None:
    # One run over all of them: the gates take longer to start than to look.
    assert findings([one for name in CAPABILITIES for one in synthesised(path_of(name)).templates]) == []


def test_lake_check_finds_what_is_wrong_in_an_example(tmp_path: Path) -> None:
    text = path_of("storage/s3").read_text()
    wrong = tmp_path / "wrong.py"
    wrong.write_text(text.replace("app.synth()", "cdk.aws_s3.Bucket(stack, 'Plain')\napp.synth()"))
    assert any("AwsSolutions-S1" in found for found in findings(synthesised(wrong).templates))


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as running:
        running.client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String")
        yield running


@pytest.mark.parametrize("capability", [name for name in CAPABILITIES if name not in REFUSED])
def test_the_local_cloud_deploys_an_example(capability: str, cloud: LocalCloud) -> None:
    # By CloudFormation's API, to which the CDK CLI sends the same template; the CLI has tests of its own.
    example = synthesised(path_of(capability))
    for asset in example.assets():
        upload(cloud, asset)
    (template,) = example.templates
    client: Any = cloud.client("cloudformation")
    capability_names = ["CAPABILITY_NAMED_IAM"]
    client.create_stack(StackName=template.name, TemplateBody=template.path.read_text(), Capabilities=capability_names)
    (stack,) = client.describe_stacks(StackName=template.name)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack.get("StackStatusReason")
    deployed = client.describe_stack_resources(StackName=template.name)["StackResources"]
    assert {one["LogicalResourceId"] for one in deployed} == template.document["Resources"].keys()


@pytest.mark.parametrize("capability", REFUSED)
def test_the_local_cloud_refuses_by_name_what_it_has_no_engine_for(capability: str, cloud: LocalCloud) -> None:
    (template,) = synthesised(path_of(capability)).templates
    kinds = [one["Type"] for one in template.document["Resources"].values()]
    assert REFUSED[capability] in kinds
    client: Any = cloud.client("cloudformation")
    client.create_stack(
        StackName=template.name, TemplateBody=template.path.read_text(), Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    (stack,) = client.describe_stacks(StackName=template.name)["Stacks"]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    events = client.describe_stack_events(StackName=template.name)["StackEvents"]
    service = REFUSED[capability].rpartition("::")[0]
    assert any(f"the local cloud has no {service}::" in one.get("ResourceStatusReason", "") for one in events)


def upload(cloud: LocalCloud, asset: Asset) -> None:
    """Put a file, or a folder as an archive, where the template expects it."""
    client: Any = cloud.client("s3")
    bucket = asset.bucket.replace("${AWS::AccountId}", cloud.account).replace("${AWS::Region}", "us-east-1")
    if bucket not in {one["Name"] for one in client.list_buckets()["Buckets"]}:
        client.create_bucket(Bucket=bucket)
    body = asset.path.read_bytes() if asset.path.is_file() else archived(asset.path)
    client.put_object(Bucket=bucket, Key=asset.key, Body=body)


def archived(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return buffer.getvalue()

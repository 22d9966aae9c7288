"""The whole: a lake in plain CDK, deployed by the real CDK CLI, used, changed and broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local_cloud.client.cdk import Cdk
from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError

APPS = Path(__file__).parent / "apps"
APP = "python small_lake.py"


@pytest.fixture(scope="module")
def outputs(cloud: LocalCloud) -> dict[str, str]:
    return cloud.deploy(directory=APPS, app=APP)["Flow"]


def status(cloud: LocalCloud, stack: str) -> str:
    described: Any = cloud.client("cloudformation").describe_stacks(StackName=stack)
    return str(described["Stacks"][0]["StackStatus"])


def test_deploys_every_stack_and_returns_their_outputs(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    assert status(cloud, "Storage") == status(cloud, "Flow") == "CREATE_COMPLETE"
    assert outputs["StreamName"].startswith("Flow-Stream")
    assert outputs["BucketName"].startswith("storage-raw")


def test_runs_what_it_deployed(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    lines: list[str] = []
    output = cloud.execute(outputs["MachineArn"], {"any": 1}, lines.append)
    assert output["workgroup"] == "lake"
    assert output["job"].startswith("Flow-Job-")
    assert lines == ["entered Tell", "left Tell", "entered Done", "left Done"]


def test_a_record_put_into_the_stream_arrives_in_the_bucket(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    cloud.client("kinesis").put_record(StreamName=outputs["StreamName"], PartitionKey="k", Data=b'{"id": "1"}\n')
    cloud.drain()
    s3 = cloud.client("s3")
    (item,) = s3.list_objects_v2(Bucket=outputs["BucketName"], Prefix="events/")["Contents"]
    body = s3.get_object(Bucket=outputs["BucketName"], Key=item["Key"])["Body"].read()
    assert body == b'{"id": "1"}\n'


def test_a_second_deployment_changes_nothing(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    lines: list[str] = []
    assert cloud.deploy(directory=APPS, app=APP, on_event=lines.append)["Flow"] == outputs
    assert sum("(no changes)" in line for line in lines) == 2


def test_a_type_nobody_knows_fails_the_deployment_by_name(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    with pytest.raises(LocalCloudError, match=r"cdk deploy failed: .*no AWS::AppSync::GraphQLApi \(logical id Api\)"):
        cloud.deploy(directory=APPS, app=APP, context={"broken": "true"})
    assert status(cloud, "Flow") == "UPDATE_ROLLBACK_COMPLETE"
    assert cloud.execute(outputs["MachineArn"])["workgroup"] == "lake"


def test_says_in_one_line_why_the_app_failed(cloud: LocalCloud, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("raise ValueError('no such environment: moon')\n")
    with pytest.raises(
        LocalCloudError, match=r"^cdk synth failed: ValueError: no such environment: moon \(whole output"
    ):
        cloud.deploy(directory=tmp_path, app="python bad.py")


def test_refuses_a_stack_of_another_account(cloud: LocalCloud, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import aws_cdk as cdk\n"
        "app = cdk.App()\n"
        "cdk.Stack(app, 'Far', env=cdk.Environment(account='999999999999', region='eu-west-1'))\n"
        "app.synth()\n"
    )
    with pytest.raises(LocalCloudError, match="stack Far is bound to account 999999999999; the local cloud has only"):
        cloud.deploy(directory=tmp_path, app="python app.py")


def test_destroys_what_it_deployed_except_what_is_retained(
    cloud: LocalCloud, outputs: dict[str, str], tmp_path: Path
) -> None:
    Cdk.find(APPS).run(
        ["destroy", "--all", "--force", "--app", APP, "--output", str(tmp_path / "cdk.out")],
        directory=APPS,
        environment=cloud.environment(),
        log=tmp_path / "cdk.log",
        on_line=lambda _: None,
    )
    names = [stack["StackName"] for stack in cloud.client("cloudformation").describe_stacks()["Stacks"]]
    assert names == ["CDKToolkit"]
    assert outputs["BucketName"] not in [bucket["Name"] for bucket in cloud.client("s3").list_buckets()["Buckets"]]
    # The CDK retains a stream unless told otherwise.
    assert outputs["StreamName"] in cloud.client("kinesis").list_streams()["StreamNames"]


def test_names_the_missing_cli(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LocalCloudError, match="the CDK CLI is missing; install it with: npm install aws-cdk"):
        Cdk.find(tmp_path)

"""Applications in stacks, which CloudFormation makes, changes and deletes, and never starts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from tests.local_cloud.flink.applications import ACCOUNT, REGION, ROLE, archive, configuration


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as running:
        running.client("s3").create_bucket(Bucket="code")
        for key in ("one.zip", "two.zip"):
            running.client("s3").put_object(Bucket="code", Key=key, Body=archive({"main.py": key}))
        yield running


def _template(key: str, *, log: str = "log", **parts: Any) -> str:
    stream = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:flink:log-stream:{log}"
    application = {
        "RuntimeEnvironment": "FLINK-2_2",
        "ServiceExecutionRole": ROLE,
        "ApplicationConfiguration": configuration(key, **parts),
    }
    option = {"ApplicationName": {"Ref": "App"}, "CloudWatchLoggingOption": {"LogStreamARN": stream}}
    return json.dumps(
        {
            "Resources": {
                "App": {"Type": "AWS::KinesisAnalyticsV2::Application", "Properties": application},
                "Log": {
                    "Type": "AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption",
                    "Properties": option,
                },
            },
            "Outputs": {"Name": {"Value": {"Ref": "App"}}},
        }
    )


def _status(cloud: LocalCloud) -> str:
    return str(cloud.client("cloudformation").describe_stacks(StackName="flink")["Stacks"][0]["StackStatus"])


def test_a_stack_makes_changes_and_deletes_an_application_and_its_log(cloud: LocalCloud) -> None:
    stacks, flink = cloud.client("cloudformation"), cloud.client("kinesisanalyticsv2")
    stacks.create_stack(StackName="flink", TemplateBody=_template("one.zip", properties={"own": {"a": "1"}}))
    name = stacks.describe_stacks(StackName="flink")["Stacks"][0]["Outputs"][0]["OutputValue"]
    detail = flink.describe_application(ApplicationName=name)["ApplicationDetail"]
    assert detail["ApplicationStatus"] == "READY"
    assert [one["LogStreamARN"].rpartition(":")[2] for one in detail["CloudWatchLoggingOptionDescriptions"]] == ["log"]

    custom = {"CheckpointConfiguration": {"ConfigurationType": "CUSTOM", "CheckpointInterval": 5000}}
    stacks.update_stack(
        StackName="flink", TemplateBody=_template("two.zip", log="other", FlinkApplicationConfiguration=custom)
    )
    assert _status(cloud) == "UPDATE_COMPLETE"
    detail = flink.describe_application(ApplicationName=name)["ApplicationDetail"]
    settings = detail["ApplicationConfigurationDescription"]
    code = settings["ApplicationCodeConfigurationDescription"]["CodeContentDescription"]
    assert code["S3ApplicationCodeLocationDescription"]["FileKey"] == "two.zip"
    flink_settings = settings["FlinkApplicationConfigurationDescription"]
    assert flink_settings["CheckpointConfigurationDescription"]["CheckpointInterval"] == 5000
    groups = settings["EnvironmentPropertyDescriptions"]["PropertyGroupDescriptions"]
    assert [group["PropertyGroupId"] for group in groups] == ["kinesis.analytics.flink.run.options"]
    assert detail["CloudWatchLoggingOptionDescriptions"][0]["LogStreamARN"].endswith(":other")

    stacks.update_stack(StackName="flink", TemplateBody=_template("missing.zip"))
    assert _status(cloud) == "UPDATE_ROLLBACK_COMPLETE"

    stacks.delete_stack(StackName="flink")
    assert flink.list_applications()["ApplicationSummaries"] == []

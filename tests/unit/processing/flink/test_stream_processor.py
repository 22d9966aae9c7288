"""StreamProcessor: its configuration, role, key, alarms and what it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.ingestion.firehose import DeliveryStream, S3Destination
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.processing.flink import ApplicationCode, BoundCode, FlinkRuntime, StreamProcessor
from tests.conformance.fixtures import FLIGHTS, Fixtures
from tests.support import properties, resources, template_of
from tests.unit.processing.flink.sample import CODE

APPLICATION = "AWS::KinesisAnalyticsV2::Application"


@dataclass(frozen=True, kw_only=True)
class Brought(ApplicationCode):
    """Code that brings its stream and its properties along."""

    stream: Stream

    def bind(self, scope: Construct) -> BoundCode:
        bound = CODE.bind(scope)
        return BoundCode(
            asset=bound.asset,
            options=bound.options,
            properties={"plan": {"name": "flights"}},
            reads=[self.stream],
            writes=[self.stream],
        )


def define(stack: cdk.Stack, **given: Any) -> StreamProcessor:
    return StreamProcessor(stack, "Count", **{"code": CODE, **given})


def configuration(stack: cdk.Stack) -> dict[str, Any]:
    found: dict[str, Any] = properties(template_of(stack), APPLICATION)["ApplicationConfiguration"]
    return found


def statements(stack: cdk.Stack, processor: StreamProcessor) -> list[dict[str, Any]]:
    policies = [
        one["Properties"]
        for one in resources(template_of(stack), "AWS::IAM::ManagedPolicy")
        if one["Properties"]["Description"].startswith("Runs a Flink application")
    ]
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def test_every_part_is_custom_so_that_its_values_count(stack: cdk.Stack) -> None:
    define(stack, parallelism=8, parallelism_per_kpu=2, auto_scaling=True, checkpoint_interval=cdk.Duration.seconds(20))
    found = configuration(stack)["FlinkApplicationConfiguration"]
    assert {part["ConfigurationType"] for part in found.values()} == {"CUSTOM"}
    scaling, checkpoints = found["ParallelismConfiguration"], found["CheckpointConfiguration"]
    assert (scaling["Parallelism"], scaling["ParallelismPerKPU"], scaling["AutoScalingEnabled"]) == (8, 2, True)
    assert (checkpoints["CheckpointingEnabled"], checkpoints["CheckpointInterval"]) == (True, 20_000)


def test_by_default_it_is_small_keeps_its_state_and_rolls_back_what_fails(stack: cdk.Stack) -> None:
    define(stack)
    assert properties(template_of(stack), APPLICATION)["RuntimeEnvironment"] == "FLINK-2_2"
    found = configuration(stack)
    scaling = found["FlinkApplicationConfiguration"]["ParallelismConfiguration"]
    assert (scaling["Parallelism"], scaling["ParallelismPerKPU"], scaling["AutoScalingEnabled"]) == (1, 1, False)
    assert found["ApplicationSnapshotConfiguration"] == {"SnapshotsEnabled": True}
    assert found["ApplicationSystemRollbackConfiguration"] == {"RollbackEnabled": True}
    assert "VpcConfigurations" not in found


def test_logs_to_a_stream_of_a_group_that_is_not_kept_forever(stack: cdk.Stack) -> None:
    define(stack)
    found = template_of(stack)
    option = properties(found, "AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption")
    assert ":log-stream:" in str(option["CloudWatchLoggingOption"]["LogStreamARN"])
    assert properties(found, "AWS::Logs::LogGroup")["RetentionInDays"] == 365


def test_encrypts_by_the_key_of_what_it_reads_or_one_of_its_own(stack: cdk.Stack) -> None:
    clicks = Stream(stack, "Clicks")
    assert define(stack, reads=[clicks]).key is clicks.key
    assert configuration(stack)["ApplicationEncryptionConfiguration"]["KeyType"] == "CUSTOMER_MANAGED_KEY"
    other = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Other")
    define(other)
    policy = properties(template_of(other), "AWS::KMS::Key")["KeyPolicy"]["Statement"]
    services = {str(one["Principal"].get("Service")) for one in policy if "Flink" in one.get("Sid", "")}
    assert services == {"kinesisanalytics.amazonaws.com", "infrastructure.kinesisanalytics.amazonaws.com"}


def test_two_under_one_key_do_not_repeat_its_statements(stack: cdk.Stack) -> None:
    lake = Fixtures(stack)
    StreamProcessor(stack, "One", code=CODE, encryption_key=lake.key)
    StreamProcessor(stack, "Two", code=CODE, encryption_key=lake.key)
    policy = properties(template_of(stack), "AWS::KMS::Key")["KeyPolicy"]["Statement"]
    named = [one["Sid"] for one in policy if "Flink" in one.get("Sid", "")]
    assert len(named) == len(set(named)) == 6


def test_reads_and_writes_what_it_is_given_and_what_the_code_brings(stack: cdk.Stack) -> None:
    lake = Fixtures(stack)
    delivery = DeliveryStream(stack, "Delivery", destination=S3Destination(zone=lake.raw, dataset=FLIGHTS))
    processor = define(stack, code=Brought(stream=lake.stream), reads=[lake.stream], writes=[delivery])
    assert (processor.reads, processor.writes) == ((lake.stream,), (delivery, lake.stream))
    actions = {action for one in statements(stack, processor) for action in one["Action"]}
    assert {"kinesis:GetRecords", "kinesis:PutRecords", "firehose:PutRecordBatch"} <= actions
    groups = configuration(stack)["EnvironmentProperties"]["PropertyGroups"]
    assert {one["PropertyGroupId"]: one["PropertyMap"] for one in groups} == {
        "plan": {"name": "flights"},
        "kinesis.analytics.flink.run.options": {"python": "main.py"},
    }


def test_runs_in_private_subnets_behind_a_group_of_its_own_if_it_has_a_network(stack: cdk.Stack) -> None:
    processor = define(stack, network=Fixtures(stack).network)
    (found,) = configuration(stack)["VpcConfigurations"]
    assert len(found["SubnetIds"]) == 3
    assert len(found["SecurityGroupIds"]) == 1
    assert processor.connections.security_groups
    actions = {str(one["Action"]) for one in statements(stack, processor)}
    assert any("ec2:CreateNetworkInterface" in one for one in actions)


def test_without_a_network_it_may_do_nothing_to_one(stack: cdk.Stack) -> None:
    processor = define(stack)
    assert "ec2:" not in str(statements(stack, processor))


@pytest.mark.parametrize(
    ("runtime", "restarts"),
    [(FlinkRuntime.FLINK_2_2, "numRestarts"), (FlinkRuntime.FLINK_1_20, "fullRestarts")],
)
def test_its_alarms_compare_what_its_version_counts(stack: cdk.Stack, runtime: FlinkRuntime, restarts: str) -> None:
    define(
        stack,
        runtime=runtime,
        reads=[Stream(stack, "Clicks")],
        alarm_topic=sns.Topic(stack, "Topic", enforce_ssl=True),
    )
    found = [one["Properties"]["Metrics"] for one in resources(template_of(stack), "AWS::CloudWatch::Alarm")]
    names = {one["MetricStat"]["Metric"]["MetricName"] for metrics in found for one in metrics if "MetricStat" in one}
    assert names == {"numberOfFailedCheckpoints", restarts}
    expressions = [str(one["Expression"]) for metrics in found for one in metrics if "Expression" in one]
    assert expressions.count("RATE(m)") == 2
    (query,) = (one for one in expressions if "SELECT" in one)
    assert "MAX(millisBehindLatest)" in query


def test_one_that_reads_no_stream_is_never_late(stack: cdk.Stack) -> None:
    assert [spec.id for spec in define(stack).alarm_specs] == ["CheckpointsFail", "Restarts"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"parallelism": 256}, r"must be up to 250 KPUs, got 256; raise 'parallelism_per_kpu'"),
        ({"properties": {"a b": {"k": "v"}}}, r"groups named by 1 to 50 letters, .*, got 'a b'"),
        ({"properties": {"a": {}}}, r"1 to 50 texts in a group, got 0 in 'a'"),
        ({"properties": {"a": {"k": "v" * 2_049}}}, r"texts of 1 to 2,048 characters, got 2,049 in 'a.k'; put what"),
        ({"properties": {"a": {"k": ""}}}, r"texts of 1 to 2,048 characters, got 0 in 'a.k'"),
        ({"properties": {str(n): {"k": "v"} for n in range(50)}}, r"up to 50 groups, got 51"),
        (
            {"properties": {"kinesis.analytics.flink.run.options": {"python": "other.py"}}},
            r"must not have groups that the code brings, got kinesis.analytics.flink.run.options",
        ),
    ],
)
def test_refuses_what_the_service_would(stack: cdk.Stack, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        define(stack, **given)


def test_refuses_a_network_without_private_subnets(stack: cdk.Stack) -> None:
    public = ec2.SubnetConfiguration(name="Public", subnet_type=ec2.SubnetType.PUBLIC)
    vpc = ec2.Vpc(stack, "Vpc", subnet_configuration=[public])
    with pytest.raises(ValueError, match=r"'network' must have a private subnet for Managed Flink; '.*Vpc' has none"):
        define(stack, network=vpc)

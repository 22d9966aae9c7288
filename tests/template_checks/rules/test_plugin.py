"""The rules as the CDK runs them: with a real synth."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_glue as glue
from aws_cdk import aws_kinesis as kinesis

from lake_blueprints.contracts import Column, Dataset, DatasetFormat
from lake_blueprints.lake import DataLake
from template_checks.cdk_plugin import LakeRules
from tests.support import new_stack

BARE = "LAKE-KINESIS-001"


def stack_with_a_bad_stream() -> tuple[cdk.Stack, kinesis.CfnStream]:
    stack = new_stack({"@aws-cdk/core:failSynthOnValidationErrors": True})
    mode = kinesis.CfnStream.StreamModeDetailsProperty(stream_mode="ON_DEMAND")
    return stack, kinesis.CfnStream(stack, "Stream", shard_count=2, stream_mode_details=mode)


def app_of(stack: cdk.Stack) -> cdk.App:
    app = stack.node.root
    assert isinstance(app, cdk.App)
    return app


def test_a_finding_fails_the_synth() -> None:
    stack, _ = stack_with_a_bad_stream()
    cdk.Validations.of(app_of(stack)).add_plugins(LakeRules())
    with pytest.raises(RuntimeError, match="Validation"):
        app_of(stack).synth()


def test_an_app_without_findings_is_synthesised() -> None:
    stack = new_stack()
    kinesis.CfnStream(stack, "Stream", shard_count=2)
    LakeRules.enable(stack)
    app_of(stack).synth()


@pytest.mark.parametrize("finding", [BARE, f"LakeRules::{BARE}"])
@pytest.mark.parametrize("where", ["resource", "stack", "app"])
def test_a_finding_is_acknowledged_at_its_construct_or_above(finding: str, where: str) -> None:
    stack, stream = stack_with_a_bad_stream()
    LakeRules.enable(stack)
    scope = {"resource": stream, "stack": stack, "app": app_of(stack)}[where]
    cdk.Validations.of(scope).acknowledge(cdk.Acknowledgment(id=finding, reason="to be resized by hand"))
    app_of(stack).synth()


def test_another_rule_acknowledged_changes_nothing() -> None:
    stack, stream = stack_with_a_bad_stream()
    LakeRules.enable(stack)
    cdk.Validations.of(stream).acknowledge(cdk.Acknowledgment(id="LAKE-KINESIS-002", reason="no reason"))
    with pytest.raises(RuntimeError, match="Validation"):
        app_of(stack).synth()


def test_rules_turned_on_twice_report_once() -> None:
    stack, _ = stack_with_a_bad_stream()
    LakeRules.enable(stack)
    LakeRules.enable(stack)
    cdk.Validations.of(app_of(stack)).add_plugins(LakeRules())
    with pytest.raises(RuntimeError) as refusal:
        app_of(stack).synth()
    assert str(refusal.value).count(f"Acknowledge with 'LakeRules::{BARE}'") == 1


def test_rules_see_escape_hatches_and_stages() -> None:
    app = app_of(new_stack())
    stack = cdk.Stack(cdk.Stage(app, "Prod"), "Stack", stack_name="the-stack")
    stream = kinesis.Stream(stack, "Stream", encryption=kinesis.StreamEncryption.UNENCRYPTED)
    child = stream.node.default_child
    assert isinstance(child, kinesis.CfnStream)
    child.add_property_override("RetentionPeriodHours", 99999)
    LakeRules.enable(stack)
    with pytest.raises(RuntimeError, match="RetentionPeriodHours is 99999, allowed is 24 to 8760"):
        app.synth()


def test_a_data_lake_turns_the_rules_on() -> None:
    stack = new_stack()
    flights = Dataset(name="flights", columns=[Column(name="origin", type="string")], format=DatasetFormat.PARQUET)
    lake = DataLake(stack, "Lake", datasets=[flights])
    job = next(child for child in lake.node.find_all() if isinstance(child, glue.CfnJob))
    job.add_property_override("MaxCapacity", 10)
    with pytest.raises(RuntimeError, match="MaxCapacity is 10, allowed is nothing beside WorkerType"):
        app_of(stack).synth()

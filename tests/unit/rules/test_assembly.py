"""The templates of a synthesised app, with what its constructs acknowledge."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_sns as sns

from lake_blueprints.rules.assembly import read_assembly


def app_in(folder: Path) -> cdk.App:
    return cdk.App(outdir=str(folder), builtin_cloud_formation_validation=False, analytics_reporting=False)


def test_stacks_of_stages_and_nested_stacks_are_read(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    sns.Topic(cdk.Stack(app, "One", stack_name="first"), "Topic")
    sns.Topic(cdk.Stack(cdk.Stage(app, "Prod"), "Two"), "Topic")
    nested = cdk.NestedStack(cdk.Stack(app, "Three"), "Nested")
    sns.Topic(nested, "Topic")
    app.synth()
    read = read_assembly(tmp_path)
    kinds = {one.name: {item["Type"] for item in one.document["Resources"].values()} for one in read}
    (nested_name,) = kinds.keys() - {"first", "Prod-Two", "Three"}
    assert kinds[nested_name] == kinds["first"] == kinds["Prod-Two"] == {"AWS::SNS::Topic"}


def test_a_stack_tells_its_region_if_the_app_does(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    sns.Topic(cdk.Stack(app, "Bound", env=cdk.Environment(region="eu-central-1")), "Topic")
    sns.Topic(cdk.Stack(app, "Anywhere"), "Topic")
    app.synth()
    assert {one.name: one.region for one in read_assembly(tmp_path)} == {"Bound": "eu-central-1", "Anywhere": None}


def test_an_acknowledgment_is_found_from_any_construct_below(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    stack = cdk.Stack(app, "One")
    topic = sns.Topic(stack, "Topic")
    cdk.Validations.of(topic).acknowledge(cdk.Acknowledgment(id="LAKE-X-001", reason="because"))
    app.synth()
    (read,) = read_assembly(tmp_path)
    path = read.construct_path(stack.get_logical_id(topic.node.default_child))  # type: ignore[arg-type]
    assert path == "One/Topic/Resource"
    assert read.acknowledgment("LAKE-X-001", path) == "because"
    assert read.acknowledgment("LAKE-X-002", path) is None
    assert read.acknowledgment("LAKE-X-001", "One/Other") is None

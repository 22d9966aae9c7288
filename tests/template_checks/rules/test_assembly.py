"""The templates of a synthesised app, with what its constructs acknowledge."""

from __future__ import annotations

import json
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sns as sns

from template_checks.core.assembly import read_assembly
from template_checks.core.checking import check


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


def nested_in(lists: int) -> str:
    return f'{{"Resources": {{"Topic": {{"Type": "AWS::SNS::Topic", "Metadata": {"[" * lists + "]" * lists}}}}}}}'


@pytest.mark.parametrize("levels", [300, 100_000])
def test_a_template_that_is_too_deep_is_refused_in_one_line(tmp_path: Path, levels: int) -> None:
    app = app_in(tmp_path)
    sns.Topic(cdk.Stack(app, "One"), "Topic")
    app.synth()
    (tmp_path / "One.template.json").write_text(nested_in(levels))
    with pytest.raises(ValueError, match=r"^One.template.json: is nested more than 200 levels deep; flatten it$"):
        read_assembly(tmp_path)


def test_a_document_that_is_too_deep_is_refused_in_one_line() -> None:
    with pytest.raises(ValueError, match=r"^is nested more than 200 levels deep; flatten it$"):
        check(json.loads(nested_in(300)))

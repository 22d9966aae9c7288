"""Templates as rules read them: functions, conditions and references, also across stacks."""

from __future__ import annotations

from typing import Any

import pytest

from template_checks.core import check, check_app
from template_checks.core.conditions import cases
from template_checks.core.intrinsics import Scope, rendered
from template_checks.core.template import Template

SCOPE = Scope(parameters={"Name": "lake"}, conditions={"Prod": True}, mappings={"Sizes": {"prod": {"rpu": 8}}})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Name"}, "lake"),
        ({"Ref": "Other"}, {"Ref": "Other"}),
        ({"Fn::If": ["Prod", {"Ref": "Name"}, "dev"]}, "lake"),
        ({"a": {"Fn::If": ["Prod", {"Ref": "AWS::NoValue"}, 1]}, "b": 2}, {"b": 2}),
        ([{"Ref": "AWS::NoValue"}, 1], [1]),
        ({"Fn::Sub": "${Name}/raw/${!Literal}"}, "lake/raw/${!Literal}".replace("!", "")),
        ({"Fn::Sub": ["${A}-${Name}", {"A": {"Fn::Join": ["", ["x", "y"]]}}]}, "xy-lake"),
        ({"Fn::FindInMap": ["Sizes", "prod", "rpu"]}, 8),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "rpu"]}, {"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "rpu"]}),
        ({"Fn::GetAtt": "Bucket.Arn"}, {"Fn::GetAtt": ["Bucket", "Arn"]}),
    ],
)
def test_functions_are_evaluated_as_far_as_they_are_known(value: Any, expected: Any) -> None:
    assert SCOPE.evaluate(value) == expected


def test_text_with_unknown_parts_keeps_holes() -> None:
    value = SCOPE.evaluate({"Fn::Sub": "arn:${AWS::Partition}:s3:::${Name}-${Bucket.Arn}"})
    assert rendered(value) == "arn:${AWS::Partition}:s3:::lake-${Bucket.Arn}"


def conditional(**conditions: Any) -> dict[str, Any]:
    return {"Parameters": {"Stage": {"Type": "String", "AllowedValues": ["dev", "prod"]}}, "Conditions": conditions}


def test_a_template_without_conditions_is_one_case() -> None:
    assert [scope.conditions for scope in cases({"Resources": {}})] == [{}]


def test_each_value_that_a_condition_names_is_a_case() -> None:
    prod = {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}
    found = list(cases(conditional(Prod=prod, Dev={"Fn::Not": [{"Condition": "Prod"}]})))
    assert [(one.parameters["Stage"], dict(one.conditions)) for one in found] == [
        ("prod", {"Prod": True, "Dev": False}),
        ("dev", {"Prod": False, "Dev": True}),
    ]


def test_many_conditions_do_not_multiply() -> None:
    conditions = {f"C{index}": {"Fn::Equals": [{"Ref": f"P{index}"}, "yes"]} for index in range(20)}
    assert len(list(cases({"Conditions": conditions}))) == 21


def stream(hours: Any, **more: Any) -> dict[str, Any]:
    return {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1, "RetentionPeriodHours": hours}, **more}


def found_in(template: dict[str, Any]) -> list[str]:
    return [one.found for one in check(template) if one.rule.id == "LAKE-KINESIS-002"]


def test_a_value_in_either_branch_of_a_condition_is_found_once() -> None:
    prod = {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}
    template = {**conditional(Prod=prod), "Resources": {"S": stream({"Fn::If": ["Prod", 24, 12]})}}
    assert found_in(template) == ["12"]


def test_the_default_of_a_parameter_and_a_value_of_a_mapping_are_found() -> None:
    template = {
        "Parameters": {"Hours": {"Type": "Number", "Default": 9000}},
        "Mappings": {"Hours": {"all": {"kept": 10}}},
        "Resources": {"A": stream({"Ref": "Hours"}), "B": stream({"Fn::FindInMap": ["Hours", "all", "kept"]})},
    }
    assert found_in(template) == ["9000", "10"]


def test_what_only_cloudformation_knows_passes() -> None:
    assert found_in({"Resources": {"A": stream({"Fn::ImportValue": "hours"}), "B": stream({"Ref": "Hours"})}}) == []


@pytest.mark.parametrize("document", [{}, {"Resources": None}, {"Resources": {"A": None, "B": {}, "C": {"Type": 1}}}])
def test_an_empty_or_broken_template_has_no_findings(document: dict[str, Any]) -> None:
    assert check(document) == []


KEY = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": []}}}
OUTPUT = {"Value": {"Fn::GetAtt": ["Key", "Arn"]}, "Export": {"Name": "the-key"}}


@pytest.mark.parametrize(
    "reference",
    [{"Fn::ImportValue": "the-key"}, {"Fn::GetStackOutput": {"StackName": "keys", "OutputName": "Arn"}}],
    ids=["import", "weak"],
)
def test_a_key_in_another_stack_must_let_the_logs_of_this_one_in(reference: dict[str, Any]) -> None:
    logs = {"Type": "AWS::Logs::LogGroup", "Properties": {"KmsKeyId": reference}}
    app: dict[str, Any] = {
        "keys": {"Resources": {"Key": KEY}, "Outputs": {"Arn": OUTPUT}},
        "logs": {"Resources": {"Logs": logs}},
    }
    assert "LAKE-KMS-001" in [one.rule.id for one in check_app(app)["logs"]]


def test_a_reference_leads_to_its_resource_and_what_that_needs() -> None:
    resources = {
        "One": {"Type": "A", "DependsOn": "Two"},
        "Two": {"Type": "A", "Properties": {"Arn": {"Fn::Join": ["", [{"Fn::GetAtt": ["Three", "Arn"]}, "/*"]]}}},
        "Three": {"Type": "A"},
    }
    template = Template({"Resources": resources})
    assert template.resources["Two"].at("Arn").target is template.resources["Three"]
    assert template.reachable("One") == {"Two", "Three"}

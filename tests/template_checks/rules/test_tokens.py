"""Values that only the deployment knows are not held against a template."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from template_checks.core import check
from template_checks.core.intrinsics import is_function
from tests.template_checks.rules.examples import examples
from tests.template_checks.rules.test_rules import RULES, paths, put

FAMILIES = (
    *(
        "alarms",
        "batch",
        "budgets",
        "databases",
        "dms",
        "emr",
        "files",
        "flink",
        "iot",
        "kafka",
        "lakeformation",
        "logs",
    ),
    *("network", "queues", "redshift", "sagemaker", "search"),
)
UNKNOWN = {"Fn::GetAtt": ["Elsewhere", "Value"]}


@pytest.mark.parametrize("rule_id", [one for one in sorted(examples()) if RULES[one].family in FAMILIES])
def test_lets_any_unknown_value_pass(rule_id: str) -> None:
    good = examples()[rule_id]["good"]
    for path in paths(good["Resources"]):
        if path[1] == "Properties" and not below_function(good["Resources"], path):
            template = deepcopy(good)
            put(template["Resources"], path, UNKNOWN)
            assert [one.message for one in check(template) if one.rule.id == rule_id] == [], path


def below_function(value: Any, path: tuple[Any, ...]) -> bool:
    for key in path[:-1]:
        value = value[key]
        if is_function(value):
            return True
    return False

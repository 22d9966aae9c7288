"""Values that only the deployment knows are not held against a template."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from template_checks.command.cloudformation_yaml import parsed_yaml
from template_checks.core import check
from template_checks.core.intrinsics import is_function
from tests.template_checks.rules.examples import examples, template
from tests.template_checks.rules.test_no_false_alarms import COMPOSED, FOLDER, VALID
from tests.template_checks.rules.test_rules import paths, put

PARAMETER = {"Ref": "Unknown"}
OTHERS: list[Any] = [
    {"Fn::Sub": "${Unknown}"},
    {"Fn::GetAtt": ["Elsewhere", "Value"]},
    {"Fn::ImportValue": "unknown"},
]
ELSEWHERE = {"Type": "Custom::Lookup", "Properties": {"ServiceToken": {"Fn::ImportValue": "lookup"}}}
# The parameter is not echoed, since an echoed one gives a secret away, whatever its value.
SECRETS = "LAKE-EXPOSURE-001"


@pytest.mark.parametrize("rule_id", sorted(examples()))
def test_an_unknown_value_of_a_good_example_adds_no_finding(rule_id: str) -> None:
    good = framed(examples()[rule_id]["good"])
    before = found(good)
    for at, path in enumerate(open_paths(good)):
        for unknown in (PARAMETER, OTHERS[at % len(OTHERS)]):
            assert not found(with_value(good, path, unknown)) - before, (path, unknown)


@pytest.mark.parametrize("name", [*VALID, *COMPOSED])
def test_an_unknown_value_of_a_valid_template_adds_no_finding(name: str) -> None:
    plain = template({name: VALID[name]}) if name in VALID else parsed_yaml((FOLDER / f"{name}.yaml").read_text())
    valid = framed(plain)
    before = found(valid)
    for path in open_paths(valid):
        assert not found(with_value(valid, path, PARAMETER)) - before, path


def test_a_secret_in_an_echoed_parameter_is_found() -> None:
    good = framed(examples()[SECRETS]["good"])
    path = next(path for path in open_paths(good) if path[-1] == "AdminUserPassword")
    readable = {**with_value(good, path, PARAMETER), "Parameters": {"Unknown": {"Type": "String"}}}
    assert SECRETS in {rule for rule, _ in found(readable)}


def framed(plain: dict[str, Any]) -> dict[str, Any]:
    """Return a template with what the functions refer to."""
    unknown = {"Type": "String", "NoEcho": True}
    return {
        **plain,
        "Parameters": {**plain.get("Parameters", {}), "Unknown": unknown},
        "Resources": {**plain["Resources"], "Elsewhere": ELSEWHERE},
    }


def open_paths(given: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of properties at which a function can stand."""
    for path in paths(given["Resources"]):
        if path[0] != "Elsewhere" and path[1] == "Properties" and not below_function(given["Resources"], path):
            yield path


def below_function(value: Any, path: tuple[Any, ...]) -> bool:
    for key in path[:-1]:
        value = value[key]
        if is_function(value):
            return True
    return False


def found(given: dict[str, Any]) -> set[tuple[str, str]]:
    """Return the rules that have a finding, each with the resource."""
    return {(one.rule.id, one.logical_id) for one in check(given)}


def with_value(given: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed = deepcopy(given)
    put(changed["Resources"], path, value)
    return changed

"""Every rule refuses its bad examples and lets its good one pass, and bears whatever else it is given."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from template_checks.core import all_rules, check
from tests.template_checks.rules.examples import examples

RULES = {rule.id: rule for rule in all_rules()}
BAD = [(rule_id, index) for rule_id, case in examples().items() for index in range(len(case["bad"]))]
# What a template can hold in place of what is expected there.
JUNK: list[Any] = [None, True, -1, "", "text", [], ["text", None], {}, {"a": 1}, {"Ref": "AWS::Region"}, [[{}]]]


def found(template: dict[str, Any]) -> set[str]:
    return {finding.rule.id for finding in check(template)}


def test_every_rule_has_examples() -> None:
    assert RULES.keys() == examples().keys()
    assert all(case["bad"] for case in examples().values())


@pytest.mark.parametrize("rule_id", sorted(RULES))
def test_says_all_that_a_finding_needs(rule_id: str) -> None:
    rule = RULES[rule_id]
    assert rule.title[0].isupper() and not rule.title.endswith(".")
    assert rule.why.endswith(".") and len(rule.fix) > 10 and rule.source.startswith("https://")


@pytest.mark.parametrize("rule_id", sorted(examples()))
def test_lets_its_good_example_pass(rule_id: str) -> None:
    assert rule_id not in found(examples()[rule_id]["good"])


@pytest.mark.parametrize(("rule_id", "index"), BAD, ids=[f"{rule_id}-{index}" for rule_id, index in BAD])
def test_refuses_its_bad_examples(rule_id: str, index: int) -> None:
    findings = [one for one in check(examples()[rule_id]["bad"][index]) if one.rule.id == rule_id]
    assert findings
    assert all(one.found and one.allowed and one.path for one in findings)


@pytest.mark.parametrize("rule_id", sorted(examples()))
def test_bears_anything_in_place_of_any_value(rule_id: str) -> None:
    case = examples()[rule_id]
    for template in (case["good"], case["bad"][0]):
        for path in paths(template["Resources"]):
            for junk in JUNK:
                broken = deepcopy(template)
                put(broken["Resources"], path, junk)
                check(broken)


def paths(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths to all values below resources' properties."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = [path for key, child in children for path in paths(child, (*above, key))]
    return ([above] if len(above) >= 3 else []) + below


def put(value: Any, path: tuple[Any, ...], new: Any) -> None:
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = new


def test_a_finding_is_a_sentence_with_the_value_what_is_allowed_and_the_fix() -> None:
    (finding,) = [one for one in check(examples()["LAKE-REDSHIFT-002"]["bad"][0]) if one.rule.id == "LAKE-REDSHIFT-002"]
    assert finding.logical_id == "Group"
    assert finding.message == (
        "Properties.Port is 1234, allowed is 5431 to 5455 or 8191 to 8215; set Port between 5431 and 5455 or between "
        "8191 and 8215, or leave it out: the default is 5439"
    )
    assert json.dumps(finding.found) == '"1234"'

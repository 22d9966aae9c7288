"""Statements: each permission once, and no policy larger than IAM takes."""

from __future__ import annotations

import json
from typing import Any

from lake_blueprints.access.statements import Statements


def allow(actions: str, resources: str, **further: Any) -> dict[str, Any]:
    return {"Action": actions.split(), "Effect": "Allow", "Resource": resources.split(), **further}


def added(*statements: dict[str, Any]) -> list[dict[str, Any]]:
    made = Statements()
    for statement in statements:
        made.add(statement)
    return [statement for policy in made.policies for statement in policy]


def test_what_is_granted_already_is_left_out() -> None:
    assert added(allow("a b", "x y"), allow("b", "x")) == [allow("a b", "x y")]


def test_only_what_is_new_of_a_statement_is_added() -> None:
    found = added(allow("read", "catalog one"), allow("read write", "catalog two"))
    granted = [
        (action, resource) for item in found for action in flat(item["Action"]) for resource in flat(item["Resource"])
    ]
    assert sorted(granted) == [
        ("read", "catalog"),
        ("read", "one"),
        ("read", "two"),
        ("write", "catalog"),
        ("write", "two"),
    ]


def test_statements_on_the_same_resources_are_one() -> None:
    assert added(allow("a", "x y"), allow("b", "x y")) == [allow("a b", "x y") | {"Resource": ["x", "y"]}]


def test_statements_of_the_same_actions_are_one() -> None:
    (found,) = added(allow("a b", "x"), allow("a b", "y"))
    assert (found["Action"], found["Resource"]) == (["a", "b"], ["x", "y"])


def test_a_condition_keeps_statements_apart() -> None:
    condition = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    assert len(added(allow("a", "x"), allow("a", "x", Condition=condition))) == 2
    assert len(added(allow("a", "x", Condition=condition), allow("a", "x", Condition=condition))) == 1


def test_what_is_no_plain_permission_stays_as_it_is() -> None:
    deny = {"Action": "a", "Effect": "Deny", "Resource": "x"}
    named = allow("a", "x", Sid="Mine")
    assert added(allow("a", "x"), deny, named, deny) == [
        allow("a", "x") | {"Action": "a", "Resource": "x"},
        deny,
        named,
        deny,
    ]


def test_a_policy_never_grows_beyond_what_iam_takes() -> None:
    made = Statements()
    for number in range(300):
        made.add(allow("glue:GetTable glue:GetPartition", f"{'t' * 100}{number}"))
        made.add(allow(f"glue:Action{number}", "one"))
    assert max(len(json.dumps(policy, separators=(",", ":"))) for policy in made.policies) <= 6_000
    assert len(made.policies) == 7


def flat(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]

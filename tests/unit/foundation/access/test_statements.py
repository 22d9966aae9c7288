"""Statements: each permission once, and no policy larger than IAM takes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lake_blueprints.foundation.access.statements import Statements, in_parts


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


def test_a_statement_that_is_longer_than_a_policy_is_divided_by_its_resources_and_else_by_its_actions() -> None:
    resources, actions = (
        [f"arn:{number:090}" for number in range(200)],
        [f"s3:Action{number:050}" for number in range(200)],
    )
    long: list[dict[str, Any]] = [
        {"Action": "read", "Effect": "Allow", "Resource": resources},
        {"Action": actions, "Effect": "Allow", "Resource": "x"},
        {"Action": "read", "Effect": "Deny", "Resource": resources, "Sid": "No"},
    ]
    for statement in long:
        made = Statements()
        made.add(statement)
        assert all(len(json.dumps({"Statement": policy, "Version": "2012-10-17"})) <= 6_144 for policy in made.policies)
        found = [item for policy in made.policies for item in policy]
        assert [one for item in found for one in flat(item["Resource"])] == flat(statement["Resource"]) * (
            1 if len(flat(statement["Resource"])) > 1 else len(found)
        )
        assert {item["Effect"] for item in found} == {statement["Effect"]}


def test_a_condition_that_is_longer_than_a_policy_is_refused() -> None:
    condition = {"StringLike": {"s3:prefix": [f"{number:090}/*" for number in range(200)]}}
    with pytest.raises(ValueError, match=r"a condition of 1\d,\d+ characters fits into no policy.*grant it in several"):
        Statements().add(allow("list", "bucket", Condition=condition))


def test_values_of_a_condition_are_put_into_parts_that_fit() -> None:
    values = [f"{number:090}/*" for number in range(200)]
    parts = list(in_parts(values))
    assert [value for part in parts for value in part] == values
    made = Statements()
    for part in parts:
        made.add(allow("list", "bucket", Condition={"StringLike": {"s3:prefix": part}}))
    assert all(len(json.dumps({"Statement": policy, "Version": "2012-10-17"})) <= 6_144 for policy in made.policies)

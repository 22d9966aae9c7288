"""Retention: what is promised becomes a lifecycle rule, unless the zone's caller wants something else."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import Duration

from lake_blueprints.storage.s3 import LifecycleRule, Zone
from tests.support import assert_passes_the_gates, resources, template_of

BECAUSE = "the contract of 'flights'"


def zone(stack: cdk.Stack, *rules: LifecycleRule, **options: Any) -> Zone:
    return Zone(stack, "Zone", lifecycle=rules, **options)


def promises(stack: cdk.Stack) -> list[tuple[str, int, int]]:
    """Return prefix, expiration and expiration of versions of the rules that delete objects."""
    rules = resources(template_of(stack), "AWS::S3::Bucket")[-1]["Properties"]["LifecycleConfiguration"]["Rules"]
    return [
        (rule.get("Prefix", ""), rule["ExpirationInDays"], rule["NoncurrentVersionExpiration"]["NoncurrentDays"])
        for rule in rules
        if "ExpirationInDays" in rule
    ]


def days(prefix: str, number: int) -> LifecycleRule:
    return LifecycleRule(prefix=prefix, expire_after=Duration.days(number))


@pytest.mark.parametrize(("age", "versions"), [(365, 30), (30, 30), (7, 7)])
def test_versions_go_with_the_objects_or_when_the_zone_lets_them_go(stack: cdk.Stack, age: int, versions: int) -> None:
    zone(stack).expire("flights/", after=Duration.days(age), because=BECAUSE)
    assert promises(stack) == [("flights/", age, versions)]


def test_a_promise_that_is_made_again_is_one_rule(stack: cdk.Stack) -> None:
    made = zone(stack)
    for _ in range(2):
        made.expire("flights/", after=Duration.days(9), because=BECAUSE)
    assert len(promises(stack)) == 1


@pytest.mark.parametrize("rule", [days("", 400), days("flights/", 365), days("weather/", 1), days("flights/x/", 365)])
def test_rules_that_delete_later_or_elsewhere_are_no_contradiction(stack: cdk.Stack, rule: LifecycleRule) -> None:
    zone(stack, rule).expire("flights/", after=Duration.days(365), because=BECAUSE)


@pytest.mark.parametrize(("prefix", "age"), [("", 90), ("flights/", 90), ("flights/x/", 90), ("flights/x/", 400)])
def test_refuses_a_rule_of_the_zone_that_breaks_the_promise(stack: cdk.Stack, prefix: str, age: int) -> None:
    with pytest.raises(ValueError, match=f"the contract of 'flights' keeps 'flights/' for 365 days, .* of {age} days;"):
        zone(stack, days(prefix, age)).expire("flights/", after=Duration.days(365), because=BECAUSE)


def test_refuses_more_rules_than_s3_takes(stack: cdk.Stack) -> None:
    made = zone(stack, *(days(f"t{number}/", 1) for number in range(999)))
    with pytest.raises(ValueError, match="has 999 lifecycle rules, as many as S3 takes, and the contract of 'flights'"):
        made.expire("flights/", after=Duration.days(1), because=BECAUSE)


def test_passes_the_gates() -> None:
    def build(stack: cdk.Stack, name: str) -> None:
        Zone(stack, name).expire("flights/", after=Duration.days(1), because=BECAUSE)

    assert_passes_the_gates(build)

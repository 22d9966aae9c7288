"""Names: nothing that has one is in the way of another, wherever the two are defined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import aws_cdk as cdk
import pytest
from constructs import Construct

from lake_blueprints import Table
from lake_blueprints.databases.redshift import Warehouse
from template_checks.pytest_plugin.stateful import create_only
from tests.support import new_stack, template_of
from tests.unit.everything import EVERYTHING, Build

BUILDS = [pytest.param(build, id=kind.__name__) for kind, build in EVERYTHING.items()]


def names(template: dict[str, Any]) -> Counter[tuple[str, ...]]:
    """Return the physical names that a template gives, each with its type and, of a table, its database."""
    return Counter(_names(template["Resources"]))


def _names(resources: dict[str, dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    for resource in resources.values():
        found = create_only(resource["Type"], resource.get("Properties", {}))
        given = [_text(value, resources) for path, value in found.items() if path.endswith("Name")]
        # A name that is made of another resource's or of the stack's is as unique as that.
        if given and all(given):
            yield (resource["Type"], *(name for name in given if name))


def _text(value: Any, resources: dict[str, dict[str, Any]]) -> str | None:
    if isinstance(value, dict) and value.get("Ref") in resources:
        database = resources[value["Ref"]]
        name = database.get("Properties", {}).get("DatabaseInput", {}).get("Name")
        return name if isinstance(name, str) else None
    return value if isinstance(value, str) else None


def stack_of(name: str) -> cdk.Stack:
    return cdk.Stack(cdk.App(analytics_reporting=False, builtin_cloud_formation_validation=False), name)


@pytest.mark.parametrize("build", BUILDS)
def test_two_of_everything_fit_into_one_stack(build: Build) -> None:
    stack = new_stack()
    build(stack, "One")
    build(stack, "Two")
    assert [name for name, times in names(template_of(stack)).items() if times > 1] == []


@pytest.mark.parametrize("build", BUILDS)
def test_two_stacks_of_the_same_fit_into_one_account(build: Build) -> None:
    first, second = stack_of("Dev"), stack_of("Prod")
    build(first, "Lake")
    build(second, "Lake")
    assert names(template_of(first)).keys() & names(template_of(second)).keys() == set()


@pytest.mark.parametrize("build", BUILDS)
def test_what_moves_to_another_scope_is_not_in_its_own_way(build: Build) -> None:
    """CloudFormation makes the new resource before it deletes the old one: under one name it could not."""
    before, after = stack_of("Lake"), stack_of("Lake")
    build(before, "Flights")
    build(Construct(after, "Aviation"), "Flights")  # type: ignore[arg-type]  # a scope is all that they need
    assert names(template_of(before)).keys() & names(template_of(after)).keys() == set()


def test_names_are_found() -> None:
    stack = stack_of("Lake")
    for kind in (Table, Warehouse):
        EVERYTHING[kind](stack, kind.__name__)
    kinds = {name[0] for name in names(template_of(stack))}
    assert {"AWS::Glue::Database", "AWS::Glue::Table", "AWS::RedshiftServerless::Namespace"} <= kinds

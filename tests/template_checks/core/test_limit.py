"""Limits: spans, words and errors; and what AWS's own resource schemas say of the same properties."""

from __future__ import annotations

import re
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from aws_cdk import CfnParameter, Stack
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from template_checks import limits
from template_checks.core.limit import Limit, Span

LIMITS = {
    f"{module.name}.{name}": limit
    for module in iter_modules(limits.__path__)
    for name, limit in vars(import_module(f"template_checks.limits.{module.name}")).items()
    if isinstance(limit, Limit)
}


def test_a_limit_of_several_spans_is_told_in_one_phrase() -> None:
    limit = Limit("AWS::A::B", "C", Span(4, 4), Span(8, 512, 8), Span(544, 1024, 32), unit="RPUs", source="")
    assert str(limit) == "4, 8 to 512 in steps of 8 or 544 to 1024 in steps of 32 RPUs"
    assert [value for value in (3, 4, 5, 8, 12, 512, 520, 544, 545, 1024, 1056) if value in limit] == [
        4,
        8,
        512,
        544,
        1024,
    ]


def test_a_value_that_is_not_allowed_is_named_with_those_that_are() -> None:
    limit = Limit("AWS::A::B", "C", Span(0.2, 3), unit="MiB", source="")
    with pytest.raises(ValueError, match=re.escape("'size' must be 0.2 to 3 MiB, got 3.5 MiB")):
        limit.check("size", 3.5)
    limit.check("size", 0.2)


def test_a_limit_may_be_open_above() -> None:
    limit = Limit("AWS::A::B", "C", Span(1), source="")
    assert str(limit) == "at least 1"
    assert [value for value in (0, 1, 10**12) if value in limit] == [1, 10**12]


def bounds(limit: Limit) -> dict[str, Any] | None:
    """Return the schema of the property, if CloudFormation's schema of the type has it."""
    schema: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", limit.resource_type).schema
    node: dict[str, Any] = schema
    for name in limit.path.split("."):
        while "$ref" in node:
            node = schema["definitions"][node["$ref"].rsplit("/", maxsplit=1)[-1]]
        if name not in node.get("properties", {}):
            return None
        node = node["properties"][name]
    return node


# Lists and maps of names and values, which no schema knows. A limit without a path is that of a statement of SQL.
NAMES_AND_VALUES = ("ExtendedS3DestinationConfiguration.ProcessingConfiguration.Processors.", "Parameters.")


MOST_OF_64_BITS = 2**63 - 1
"""The maximum of a number that the service does not limit."""


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_no_wider_than_the_schema_of_the_resource_type(name: str) -> None:
    limit = LIMITS[name]
    schema = bounds(limit)
    if schema is None:
        assert not limit.path or limit.path.startswith(NAMES_AND_VALUES)
        return
    assert limit.ends[0] >= schema.get("minimum", limit.ends[0])
    assert limit.ends[1] <= schema.get("maximum", limit.ends[1]) or schema["maximum"] == MOST_OF_64_BITS


def test_a_number_that_is_known_at_deployment_only_is_not_judged() -> None:
    number = CfnParameter(Stack(), "Number", type="Number").value_as_number
    limit = Limit("AWS::A::B", "C", Span(1, 5), source="")
    limit.check("workers", number)
    with pytest.raises(ValueError, match="'workers' must be 1 to 5, got -100"):
        limit.check("workers", -100)

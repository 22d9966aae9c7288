"""Limits: both ends of each range that a construct documents pass the rules, and what lies beyond them nowhere does."""

from __future__ import annotations

from importlib import import_module
from math import isfinite
from pkgutil import iter_modules

import aws_cdk as cdk
import pytest

import template_checks.limits
from template_checks.core import check
from template_checks.core.limit import Limit, Span
from tests.conformance.controls import NamedGroup, control
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Limited, Sample, samples
from tests.support import new_stack, template_of

LIMITED = [
    (f"{sample.name}: {name}", sample, limited) for sample in samples() for name, limited in sample.limits.items()
]
ENDS = [
    pytest.param(sample, limited, end, id=f"{name} {end:g}")
    for name, sample, limited in LIMITED
    for span in limited.limit.spans
    for end in dict.fromkeys((span.least, span.most))
    if isfinite(end)
]
BEYOND = [
    pytest.param(sample, limited, beyond, id=f"{name} {beyond:g}")
    for name, sample, limited in LIMITED
    for beyond in (limited.limit.ends[0] - 1, limited.limit.ends[1] + 1)
    if beyond >= 0 and isfinite(beyond)
]


def defined(sample: Sample, limited: Limited, value: float) -> cdk.Stack:
    stack = new_stack()
    lake = Fixtures(stack)
    sample.define(lake, stack, "One", **limited.options(lake, int(value) if value == int(value) else value))
    return stack


def errors(stack: cdk.Stack) -> list[str]:
    return [found.message for found in check(template_of(stack)) if found.rule.severity == "error"]


def more_errors(sample: Sample, stack: cdk.Stack) -> list[str]:
    """Return the errors beside those of the usual form, which test_gates.py holds against their acknowledgments."""
    found = errors(stack)
    if not found:
        return []
    usual = new_stack()
    sample.define(Fixtures(usual), usual, "One")
    return [one for one in found if one not in errors(usual)]


@pytest.mark.parametrize(("sample", "limited", "end"), ENDS)
def test_both_ends_of_a_documented_range_pass_the_rules(sample: Sample, limited: Limited, end: float) -> None:
    assert more_errors(sample, defined(sample, limited, end)) == []


@pytest.mark.parametrize(("sample", "limited", "beyond"), BEYOND)
def test_beyond_a_range_the_construct_names_the_allowed_values(sample: Sample, limited: Limited, beyond: float) -> None:
    with pytest.raises(ValueError, match=str(limited.limit)):
        defined(sample, limited, int(beyond))


def test_a_construct_that_does_not_look_is_noticed() -> None:
    limited = Limited(limit=Limit("AWS::Logs::LogGroup", "", Span(1, 2), source=""), options=lambda *_: {})
    assert defined(control(NamedGroup).sample, limited, 3)


def test_no_limit_is_without_an_option() -> None:
    known = {id(limited.limit) for _, _, limited in LIMITED}
    # No construct sets them: rules alone read them.
    rules_only = {"RECORD_SIZE", "NEPTUNE_MAX_CAPACITY", "INSTANCE_BACKUP_DAYS"}
    # By partition keys, in tests/unit/ingestion/firehose; by names of tables, in tests/unit/databases/zero_etl; by
    # alarms on measures, in tests/unit/processing/stream_sinks.
    elsewhere = {"BUFFER_INTERVAL_PARTITIONED", "FILTER_LENGTH", "BAND", "PERIOD", "PERIODS"}
    folder = template_checks.limits
    missing = {
        name
        for module in iter_modules(folder.__path__, f"{folder.__name__}.")
        for name, limit in vars(import_module(module.name)).items()
        if isinstance(limit, Limit) and id(limit) not in known
    }
    assert missing == rules_only | elsewhere

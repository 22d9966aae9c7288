"""Filters of event source mappings: which records a function gets.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.events.models import EventPattern

from template_checks.core.event_patterns import pattern_problem

_MOST = 10
# EventBridge has more than Lambda.
_OPERATORS = frozenset({"prefix", "suffix", "anything-but", "numeric", "exists", "equals-ignore-case"})


def check_filters(criteria: Mapping[str, Any] | None) -> None:
    """Refuse filters that Lambda refuses, or that nothing here compares.

    Raises
    ------
    InvalidParameterValueException
        With what is wrong.
    """
    filters = _filters(criteria)
    if len(filters) > _MOST:
        raise InvalidParameterValueException(f"FilterCriteria has {len(filters)} filters, at most {_MOST} are allowed")
    for text in filters:
        try:
            pattern = json.loads(text)
        except ValueError:
            pattern = None
        if not isinstance(pattern, dict):
            raise InvalidParameterValueException("Invalid filter pattern definition. (pattern is not valid JSON)")
        if problem := pattern and pattern_problem(pattern):
            raise InvalidParameterValueException(f"Invalid filter pattern definition. (needs {problem})")
        if unknown := sorted(set(_operators(pattern)) - _OPERATORS):
            raise InvalidParameterValueException(
                f"{', '.join(unknown)} in a filter of an event source mapping is not supported by the local cloud"
            )


def passes(criteria: Mapping[str, Any] | None, record: dict[str, Any]) -> bool:
    """Tell whether a record matches one of the filters, or there are none."""
    filters = _filters(criteria)
    return not filters or any(EventPattern.load(text).matches_event(record) for text in filters)


def _filters(criteria: Mapping[str, Any] | None) -> list[str]:
    return [str(one.get("Pattern", "{}")) for one in (criteria or {}).get("Filters") or ()]


def _operators(pattern: Any, key: str = "") -> Iterator[str]:
    """Yield the names of comparisons, which are in the lists of values."""
    if isinstance(pattern, dict):
        for name, value in pattern.items():
            yield from _operators(value, name)
    for one in pattern if isinstance(pattern, list) else ():
        if isinstance(one, dict):
            yield from _operators(one) if key == "$or" else one

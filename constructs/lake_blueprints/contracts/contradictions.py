"""Constraints that no value could meet, under which every record would be quarantined."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def contradiction(constraints: Mapping[str, Any]) -> str | None:
    """Return which two constraints contradict each other, None if none do.

    Bounds of dates and times are not compared: texts such as `2026-01-01` and `2026-01-01T00:00Z` have no order.

    Parameters
    ----------
    constraints: mapping of str to object
        The options of `Constraints`.
    """
    for least, most, may_be_equal in (
        ("minimum", "maximum", True),
        ("minimum", "exclusive_maximum", False),
        ("exclusive_minimum", "maximum", False),
        ("exclusive_minimum", "exclusive_maximum", False),
        ("min_length", "max_length", True),
    ):
        low, high = constraints.get(least), constraints.get(most)
        if not isinstance(low, int | float) or not isinstance(high, int | float):
            continue
        if low > high or (low == high and not may_be_equal):
            return f"no value meets both the {_words(least)} {low} and the {_words(most)} {high}; correct one of them"
    return None


def _words(option: str) -> str:
    return option.replace("_", " ").replace("min length", "least length").replace("max length", "greatest length")

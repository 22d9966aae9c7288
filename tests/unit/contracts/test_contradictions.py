"""Constraints that contradict each other, in contracts made in Python."""

from __future__ import annotations

from typing import Any

import pytest

from lake_blueprints.contracts import Constraints, ContractError


@pytest.mark.parametrize(
    "bounds",
    [
        {"minimum": 2, "maximum": 1.5},
        {"exclusive_minimum": 1, "maximum": 1},
        {"minimum": 1, "exclusive_maximum": 1},
        {"exclusive_minimum": 1, "exclusive_maximum": 1},
        {"min_length": 3, "max_length": 2},
    ],
)
def test_bounds_that_no_value_meets_are_refused(bounds: dict[str, Any]) -> None:
    with pytest.raises(ContractError, match=r"no value meets both the .* and the .*; correct one of them"):
        Constraints(**bounds)


@pytest.mark.parametrize(
    "bounds",
    [
        {"minimum": 1, "maximum": 1},
        {"min_length": 2, "max_length": 2},
        {"exclusive_minimum": 1, "exclusive_maximum": 1.5},
        {"minimum": "2026-02-01", "maximum": "2026-01-01T00:00:00Z"},
    ],
)
def test_bounds_that_a_value_may_meet_are_taken(bounds: dict[str, Any]) -> None:
    assert Constraints(**bounds).as_dict() == bounds

"""Comparison of the bounds of two quality rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lake_blueprints.contracts.column import Constraints
from lake_blueprints.contracts.quality import Comparison, Operator

# A bound is a value, and whether the value itself is left out; None is no bound.
_Bound = tuple[Any, bool] | None


def constraint_changes(old: Constraints, new: Constraints) -> Iterator[tuple[str, bool]]:
    """Return the constraints that changed, in words, each with whether it became tighter."""
    lowest = _lower(old.minimum, old.exclusive_minimum), _lower(new.minimum, new.exclusive_minimum)
    highest = _upper(old.maximum, old.exclusive_maximum), _upper(new.maximum, new.exclusive_maximum)
    shortest = _lower(old.min_length), _lower(new.min_length)
    longest = _upper(old.max_length), _upper(new.max_length)
    for word, (before, after), tighter in (
        ("lowest value", lowest, _raised),
        ("highest value", highest, _lowered),
        ("shortest text", shortest, _raised),
        ("longest text", longest, _lowered),
    ):
        if before != after:
            yield f"{word} {_words(before)} → {_words(after)}", tighter(before, after)
    if old.multiple_of != new.multiple_of:
        yield (
            f"multiple of {old.multiple_of or 'anything'} → {new.multiple_of or 'anything'}",
            not _divides(new.multiple_of, old.multiple_of),
        )
    if old.pattern != new.pattern:
        # Whether one expression matches all that another does cannot be told in general.
        yield f"pattern {old.pattern or 'any'} → {new.pattern or 'any'}", new.pattern is not None
    if old.enum != new.enum:
        yield from _values(old.enum, new.enum)


def is_tighter(old: Comparison | None, new: Comparison | None) -> bool:
    """Tell whether a bound on a measured value became tighter, or cannot be compared with the former."""
    if old == new or new is None:
        return False
    before, after = _interval(old), _interval(new)
    if before is None or after is None:
        return True
    return _raised(before[0], after[0]) or _lowered(before[1], after[1])


def _interval(comparison: Comparison | None) -> tuple[_Bound, _Bound] | None:
    if comparison is None:
        return None, None
    value = comparison.value
    match comparison.operator:
        case Operator.EQUAL:
            return (value, False), (value, False)
        case Operator.GREATER | Operator.GREATER_OR_EQUAL:
            return (value, comparison.operator is Operator.GREATER), None
        case Operator.LESS | Operator.LESS_OR_EQUAL:
            return None, (value, comparison.operator is Operator.LESS)
        case Operator.BETWEEN:
            return (value[0], False), (value[1], False)
    return None


def _lower(inclusive: Any, exclusive: Any = None) -> _Bound:
    """Return the tighter of two lower bounds; of two that cannot be compared, the exclusive one."""
    if inclusive is None or exclusive is None:
        return _one(inclusive, exclusive)
    return (exclusive, True) if _raised((inclusive, False), (exclusive, True)) else (inclusive, False)


def _upper(inclusive: Any, exclusive: Any = None) -> _Bound:
    if inclusive is None or exclusive is None:
        return _one(inclusive, exclusive)
    return (exclusive, True) if _lowered((inclusive, False), (exclusive, True)) else (inclusive, False)


def _one(inclusive: Any, exclusive: Any) -> _Bound:
    if inclusive is not None:
        return inclusive, False
    return (exclusive, True) if exclusive is not None else None


def _raised(old: _Bound, new: _Bound) -> bool:
    """Tell whether a lower bound became tighter; one of another kind, a date for a number, counts as tighter."""
    if old is None or new is None:
        return new is not None
    try:
        return bool(new > old)
    except TypeError:
        return True


def _lowered(old: _Bound, new: _Bound) -> bool:
    if old is None or new is None:
        return new is not None
    try:
        return bool((new[0], not new[1]) < (old[0], not old[1]))
    except TypeError:
        return True


def _divides(part: float | None, whole: float | None) -> bool:
    return part is None or (whole is not None and whole % part == 0)


def _values(old: tuple[Any, ...] | None, new: tuple[Any, ...] | None) -> Iterator[tuple[str, bool]]:
    if old is None or new is None:
        yield ("any value may come" if new is None else f"only {_listed(new)} may come"), new is not None
        return
    if gone := [value for value in old if value not in new]:
        yield f"value {_listed(gone)} is no longer allowed", True
    if added := [value for value in new if value not in old]:
        yield f"value {_listed(added)} is allowed as well", False


def _listed(values: Any) -> str:
    return ", ".join(map(str, values))


def _words(bound: _Bound) -> str:
    return "any" if bound is None else f"{'beyond ' if bound[1] else ''}{bound[0]}"

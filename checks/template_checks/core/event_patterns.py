"""Patterns of events, as EventBridge and the filters of Lambda and Pipes read them."""

from __future__ import annotations

from typing import Final

from template_checks.core.intrinsics import is_function

_OPERATORS: Final = ("prefix", "suffix", "anything-but", "numeric", "exists", "equals-ignore-case", "cidr", "wildcard")
_COMPARISONS: Final = ("=", "<", "<=", ">", ">=")


def pattern_problem(pattern: object, path: str = "") -> str | None:
    """Return what a pattern of events could be instead, if it is none: its leaves are lists of values."""
    if is_function(pattern):
        return None
    if not isinstance(pattern, dict):
        return f"a list of values at {path}" if not isinstance(pattern, list) else _values_problem(pattern, path)
    if not pattern:
        return f"a field or more{' at ' + path if path else ''}"
    for key, value in pattern.items():
        where = f"{path}.{key}" if path else str(key)
        parts = value if key == "$or" and isinstance(value, list) else [value]
        problems = (pattern_problem(one, where) for one in parts)
        if found := next((one for one in problems if one), None):
            return found
    return None


def _values_problem(values: list[object], path: str) -> str | None:
    if not values:
        return f"one value or more at {path}"
    for value in values:
        if isinstance(value, list):
            return f"a flat list of values at {path}"
        if isinstance(value, dict) and not is_function(value):
            unknown = [key for key in value if key not in _OPERATORS]
            if unknown or len(value) != 1:
                return f"one of {', '.join(_OPERATORS)} at {path}"
            if problem := _operand_problem(next(iter(value)), next(iter(value.values())), path):
                return problem
    return None


def _operand_problem(operator: str, operand: object, path: str) -> str | None:
    if is_function(operand):
        return None
    if operator == "exists" and not isinstance(operand, bool) and operand not in {"true", "false"}:
        return f"true or false for exists at {path}"
    if operator == "numeric" and not _is_comparison(operand):
        return f"[operator, number] with one of {', '.join(_COMPARISONS)} for numeric at {path}"
    return None


def _is_comparison(operand: object) -> bool:
    if not isinstance(operand, list) or len(operand) not in {2, 4}:
        return False
    return all(is_function(one) or one in _COMPARISONS for one in operand[::2]) and all(
        not isinstance(one, str) or one.replace(".", "").lstrip("-").isdigit() for one in operand[1::2]
    )

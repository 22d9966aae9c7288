"""Choice Rules: which of them matches.

https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from local_cloud.engines.step_functions import paths
from local_cloud.engines.step_functions.errors import RUNTIME, StateError
from local_cloud.engines.step_functions.flow import Flow
from local_cloud.engines.step_functions.json_text import kind_of
from local_cloud.engines.step_functions.jsonpath_flow import JsonPathFlow
from local_cloud.engines.step_functions.paths import NothingFoundError
from local_cloud.engines.step_functions.timestamps import timestamp_of

_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
}
_PATTERN_PARTS = re.compile(r"\\(.)|(\*)|([^\\*]+)", re.DOTALL)

# What a value of a type is compared by; None for a value of another type.
_COMPARED: dict[str, Callable[[Any], Any]] = {
    "Boolean": lambda value: value if isinstance(value, bool) else None,
    "Numeric": lambda value: value if kind_of(value) == "number" else None,
    # As Java compares strings.
    "String": lambda value: value.encode("utf-16-be") if isinstance(value, str) else None,
    "Timestamp": timestamp_of,
}
_TYPES: dict[str, Callable[[Any], bool]] = {
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsNull": lambda value: value is None,
    "IsNumeric": lambda value: kind_of(value) == "number",
    "IsString": lambda value: isinstance(value, str),
    "IsTimestamp": lambda value: timestamp_of(value) is not None,
}

# The type and the sign of every comparison of two values.
COMPARISONS = {
    f"{kind}{sign}": (kind, sign) for kind in _COMPARED for sign in _SIGNS if kind != "Boolean" or sign == "Equals"
}
TYPE_TESTS = frozenset({*_TYPES, "IsPresent"})
OPERATORS = frozenset({*COMPARISONS, *(f"{name}Path" for name in COMPARISONS), *TYPE_TESTS, "StringMatches"})
LOGICAL = frozenset({"And", "Or", "Not"})


def matches(rule: dict[str, Any], flow: Flow) -> bool:
    """Tell whether a Choice Rule matches.

    Raises
    ------
    StateError
        `States.Runtime` if a path leads nowhere, `States.QueryEvaluationError` if a condition is no boolean.
    """
    if isinstance(flow, JsonPathFlow):
        return _matches(rule, flow)
    condition = flow.value("Condition", rule)
    if not isinstance(condition, bool):
        raise flow.invalid("Condition", condition, "boolean", body=rule)
    return condition


def _matches(rule: dict[str, Any], flow: JsonPathFlow) -> bool:
    if "And" in rule:
        return all(_matches(each, flow) for each in rule["And"])
    if "Or" in rule:
        return any(_matches(each, flow) for each in rule["Or"])
    if "Not" in rule:
        return not _matches(rule["Not"], flow)
    return _compare(rule, flow)


def _compare(rule: dict[str, Any], flow: JsonPathFlow) -> bool:
    sign = next(name for name in rule if name in OPERATORS)
    operand = rule[sign]
    if sign == "IsPresent":
        return _is_present(rule["Variable"], flow) is operand
    value = _value(rule["Variable"], flow)
    if sign in _TYPES:
        return _TYPES[sign](value) is operand
    if sign == "StringMatches":
        return isinstance(value, str) and pattern(operand).fullmatch(value) is not None
    if sign not in COMPARISONS:
        sign, operand = sign.removesuffix("Path"), _value(operand, flow)
    kind, comparison = COMPARISONS[sign]
    left, right = _COMPARED[kind](value), _COMPARED[kind](operand)
    return left is not None and right is not None and _SIGNS[comparison](left, right)


def pattern(text: str) -> re.Pattern[str]:
    r"""Return the regular expression of a pattern in which `*` is any text, `\\*` an asterisk, `\\\\` a backslash."""
    parts = (
        re.escape(escaped) if escaped else ".*" if wildcard else re.escape(literal)
        for escaped, wildcard, literal in _PATTERN_PARTS.findall(text)
    )
    return re.compile("".join(parts), re.DOTALL)


def _is_present(text: str, flow: JsonPathFlow) -> bool:
    path = paths.parse(text)
    if path.variable is not None and path.variable not in flow.scope.variables.visible:
        return False
    try:
        path.find(flow.document(path, flow.input))
    except NothingFoundError:
        return False
    return True


def _value(text: str, flow: JsonPathFlow) -> Any:
    path = paths.parse(text)
    try:
        return path.find(flow.document(path, flow.input))
    except NothingFoundError:
        raise StateError(
            RUNTIME, f"Invalid path '{text}': The choice state's condition path references an invalid value."
        ) from None

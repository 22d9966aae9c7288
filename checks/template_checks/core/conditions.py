"""The cases that a template's conditions distinguish, so that rules see templates without any."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, Final

from template_checks.core.intrinsics import Scope, is_function

# Beyond this, each choice is varied alone: 2 ** n cases would take longer than they could ever tell.
_MOST_CASES: Final = 64
# Stands for every value of an expression that no condition names.
_OTHER: Final = object()

_Choices = Mapping[str, Any]


def cases(document: Mapping[str, Any]) -> Iterator[Scope]:
    """Yield a scope for each combination of choices that the conditions of a template depend on."""
    conditions: dict[str, Any] = document.get("Conditions") or {}
    parameters: dict[str, Any] = document.get("Parameters") or {}
    defaults = {name: given for name, one in parameters.items() if (given := _default(one)) is not None}
    candidates = _candidates(list(conditions.values()), parameters)
    for choices in _combinations(candidates):
        chosen = {name: value for name, value in _named(choices) if value is not _OTHER}
        unchosen = {name for name, value in _named(choices) if value is _OTHER}
        yield Scope(
            parameters={name: value for name, value in {**defaults, **chosen}.items() if name not in unchosen},
            conditions={name: _holds(condition, choices, conditions) for name, condition in conditions.items()},
            mappings=document.get("Mappings") or {},
        )


def _default(parameter: Any) -> Any:
    """Return what a parameter is unless it is set; an empty default only asks to be set."""
    if not isinstance(parameter, dict) or str(parameter.get("Type", "")).startswith(("AWS::", "List<", "CommaD")):
        return None
    return parameter.get("Default") or None


def _candidates(conditions: list[Any], parameters: Mapping[str, Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for sides in _comparisons(conditions):
        literals = [side for side in sides if not is_function(side)]
        for side in sides:
            if is_function(side):
                values = found.setdefault(_key(side), [])
                values += [literal for literal in literals if literal not in values]
    for key, values in found.items():
        declared = parameters.get(_parameter(key), {})
        allowed = declared.get("AllowedValues") if isinstance(declared, dict) else None
        others = [value for value in allowed or [_OTHER] if value not in values]
        found[key] = values + others[:1]
    return found


def _comparisons(value: Any) -> Iterator[list[Any]]:
    if isinstance(value, dict):
        if isinstance(sides := value.get("Fn::Equals"), list):
            yield sides
        for item in value.values():
            yield from _comparisons(item)
    elif isinstance(value, list):
        for item in value:
            yield from _comparisons(item)


def _combinations(candidates: Mapping[str, list[Any]]) -> Iterator[_Choices]:
    size = 1
    for values in candidates.values():
        size *= len(values)
    if size <= _MOST_CASES:
        yield from (dict(zip(candidates, values, strict=True)) for values in product(*candidates.values()))
        return
    first = {key: values[0] for key, values in candidates.items()}
    yield first
    yield from ({**first, key: value} for key, values in candidates.items() for value in values[1:])


def _named(choices: _Choices) -> Iterator[tuple[str, Any]]:
    for key, value in choices.items():
        if name := _parameter(key):
            yield name, value


def _parameter(key: str) -> str:
    """Return the parameter that an expression is; empty if it is another."""
    name = json.loads(key).get("Ref")
    return name if isinstance(name, str) else ""


def _holds(condition: Any, choices: _Choices, conditions: Mapping[str, Any]) -> bool:
    match condition:
        case {"Fn::Equals": [one, other]}:
            return bool(_choice(one, choices) == _choice(other, choices))
        case {"Fn::Not": [inner]}:
            return not _holds(inner, choices, conditions)
        case {"Fn::And": [*parts]}:
            return all(_holds(part, choices, conditions) for part in parts)
        case {"Fn::Or": [*parts]}:
            return any(_holds(part, choices, conditions) for part in parts)
        case {"Condition": str(name)}:
            return _holds(conditions.get(name), choices, {key: c for key, c in conditions.items() if key != name})
    return True


def _choice(side: Any, choices: _Choices) -> Any:
    return choices.get(_key(side), side) if is_function(side) else side


def _key(expression: Any) -> str:
    return json.dumps(expression, sort_keys=True)

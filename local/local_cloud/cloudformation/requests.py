"""Turns the properties of a template into the parameters of a service's API.

The two are nearly the same by design. What differs throughout, the spelling of member names and tags and
the loose scalars of a template ("true", "60"), follows from the API's own model, so a resource type has to
declare only what is peculiar to it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.model import Shape


def to_parameter(value: Any, shape: Shape, where: str) -> Any:
    """Return `value` as the API's `shape` wants it.

    Raises
    ------
    ValueError
        If the API has no such member: a property that would be lost is an error, never silence.
    """
    if shape.type_name == "structure" and isinstance(value, Mapping):
        return {
            member: to_parameter(item, shape.members[member], f"{where}.{name}")
            for name, item in value.items()
            for member in [_member(name, shape, where)]
        }
    if shape.type_name == "map":
        pairs = value if isinstance(value, Mapping) else {tag["Key"]: tag["Value"] for tag in value}
        return {key: to_parameter(item, shape.value, f"{where}.{key}") for key, item in pairs.items()}
    if shape.type_name == "list":
        return [to_parameter(item, shape.member, where) for item in _items(value)]
    return _SCALARS.get(shape.type_name, lambda scalar: scalar)(value)


def _member(name: str, shape: Shape, where: str) -> str:
    spellings = {member.lower(): member for member in shape.members}
    for spelling in (name, f"Tag{name}"):
        if spelling.lower() in spellings:
            return str(spellings[spelling.lower()])
    raise ValueError(f"the property {where}.{name} is not supported by the local cloud")


def _items(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [{"Key": key, "Value": item} for key, item in value.items()]
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    if isinstance(value, Mapping | list | bool):
        return json.dumps(value)
    return str(value)


_SCALARS: dict[str, Callable[[Any], Any]] = {
    "integer": lambda value: int(float(value)),
    "long": lambda value: int(float(value)),
    "float": float,
    "double": float,
    "boolean": lambda value: str(value).lower() == "true",
    "blob": lambda value: value if isinstance(value, bytes) else _text(value).encode(),
    "string": _text,
}

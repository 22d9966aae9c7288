"""Fixes: what was probably meant by an argument of another type than declared."""

from __future__ import annotations

from difflib import get_close_matches
from enum import Enum, StrEnum
from importlib import import_module
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from aws_cdk import Duration, Size
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam

from lake_blueprints.contracts.argument_types import fits

# Members of an enumeration that a message names.
_SHOWN = 6


def fix_of(value: Any, hint: Any) -> str:
    """Return how the value that was meant is got from the one that was given, as far as that can be told."""
    united = get_origin(hint) in (Union, UnionType)
    parts = [part for part in get_args(hint) if part is not NoneType] if united else [hint]
    if isinstance(value, str) and events.Schedule in parts:
        return f"; give events.Schedule.expression({value!r})"
    if isinstance(value, str) and (found := _fix_of_text(value, parts)):
        return found
    if isinstance(value, int | float) and Duration in parts:
        return f"; give for instance Duration.seconds({value!r})"
    if isinstance(value, int | float) and Size in parts:
        return f"; give for instance Size.mebibytes({value!r})"
    if any(get_origin(part) is not None and fits([value], part) for part in parts):
        return "; put it into a list"
    named: Any = getattr(value, "__dict__", None) or getattr(type(value), "__slots__", ())
    held = {name: getattr(value, name, None) for name in named if not name.startswith("_") and name != "node"}
    attribute = next((name for name, part in held.items() if part and fits(part, hint)), None)
    return f"; give its '{attribute}'" if attribute else ""


def _fix_of_text(value: str, parts: list[Any]) -> str | None:
    """Return what a text stands for: the member of an enumeration, or what the CDK makes of an ARN."""
    for part in parts:
        if isinstance(part, type) and issubclass(part, Enum):
            members = [one.name for one in part]
            if issubclass(part, StrEnum):
                near = get_close_matches(value.lower(), list(part), n=1)
                return f"; did you mean '{near[0]}'?" if near else None
            name = value.upper().replace("-", "_").replace(" ", "_")
            if name in members:
                return f"; give {part.__name__}.{name}"
            return f"; give {', '.join(f'{part.__name__}.{one}' for one in members[:_SHOWN])}" + (
                " or another of its members" if len(members) > _SHOWN else ""
            )
        imported = _importer(part) if value.startswith("arn:") else None
        if imported:
            return f"; give {imported}(…, {value!r})"
    return None


def _importer(interface: Any) -> str | None:
    """Return the function of the CDK that makes what is of an interface of an ARN, if it has one."""
    if interface is iam.IGrantable:
        return "iam.Role.from_role_arn"
    module = import_module(getattr(interface, "__module__", __name__))
    resource = getattr(module, str(getattr(interface, "__name__", ""))[1:], None)
    found = [name for name in dir(resource) if name.startswith("from_") and name.endswith("_arn")]
    return f"{resource.__name__}.{found[0]}" if resource and found else None

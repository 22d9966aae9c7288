"""Templates in the shape that rules can rely on, and what of them could not be read.

Rules read a template that has its sections, and resources with a type, as CloudFormation would. What does not look so,
or is made by a transform at deployment, is left out here and named, so that nobody takes silence for a good answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from template_checks.core.intrinsics import is_function
from template_checks.core.language_extensions import LANGUAGE_EXTENSIONS, LOOP, transforms_of, unrolled

_SECTIONS: Final = ("Parameters", "Mappings", "Conditions", "Resources", "Outputs")
_MACRO: Final = "Fn::Transform"


def well_formed(document: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return a template in the shape that rules rely on, and in a line each what was left out."""
    unread: list[str] = []
    found = unrolled(document)
    for name in _SECTIONS:
        if name in found and not isinstance(found[name], dict):
            unread.append(f"{name} is {_noun(found[name])}, not an object")
            found = {**found, name: {}}
    kept: dict[str, Any] = {}
    for logical_id, resource in (found.get("Resources") or {}).items():
        if isinstance(resource, dict) and isinstance(resource.get("Type"), str):
            kept[logical_id] = _resource(logical_id, resource, unread)
        elif str(logical_id).startswith(LOOP):
            unread.append(f"{logical_id}: only CloudFormation knows what the loop goes through")
        elif logical_id == _MACRO:
            unread.append(f"Resources: what the macro {_macro(resource)} makes of them")
        else:
            unread.append(f"{logical_id} is not a resource, which is an object with a Type")
    unread += (f"the resources that the transform {name} makes at deployment" for name in _macros(found))
    return {**found, "Resources": kept}, unread


def _resource(logical_id: str, resource: dict[str, Any], unread: list[str]) -> dict[str, Any]:
    found = dict(resource)
    properties = found.get("Properties")
    if properties is not None and (not isinstance(properties, dict) or is_function(properties)):
        unread.append(f"{logical_id}: Properties is {_noun(properties)}, not an object")
        found["Properties"] = {}
    if _MACRO in (found.get("Properties") or {}):
        unread.append(f"{logical_id}: what the macro {_macro(found['Properties'])} makes of its properties")
    if "Metadata" in found and not isinstance(found["Metadata"], dict):
        unread.append(f"{logical_id}: Metadata is {_noun(found.pop('Metadata'))}, not an object")
    depends_on = found.get("DependsOn")
    names = depends_on if isinstance(depends_on, list) else [depends_on]
    if depends_on is not None and not all(isinstance(name, str) for name in names):
        unread.append(
            f"{logical_id}: DependsOn is {_noun(found.pop('DependsOn'))}, not the name of a resource, or names"
        )
    if found["Type"].endswith("::MODULE"):
        unread.append(f"{logical_id}: the resources of the module {found['Type']}")
    return found


def _macros(document: dict[str, Any]) -> Iterator[str]:
    yield from dict.fromkeys(name for name in transforms_of(document) if name != LANGUAGE_EXTENSIONS)


def _macro(value: Any) -> str:
    called = value.get(_MACRO, value) if isinstance(value, dict) else value
    return str(called.get("Name", "without a name")) if isinstance(called, dict) else "without a name"


def _noun(value: Any) -> str:  # noqa: PLR0911 - one case per kind
    """Return what kind of value it is, in the words of JSON."""
    if is_function(value):
        return f"the function {next(iter(value))}"
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
    return "an object"

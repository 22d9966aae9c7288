"""Loops of the transform `AWS::LanguageExtensions`, unrolled as far as a template alone can tell.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

LANGUAGE_EXTENSIONS: Final = "AWS::LanguageExtensions"
LOOP: Final = "Fn::ForEach::"
_NAME: Final = re.compile(r"([$&])\{(\w+)\}")
_NOT_ALPHANUMERIC: Final = re.compile(r"[^A-Za-z0-9]")


def transforms_of(document: Mapping[str, Any]) -> list[str]:
    """Return the names of the transforms that a template declares."""
    given = document.get("Transform")
    declared = given if isinstance(given, list) else [given]
    names = (one.get("Name") if isinstance(one, dict) else one for one in declared)
    return [str(name) for name in names if name is not None]


def unrolled(document: dict[str, Any]) -> dict[str, Any]:
    """Return a template without the loops whose collections it tells; others stay."""
    if LANGUAGE_EXTENSIONS not in transforms_of(document):
        return document
    found: dict[str, Any] = _unrolled(document, {}, document.get("Parameters"))
    return found


def _unrolled(value: Any, names: Mapping[str, str], parameters: Any) -> Any:
    match value:
        case {"Ref": str(name)} if len(value) == 1:
            return names.get(name, value)
        case str():
            return _named(value, names)
        case list():
            return [_unrolled(item, names, parameters) for item in value]
        case dict():
            found: dict[str, Any] = {}
            for key, item in value.items():
                collection = _collection(item, names, parameters) if str(key).startswith(LOOP) else None
                if collection is None:
                    found[_named(str(key), names)] = _unrolled(item, names, parameters)
                else:
                    for one in collection:
                        found |= _unrolled(item[2], {**names, item[0]: one}, parameters)
            return found
    return value


def _collection(loop: Any, names: Mapping[str, str], parameters: Any) -> Iterable[str] | None:
    """Return what a loop goes through; None if only CloudFormation knows, or if it is no loop."""
    match loop:
        case [str(), {"Ref": str(name)}, dict()] if isinstance(parameters, dict):
            declared = parameters.get(name)
            default = declared.get("Default") if isinstance(declared, dict) else None
            return [one.strip() for one in default.split(",")] if isinstance(default, str) else None
        case [str(), [*items], dict()] if all(isinstance(item, str | int) for item in items):
            return [_named(str(item), names) for item in items]
    return None


def _named(text: str, names: Mapping[str, str]) -> str:
    """Return text with the values of loops: `${Name}` as it is, `&{Name}` its letters and digits alone."""

    def value(found: re.Match[str]) -> str:
        if found[2] not in names:
            return found[0]
        return names[found[2]] if found[1] == "$" else _NOT_ALPHANUMERIC.sub("", names[found[2]])

    return _NAME.sub(value, text) if names else text

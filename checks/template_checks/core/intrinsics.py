"""CloudFormation's functions, evaluated as far as a template alone can tell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_NO_VALUE: Final = object()
_MARK = re.compile(r"\\u0000(\d+)\\u0000")
_HOLE = re.compile(r"\$\{([^!}][^}]*)\}")


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Scope of an evaluation: values of parameters, outcomes of conditions, and the template's mappings."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, bool] = field(default_factory=dict)
    mappings: Mapping[str, Any] = field(default_factory=dict)

    def evaluate(self, value: Any) -> Any:
        """Return a value without the functions that can be evaluated; text with holes becomes an `Fn::Join`."""
        result = self._evaluate(value)
        return None if result is _NO_VALUE else result

    def _evaluate(self, value: Any) -> Any:  # noqa: PLR0911 - one case per function
        match value:
            case {"Ref": "AWS::NoValue"} if len(value) == 1:
                return _NO_VALUE
            case {"Ref": str(name)} if len(value) == 1:
                return self.parameters.get(name, value)
            case {"Fn::If": [str(condition), then, otherwise]} if condition in self.conditions:
                return self._evaluate(then if self.conditions[condition] else otherwise)
            case {"Fn::Sub": template}:
                return self._substitute(template, value)
            case {"Fn::Join": [str(separator), list(parts)]}:
                return joined(separator, self._evaluate(parts))
            case {"Fn::GetAtt": str(path)}:
                return {"Fn::GetAtt": path.split(".", 1)}
            case {"Fn::FindInMap": [str(name), *keys]}:
                return self._look_up(name, [self._evaluate(key) for key in keys], value)
            case {"Fn::Length": items} if len(value) == 1:
                known = self._evaluate(items)
                return len(known) if isinstance(known, list) else value
            case {"Fn::ToJsonString": item} if len(value) == 1:
                return _as_json(self._evaluate(item))
            case dict():
                items = ((key, self._evaluate(item)) for key, item in value.items())
                return {key: item for key, item in items if item is not _NO_VALUE}
            case list():
                return [item for item in map(self._evaluate, value) if item is not _NO_VALUE]
        return value

    def _substitute(self, template: Any, value: Any) -> Any:
        text, names = (
            (template[0], template[1]) if isinstance(template, list) and len(template) == 2 else (template, {})
        )
        if not isinstance(text, str) or not isinstance(names, dict):
            return value
        parts: list[Any] = []
        for index, piece in enumerate(_HOLE.split(text)):
            if index % 2 == 0:
                parts.append(piece.replace("${!", "${"))
            elif piece in names:
                parts.append(self._evaluate(names[piece]))
            else:
                parts.append(self._evaluate({"Fn::GetAtt": piece} if "." in piece else {"Ref": piece}))
        return joined("", parts)

    def _look_up(self, name: str, keys: list[Any], value: Any) -> Any:
        found: Any = self.mappings.get(name)
        for key in keys:
            found = found.get(key) if isinstance(found, dict) and isinstance(key, str) else None
        return value if found is None else found


def is_function(value: Any) -> bool:
    """Whether a value is known only to CloudFormation."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    name = str(next(iter(value)))
    return name == "Ref" or name.startswith("Fn::")


def joined(separator: str, parts: Any) -> Any:
    """Return text if all its parts are known, the only part if it is a function, otherwise the `Fn::Join` of them."""
    if isinstance(parts, list) and all(isinstance(part, str | int | float) for part in parts):
        return separator.join(rendered(part) for part in parts)
    if isinstance(parts, list) and not separator:
        given = [part for part in parts if part != ""]
        if len(given) == 1 and is_function(given[0]):
            return given[0]
    return {"Fn::Join": [separator, parts]}


def _as_json(value: Any) -> Any:
    """Return the JSON text of a value; with functions inside, the `Fn::Join` of it."""
    functions: list[Any] = []

    def marked(item: Any) -> Any:
        if is_function(item):
            functions.append(item)
            return f"\0{len(functions) - 1}\0"
        if isinstance(item, dict):
            return {key: marked(one) for key, one in item.items()}
        return [marked(one) for one in item] if isinstance(item, list) else item

    text = json.dumps(None if value is _NO_VALUE else marked(value), separators=(",", ":"), default=str)
    pieces = _MARK.split(text)
    return joined("", [functions[int(piece)] if index % 2 else piece for index, piece in enumerate(pieces)])


def rendered(value: Any) -> str:  # noqa: PLR0911 - one case per function
    """Return a value as text, in which what is not known stands as in `Fn::Sub`: `${Role.Arn}`."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case {"Ref": str(name)}:
            return "${" + name + "}"
        case {"Fn::GetAtt": [*path]}:
            return "${" + ".".join(map(rendered, path)) + "}"
        case {"Fn::Join": [separator, [*parts]]}:
            return str(separator).join(map(rendered, parts))
        case {"Fn::GetStackOutput": {"StackName": stack, "OutputName": output}}:
            return "${" + f"{rendered(stack)}.{rendered(output)}" + "}"
        case {"Fn::ImportValue": name}:
            return "${" + rendered(name) + "}"
        case dict() if is_function(value):
            return "${" + str(next(iter(value))) + "}"
    return json.dumps(value, default=str)


def referenced(value: Any) -> Iterator[str]:
    """Yield the logical ids that a value refers to; pseudo parameters and parameters are among them."""
    match value:
        case {"Ref": str(name)} if len(value) == 1:
            yield name
        case {"Fn::GetAtt": [str(name), *_]} if len(value) == 1:
            yield name
        case dict():
            for item in value.values():
                yield from referenced(item)
        case list():
            for item in value:
                yield from referenced(item)

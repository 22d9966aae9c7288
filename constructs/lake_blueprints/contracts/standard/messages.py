"""Messages for violations of the JSON schema."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from jsonschema_rs import ValidationError, ValidationErrorKind

from lake_blueprints.contracts.findings import Finding

Path = Sequence[str | int]

_TYPES = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_REFERENCE = "a reference such as 'orders.id' or 'schema/orders_id/properties/id_id'"
_PATTERNS = {
    "ShorthandReference": _REFERENCE,
    "FullyQualifiedReference": _REFERENCE,
    "StableId": "of letters, digits, '-' and '_'",
}
_SHOWN = 60
_LISTED = 5


def describe(errors: Sequence[ValidationError], known: Collection[str]) -> Iterator[Finding]:
    """Return a line for each error but those that only follow from another one.

    Parameters
    ----------
    errors: sequence of ValidationError
        Of one contract.
    known: collection of str
        Every key of the standard, for suggestions.
    """
    said: set[Finding] = set()
    for error in errors:
        if isinstance(error.kind, ValidationErrorKind.UnevaluatedProperties) and _follows(error, errors, known):
            continue
        if _is_enum_of_options(error):
            continue
        finding = _finding(error, known)
        if finding not in said:
            said.add(finding)
            yield finding


def unknown_keys(errors: Sequence[ValidationError], known: Collection[str]) -> list[tuple[Path, str, Finding]]:
    """Return the keys that are not known: the path to what has each, the key, and a warning that it is ignored."""
    found: list[tuple[Path, str, Finding]] = []
    for error in errors:
        here = error.instance_path
        match error.kind:
            case ValidationErrorKind.UnevaluatedProperties() if _follows(error, errors, known):
                continue
            case (
                ValidationErrorKind.AdditionalProperties(unexpected=keys)
                | ValidationErrorKind.UnevaluatedProperties(unexpected=keys)
            ):
                pass
            case ValidationErrorKind.FalseSchema():
                keys, here = [str(here[-1])], here[:-1]
            case _:
                continue
        for key in keys:
            hint = "" if key in known else _suggestion(key, known)
            text = f"'{_cut(key)}' is not known here, so it is ignored{hint}"
            found.append((here, key, Finding(place_of(here), text, "warning")))
    return found


def place_of(path: Path) -> str:
    """Return a path inside a contract as people write it."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".") or "contract"


def _follows(error: ValidationError, errors: Sequence[ValidationError], known: Collection[str]) -> bool:
    # A key is also reported as unexpected if the part of the schema that expects it failed for another reason.
    here = error.instance_path
    others = any(other.kind.name != error.kind.name and other.instance_path[: len(here)] == here for other in errors)
    return others and all(key in known for key in error.kind.value)


def _is_enum_of_options(error: ValidationError) -> bool:
    """Tell whether an error says of an `enum` among the options of a type what another one says better."""
    return error.instance_path[-1:] == ["logicalTypeOptions"] and getattr(error.kind, "unexpected", None) == ["enum"]


def _finding(error: ValidationError, known: Collection[str]) -> Finding:
    kind = error.kind
    if isinstance(kind, ValidationErrorKind.AnyOf | ValidationErrorKind.OneOfNotValid):
        return _alternatives(error, kind.context, known)
    return Finding(place_of(error.instance_path), _message(error, known))


def _message(error: ValidationError, known: Collection[str]) -> str:
    instance: Any = error.instance
    value = _shown(instance)
    message = _cut(error.message)
    match error.kind:
        case ValidationErrorKind.Required(property=key):
            message = f"'{key}' is missing; add it"
        case ValidationErrorKind.Enum(options=options):
            message = f"{value} is not one of {', '.join(map(_shown, options))}{_suggestion(error.instance, options)}"
        case ValidationErrorKind.Type(types=types):
            message = f"must be {_either(types)}, got {value}{_quotes(error.instance, types)}"
            if error.instance_path[-2:-1] == ["enum"]:
                message += f"; write it as {{value: {_cut(str(instance))}}}"
        case (
            ValidationErrorKind.AdditionalProperties(unexpected=keys)
            | ValidationErrorKind.UnevaluatedProperties(unexpected=keys)
        ):
            message = _unexpected(keys, known)
        case ValidationErrorKind.MaxLength(limit=limit):
            message = f"{value} has {len(instance)} characters; it may have {limit}"
        case ValidationErrorKind.MinItems(limit=limit) | ValidationErrorKind.MaxItems(limit=limit):
            message = f"has {len(instance)} entries; it needs {limit}"
        case ValidationErrorKind.UniqueItems():
            message = "has an entry twice; remove one"
        case ValidationErrorKind.Pattern():
            expected = next((_PATTERNS[part] for part in error.schema_path if part in _PATTERNS), None)
            message = f"{value} must be {expected}" if expected else message
        case ValidationErrorKind.FalseSchema():
            message = "is no option of a type; give the values beside 'logicalTypeOptions', as enum: [{value: …}, …]"
        case ValidationErrorKind.Not(schema={"required": [key]}):
            message = f"'{key}' must not be given here: it is the property itself"
    return message


def _alternatives(
    error: ValidationError, branches: Sequence[Sequence[ValidationError]], known: Collection[str]
) -> Finding:
    here = error.instance_path
    kinds = [branch[0].kind for branch in branches if branch]
    if all(isinstance(kind, ValidationErrorKind.Required) for kind in kinds):
        return Finding(place_of(here), f"needs one of {', '.join(kind.value for kind in kinds)}")
    # What was meant is the alternative that fails for more than its type or an absent key.
    for other_reasons in (ValidationErrorKind.Type | ValidationErrorKind.Required, ValidationErrorKind.Type):
        for branch in branches:
            if branch and not any(isinstance(one.kind, other_reasons) and one.instance_path == here for one in branch):
                return _finding(branch[0], known)
    wrong = [one.kind for branch in branches for one in branch if isinstance(one.kind, ValidationErrorKind.Type)]
    types = [name for kind in wrong for name in kind.types]
    return Finding(place_of(here), f"must be {_either(types)}, got {_shown(error.instance)}")


def _unexpected(keys: Sequence[str], known: Collection[str]) -> str:
    more = f" and {len(keys) - _LISTED} more" if len(keys) > _LISTED else ""
    listed = ", ".join(f"'{_cut(key)}'" for key in keys[:_LISTED]) + more
    suggestion = "" if keys[0] in known else _suggestion(keys[0], known)
    verb, it, what = ("is", "it", "a custom property") if len(keys) == 1 else ("are", "them", "custom properties")
    return f"{listed} {verb} not known here; remove {it} or make {it} {what}{suggestion}"


def _suggestion(word: Any, options: Collection[Any]) -> str:
    near = get_close_matches(str(word), [option for option in options if isinstance(option, str)], 1)
    return f" (did you mean '{near[0]}'?)" if near else ""


def _quotes(value: Any, types: Collection[str]) -> str:
    return " (put it in quotes)" if "string" in types and isinstance(value, bool | int | float) else ""


def _either(types: Sequence[str]) -> str:
    words = list(dict.fromkeys(_TYPES[kind] for kind in types))
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a mapping"
    return f"'{_cut(value)}'" if isinstance(value, str) else json.dumps(value)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"

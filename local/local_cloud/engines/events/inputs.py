"""Input of a target: the event, a part of it, a constant, or a template that is filled.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from local_cloud.engines.step_functions.paths import NothingFoundError, parse

_VARIABLE = re.compile(r"<([A-Za-z0-9_.\-]+)>")
# A string of JSON, or what is between two.
_PART = re.compile(r'"(?:[^"\\]|\\.)*"|[^"]+')


class InputError(ValueError):
    """An input that AWS documents no result for, or that is no JSON when it is filled."""


def input_of(target: Mapping[str, Any], event: Mapping[str, Any], *, rule_arn: str) -> str:
    """Return the JSON that a target gets.

    Raises
    ------
    InputError
        If it cannot be made.
    """
    if "Input" in target:
        return str(target["Input"])
    if path := target.get("InputPath"):
        return json.dumps(_value(path, event))
    if transformer := target.get("InputTransformer"):
        paths = transformer.get("InputPathsMap") or {}
        values = {name: _value(path, event) for name, path in paths.items()}
        return _filled(transformer["InputTemplate"], {**values, **_predefined(event, rule_arn)})
    return json.dumps(event)


def check_input(target: Mapping[str, Any]) -> None:
    """Refuse a template that is no JSON, or that has variables which nothing defines.

    Raises
    ------
    InputError
        With what is wrong.
    """
    transformer = target.get("InputTransformer")
    if not transformer:
        return
    defined = {*(transformer.get("InputPathsMap") or {}), *_predefined({}, "")}
    template = transformer["InputTemplate"]
    if unknown := sorted({*_VARIABLE.findall(template)} - defined):
        raise InputError(f"InputTemplate has the variable {unknown[0]}, which InputPathsMap does not define")
    _filled(template, dict.fromkeys(defined, "any"))


def _predefined(event: Mapping[str, Any], rule_arn: str) -> dict[str, Any]:
    return {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "aws.events.event": {name: value for name, value in event.items() if name != "detail"},
        "aws.events.event.json": event,
    }


def _value(path: str, event: Mapping[str, Any]) -> Any:
    try:
        parsed = parse(path)
        if not parsed.is_definite:
            raise InputError(f"{path} may name several values, for which the local cloud makes no input")
        return parsed.find(event)
    except NothingFoundError:
        raise InputError(f"{path} names no value of the event, for which the local cloud makes no input") from None


def _filled(template: str, values: Mapping[str, Any]) -> str:
    filled = "".join(_parts(template, values))
    try:
        json.loads(filled)
    except ValueError:
        raise InputError("InputTemplate is not JSON when it is filled; a text needs quotes around it") from None
    return filled


def _parts(template: str, values: Mapping[str, Any]) -> Iterator[str]:
    for part in _PART.findall(template):
        is_text = part.startswith('"')

        def value(found: re.Match[str], is_text: bool = is_text) -> str:
            one = values[found[1]]
            if not is_text:
                return json.dumps(one)
            if isinstance(one, dict | list):
                raise InputError(f"the variable {found[1]} is an object or a list, which a text cannot hold")
            return json.dumps(one)[1:-1] if isinstance(one, str) else json.dumps(one)

        yield _VARIABLE.sub(value, part)

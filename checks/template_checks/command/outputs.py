"""Functions of CloudFormation that tools do not know yet, written as what they know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from template_checks.core.intrinsics import Scope, is_function

# Those of `cloudformation-include`; the others are those of language extensions, or of tomorrow.
_KNOWN: Final = (
    *("Ref", "Fn::And", "Fn::Base64", "Fn::Cidr", "Fn::Equals", "Fn::FindInMap", "Fn::GetAZs", "Fn::GetAtt", "Fn::If"),
    *("Fn::ImportValue", "Fn::Join", "Fn::Not", "Fn::Or", "Fn::Select", "Fn::Split", "Fn::Sub", "Fn::Transform"),
)
_PLACES: Final[Mapping[str, str]] = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::URLSuffix": "amazonaws.com",
}


def without_outputs(value: Any) -> Any:
    """Write references to other stacks, and other functions that tools do not know, as their values or as text.

    The text of a reference is that which cdk-nag has in the ids of its findings.
    """
    if isinstance(value, list):
        return [without_outputs(item) for item in value]
    if not isinstance(value, dict):
        return value
    if is_function(value) and next(iter(value)) not in _KNOWN:
        known = Scope().evaluate(value)
        return json.dumps(value, separators=(",", ":")) if is_function(known) else known
    return {key: without_outputs(item) for key, item in value.items()}


def spelled_out(value: Any) -> Any:
    """Write text that is joined of parts as one, as it might be at deployment, for tools that look into text alone."""
    match value:
        case list():
            return [spelled_out(item) for item in value]
        case {"Fn::Join": _} | {"Fn::Sub": _} if len(value) == 1:
            known = Scope(parameters=_PLACES).evaluate(value)
            return _text(known) if isinstance(known, dict) and "Fn::Join" in known else known
        case dict():
            return {key: spelled_out(item) for key, item in value.items()}
    return value


def _text(value: Any) -> str:
    match value:
        case {"Fn::Join": [str(separator), [*parts]]}:
            return separator.join(map(_text, parts))
        case {"Ref": str(name)}:
            return name
        case {"Fn::GetAtt": [str(name), *_]}:
            return name
    return str(value) if isinstance(value, str | int | float) else "unknown"

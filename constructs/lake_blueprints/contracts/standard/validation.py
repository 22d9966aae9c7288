"""The standard's JSON schema, for every version that is understood."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any

import open_data_contract_standard
from jsonschema_rs import Draft201909Validator, ValidationError

from lake_blueprints.contracts.findings import Finding
from lake_blueprints.contracts.standard.messages import describe, unknown_keys

# The standard's schema says what options are like only beside a logicalType, which may be left out.
_BOUND = {"type": ["number", "string", "boolean"]}
_OPTIONS = {
    "minLength": {"type": "integer", "minimum": 0},
    "maxLength": {"type": "integer", "minimum": 0},
    "minimum": _BOUND,
    "maximum": _BOUND,
    "exclusiveMinimum": _BOUND,
    "exclusiveMaximum": _BOUND,
    "multipleOf": {"type": "number", "exclusiveMinimum": 0},
    "pattern": {"type": "string"},
    "format": {"type": "string"},
    "defaultTimezone": {"type": "string"},
    # Of JSON Schema, and so often written here.
    "enum": False,
}
# A physical type may be an Avro schema.
_LONGEST = {"name": 1_000, "physicalName": 1_000, "physicalType": 20_000}
# Nobody reads more, and a document of another kind altogether may have as many as values.
_MOST = 200
_ROUNDS = 20
_UNDERSTOOD = re.compile(r"v3\.([0-2])\.\d+")


def validate(document: Mapping[str, Any]) -> Iterator[Finding]:
    """Return what breaks the JSON schema of the version of the standard that a contract names.

    Messages of keys that are not known say so; see `without_unknown_keys`.
    """
    if "dataContractSpecification" in document:
        yield Finding(
            "contract", "is of the Data Contract Specification; convert it to the Open Data Contract Standard"
        )
        return
    version = document.get("apiVersion")
    understood = _UNDERSTOOD.fullmatch(version) if isinstance(version, str) else None
    if isinstance(version, str) and not understood:
        yield Finding(
            "apiVersion", f"'{version[:40]}' is not understood; v3.0.0 to v3.2.0 are, so convert the contract"
        )
        return
    yield from describe(_errors(document), _keys())


def without_unknown_keys(document: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
    """Return a document without the keys that the standard's schema does not know, and a warning for each of them."""
    left: dict[str, Any] = copy.deepcopy(dict(document))
    said: dict[Finding, None] = {}
    # A key may hide others: of what has an unknown key, not all is looked at.
    for _ in range(_ROUNDS):
        found = unknown_keys(_errors(left), _keys())
        if not found:
            break
        for path, key, finding in found:
            said[finding] = None
            holder: Any = left
            for step in path:
                holder = holder[step]
            holder.pop(key, None)
    return left, list(said)


def _errors(document: Mapping[str, Any]) -> list[ValidationError]:
    version = _UNDERSTOOD.fullmatch(str(document.get("apiVersion")))
    first = bool(version and version[1] == "0")
    return list(islice(_validator(first=first).iter_errors(document), _MOST))


@cache
def _schema() -> str:
    return files(open_data_contract_standard).joinpath("schema.json").read_text(encoding="utf-8")


@cache
def _keys() -> frozenset[str]:
    """Return every key of the standard."""
    return frozenset(_declared(json.loads(_schema())))


def _declared(schema: Any) -> Iterator[str]:
    for item in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _declared(item)
    if isinstance(schema, dict) and isinstance(schema.get("properties"), dict):
        yield from schema["properties"]


@cache
def _validator(*, first: bool) -> Draft201909Validator:
    """Return the validator of v3.0, or else of v3.1 and v3.2: what v3.1 allows, v3.2 does too."""
    schema = json.loads(_schema())
    _require_tested_properties(schema)
    # `validate` has checked it.
    del schema["properties"]["apiVersion"]["enum"]
    _follow_text(schema["$defs"])
    _narrow(schema["$defs"])
    if first:
        _relax(schema)
    return Draft201909Validator(schema)


def _require_tested_properties(schema: Any) -> None:
    """Make each `if` of a JSON schema false for an absent property.

    The standard's schema (3.2.0) tests `logicalType` without requiring it, so that a property that leaves it out,
    as the standard allows, would have to be a map, an array and a string at once.
    """
    if isinstance(schema, list):
        for item in schema:
            _require_tested_properties(item)
    if isinstance(schema, dict):
        condition = schema.get("if", {})
        for test in condition.get("anyOf", [condition]):
            if "properties" in test:
                test.setdefault("required", list(test["properties"]))
        for value in schema.values():
            _require_tested_properties(value)


def _follow_text(definitions: dict[str, Any]) -> None:
    """Allow what the standard's text allows, and its schema does not: the text is the standard.

    https://bitol-io.github.io/open-data-contract-standard/latest/
    """
    # Several operators side by side: `mustBeGreaterThan` and `mustBeLessThan` are `mustBeBetween`.
    operators = definitions["DataQualityOperators"]
    operators["anyOf"] = operators.pop("oneOf")
    # References into other contracts by name, and contracts of any address.
    definitions["ShorthandReference"]["pattern"] = r"^(?:[^#\s]+#/?)?[\w-]+(?:[./][\w-]+)+$"
    servers = definitions["ServerSource"]
    servers["KinesisServer"]["properties"]["stream"] = {"type": "string"}
    servers["MySqlServer"]["required"] = ["host", "database"]
    servers["PostgresServer"]["required"] = ["host", "database"]


def _narrow(definitions: dict[str, Any]) -> None:
    """Refuse what the standard leaves open, and no type could be made of."""
    definitions["SchemaBaseProperty"]["properties"]["logicalTypeOptions"]["properties"] = _OPTIONS
    for name in ("SchemaElement", "SchemaObject", "SchemaBaseProperty"):
        declared = definitions[name]["properties"]
        for key in declared.keys() & _LONGEST.keys():
            declared[key]["maxLength"] = _LONGEST[key]


def _relax(schema: dict[str, Any]) -> None:
    """Allow what v3.0 allowed: https://github.com/bitol-io/open-data-contract-standard/blob/main/CHANGELOG.md."""
    definitions = schema["$defs"]
    for name in ("CustomProperty", "DataQuality", "Pricing", "Role", "Server", "ServiceLevelAgreementProperty"):
        _open(definitions[name])
    for name in ("SupportItem", "TeamMember"):
        _open(definitions[name])
    _open(definitions["AuthoritativeDefinitions"]["items"])
    definitions["StableId"] = {}
    for name in ("CustomProperty", "TeamMember"):
        del definitions[name]["required"]
    library = definitions["DataQualityLibrary"]
    library["properties"]["metric"] = {"type": "string"}
    del library["required"], library["allOf"], definitions["DataQualitySql"]["allOf"]
    definitions["ServerSource"]["DuckdbServer"]["properties"]["schema"] = {"type": ["integer", "string"]}
    for branch in definitions["SchemaBaseProperty"]["allOf"]:
        options = branch.get("then", {}).get("properties", {}).get("logicalTypeOptions", {}).get("properties", {})
        for bound in options.keys() & {"exclusiveMinimum", "exclusiveMaximum"}:
            options[bound] = {"type": [options[bound]["type"], "boolean"]}


def _open(definition: dict[str, Any]) -> None:
    definition.pop("additionalProperties", None)
    definition.pop("unevaluatedProperties", None)

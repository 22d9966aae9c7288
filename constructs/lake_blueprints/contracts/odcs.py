"""From a schema object of the Open Data Contract Standard to a dataset.

The standard: https://bitol-io.github.io/open-data-contract-standard/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lake_blueprints.contracts.column import Column, Constraints
from lake_blueprints.contracts.dataset import Dataset, DatasetFormat
from lake_blueprints.contracts.errors import ContractError
from lake_blueprints.contracts.names import catalog_name, catalog_names
from lake_blueprints.contracts.physical_types import resolve
from lake_blueprints.contracts.type_words import DIGITS, SYSTEMS

_CONSTRAINTS = {
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusiveMinimum": "exclusive_minimum",
    "exclusiveMaximum": "exclusive_maximum",
    "multipleOf": "multiple_of",
    "minLength": "min_length",
    "maxLength": "max_length",
    "pattern": "pattern",
}


def read_dataset(item: Mapping[str, Any], document: Mapping[str, Any]) -> Dataset:
    """Compile a schema object, in the setting of the contract that it stands in."""
    properties = item.get("properties") or []
    if not properties:
        raise ContractError(f"'{item['name']}' has no properties; a dataset needs at least one")
    catalog_names([_spelled(prop) for prop in properties], "properties")
    servers = document.get("servers") or []
    system = next((server["type"] for server in servers if server["type"] in SYSTEMS.keys() | DIGITS.keys()), None)
    columns = [_column(prop, f"properties[{number}]", system) for number, prop in enumerate(properties)]
    server = _source(servers)
    return Dataset(
        name=catalog_name(item.get("physicalName") or item["name"]),
        columns=columns,
        primary_key=_keys(properties, "primaryKey", "primaryKeyPosition"),
        partition_keys=_keys(properties, "partitioned", "partitionKeyPosition"),
        format=DatasetFormat(server.get("format", "json")),
        description=item.get("description"),
        classification=_custom(item, "classification"),
        version=document["version"],
    )


def _column(prop: Mapping[str, Any], place: str, system: str | None) -> Column:
    try:
        options = prop.get("logicalTypeOptions") or {}
        temporal = prop.get("logicalType") in {"date", "timestamp"}
        name = catalog_name(_spelled(prop))
        _refuse_inner_keys(prop)
        kind, _ = resolve(prop, system)
        return Column(
            name=name,
            type=kind,
            source=prop["name"] if prop["name"] != name else None,
            required=bool(prop.get("required") or prop.get("primaryKey") or prop.get("partitioned")),
            unique=bool(prop.get("unique")),
            format=options.get("format") if temporal else None,
            description=prop.get("description"),
            classification=prop.get("classification"),
            constraints=_constraints(prop, options),
        )
    except ContractError as error:
        raise ContractError(f"{place} '{prop.get('name')}': {error}") from None


def _refuse_inner_keys(prop: Mapping[str, Any]) -> None:
    for child in prop.get("properties") or []:
        for flag in ("partitioned", "primaryKey"):
            if child.get(flag):
                raise ContractError(f"'{child['name']}' inside an object cannot be '{flag}'; only columns can")


def _constraints(prop: Mapping[str, Any], options: Mapping[str, Any]) -> Constraints:
    found = {ours: options[theirs] for theirs, ours in _CONSTRAINTS.items() if options.get(theirs) is not None}
    enum = tuple(entry["value"] for entry in prop.get("enum") or [])
    return Constraints(**found, enum=enum or None)


def _keys(properties: Sequence[Mapping[str, Any]], flag: str, position: str) -> list[str]:
    # The standard's default position is -1; such keys keep the order of the properties, after the numbered ones.
    chosen = [prop for prop in properties if prop.get(flag)]
    chosen.sort(key=lambda prop: prop.get(position, -1) if prop.get(position, -1) > 0 else len(properties))
    return [catalog_name(_spelled(prop)) for prop in chosen]


def _spelled(prop: Mapping[str, Any]) -> str:
    return str(prop.get("physicalName") or prop["name"])


def _source(servers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the server that says how records are written, if one does."""
    known = set(DatasetFormat)
    return next((server for server in servers if server.get("format") in known), {})


def _custom(item: Mapping[str, Any], name: str) -> str | None:
    for entry in item.get("customProperties") or []:
        if entry.get("property") == name:
            return str(entry.get("value"))
    return None

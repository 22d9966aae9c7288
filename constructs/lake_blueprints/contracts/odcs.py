"""From a schema object of the Open Data Contract Standard to a dataset.

The standard: https://bitol-io.github.io/open-data-contract-standard/
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lake_blueprints.contracts.column import Column, Constraints
from lake_blueprints.contracts.dataset import Dataset, DatasetFormat
from lake_blueprints.contracts.errors import ContractError
from lake_blueprints.contracts.types import ArrayType, DataType, MapType, ScalarType, StructType

# What a logical type is when nothing refines it. A number without a physical type is a double: the standard
# gives it neither digits nor scale. Hive has no time of day, so `time` is kept as its ISO 8601 text.
_LOGICAL = {
    "string": "string",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "time": "string",
    "integer": "bigint",
    "number": "double",
}
# `logicalTypeOptions.format` of integers and numbers. An unsigned type takes the next wider signed one.
_NUMBER_FORMATS = {
    "i8": "tinyint",
    "i16": "smallint",
    "i32": "int",
    "i64": "bigint",
    "u8": "smallint",
    "u16": "int",
    "u32": "bigint",
    "f32": "float",
    "f64": "double",
}
# Physical types in the words that most databases share.
_PHYSICAL = {
    "string": {"string", "text", "varchar", "char", "character varying", "nvarchar", "nchar", "uuid", "json"},
    "boolean": {"boolean", "bool"},
    "tinyint": {"tinyint", "byte"},
    "smallint": {"smallint", "short", "int2"},
    "int": {"int", "integer", "int4", "int32"},
    "bigint": {"bigint", "long", "int8", "int64"},
    "float": {"float", "real", "float4", "float32"},
    "double": {"double", "double precision", "float8", "float64"},
    "decimal": {"decimal", "numeric", "number"},
    "date": {"date"},
    "timestamp": {"timestamp", "timestamptz", "datetime", "timestamp without time zone", "timestamp with time zone"},
    "binary": {"binary", "varbinary", "bytea", "bytes", "blob"},
}
_BY_PHYSICAL = {word: name for name, words in _PHYSICAL.items() for word in words}
# A physical type refines a logical one only within its family; a `string` that is stored as an INT stays a string.
_REFINES = {
    "string": {"string", "binary"},
    "boolean": {"boolean"},
    "date": {"date"},
    "timestamp": {"timestamp"},
    "time": set[str](),
    "integer": {"tinyint", "smallint", "int", "bigint", "decimal"},
    "number": {"tinyint", "smallint", "int", "bigint", "float", "double", "decimal"},
}
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


def catalog_name(name: str) -> str:
    """Return the catalog's spelling of a contract's name: lower case, everything else but digits an underscore."""
    folded = re.sub(r"[^a-z0-9_]", "_", name.strip().lower())
    return f"_{folded}" if folded[:1].isdigit() else folded


def read_dataset(item: Mapping[str, Any], document: Mapping[str, Any]) -> Dataset:
    """Compile a schema object, in the setting of the contract that it stands in."""
    properties = item.get("properties") or []
    if not properties:
        raise ContractError(f"'{item['name']}' has no properties; a dataset needs at least one")
    columns = [_column(prop, f"properties[{number}]") for number, prop in enumerate(properties)]
    spelled: dict[str, str] = {}
    for prop, column in zip(properties, columns, strict=True):
        if column.name in spelled:
            raise ContractError(
                f"properties '{spelled[column.name]}' and '{prop['name']}' have the same catalog name "
                f"'{column.name}'; rename one"
            )
        spelled[column.name] = prop["name"]
    server = _source(document.get("servers") or [])
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


def _column(prop: Mapping[str, Any], place: str) -> Column:
    try:
        options = prop.get("logicalTypeOptions") or {}
        temporal = prop.get("logicalType") in {"date", "timestamp"}
        name = catalog_name(prop.get("physicalName") or prop["name"])
        return Column(
            name=name,
            type=_type(prop),
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


def _type(prop: Mapping[str, Any]) -> DataType:
    match prop.get("logicalType"):
        case "object":
            return _struct(prop.get("properties") or [])
        case "array":
            if not prop.get("items"):
                raise ContractError("an array needs 'items' that say what it holds")
            return ArrayType(_type(prop["items"]))
        case "map":
            sides = prop.get("map") or {}
            return MapType(_type(sides.get("key") or {}), _type(sides.get("value") or {}))
        case "vector":
            return ArrayType(ScalarType("float"))
        case logical:
            return _refined(logical, prop)


def _struct(properties: Sequence[Mapping[str, Any]]) -> StructType:
    for child in properties:
        for flag in ("partitioned", "primaryKey"):
            if child.get(flag):
                raise ContractError(f"'{child['name']}' inside an object cannot be '{flag}'; only columns can")
    return StructType(tuple((catalog_name(child["name"]), _type(child)) for child in properties))


def _refined(logical: str | None, prop: Mapping[str, Any]) -> ScalarType:
    physical, arguments = _physical(prop.get("physicalType"))
    if physical and (logical is None or physical in _REFINES[logical]):
        return _scalar(physical, arguments, prop)
    if logical is None:
        raise ContractError("has neither a logicalType nor a physicalType that is known; add a logicalType")
    by_format = _NUMBER_FORMATS.get(str((prop.get("logicalTypeOptions") or {}).get("format")))
    return _scalar(by_format or _LOGICAL[logical], [], prop)


def _physical(text: str | None) -> tuple[str | None, list[int]]:
    found = re.match(r"\s*([a-z0-9_ ]+?)\s*(?:\(([\d\s,]*)\))?\s*$", (text or "").lower())
    if not found:
        return None, []
    return _BY_PHYSICAL.get(found[1]), [int(part) for part in (found[2] or "").split(",") if part.strip()]


def _scalar(name: str, arguments: Sequence[int], prop: Mapping[str, Any]) -> ScalarType:
    if name == "decimal":
        # Without digits, SQL's NUMERIC means as many as there are.
        precision, scale = [*arguments, *(38, 18)[len(arguments) :]] if len(arguments) != 1 else [arguments[0], 0]
        return ScalarType("decimal", precision=precision, scale=scale)
    if name == "string":
        longest = (prop.get("logicalTypeOptions") or {}).get("maxLength")
        return ScalarType("string", length=longest or (arguments[0] if arguments else None))
    return ScalarType(name)


def _constraints(prop: Mapping[str, Any], options: Mapping[str, Any]) -> Constraints:
    found = {ours: options[theirs] for theirs, ours in _CONSTRAINTS.items() if options.get(theirs) is not None}
    enum = tuple(entry["value"] for entry in prop.get("enum") or [])
    return Constraints(**found, enum=enum or None)


def _keys(properties: Sequence[Mapping[str, Any]], flag: str, position: str) -> list[str]:
    # The standard's default position is -1; such keys keep the order of the properties, after the numbered ones.
    chosen = [prop for prop in properties if prop.get(flag)]
    chosen.sort(key=lambda prop: prop.get(position, -1) if prop.get(position, -1) > 0 else len(properties))
    return [catalog_name(prop.get("physicalName") or prop["name"]) for prop in chosen]


def _source(servers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the server that says how records are written, if one does."""
    known = set(DatasetFormat)
    return next((server for server in servers if server.get("format") in known), {})


def _custom(item: Mapping[str, Any], name: str) -> str | None:
    for entry in item.get("customProperties") or []:
        if entry.get("property") == name:
            return str(entry.get("value"))
    return None

"""Types that are written as an Avro schema: `["null", {"type": "long", "logicalType": "timestamp-millis"}]`."""

from __future__ import annotations

import json
from typing import Any

from lake_blueprints.contracts.type_text import DEEPEST, Written


def read_avro(text: str) -> Written | None:
    """Return the type that an Avro schema in JSON writes, None if it is none.

    https://avro.apache.org/docs/current/specification/
    """
    try:
        return _written(json.loads(text), 0)
    except (ValueError, TypeError, RecursionError):
        return None


def _written(schema: Any, depth: int) -> Written:
    if depth > DEEPEST:
        raise ValueError("too deep")
    match schema:
        case str():
            return Written(name=schema.lower())
        case list():
            held = [branch for branch in schema if branch != "null"]
            return _written(held[0], depth + 1) if len(held) == 1 else Written(name="union")
        case {"logicalType": str(logical)}:
            digits = (schema.get("precision"), schema.get("scale", 0)) if logical == "decimal" else ()
            return Written(name=logical.lower(), arguments=tuple(map(str, digits)))
        case {"type": "fixed"}:
            return Written(name="bytes")
        case {"type": kind}:
            parts = tuple((label, _written(part, depth + 1)) for label, part in _parts(schema))
            return Written(name=str(kind).lower(), parts=parts) if parts else _written(kind, depth + 1)
    raise ValueError("not an Avro schema")


def _parts(schema: dict[str, Any]) -> list[tuple[str, Any]]:
    match schema:
        case {"type": "array", "items": items}:
            return [("", items)]
        case {"type": "map", "values": values}:
            return [("", "string"), ("", values)]
        case {"type": "record", "fields": [*fields]}:
            return [(field["name"], field["type"]) for field in fields if {"name", "type"} <= dict(field).keys()]
    return []

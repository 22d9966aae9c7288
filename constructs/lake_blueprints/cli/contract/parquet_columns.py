"""Columns of a Parquet file as curation reads them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from lake_blueprints.cli.contract.kinds import DEEPEST, STRING, Kind
from lake_blueprints.contracts.type_words import NANOSECONDS, TOO_MANY_DIGITS
from template_checks.command.errors import CommandError

# By DuckDB's type: the standard's logical type, and the physical one where that says more.
_TYPES: dict[str, tuple[str, str | None]] = {
    "boolean": ("boolean", None),
    "tinyint": ("integer", "TINYINT"),
    "smallint": ("integer", "SMALLINT"),
    "integer": ("integer", "INT"),
    "bigint": ("integer", "BIGINT"),
    "utinyint": ("integer", "SMALLINT"),
    "usmallint": ("integer", "INT"),
    "uinteger": ("integer", "BIGINT"),
    "ubigint": ("number", "DECIMAL(20,0)"),
    "hugeint": ("number", "DECIMAL(38,0)"),
    "float": ("number", "REAL"),
    "double": ("number", "DOUBLE"),
    "varchar": ("string", None),
    "enum": ("string", None),
    "blob": ("string", "BINARY"),
    "date": ("date", None),
    "time": ("time", None),
    "timestamp": ("timestamp", None),
    "timestamp_s": ("timestamp", None),
    "timestamp_ms": ("timestamp", None),
    "timestamp_ns": ("timestamp", None),
    "timestamp with time zone": ("timestamp", None),
}
_MOST_DIGITS, _MOST_SCALE = 38, 18
# A file that has a column of these anywhere is refused by curation as a whole: Spark 3.5 knows none of them.
_UNKNOWN = {
    "Float16Type": "numbers of two bytes (FLOAT16); write FLOAT, as astype('float32') of pandas does",
    "VariantType": "a variant; write it as JSON text",
    "GeometryType": "a geometry; write it as WKT or WKB",
    "GeographyType": "a geography; write it as WKT or WKB",
}


def kind_of_column(path: Path, name: str, kind: Any, leaves: list[dict[str, Any]]) -> Kind:
    """Return the kind of a column of a Parquet file.

    Parameters
    ----------
    path: Path
        The file.
    name: str
        The column.
    kind: DuckDBPyType
        As which DuckDB reads it.
    leaves: list of mapping
        What the file says about the column and its parts: rows of DuckDB's `parquet_schema`.

    Raises
    ------
    CommandError
        If curation cannot read a part of it.
    """
    for leaf in leaves:
        if what := _UNKNOWN.get(str(leaf["logical_type"] or "").partition("(")[0]):
            part = "" if leaf is leaves[0] else f" with '{leaf['name']}' inside it"
            raise CommandError(f"{path}: column '{name}'{part} is of a type that Spark cannot read: {what}")
    odd = {leaf["name"]: found for leaf in leaves if (found := _odd(leaf))}
    if not odd:
        return _kind(kind, 0)
    if len(leaves) > 1:
        part, (what, _) = next(iter(odd.items()))
        raise CommandError(
            f"{path}: column '{name}' has '{part}' inside it, {what}, which Spark cannot read there; write another type"
        )
    return odd[name][1]


def _odd(leaf: dict[str, Any]) -> tuple[str, Kind] | None:
    """Return what Spark alone does not read, and what curation makes of it."""
    logical, digits = str(leaf["logical_type"] or ""), int(leaf["precision"] or 0)
    scale = min(int(leaf["scale"] or 0), _MOST_SCALE)
    cases = (
        (
            logical.startswith("TimestampType") and "NANOS=" in logical and "NANOS=<null>" not in logical,
            ("a time in nanoseconds", Kind(logical="timestamp", notes=(NANOSECONDS,))),
        ),
        (logical.startswith("TimeType"), ("a time of day", Kind(logical="time"))),
        (
            digits > _MOST_DIGITS,
            (
                f"a decimal of {digits} digits",
                Kind(
                    logical="number",
                    physical=f"DECIMAL({_MOST_DIGITS},{scale})",
                    notes=(f"{digits} digits in the file: {TOO_MANY_DIGITS}",),
                ),
            ),
        ),
        (logical.startswith("UUIDType"), ("a UUID in bytes", Kind(logical="string", physical="BINARY"))),
        (
            "INTERVAL" in str(leaf["converted_type"] or ""),
            ("an interval", Kind(logical="string", physical="BINARY")),
        ),
    )
    return next((found for given, found in cases if given), None)


def _kind(kind: Any, depth: int) -> Kind:
    if kind.id in {"struct", "list", "array", "map"} and depth == DEEPEST:
        return STRING.noting(f"it is nested more than {DEEPEST} levels deep, so it is kept as text")
    logical, physical = _TYPES.get(kind.id, ("", None)) if str(kind) != "JSON" else ("string", None)
    found = Kind(logical=logical, physical=physical)
    match kind.id:
        case "struct":
            found = Kind(logical="object", parts=tuple((name, _kind(part, depth + 1)) for name, part in kind.children))
        case "list" | "array":
            found = Kind(logical="array", parts=(("", _kind(kind.children[0][1], depth + 1)),))
        case "map":
            sides = zip(("key", "value"), kind.children, strict=True)
            found = Kind(logical="map", parts=tuple((side, _kind(part, depth + 1)) for side, (_, part) in sides))
        case "decimal":
            found = Kind(logical="number", physical=re.sub(r"\s", "", str(kind)))
    return found if found.logical else STRING.noting(f"the file calls it {kind}, which is kept as text")

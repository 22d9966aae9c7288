"""Types as Trino names them, and which values are written into which columns without a cast.

https://trino.io/docs/current/language/types.html; INSERT, UPDATE and MERGE take what Trino coerces, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from local_cloud.errors import LocalCloudError

_INTEGERS = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}
_NAMES = {
    "hugeint": "bigint",
    "utinyint": "smallint",
    "usmallint": "integer",
    "uinteger": "bigint",
    "ubigint": "bigint",
    "float": "real",
    "blob": "varbinary",
    "timestamp_ns": "timestamp",
    "timestamp_ms": "timestamp",
    "timestamp_s": "timestamp",
}
_WIDER = {
    "date": ("timestamp", "timestamp with time zone"),
    "timestamp": ("timestamp with time zone",),
    "real": ("double",),
    "decimal": ("real", "double"),
}


def check(
    statement: str, targets: Sequence[Any], values: Sequence[Any | None], *, precision: int = 3, side: str = "Query"
) -> None:
    """Refuse values of other types than their columns'.

    Parameters
    ----------
    statement: str
        The error up to the types.
    targets: sequence
        DuckDB's types of the columns.
    values: sequence
        DuckDB's types of the values; None for a NULL, which has none.
    precision: int
        Digits of a second in the columns.
    side: str
        Name of the values in the error.

    Raises
    ------
    LocalCloudError
        In Trino's words.
    """
    if len(targets) == len(values) and all(
        value is None or coerces(value, target) for value, target in zip(values, targets, strict=True)
    ):
        return
    table = ", ".join(name(target, precision=precision) for target in targets)
    given = ", ".join("unknown" if value is None else name(value) for value in values)
    raise LocalCloudError(f"TYPE_MISMATCH: line 1:1: {statement}: Table: [{table}], {side}: [{given}]")


def check_names(known: Sequence[str], given: Sequence[str], what: str) -> None:
    for name in given:
        if name not in known:
            raise LocalCloudError(f"COLUMN_NOT_FOUND: line 1:1: {what} does not exist in target table: {name}")
        if given.count(name) > 1:
            raise LocalCloudError(f"DUPLICATE_COLUMN_NAME: line 1:1: {what} is specified more than once: {name}")


def coerces(value: Any, target: Any) -> bool:
    """Tell whether Trino writes values of one type into a column of another."""
    given, wanted = _family(value), _family(target)
    if given != wanted:
        if given in _INTEGERS and wanted == "decimal":
            (_, precision), (_, scale) = target.children
            return bool(precision - scale >= _INTEGERS[given])
        if given in _INTEGERS:
            return wanted in ("real", "double") or _INTEGERS.get(wanted, 0) > _INTEGERS[given]
        return wanted in _WIDER.get(given, ())
    if wanted == "decimal":
        (_, precision), (_, scale) = value.children
        (_, digits), (_, places) = target.children
        return bool(places >= scale and digits - places >= precision - scale)
    if wanted in ("list", "map", "struct"):
        inner, outer = value.children, target.children
        return len(inner) == len(outer) and all(
            coerces(one, other) for (_, one), (_, other) in zip(inner, outer, strict=True)
        )
    return True


def name(kind: Any, *, precision: int = 3) -> str:
    """Return the name that Trino has for a type."""
    family = _family(kind)
    if family == "decimal":
        (_, digits), (_, places) = kind.children
        return f"decimal({digits},{places})"
    if family == "list":
        return f"array({name(kind.children[0][1], precision=precision)})"
    if family == "map":
        return f"map({', '.join(name(child, precision=precision) for _, child in kind.children)})"
    if family == "struct":
        return f"row({', '.join(f'{label} {name(child, precision=precision)}' for label, child in kind.children)})"
    return family.replace("timestamp", f"timestamp({precision})") if family.startswith("timestamp") else family


def _family(kind: Any) -> str:
    known = str(kind.id)
    return "json" if str(kind) == "JSON" else _NAMES.get(known, known)

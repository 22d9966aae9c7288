"""Parquet files against the columns of a table: which types of a file Athena reads as which of the catalog.

A file whose type is not one of them fails with HIVE_BAD_DATA
(https://repost.aws/knowledge-center/athena-hive-bad-data-parsing-field-value); nothing is converted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from local_cloud.errors import LocalCloudError
from local_cloud.sql.duck import Session, quote
from local_cloud.sql.types import HiveType

_TEXTS = frozenset(("string", "varchar", "char"))
_ALLOWED = {
    "BOOLEAN": frozenset(("boolean",)),
    "INT32": frozenset(("tinyint", "smallint", "int", "integer", "bigint", "date", "decimal")),
    "INT64": frozenset(("bigint", "decimal", "timestamp")),
    "INT96": frozenset(("timestamp",)),
    "FLOAT": frozenset(("float", "real")),
    "DOUBLE": frozenset(("double",)),
    "BYTE_ARRAY": _TEXTS | {"binary", "decimal"},
    "FIXED_LEN_BYTE_ARRAY": frozenset(("decimal",)),
}


@dataclass(kw_only=True)
class _Node:
    """One field of a file's schema."""

    name: str
    physical: str | None
    logical: str
    read_as: str
    repeated: bool
    children: list[_Node] = field(default_factory=list)


def check(session: Session, columns: Sequence[tuple[str, HiveType]], uris: Sequence[str]) -> frozenset[str]:
    """Compare the columns of files with those of a table; return those that are text without saying so.

    Raises
    ------
    LocalCloudError
        With the field, its file, and both types.
    """
    # The name of the root is the writer's; it has no type, and is the first of its file.
    described = session.execute(
        "select file_name, name, type, coalesce(converted_type, logical_type, ''), coalesce(duckdb_type, ''), "
        f"repetition_type = 'REPEATED', num_children from parquet_schema([{', '.join(map(quote, uris))}])"
    ).fetchall()
    by_file: dict[str, list[Any]] = {}
    for uri, *rest in described:
        by_file.setdefault(uri, []).append(rest)
    wanted = {name.lower(): kind for name, kind in columns}
    unmarked: set[str] = set()
    marked: set[str] = set()
    for uri, rows in by_file.items():
        for node in _tree(iter(rows)).children:
            kind = wanted.get(node.name.lower())
            if kind is None:
                continue
            _compare(node, kind, node.name, uri)
            if node.physical == "BYTE_ARRAY" and kind.name in _TEXTS:
                (marked if node.read_as == "VARCHAR" else unmarked).add(node.name.lower())
    if mixed := unmarked & marked:
        raise LocalCloudError(f"NOT_SUPPORTED: some files do not mark column {min(mixed)!r} as text, others do")
    return frozenset(unmarked)


def _tree(rows: Iterator[Any]) -> _Node:
    name, physical, logical, read_as, repeated, count = next(rows)
    node = _Node(name=name, physical=physical, logical=logical, read_as=read_as, repeated=bool(repeated))
    node.children = [_tree(rows) for _ in range(count or 0)]
    return node


def _compare(node: _Node, kind: HiveType, path: str, uri: str) -> None:
    if kind.name == "struct" and node.children and not node.repeated:
        fields = {name.lower(): child for name, child in kind.children}
        for child in node.children:
            if child.name.lower() in fields:
                _compare(child, fields[child.name.lower()], f"{path}.{child.name}", uri)
    elif kind.name == "map" and len(node.children) == 1 and len(node.children[0].children) == 2:
        for child, (_, inner) in zip(node.children[0].children, kind.children, strict=True):
            _compare(child, inner, f"{path}.{child.name}", uri)
    elif kind.name == "array" and len(node.children) == 1 and node.children[0].repeated:
        _compare_element(node.children[0], kind.children[0][1], path, uri)
    elif kind.children or node.children or not _fits(node, kind):
        raise LocalCloudError(
            f"HIVE_BAD_DATA: Field {path}'s type {_type_of(node)} in parquet file {uri} is incompatible with type "
            f"{kind} defined in table schema"
        )


def _compare_element(repeated: _Node, kind: HiveType, path: str, uri: str) -> None:
    """The element is the only field of the repeated group, or, as older writers have it, the repeated field itself."""
    if len(repeated.children) == 1:
        _compare(repeated.children[0], kind, f"{path}.element", uri)
    else:
        repeated.repeated = False
        _compare(repeated, kind, f"{path}.element", uri)


def _type_of(node: _Node) -> str:
    if node.children:
        return "group"
    text = node.physical == "BYTE_ARRAY" and node.read_as == "VARCHAR"
    return "BINARY" if text or node.physical == "BYTE_ARRAY" else str(node.physical)


def _fits(node: _Node, kind: HiveType) -> bool:
    if kind.name not in _ALLOWED.get(str(node.physical), ()):
        return False
    # What a number stands for is said beside it.
    family = node.read_as.partition("(")[0]
    if kind.name == "decimal":
        return family in ("DECIMAL", "INTEGER", "BIGINT", "SMALLINT", "TINYINT")
    if kind.name == "timestamp":
        return family.startswith("TIMESTAMP")
    if kind.name == "date":
        return family == "DATE"
    if kind.name == "binary":
        return family in ("BLOB", "VARCHAR")
    return family not in ("DECIMAL", "DATE", "TIME", "UUID") and not family.startswith("TIMESTAMP")

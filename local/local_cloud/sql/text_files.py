"""Text files of a table as a relation: lines that a SerDe makes columns of."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import Any

import pyarrow as pa

from local_cloud.errors import LocalCloudError
from local_cloud.sql.duck import Session, identifier, quote
from local_cloud.sql.serdes import reader
from local_cloud.sql.types import HiveType

_MAX_LINE, _BUFFER = 16_777_216, 33_554_432
_ARROW = {
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "float": pa.float32(),
    "real": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
    "varchar": pa.string(),
    "char": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}


def lines_relation(
    session: Session,
    table: dict[str, Any],
    columns: Sequence[tuple[str, HiveType]],
    uris: Sequence[str],
    named: Collection[str] | None = None,
) -> tuple[str, list[str]]:
    """Return a relation over the lines of files, and what to select of it for the columns of a table.

    Raises
    ------
    LocalCloudError
        If the SerDe, a property of it or a type is not read here.
    """
    info = table["StorageDescriptor"]["SerdeInfo"]
    properties = info.get("Parameters") or {}
    parameters = table.get("Parameters") or {}
    wanted = [name for name, _ in columns if named is None or name.lower() in named]
    if "json" in info["SerializationLibrary"].lower():
        # A count reads none, and yet each line.
        shown = [(name, kind) for name, kind in columns if name in wanted] or [("", HiveType(name="string"))]
    else:
        # By position, so that each has a place; every text is a string.
        shown = [(name, kind if name in wanted else HiveType(name="string")) for name, kind in columns]
    read = reader(info["SerializationLibrary"], shown, properties)
    name = f"line_{uuid.uuid4().hex}"
    row = HiveType(name="struct", children=tuple((f"c{place}", kind) for place, (_, kind) in enumerate(shown)))

    def convert(lines: pa.ChunkedArray) -> pa.Array:
        rows = [read(line or "") for line in lines.to_pylist()]
        values = [pa.array([row[place] for row in rows], _arrow(kind)) for place, (_, kind) in enumerate(shown)]
        return pa.StructArray.from_arrays(values, names=[field for field, _ in row.children])

    connection: Any = session.connection
    # DuckDB's stubs know no names for the kinds of a function, and no type that a text spells.
    connection.create_function(
        name, convert, ["VARCHAR"], row.duckdb, type="arrow", null_handling="special", side_effects=True
    )
    if parameters.get("skip.footer.line.count", "0") != "0":
        raise LocalCloudError("NOT_SUPPORTED: 'skip.footer.line.count' is not reproduced locally")
    skip = int(parameters.get("skip.header.line.count", properties.get("skip.header.line.count", "0")))
    # A line is one field: of its separator, a control character, no text of any of these formats has a place for.
    source = f"""(
        select {name}(line) as columns, "$path" from read_csv(
            [{", ".join(map(quote, uris))}], columns = {{'line': 'VARCHAR'}}, auto_detect = false, header = false,
            skip = {skip}, delim = '\x02\x03', quote = '', escape = '', nullstr = '', strict_mode = false,
            null_padding = true, max_line_size = {_MAX_LINE}, buffer_size = {_BUFFER}, filename = '$path',
            hive_partitioning = false
        )
    )"""
    places = {name: place for place, (name, _) in enumerate(shown)}
    return source, [
        f"columns.c{places[name]} as {identifier(name)}"
        if name in wanted
        else f"cast(null as {kind.duckdb}) as {identifier(name)}"
        for name, kind in columns
    ]


def _arrow(kind: HiveType) -> pa.DataType:
    if kind.name == "array":
        return pa.list_(_arrow(kind.children[0][1]))
    if kind.name == "map":
        return pa.map_(_arrow(kind.children[0][1]), _arrow(kind.children[1][1]))
    if kind.name == "struct":
        return pa.struct([(name, _arrow(child)) for name, child in kind.children])
    if kind.name == "decimal":
        return pa.decimal128(*(*kind.arguments, *(10, 0)[len(kind.arguments) :]))
    if kind.name not in _ARROW:
        raise LocalCloudError(f"NOT_SUPPORTED: {kind} in text files is not read locally")
    return _ARROW[kind.name]

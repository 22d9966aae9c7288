"""SerDes of text files: how a line becomes the columns of a table.

Each is written after its documentation. A line or value that the documentation does not cover fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from local_cloud.errors import LocalCloudError
from local_cloud.sql.serdes import delimited, json_lines
from local_cloud.sql.types import HiveType

Column = tuple[str, HiveType]
# Makes the values of the columns of a line.
Reader = Callable[[str], list[Any]]

# Properties that say nothing about how lines are read.
_NEUTRAL = (
    "serialization.format",
    "serialization.encoding",
    "paths",
    "explicit.null",
    "skip.header.line.count",
    "line.delim",
)
_SERDES: Mapping[str, tuple[Callable[[Sequence[Column], Mapping[str, str]], Reader], tuple[str, ...]]] = {
    "org.openx.data.jsonserde.JsonSerDe": (
        json_lines.openx,
        ("case.insensitive", "dots.in.keys", "ignore.malformed.json", "use.null.for.invalid.data", "mapping."),
    ),
    "org.apache.hive.hcatalog.data.JsonSerDe": (json_lines.hive, ()),
    "org.apache.hadoop.hive.serde2.JsonSerDe": (json_lines.hive, ()),
    "org.apache.hadoop.hive.serde2.OpenCSVSerde": (delimited.open_csv, ("separatorChar", "quoteChar", "escapeChar")),
    "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe": (
        delimited.lazy_simple,
        (
            "field.delim",
            "escape.delim",
            "serialization.null.format",
            "collection.delim",
            # Hive's own spelling of it.
            "colelction.delim",
            "mapkey.delim",
        ),
    ),
}


def reader(library: str, columns: Sequence[Column], properties: Mapping[str, str]) -> Reader:
    """Return how a SerDe reads a line.

    Raises
    ------
    LocalCloudError
        If the SerDe, or a property of it, is not reproduced.
    """
    if library not in _SERDES:
        raise LocalCloudError(f"NOT_SUPPORTED: the SerDe {library!r} is not reproduced locally")
    make, known = _SERDES[library]
    for name, value in properties.items():
        if name not in (*_NEUTRAL, *known) and not any(name.startswith(item) for item in known if item.endswith(".")):
            raise LocalCloudError(f"NOT_SUPPORTED: the property {name!r} of {library} is not reproduced locally")
        if name == "serialization.encoding" and value.upper().replace("-", "") != "UTF8":
            raise LocalCloudError(f"NOT_SUPPORTED: text in {value} is not read locally; use UTF-8")
        if name == "line.delim" and value not in ("\n", "\\n"):
            raise LocalCloudError("NOT_SUPPORTED: lines that end with anything but a line feed are not read locally")
    return make(columns, properties)

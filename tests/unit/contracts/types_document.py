"""The tables of docs/types.md, made of the tables that the code uses.

Run `python -m tests.unit.contracts.types_document` to write them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from lake_blueprints.contracts import DataType, parse_type
from lake_blueprints.contracts.physical_types import resolve
from lake_blueprints.contracts.type_words import (
    DIGITS,
    DISAGREEING,
    ELEMENTS,
    FORMATS,
    LOGICAL,
    SYSTEMS,
    WORDS,
    Meaning,
)

DOCUMENT = Path(__file__).parents[3] / "docs" / "types.md"
_SECTION = re.compile(r"(<!-- (\w+): made by a test -->\n).*?(<!-- end -->)", re.DOTALL)
_SCALARS = (
    "boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "decimal(9,2)", "decimal(18,2)",
    "decimal(38,2)", "string", "date", "timestamp", "binary",
)  # fmt: skip
_NESTED = ("array<int>", "map<string,int>", "struct<a:int>")

_FAMILIES = {"integer": "whole or decimal number", "fraction": "float or double", "nested": "array, map or struct"}


def written(document: str) -> str:
    """Return the document with its tables as the code has them."""
    return _SECTION.sub(lambda found: f"{found[1]}\n{_TABLES[found[2]]()}\n{found[3]}", document)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = [names, ["---"] * len(names), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _code(text: str) -> str:
    return f"`{text}`"


def _engines() -> str:
    def row(kind: DataType) -> list[str]:
        return [
            _code(name) for name in (kind.glue, kind.athena, kind.redshift, kind.duckdb, kind.parquet, kind.iceberg)
        ]

    rows = [row(parse_type(name)) for name in (*_SCALARS, *_NESTED)]
    return _table(["Glue, Hive, Spark", "Athena", "Redshift", "DuckDB", "Parquet", "Iceberg"], rows)


def _logical() -> str:
    rows = [[_code(name), _code(meaning.type), _note(meaning)] for name, meaning in LOGICAL.items()]
    rows += [
        [f"{'integer' if name[0] in 'iu' else 'number'}, format {_code(name)}", _code(meaning.type), _note(meaning)]
        for name, meaning in FORMATS.items()
    ]
    rows += [
        [f"`vector`, elementType {_code(name)}", _code(f"array<{element}>"), ""] for name, element in ELEMENTS.items()
    ]
    for name in ("object", "array", "map"):
        kind, note = resolve({"logicalType": name})
        rows.append([f"{_code(name)} that says nothing of its parts", _code(str(kind)), note or ""])
    return _table(["Logical type", "In the lake", "Note"], rows)


def _pairs() -> str:
    rows = []
    for logical, pairs in DISAGREEING.items():
        plain = LOGICAL[logical].type
        grouped: dict[Meaning, list[str]] = {}
        for family, meaning in pairs.items():
            grouped.setdefault(meaning, []).append(family)
        rows += [
            [
                _code(logical),
                ", ".join(_FAMILIES.get(family, family) for family in families),
                _code(plain if meaning.type == "logical" else meaning.type),
                _note(meaning),
            ]
            for meaning, families in grouped.items()
        ]
    return _table(["Logical type", "beside a physical", "In the lake", "Warning"], rows)


def _physical() -> str:
    rows = [[_code(meaning.type), ", ".join(words), _note(meaning)] for meaning, words in _grouped(WORDS).items()]
    return _table(["In the lake", "Physical types", "Note"], rows)


def _systems() -> str:
    rows = []
    for system in sorted({*SYSTEMS, *DIGITS}):
        words = [f"{word} is {_code(meaning.type)}" for word, meaning in SYSTEMS.get(system, {}).items()]
        if system in DIGITS:
            words.append(f"decimal without digits is `decimal({','.join(map(str, DIGITS[system]))})`")
        rows.append([system, ", ".join(words)])
    return _table(["Server type", "Where it differs"], rows)


def _grouped(words: Mapping[str, Meaning]) -> dict[Meaning, list[str]]:
    found: dict[Meaning, list[str]] = {}
    for word, meaning in words.items():
        found.setdefault(meaning, []).append(word)
    return found


def _note(meaning: Meaning) -> str:
    return meaning.note or ""


_TABLES: dict[str, Callable[[], str]] = {
    "engines": _engines,
    "logical": _logical,
    "pairs": _pairs,
    "physical": _physical,
    "systems": _systems,
}

if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text()))

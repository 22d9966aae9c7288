"""The same answers, computed by DuckDB from the package's files with SQL of its own."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import duckdb

from examples.demo.errors import DemoError
from examples.demo.queries import Answer, Cell
from examples.flights import source
from examples.flights.producer import REFERENCES
from examples.flights.questions import FOLDER

# Sums of doubles depend on their order in the last digits.
_RELATIVE = 1e-12


def check(answers: dict[str, Answer], months: int, workdir: Path) -> int:
    """Compare every cell of every answer; return how many there are.

    Raises
    ------
    DemoError
        With the first cell that differs.
    """
    with duckdb.connect() as connection:
        _load(connection, months, workdir)
        return sum(_compare(name, answer, _solve(connection, name)) for name, answer in answers.items())


def _load(connection: duckdb.DuckDBPyConnection, months: int, workdir: Path) -> None:
    connection.execute("SET TimeZone = 'UTC'")
    for name in (*REFERENCES, "flights", "weather"):
        file = workdir / f"{name}.csv"
        with source.open_csv(name) as text, file.open("w", encoding="utf-8", newline="") as copy:
            shutil.copyfileobj(text, copy)
        connection.execute(f"CREATE TABLE {name} AS FROM read_csv('{file}', nullstr = 'NA', sample_size = -1)")
    for name in ("flights", "weather"):
        connection.execute(f"DELETE FROM {name} WHERE month > {months}")


def _solve(connection: duckdb.DuckDBPyConnection, name: str) -> list[tuple[Cell, ...]]:
    return connection.execute((FOLDER / "check" / f"{name}.sql").read_text(encoding="utf-8")).fetchall()


def _compare(name: str, answer: Answer, expected: list[tuple[Cell, ...]]) -> int:
    if len(answer.rows) != len(expected):
        raise DemoError(f"{name}: the lake answers with {len(answer.rows)} rows, DuckDB with {len(expected)}")
    if expected and len(answer.columns) != len(expected[0]):
        raise DemoError(f"{name}: the lake answers with {len(answer.columns)} columns, DuckDB with {len(expected[0])}")
    for number, (row, right) in enumerate(zip(answer.rows, expected, strict=True), start=1):
        for column, found, wanted in zip(answer.columns, row, right, strict=True):
            if not _same(found, wanted):
                raise DemoError(f"{name}: row {number}, {column}: the lake says {found!r}, DuckDB {wanted!r}")
    return len(expected) * len(answer.columns)


def _same(found: Cell, wanted: Cell) -> bool:
    if isinstance(found, int | float) and isinstance(wanted, int | float):
        return math.isclose(found, wanted, rel_tol=_RELATIVE, abs_tol=_RELATIVE)
    return found == wanted

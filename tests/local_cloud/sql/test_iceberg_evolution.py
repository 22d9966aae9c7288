"""Iceberg's schema evolution, each change by pyiceberg and all of them by Spark: the same rows in every engine.

https://iceberg.apache.org/spec/#schema-evolution
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy
import pyarrow as pa
import pytest
from pyiceberg import types as iceberg
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.update.schema import UpdateSchema
from pyiceberg.transforms import IdentityTransform

from local_cloud.iceberg.catalog import IcebergCatalog
from tests.local_cloud.sql.conftest import ROLE, Lake

INT, LONG, TEXT = iceberg.IntegerType(), iceberg.LongType(), iceberg.StringType()
FLOAT, DOUBLE = iceberg.FloatType(), iceberg.DoubleType()
BIG = 2**40
# What a float of 0.1 is as a double.
TENTH = 0.10000000149011612

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Evolution:
    """A change of a table with one row before it and one after it.

    Parameters
    ----------
    types: dict
        The columns before it, besides `id`.
    old, new: dict
        The rows that are written before and after it.
    change: callable
        Changes the columns.
    found: dict
        The older row as it is read after the change, in the order of the columns.
    where: dict
        Conditions, with the ids of the rows that meet them.
    partitioned: bool
        Whether the first column is a partition. By default none is.
    """

    types: Mapping[str, iceberg.IcebergType]
    old: Row
    new: Row
    change: Sequence[Callable[[UpdateSchema], object]]
    found: Row
    where: Mapping[str, list[int]] = field(default_factory=dict)
    partitioned: bool = False

    def make(self, catalog: IcebergCatalog, name: str) -> Table:
        """Make the table, write a row, change it and write another."""
        fields = [iceberg.NestedField(number, one, kind) for number, (one, kind) in enumerate(self.types.items(), 2)]
        identity = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "part"))
        table = catalog.create_table(
            f"lake.{name}",
            Schema(iceberg.NestedField(1, "id", INT), *fields),
            location=f"s3://data/{name}",
            partition_spec=identity if self.partitioned else UNPARTITIONED_PARTITION_SPEC,
        )
        table.append(pa.Table.from_pylist([{"id": 1, **self.old}], schema=table.schema().as_arrow()))
        for step in self.change:
            with table.update_schema() as update:
                step(update)
        table.append(pa.Table.from_pylist([{"id": 2, **self.new}], schema=table.schema().as_arrow()))
        return table


def struct(**types: iceberg.IcebergType) -> iceberg.StructType:
    return iceberg.StructType(
        *(iceberg.NestedField(number, name, kind) for number, (name, kind) in enumerate(types.items(), 100))
    )


def array(kind: iceberg.IcebergType) -> iceberg.ListType:
    return iceberg.ListType(200, kind, element_required=False)


def mapping(kind: iceberg.IcebergType) -> iceberg.MapType:
    return iceberg.MapType(300, TEXT, 301, kind, value_required=False)


EVOLUTIONS = {
    "add": Evolution(
        types={"a": TEXT},
        old={"a": "x"},
        new={"first": 5, "a": "y", "last": "z"},
        change=[lambda u: u.add_column("last", TEXT), lambda u: u.add_column("first", INT).move_first("first")],
        found={"first": None, "id": 1, "a": "x", "last": None},
        where={"last is null": [1], "first = 5": [2]},
    ),
    "drop": Evolution(
        types={"a": TEXT, "b": TEXT},
        old={"a": "x", "b": "gone"},
        new={"a": "y"},
        change=[lambda u: u.delete_column("b")],
        found={"id": 1, "a": "x"},
    ),
    "drop and add": Evolution(
        types={"a": TEXT, "b": TEXT},
        old={"a": "gone", "b": "x"},
        new={"b": "y", "a": 7},
        change=[lambda u: u.delete_column("a"), lambda u: u.add_column("a", LONG)],
        found={"id": 1, "b": "x", "a": None},
        where={"a is null": [1], "a > 0": [2]},
    ),
    "rename": Evolution(
        types={"a": TEXT},
        old={"a": "x"},
        new={"b": "y"},
        change=[lambda u: u.rename_column("a", "b")],
        found={"id": 1, "b": "x"},
        where={"b = 'x'": [1]},
    ),
    "exchange names": Evolution(
        types={"a": TEXT, "b": TEXT},
        old={"a": "was a", "b": "was b"},
        new={"b": "is b", "a": "is a"},
        change=[
            lambda u: u.rename_column("a", "c"),
            lambda u: u.rename_column("b", "a"),
            lambda u: u.rename_column("c", "b"),
        ],
        found={"id": 1, "b": "was a", "a": "was b"},
        where={"a = 'was b'": [1], "b = 'is b'": [2]},
    ),
    "rename a partition": Evolution(
        types={"a": TEXT, "b": INT},
        old={"a": "x", "b": 1},
        new={"part": "y", "b": 2},
        change=[lambda u: u.rename_column("a", "part")],
        found={"id": 1, "part": "x", "b": 1},
        where={"part = 'x'": [1]},
        partitioned=True,
    ),
    "reorder": Evolution(
        types={"a": TEXT, "b": INT, "c": TEXT},
        old={"a": "x", "b": 1, "c": "z"},
        new={"c": "zz", "b": 2, "a": "xx"},
        change=[lambda u: u.move_first("c"), lambda u: u.move_after("a", "b")],
        found={"c": "z", "id": 1, "b": 1, "a": "x"},
        where={"c = 'z' and a = 'x'": [1]},
    ),
    "widen int": Evolution(
        types={"n": INT},
        old={"n": -1},
        new={"n": BIG},
        change=[lambda u: u.update_column("n", LONG)],
        found={"id": 1, "n": -1},
        where={"n = -1": [1], f"n = {BIG}": [2]},
    ),
    "widen float": Evolution(
        types={"n": FLOAT},
        old={"n": TENTH},
        new={"n": 0.1},
        change=[lambda u: u.update_column("n", DOUBLE)],
        found={"id": 1, "n": TENTH},
        where={"n < 0.5": [1, 2], "n > 0.5": []},
    ),
    "widen decimal": Evolution(
        types={"n": iceberg.DecimalType(5, 2)},
        old={"n": Decimal("123.45")},
        new={"n": Decimal("1234567.89")},
        change=[lambda u: u.update_column("n", iceberg.DecimalType(20, 2))],
        found={"id": 1, "n": Decimal("123.45")},
        where={"n < 200": [1], "n > 200": [2]},
    ),
    "add, drop, rename, reorder and widen in a struct": Evolution(
        types={"s": struct(gone=TEXT, n=INT, old=TEXT, m=FLOAT)},
        old={"s": {"gone": "g", "n": 1, "old": "x", "m": 0.5}},
        new={"s": {"added": 9, "m": 0.1, "n": BIG, "renamed": "y"}},
        change=[
            lambda u: u.delete_column("s.gone").rename_column("s.old", "renamed").update_column("s.n", LONG),
            lambda u: u.add_column(("s", "added"), INT).update_column("s.m", DOUBLE).move_first("s.m"),
            lambda u: u.move_first("s.added"),
        ],
        found={"id": 1, "s": {"added": None, "m": 0.5, "n": 1, "renamed": "x"}},
    ),
    "the same in a list": Evolution(
        types={"l": array(struct(gone=TEXT, n=INT, old=TEXT))},
        old={"l": [{"gone": "g", "n": 1, "old": "x"}]},
        new={"l": [{"n": BIG, "renamed": "y", "added": 9}, None]},
        change=[
            lambda u: u.delete_column("l.element.gone").rename_column("l.element.old", "renamed"),
            lambda u: u.update_column("l.element.n", LONG).add_column(("l", "element", "added"), INT),
        ],
        found={"id": 1, "l": [{"n": 1, "renamed": "x", "added": None}]},
    ),
    "the same in a map": Evolution(
        types={"m": mapping(struct(gone=TEXT, n=INT, old=TEXT))},
        old={"m": {"k": {"gone": "g", "n": 1, "old": "x"}}},
        new={"m": {"k": {"n": BIG, "renamed": "y", "added": 9}}},
        change=[
            lambda u: u.delete_column("m.value.gone").rename_column("m.value.old", "renamed"),
            lambda u: u.update_column("m.value.n", LONG).add_column(("m", "value", "added"), INT),
        ],
        found={"id": 1, "m": {"k": {"n": 1, "renamed": "x", "added": None}}},
    ),
    "widen items of a list": Evolution(
        types={"l": array(INT), "m": mapping(FLOAT)},
        old={"l": [1, None], "m": {"k": 0.5}},
        new={"l": [BIG], "m": {"k": 0.1}},
        change=[lambda u: u.update_column(("l", "element"), LONG).update_column(("m", "value"), DOUBLE)],
        found={"id": 1, "l": [1, None], "m": {"k": 0.5}},
    ),
}

_SCRIPT = """
from pyspark.sql import SparkSession
import json
spark = SparkSession.builder.getOrCreate()
t = "glue_catalog.lake.by_spark"
spark.sql(
    f"CREATE TABLE {t} (id int, a string, b string, n int, f float, d decimal(5, 2), s struct<x: int, y: string>, "
    "l array<struct<x: int, y: string>>, m map<string, struct<x: int, y: string>>) USING iceberg"
)
inner = "named_struct('x', 1, 'y', 'was y')"
spark.sql(
    f"INSERT INTO {t} SELECT 1, 'was a', 'was b', 1, cast(0.1 AS float), 1.25, {inner}, array({inner}), "
    f"map('k', {inner})"
)
for change in (
    "RENAME COLUMN a TO c", "RENAME COLUMN b TO a", "RENAME COLUMN c TO b", "ALTER COLUMN n TYPE bigint",
    "ALTER COLUMN f TYPE double", "ALTER COLUMN d TYPE decimal(9, 2)", "ALTER COLUMN d FIRST",
    *(f"ALTER COLUMN {one}.x TYPE bigint" for one in ("s", "l.element", "m.value")),
    *(f"RENAME COLUMN {one}.y TO z" for one in ("s", "l.element", "m.value")),
    *(f"ADD COLUMN {one}.y string" for one in ("s", "l.element", "m.value")),
    "DROP COLUMN n", "ADD COLUMN n string",
):
    spark.sql(f"ALTER TABLE {t} {change}")
wanted = json.loads('WANTED')
read = {}
for name in ("by_spark", *wanted):
    table = f"glue_catalog.lake.{name}"
    (first,) = spark.sql(f"SELECT snapshot_id FROM {table}.snapshots ORDER BY committed_at LIMIT 1").first()
    queries = {"now": f"SELECT * FROM {table} ORDER BY id", "then": f"SELECT * FROM {table} VERSION AS OF {first}"}
    queries |= {one: f"SELECT id FROM {table} WHERE {one} ORDER BY id" for one in wanted.get(name, [])}
    read[name] = {key: [row.asDict(True) for row in spark.sql(sql).collect()] for key, sql in queries.items()}
spark.createDataFrame([(json.dumps(read, default=str),)], "line string").coalesce(1).write.text("s3://data/evolved/")
"""

BY_SPARK = {
    "d": "1.25",
    "id": 1,
    "b": "was a",
    "a": "was b",
    "f": TENTH,
    "s": {"x": 1, "z": "was y", "y": None},
    "l": [{"x": 1, "z": "was y", "y": None}],
    "m": {"k": {"x": 1, "z": "was y", "y": None}},
    "n": None,
}
BY_SPARK_THEN = {
    "id": 1,
    "a": "was a",
    "b": "was b",
    "n": 1,
    "f": TENTH,
    "d": "1.25",
    "s": {"x": 1, "y": "was y"},
    "l": [{"x": 1, "y": "was y"}],
    "m": {"k": {"x": 1, "y": "was y"}},
}


Read = dict[str, dict[str, list[dict[str, Any]]]]
"""Rows by table and query."""


def named(evolution: str) -> str:
    return f"t_{evolution.replace(',', '').replace(' ', '_')}"


@pytest.fixture(scope="module")
def evolved(tables: Lake, catalog: IcebergCatalog) -> Lake:
    """A table for each evolution, made by pyiceberg."""
    for name, one in EVOLUTIONS.items():
        one.make(catalog, named(name))
    tables.load(f"create external schema spectrum from data catalog database 'lake' {ROLE}")
    return tables


@pytest.fixture(scope="module")
def spark(evolved: Lake) -> Read:
    """Rows that Spark reads of each table, and of one more that it has made and changed itself."""
    wanted = json.dumps({named(name): list(one.where) for name, one in EVOLUTIONS.items()})
    evolved.run_job("evolve", _SCRIPT.replace("'WANTED'", repr(wanted)))
    (key,) = [key for key in evolved.keys("evolved/") if "part-" in key]
    found: Read = json.loads(evolved.runtime.objects.read(f"s3://data/{key}"))
    return found


def plain(value: Any) -> Any:
    """Return a value as JSON has it, decimals as text and maps as objects."""
    match value:
        case Decimal():
            return str(value)
        case [(str(), _), *_]:
            return {key: plain(one) for key, one in value}
        case list():
            return [plain(one) for one in value]
        case dict():
            return {key: plain(one) for key, one in value.items()}
    return value


def is_nested(value: Any) -> bool:
    return isinstance(value, (list, dict))


def as_text(row: Row, real: bool = False) -> dict[str, Any]:
    """Return a row as Athena shows it, each value that is not nested as text; floating-point numbers may be real."""

    def text(value: Any) -> str:
        return str(numpy.float32(value)) if real and isinstance(value, float) else str(value)

    return {key: one if one is None or is_nested(one) else text(one) for key, one in row.items()}


def by_pyiceberg(table: Table, **scan: Any) -> list[Any]:
    return sorted((plain(row) for row in table.scan(**scan).to_arrow().to_pylist()), key=lambda row: int(row["id"]))


def by_athena(lake: Lake, name: str, like: Row, version: str = "") -> list[dict[str, Any]]:
    """Return the rows with the columns of one, nested values as JSON."""
    selected = [f"json_format(cast({key} as json))" if is_nested(value) else key for key, value in like.items()]
    return _rows(lake.query(f"select {', '.join(selected)} from {name} {version} order by id"), like)


def by_redshift(lake: Lake, name: str, like: Row) -> list[dict[str, Any]]:
    """Return the rows of an external table, of which nested values are SUPER."""
    return _rows(lake.load(f"select * from spectrum.{name} order by id"), like)


def _rows(found: list[list[Any]], like: Row) -> list[dict[str, Any]]:
    return [
        {
            key: json.loads(value) if is_nested(like[key]) and value is not None else value
            for key, value in zip(like, values, strict=True)
        }
        for values in found
    ]


def check_now(lake: Lake, catalog: IcebergCatalog, read: Read, name: str, rows: Sequence[Row]) -> None:
    """Check that every engine finds the rows, whose columns are in the order of the table."""
    assert by_pyiceberg(catalog.load_table(f"lake.{name}")) == rows
    assert read[name]["now"] == rows
    assert by_athena(lake, name, rows[0]) == [as_text(row) for row in rows]
    assert by_redshift(lake, name, rows[0]) == rows
    assert [column for (column,) in lake.query(f"show columns in {name}")] == list(rows[0])
    assert list(read[name]["now"][0]) == list(rows[0])


def check_then(lake: Lake, catalog: IcebergCatalog, read: Read, name: str, row: Row) -> None:
    """Check that every engine with time travel finds the row and the columns of the first snapshot."""
    table = catalog.load_table(f"lake.{name}")
    first = table.snapshots()[0].snapshot_id
    assert by_pyiceberg(table, snapshot_id=first) == [row]
    assert read[name]["then"] == [row]
    assert by_athena(lake, name, row, f"for version as of {first}") == [as_text(row, real=True)]


@pytest.mark.parametrize("name", EVOLUTIONS)
def test_every_engine_reads_the_older_row_with_the_columns_of_now(
    evolved: Lake, catalog: IcebergCatalog, spark: Read, name: str
) -> None:
    one = EVOLUTIONS[name]
    newer = {"id": 2, **one.new}
    check_now(evolved, catalog, spark, named(name), plain([one.found, {column: newer[column] for column in one.found}]))


@pytest.mark.parametrize("name", EVOLUTIONS)
def test_every_engine_that_travels_in_time_reads_the_columns_of_then(
    evolved: Lake, catalog: IcebergCatalog, spark: Read, name: str
) -> None:
    check_then(evolved, catalog, spark, named(name), plain({"id": 1, **EVOLUTIONS[name].old}))


@pytest.mark.parametrize(("name", "where"), [(name, where) for name, one in EVOLUTIONS.items() for where in one.where])
def test_every_engine_finds_rows_by_a_changed_column(
    evolved: Lake, catalog: IcebergCatalog, spark: Read, name: str, where: str
) -> None:
    wanted, table = EVOLUTIONS[name].where[where], named(name)
    assert [row["id"] for row in by_pyiceberg(catalog.load_table(f"lake.{table}"), row_filter=where)] == wanted
    assert [row["id"] for row in spark[table][where]] == wanted
    assert evolved.query(f"select id from {table} where {where} order by id") == [[str(one)] for one in wanted]
    assert evolved.load(f"select id from spectrum.{table} where {where} order by id") == [[one] for one in wanted]


def test_every_engine_reads_what_spark_has_changed(evolved: Lake, catalog: IcebergCatalog, spark: Read) -> None:
    check_now(evolved, catalog, spark, "by_spark", [BY_SPARK])
    check_then(evolved, catalog, spark, "by_spark", BY_SPARK_THEN)

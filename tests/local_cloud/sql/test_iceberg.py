"""Queries on Iceberg tables, whose rows pyiceberg reads too."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import (
    BinaryType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StringType,
    StructType,
    TimestampType,
    TimestamptzType,
)

from local_cloud.iceberg.catalog import IcebergCatalog
from tests.local_cloud.sql.conftest import Lake

ORDERS = Schema(
    NestedField(1, "id", LongType(), required=True),
    NestedField(2, "Day", DateType()),
    NestedField(3, "amount", DecimalType(9, 2)),
    NestedField(4, "at", TimestamptzType()),
)
EVERY_TYPE = Schema(
    NestedField(1, "i", IntegerType()),
    NestedField(2, "f", FloatType()),
    NestedField(3, "d", DoubleType()),
    NestedField(4, "ts", TimestampType()),
    NestedField(5, "tz", TimestamptzType()),
    NestedField(6, "b", BinaryType()),
    NestedField(7, "s", StringType()),
    NestedField(8, "l", ListType(9, IntegerType(), element_required=False)),
    NestedField(10, "m", MapType(11, StringType(), 12, DoubleType(), value_required=False)),
    NestedField(13, "r", StructType(NestedField(14, "x", IntegerType()), NestedField(15, "at", TimestampType()))),
)


@pytest.fixture(scope="module")
def orders(tables: Lake, catalog: IcebergCatalog) -> Table:
    """Orders of three days, written by pyiceberg."""
    table = catalog.create_table(
        "lake.orders",
        ORDERS,
        location="s3://data/orders",
        partition_spec=PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "day")),
    )
    at = datetime.datetime(2026, 1, 5, 12, 0, 0, 123456, tzinfo=datetime.UTC)
    rows = [
        {"id": 1, "Day": datetime.date(2026, 1, 5), "amount": Decimal("1.50"), "at": at},
        {"id": 2, "Day": datetime.date(2026, 2, 5), "amount": None, "at": None},
        {"id": 3, "Day": datetime.date(2026, 2, 6), "amount": Decimal("9.99"), "at": at},
    ]
    table.append(pa.Table.from_pylist(rows, schema=table.schema().as_arrow()))
    return table


def test_a_query_reads_what_pyiceberg_wrote(tables: Lake, orders: Table) -> None:
    assert tables.query("select id, day, amount from orders order by id") == [
        ["1", "2026-01-05", "1.50"],
        ["2", "2026-02-05", None],
        ["3", "2026-02-06", "9.99"],
    ]


def test_a_literal_with_six_digits_and_a_zone_is_compared_with_all_of_them(tables: Lake, orders: Table) -> None:
    def found(operator: str, digits: str) -> list[list[str | None]]:
        moment = f"TIMESTAMP '2026-01-05 12:00:00.{digits} UTC'"
        return tables.query(f"select id from orders where at {operator} {moment} order by id")

    assert found("=", "123456") == found(">=", "123456") == [["1"], ["3"]]
    assert found("<", "123456") == found("=", "123") == []


def test_an_iceberg_table_joins_with_hive_tables_and_views(tables: Lake, orders: Table) -> None:
    tables.query(
        "create table names with (external_location = 's3://data/names/') as "
        "select * from (values (bigint '1', 'Ada'), (bigint '3', 'Bob')) t (id, name)"
    )
    tables.query("create view big as select id, amount from orders where amount > 2")
    sql = "select n.name, b.amount from big b join lake.names n on n.id = b.id join orders o on o.id = n.id"
    assert tables.query(sql) == [["Bob", "9.99"]]
    joined = "select * from names n join big b on n.id = b.id"
    assert tables.query(joined) == [["3", "Bob", "3", "9.99"]]
    options = "table_type = 'ICEBERG', is_external = false, location = 's3://data/joined/'"
    tables.query(f"create table joined with ({options}) as select n.* from names n")
    assert tables.query("select * from joined where id = 3") == [["3", "Bob"]]


def test_every_type_is_shown_as_athena_shows_it(tables: Lake, catalog: IcebergCatalog) -> None:
    table = catalog.create_table("lake.every", EVERY_TYPE, location="s3://data/every")
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901)
    row = {
        "i": 1,
        "f": 0.1,
        "d": 1e7,
        "ts": moment,
        "tz": moment.replace(tzinfo=datetime.UTC),
        "b": b"ab",
        "s": "text",
        "l": [1, None],
        "m": {"k": 1.5},
        "r": {"x": 1, "at": moment},
    }
    table.append(pa.Table.from_pylist([row], schema=table.schema().as_arrow()))
    assert tables.query("select * from every") == [
        [
            "1",
            "0.1",
            "1.0E7",
            "2026-01-02 03:04:05.678901",
            "2026-01-02 03:04:05.678901 UTC",
            "61 62",
            "text",
            "[1, null]",
            "{k=1.5}",
            "{x=1, at=2026-01-02 03:04:05.678901}",
        ]
    ]
    assert tables.types("select ts, tz, l, m, r, b from every") == [
        "timestamp",
        "timestamp with time zone",
        "array",
        "map",
        "row",
        "varbinary",
    ]


def test_a_query_of_one_partition_and_column_scans_less(tables: Lake, catalog: IcebergCatalog, orders: Table) -> None:
    one = tables.execution("select id from orders where day = date '2026-01-05'")["Statistics"]["DataScannedInBytes"]
    all_ = tables.execution("select * from orders")["Statistics"]["DataScannedInBytes"]
    assert 0 < one < all_


def test_the_pseudo_column_of_the_path_is_the_data_file(tables: Lake, orders: Table) -> None:
    found = {path for (path,) in tables.query('select "$path" from orders')}
    assert found == {task.file.file_path for task in orders.scan().plan_files()}


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ('select "$partition" from orders', 'NOT_SUPPORTED: the column "$partition"'),
        ("select nothing from orders", "COLUMN_NOT_FOUND"),
        ("select * from orders where id = '1'", "TYPE_MISMATCH"),
        ('select * from "orders$nothing"', "TABLE_NOT_FOUND"),
    ],
)
def test_what_is_not_there_fails_as_in_athena(tables: Lake, orders: Table, sql: str, reason: str) -> None:
    assert tables.reason(sql).startswith(reason)


def test_queries_on_other_tables_load_nothing_that_reads_iceberg(tables: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    tables.query("create table plain with (external_location = 's3://data/plain/') as select 1 as a")
    monkeypatch.setattr("local_cloud.sql.duck._ICEBERG", ("no such extension",))
    assert tables.query("select a from plain") == [["1"]]


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("max(ts)", "2026-01-02 03:04:05.678901"),
        ("max(date_trunc('day', ts))", "2026-01-02 00:00:00.000000"),
        ("max(ts + interval '1' day)", "2026-01-03 03:04:05.678901"),
        ("max(cast(ts as timestamp))", "2026-01-02 03:04:05.679"),
        ("max(cast(cast(ts as date) as timestamp(6)))", "2026-01-02 00:00:00.000000"),
        ("max(date_trunc('hour', tz))", "2026-01-02 03:00:00.000000 UTC"),
        ("array_agg(ts)", "[2026-01-02 03:04:05.678901]"),
        ("max(from_unixtime(0))", "1970-01-01 00:00:00.000 UTC"),
        ("max(ts at time zone 'UTC')", "2026-01-02 03:04:05.678901 UTC"),
        ("coalesce(max(ts), localtimestamp)", "2026-01-02 03:04:05.678901"),
    ],
)
def test_timestamps_keep_their_six_digits(tables: Lake, expression: str, shown: str) -> None:
    assert tables.query(f"select {expression} from every") == [[shown]]


def test_the_text_of_a_timestamp_has_its_digits(tables: Lake) -> None:
    tables.query("create view texts as select cast(ts as varchar) as t from every")
    assert tables.query(
        "select cast(ts as varchar), cast(tz as varchar), cast(cast(ts as timestamp(3)) as varchar), cast(i as varchar)"
        ", (select max(t) from texts) from every where cast(date(ts) as varchar) = '2026-01-02'"
    ) == [
        [
            "2026-01-02 03:04:05.678901",
            "2026-01-02 03:04:05.678901 UTC",
            "2026-01-02 03:04:05.679",
            "1",
            "2026-01-02 03:04:05.678901",
        ]
    ]

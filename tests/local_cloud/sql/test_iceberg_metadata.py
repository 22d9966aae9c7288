"""Time travel, and the tables of metadata, against what pyiceberg reads of the same files."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import DecimalType, LongType, NestedField, StringType

from local_cloud.iceberg.catalog import IcebergCatalog
from tests.local_cloud.sql.conftest import Lake

ORDERS = Schema(
    NestedField(1, "id", LongType(), required=True),
    NestedField(2, "country", StringType()),
    NestedField(3, "amount", DecimalType(9, 2)),
)


@pytest.fixture(scope="module")
def orders(tables: Lake, catalog: IcebergCatalog) -> Table:
    """Orders of three snapshots, with another column's name since the second."""
    table = catalog.create_table(
        "lake.orders",
        ORDERS,
        location="s3://data/orders",
        partition_spec=PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "country")),
    )
    columns = table.schema().as_arrow()
    table.append(
        pa.Table.from_pylist(
            [
                {"id": 1, "country": "DE", "amount": Decimal("1.50")},
                {"id": 2, "country": "FR", "amount": None},
            ],
            schema=columns,
        )
    )
    table.append(pa.Table.from_pylist([{"id": 3, "country": "DE", "amount": Decimal("9.99")}], schema=columns))
    with table.update_schema() as change:
        change.rename_column("amount", "total")
    table.manage_snapshots().create_tag(table.snapshots()[0].snapshot_id, "first").commit()
    table.delete("id = 2")
    return table


def test_a_version_is_read_with_the_columns_that_it_had(tables: Lake, orders: Table) -> None:
    first, second, third = [snapshot.snapshot_id for snapshot in orders.snapshots()]
    assert tables.query(f"select id, amount from orders for version as of {first} order by id") == [
        ["1", "1.50"],
        ["2", None],
    ]
    assert tables.query(f"select count(*) from lake.orders for version as of {second} as o") == [["3"]]
    assert tables.query(f"select id, total from orders for version as of {third} order by id") == [
        ["1", "1.50"],
        ["3", "9.99"],
    ]
    assert tables.query("select count(amount) from orders for version as of 'first'") == [["1"]]


def test_a_time_names_the_snapshot_that_was_current_then(tables: Lake, orders: Table) -> None:
    made = orders.snapshots()[1].timestamp_ms
    moment = datetime.datetime.fromtimestamp(made / 1000, datetime.UTC)
    text = f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d}"
    for time in (f"timestamp '{text}'", f"timestamp '{text} UTC'", f"(timestamp '{text}' + interval '0' day)"):
        assert tables.query(f"select count(*) from orders for timestamp as of {time}") == [["3"]]
    assert tables.query("select count(*) from orders for timestamp as of current_timestamp - interval '0' day") == [
        ["2"]
    ]


def test_two_versions_of_a_table_are_compared_in_one_query(tables: Lake, orders: Table) -> None:
    first = orders.snapshots()[0].snapshot_id
    old = f"orders for version as of {first} old"
    sql = f"select old.id from {old} left join orders o on o.id = old.id where o.id is null"
    assert tables.query(sql) == [["2"]]


@pytest.mark.parametrize(
    ("clause", "reason"),
    [
        (
            "for timestamp as of timestamp '2020-01-01 10:00:00 UTC'",
            'INVALID_ARGUMENTS: No version history table "lake"."orders" at or before 2020-01-01T10:00:00Z',
        ),
        ("for timestamp as of timestamp '2999-01-01 00:00:00'", "INVALID_ARGUMENTS: line 1:1: Pointer value"),
        ("for timestamp as of '2020-01-01'", "TYPE_MISMATCH: line 1:1: Type varchar invalid. Temporal pointers"),
        ("for version as of 17", "INVALID_ARGUMENTS: Iceberg snapshot ID does not exists: 17"),
        ("for version as of 'none'", "INVALID_ARGUMENTS: Cannot find snapshot with reference name: none"),
        ("for version as of 1.5", "NOT_SUPPORTED: Unsupported type for table version: decimal"),
        ("for system_time as of current_timestamp", "SYNTAX_ERROR"),
        ("for timestamp between 1 and 2", "SYNTAX_ERROR"),
    ],
)
def test_a_version_that_is_not_there_fails_in_athenas_words(
    tables: Lake, orders: Table, clause: str, reason: str
) -> None:
    assert tables.reason(f"select * from orders {clause}").startswith(reason)


def test_other_tables_and_views_have_no_versions(tables: Lake, orders: Table) -> None:
    tables.query("create table plain with (external_location = 's3://data/plain/') as select 1 as a")
    tables.query("create view seen as select id from orders")
    for name in ("plain", "seen"):
        assert tables.reason(f"select * from {name} for version as of 1").startswith("NOT_SUPPORTED")
    assert tables.reason('select * from "plain$partitions"').startswith("NOT_SUPPORTED")


def test_the_snapshots_and_the_history_are_those_of_the_metadata(tables: Lake, orders: Table) -> None:
    found = tables.query(
        'select snapshot_id, parent_id, operation, manifest_list, committed_at from "orders$snapshots" order by 5'
    )
    assert [[row[0], row[1], row[2], row[3]] for row in found] == [
        [
            str(snapshot.snapshot_id),
            str(snapshot.parent_snapshot_id) if snapshot.parent_snapshot_id else None,
            snapshot.summary.operation.value if snapshot.summary else None,
            snapshot.manifest_list,
        ]
        for snapshot in orders.snapshots()
    ]
    assert all((row[4] or "").endswith(" UTC") for row in found)
    assert tables.query(
        "select element_at(summary, 'added-records') from \"orders$snapshots\" order by committed_at limit 1"
    ) == [["2"]]
    history = tables.query(
        'select snapshot_id, is_current_ancestor from lake."orders$history" order by made_current_at'
    )
    assert history == [[str(entry.snapshot_id), "true"] for entry in orders.history()]


def test_the_files_are_those_that_hold_the_rows(tables: Lake, orders: Table) -> None:
    found = tables.query(
        "select file_path, record_count, content, element_at(lower_bounds, 1), element_at(value_counts, 1) "
        'from "orders$files" order by 1'
    )
    planned = sorted((task.file.file_path, task.file.record_count) for task in orders.scan().plan_files())
    assert [(row[0], int(row[1] or 0)) for row in found] == planned
    assert {(row[2], row[3], row[4]) for row in found} == {("0", "1", "1"), ("0", "3", "1")}
    current = orders.current_snapshot()
    assert current
    manifests = {(manifest.manifest_path, str(manifest.manifest_length)) for manifest in current.manifests(orders.io)}
    assert {tuple(row) for row in tables.query('select path, length from "orders$manifests"')} == manifests
    assert tables.query('select min(partition_summaries[1].lower_bound) from "orders$manifests"') == [["DE"]]


def test_the_partitions_add_up_their_files(tables: Lake, orders: Table) -> None:
    assert tables.query(
        "select partition.country, record_count, file_count, data.total.min, data.total.max, data.id.null_count "
        'from "orders$partitions"'
    ) == [["DE", "2", "2", "1.50", "9.99", "0"]]


def test_references_and_properties_are_listed(tables: Lake, orders: Table) -> None:
    first, *_, last = orders.snapshots()
    assert tables.query('select name, type, snapshot_id from "orders$refs" order by name') == [
        ["first", "TAG", str(first.snapshot_id)],
        ["main", "BRANCH", str(last.snapshot_id)],
    ]
    assert tables.query('select count(*) from "orders$properties"') == [[str(len(orders.properties))]]


def test_a_table_without_snapshots_has_no_rows_anywhere(tables: Lake, catalog: IcebergCatalog) -> None:
    catalog.create_table("lake.nothing", ORDERS, location="s3://data/nothing")
    for name in ("", "$snapshots", "$history", "$files", "$manifests", "$partitions", "$refs"):
        assert tables.query(f'select count(*) from "nothing{name}"') == [["0"]]

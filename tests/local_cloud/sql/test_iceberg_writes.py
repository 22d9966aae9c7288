"""INSERT, UPDATE, DELETE and MERGE, whose results pyiceberg reads."""

from __future__ import annotations

import random
from typing import Any

import pytest
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER, SortField, SortOrder
from pyiceberg.transforms import BucketTransform, IdentityTransform, MonthTransform
from pyiceberg.types import DateType, DecimalType, IntegerType, LongType, NestedField, StringType, TimestampType

from local_cloud.iceberg.catalog import IcebergCatalog
from tests.local_cloud.sql.conftest import Lake

ORDERS = Schema(
    NestedField(1, "id", LongType(), required=True),
    NestedField(2, "day", DateType()),
    NestedField(3, "amount", DecimalType(9, 2)),
    NestedField(4, "note", StringType()),
    NestedField(5, "number", IntegerType()),
    NestedField(6, "at", TimestampType()),
)
BY_MONTH = PartitionSpec(PartitionField(2, 1000, MonthTransform(), "day_month"))


def make(catalog: IcebergCatalog, name: str, spec: PartitionSpec = BY_MONTH, **properties: str) -> None:
    catalog.create_table(
        f"lake.{name}",
        ORDERS,
        location=f"s3://data/{name}",
        partition_spec=spec,
        sort_order=SortOrder(SortField(1, IdentityTransform()))
        if properties.pop("sorted", "")
        else UNSORTED_SORT_ORDER,
        properties={"format-version": "2", **properties},
    )


def rows(catalog: IcebergCatalog, name: str, *columns: str) -> list[tuple[Any, ...]]:
    """Return a table's rows by pyiceberg."""
    found = catalog.load_table(f"lake.{name}").scan(selected_fields=columns).to_arrow()
    return sorted(tuple(row[column] for column in columns) for row in found.to_pylist())


def operations(catalog: IcebergCatalog, name: str) -> list[str]:
    snapshots = catalog.load_table(f"lake.{name}").snapshots()
    return [snapshot.summary.operation.value for snapshot in snapshots if snapshot.summary]


def count(tables: Lake, sql: str) -> int:
    execution = tables.execution(sql)
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    found: int = tables.client("athena").get_query_results(QueryExecutionId=execution["QueryExecutionId"])[
        "UpdateCount"
    ]
    return found


def test_rows_are_inserted_updated_and_deleted_in_one_commit_each(tables: Lake, catalog: IcebergCatalog) -> None:
    make(catalog, "changed", sorted="yes")
    values = "(1, date '2026-01-05', 1.50, 'a'), (2, date '2026-02-05', 2.50, 'b'), (3, date '2026-02-06', null, null)"
    assert count(tables, f"insert into changed (id, day, amount, note) values {values}") == 3
    assert count(tables, "update changed set note = coalesce(note, 'none') || '!', number = 7 where id > 1") == 2
    assert rows(catalog, "changed", "id", "note", "number") == [(1, "a", None), (2, "b!", 7), (3, "none!", 7)]
    assert count(tables, "delete from lake.changed where id in (select id from changed where note = 'a')") == 1
    assert operations(catalog, "changed") == ["append", "overwrite", "delete"]
    assert count(tables, "update changed set number = 1 where id = 99") == 0
    assert count(tables, "delete from changed where 1 = 2") == 0
    assert len(operations(catalog, "changed")) == 3
    assert tables.query("select id, note, number from changed order by id") == [["2", "b!", "7"], ["3", "none!", "7"]]


def test_rows_under_partition_fields_whose_ids_do_not_ascend_are_added_and_not_deleted(
    tables: Lake, catalog: IcebergCatalog
) -> None:
    make(catalog, "unordered")
    with catalog.load_table("lake.unordered").update_spec() as spec:
        spec.remove_field("day_month").add_identity("number")
    with catalog.load_table("lake.unordered").update_spec() as spec:
        spec.add_field("day", MonthTransform(), "day_month")
    assert [field.field_id for field in catalog.load_table("lake.unordered").spec().fields] == [1001, 1000]
    assert count(tables, "insert into unordered (id, day, number) values (1, date '2026-01-05', 7)") == 1
    assert tables.reason("delete from unordered where id = 1") == (
        "NOT_SUPPORTED: rows of a table that is partitioned by number, day_month are not changed or deleted locally, "
        "since the ids of these fields, 1001, 1000, do not ascend"
    )
    assert rows(catalog, "unordered", "id") == [(1,)]


def test_the_first_branch_of_a_merge_that_holds_takes_the_row(tables: Lake, catalog: IcebergCatalog) -> None:
    make(catalog, "merged")
    tables.query("insert into merged (id, note, number) values (1, 'a', 1), (2, 'b', 2), (3, 'c', 3)")
    tables.query(
        "create table changes with (external_location = 's3://data/changes/') as select * from (values "
        "('U', 1, '10'), ('D', 2, 'no number'), ('I', 4, '40'), ('X', 5, '50')) t (op, id, text)"
    )
    sql = (
        "merge into merged m using (select * from changes) c on m.id = c.id "
        "when matched and c.op = 'D' then delete "
        "when matched then update set number = cast(c.text as integer) "
        "when not matched and c.op = 'I' then insert (id, note, number) values (c.id, 'new', cast(c.text as integer))"
    )
    assert count(tables, sql) == 3
    assert rows(catalog, "merged", "id", "note", "number") == [(1, "a", 10), (3, "c", 3), (4, "new", 40)]
    twice = "merge into merged m using (values (1), (1)) c (id) on m.id = c.id when matched then update set number = 1"
    assert tables.reason(twice).startswith("MERGE_TARGET_ROW_MULTIPLE_MATCHES")


# As the library's tables have them. Athena ignores the modes:
# https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-updating-iceberg-table-data.html
OF_OTHER_WRITERS = {
    "write.delete.mode": "copy-on-write",
    "write.update.mode": "copy-on-write",
    "write.merge.mode": "copy-on-write",
    "write.target-file-size-bytes": "134217728",
    "write.parquet.row-group-size-bytes": "1048576",
    "write.parquet.compression-codec": "zstd",
}


def test_rows_are_changed_by_position_deletes_whatever_the_table_says(tables: Lake, catalog: IcebergCatalog) -> None:
    make(catalog, "copied", BY_MONTH, **OF_OTHER_WRITERS)
    month = "date '2026-01-05'"
    tables.query(f"insert into copied (id, day, note) values (1, {month}, 'a'), (2, {month}, 'b'), (3, {month}, 'c')")
    assert count(tables, "update copied set note = 'A' where id = 1") == 1
    assert count(tables, "delete from copied where id = 2") == 1
    source = "(values (1, 'x'), (3, 'C')) s (id, note)"
    merged = (
        f"merge into copied t using {source} on t.id = s.id and s.id = 3 when matched then update set note = s.note"
    )
    assert count(tables, merged) == 1
    assert rows(catalog, "copied", "id", "note") == [(1, "A"), (3, "C")]
    table = catalog.load_table("lake.copied")
    assert table.inspect.delete_files().num_rows == 3
    # The first file is as it was written.
    assert max(table.inspect.data_files()["record_count"].to_pylist()) == 3
    assert {name: table.properties[name] for name in OF_OTHER_WRITERS} == OF_OTHER_WRITERS


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("insert into typed (id, number) values (1, 'a')", "TYPE_MISMATCH: line 1:1: Insert query has mismatched"),
        ("insert into typed (id, number) select id, count(*) from typed group by id", "TYPE_MISMATCH"),
        ("insert into typed values (1, 2)", "TYPE_MISMATCH"),
        ("insert into typed (id, nothing) values (1, 2)", "COLUMN_NOT_FOUND"),
        ("insert into typed (note) values ('a')", "CONSTRAINT_VIOLATION: NULL value not allowed for NOT NULL column"),
        ("update typed set number = 'a'", "TYPE_MISMATCH: line 1:1: UPDATE table column types don't match SET"),
        ("update typed set nothing = 1", "COLUMN_NOT_FOUND: line 1:1: The UPDATE SET target column"),
        ("update typed set number = 1 where id = 'a'", "TYPE_MISMATCH"),
        ("delete from typed where nothing = 1", "COLUMN_NOT_FOUND"),
        (
            "merge into typed t using (values 1) s (id) on t.id = s.id when not matched then insert (id) values (t.id)",
            "COLUMN_NOT_FOUND",
        ),
        ("update old set number = 1", "NOT_SUPPORTED: Iceberg table updates require at least format version 2"),
        ("update plain set a = 1", "NOT_SUPPORTED: Modifying Hive table rows"),
    ],
)
def test_what_athena_refuses_is_refused(tables: Lake, catalog: IcebergCatalog, sql: str, reason: str) -> None:
    if not catalog.table_exists("lake.typed"):
        make(catalog, "typed")
        make(catalog, "old", UNPARTITIONED_PARTITION_SPEC, **{"format-version": "1"})
        tables.query("insert into old (id) values (1)")
        tables.query("create table plain with (external_location = 's3://data/plain/') as select 1 as a")
    assert tables.reason(sql).startswith(reason)


def test_narrower_values_and_nulls_go_into_wider_columns(tables: Lake, catalog: IcebergCatalog) -> None:
    make(catalog, "wide", UNPARTITIONED_PARTITION_SPEC)
    tables.query("insert into wide select smallint '1', date '2026-01-01', 5.5, null, null, date '2026-01-02'")
    assert tables.query("select * from wide") == [["1", "2026-01-01", "5.50", None, None, "2026-01-02 00:00:00.000000"]]


def test_more_than_a_hundred_partitions_at_once_are_refused(tables: Lake, catalog: IcebergCatalog) -> None:
    make(catalog, "many", PartitionSpec(PartitionField(1, 1000, IdentityTransform(), "id")))
    select = "insert into many (id) select n from unnest(sequence(1, {})) t (n)"
    assert tables.reason(select.format(101)).startswith("ICEBERG_TOO_MANY_OPEN_PARTITIONS")
    assert count(tables, select.format(100)) == 100


def test_a_commit_that_comes_second_is_refused(
    tables: Lake, catalog: IcebergCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(catalog, "contended")
    tables.query("insert into contended (id) values (1)")
    real = IcebergCatalog.apply

    def other_first(self: Any, *arguments: Any, **named: Any) -> Any:
        monkeypatch.setattr(IcebergCatalog, "apply", real)
        tables.query("insert into contended (id) values (2)")
        return real(self, *arguments, **named)

    # The lock of commits is held by the first, so the second is made before it is taken.
    monkeypatch.setattr("local_cloud.iceberg.rest._COMMITS", _Nothing())
    monkeypatch.setattr(IcebergCatalog, "apply", other_first)
    assert tables.reason("update contended set number = 1").startswith("ICEBERG_COMMIT_ERROR")
    monkeypatch.setattr(IcebergCatalog, "apply", other_first)
    assert count(tables, "insert into contended (id) values (3)") == 1
    assert sorted(rows(catalog, "contended", "id")) == [(1,), (2,), (2,), (3,)]


class _Nothing:
    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


def test_random_changes_leave_what_a_dictionary_holds(tables: Lake, catalog: IcebergCatalog) -> None:
    make(catalog, "random", PartitionSpec(PartitionField(1, 1000, BucketTransform(3), "b")))
    chosen, kept = random.Random(7), dict[int, int]()
    for _ in range(8):
        batch = {chosen.randrange(12): chosen.randrange(-20, 100) for _ in range(6)}
        values = ", ".join(f"({number}, {value})" for number, value in batch.items())
        tables.query(
            f"merge into random r using (values {values}) s (id, v) on r.id = s.id "
            "when matched and s.v < 0 then delete when matched then update set number = s.v "
            "when not matched and s.v >= 0 then insert (id, number) values (s.id, s.v)"
        )
        kept = {number: value for number, value in {**kept, **batch}.items() if value >= 0}
    assert rows(catalog, "random", "id", "number") == sorted(kept.items())

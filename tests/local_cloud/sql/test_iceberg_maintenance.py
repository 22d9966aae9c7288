"""OPTIMIZE and VACUUM: the rows stay, files and snapshots go."""

from __future__ import annotations

import pytest

from local_cloud.iceberg.catalog import IcebergCatalog
from tests.local_cloud.sql.conftest import Lake


@pytest.fixture(scope="module")
def orders(tables: Lake) -> str:
    """A table of many small files in two partitions and one hidden one each, with deletes."""
    tables.query(
        "create table orders (id int, country string, at timestamp) partitioned by (country, day(at)) "
        "location 's3://data/orders/' tblproperties ('table_type' = 'ICEBERG')"
    )
    for number in range(4):
        values = ", ".join(
            f"({number * 10 + n}, '{country}', timestamp '2026-01-01 00:00:00')"
            for n, country in ((1, "DE"), (2, "FR"))
        )
        tables.query(f"insert into orders values {values}")
    tables.query("delete from orders where id = 11")
    return "orders"


def files(catalog: IcebergCatalog) -> list[str]:
    return sorted(task.file.file_path for task in catalog.load_table("lake.orders").scan().plan_files())


def test_small_files_become_one_of_each_partition(tables: Lake, catalog: IcebergCatalog, orders: str) -> None:
    rows = tables.query("select id, country, at from orders order by id")
    before = files(catalog)
    statement = "optimize orders rewrite data using bin_pack"
    assert tables.reason(f"{statement} where id = 1").startswith("NOT_SUPPORTED: Unexpected FilterNode found in plan")
    # Fewer than five files need it.
    tables.query(f"{statement} where country = 'FR'")
    assert files(catalog) == before
    tables.query("alter table orders set tblproperties ('optimize_rewrite_data_file_threshold' = '2')")
    tables.query(f"{statement} where country = 'FR'")
    table = catalog.load_table("lake.orders")
    assert len(files(catalog)) == len(before) - 3
    tables.query(statement)
    table = catalog.load_table("lake.orders")
    assert [str(task.file.partition) for task in sorted(table.scan().plan_files(), key=lambda one: one.file.file_path)]
    assert len(files(catalog)) == 2
    assert tables.query("select id, country, at from orders order by id") == rows
    assert sorted(table.scan().to_arrow()["id"].to_pylist()) == [1, 2, 12, 21, 22, 31, 32]
    snapshot = table.current_snapshot()
    assert snapshot
    assert snapshot.summary
    assert snapshot.summary.operation.value == "replace"
    assert tables.query('select count(*) from "orders$snapshots"') == [["7"]]
    # Older rows are still there.
    first = table.snapshots()[4].snapshot_id
    assert tables.query(f"select count(*) from orders for version as of {table.snapshots()[3].snapshot_id}") == [["8"]]
    assert tables.query(f"select count(*) from orders for version as of {first}") == [["7"]]


def test_a_vacuum_leaves_what_the_newest_snapshot_needs(tables: Lake, catalog: IcebergCatalog, orders: str) -> None:
    tables.put("orders/data/orphan.parquet", b"young")
    before = tables.keys("orders/")
    tables.query("vacuum orders")
    # Nothing is older than five days.
    assert tables.keys("orders/") == before
    tables.query("alter table orders set tblproperties ('vacuum_max_snapshot_age_seconds' = '0')")
    tables.query("vacuum lake.orders")
    assert len(catalog.load_table("lake.orders").snapshots()) == 1
    kept = {key for key in tables.keys("orders/data/") if "deletes" not in key}
    assert "orders/data/orphan.parquet" not in kept
    assert {path.removeprefix("s3://data/") for path in files(catalog)} <= kept
    assert len(kept) < len(before)
    assert tables.query("select count(*) from orders") == [["7"]]


def test_other_tables_are_refused(tables: Lake) -> None:
    tables.query("create table plain with (external_location = 's3://data/plain/') as select 1 as a")
    for statement in ("vacuum plain", "optimize plain rewrite data using bin_pack"):
        assert tables.reason(statement).startswith("NOT_SUPPORTED")

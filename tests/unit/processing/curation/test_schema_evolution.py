"""Schema evolution of older files when the table's columns change."""

from __future__ import annotations

from decimal import Decimal
from importlib import import_module
from typing import Any

import boto3
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
OLD = {"id": "int", "share": "float", "price": "decimal(6,2)", "who": "struct<n:int>", "tags": "array<int>"}
NEW = {"id": "bigint", "share": "double", "price": "decimal(9,3)", "who": "struct<n:bigint,m:string>"}
NEW |= {"tags": "array<bigint>", "note": "string"}


def plan(table: dict[str, str], *keys: str) -> dict[str, Any]:
    columns = [{"name": name, "source": name, "type": kind} for name, kind in table.items()]
    columns += [{"name": key, "source": key, "type": "int"} for key in keys]
    return {
        "dataset": "d",
        "version": "1.0.0",
        "format": "json",
        "columns": columns,
        "partition_keys": list(keys),
        "table": table,
    }


def evolve(lake: Any, table: dict[str, str], *keys: str) -> None:
    """Deploy another version of the table, as CloudFormation does: the catalog follows, its partitions do not."""
    lake.plan = plan(table, *keys)
    found = boto3.client("glue").get_table(DatabaseName="db", Name="t")["Table"]
    storage = {**found["StorageDescriptor"], "Columns": [{"Name": n, "Type": k} for n, k in table.items()]}
    wanted = {"Name": "t", "StorageDescriptor": storage, "PartitionKeys": found["PartitionKeys"]}
    boto3.client("glue").update_table(DatabaseName="db", TableInput=wanted)


@pytest.fixture(params=[(), ("month",)], ids=["unpartitioned", "partitioned"])
def lake_of_old_files(lake: Any, request: pytest.FixtureRequest) -> Any:
    """Return a lake with two rows in two partitions, if it has any, of a table that is going to change."""
    keys = request.param
    lake.define("t", "target", OLD, PARQUET, PartitionKeys=[{"Name": key, "Type": "int"} for key in keys])
    lake.plan = plan(OLD, *keys)
    lake.put("a.json", {"id": 1, "share": 0.5, "price": "1.25", "who": {"n": 7}, "tags": [1, 2], "month": 1})
    lake.put("b.json", {"id": 2, "who": None, "month": 2})
    lake.run()
    lake.keys = keys
    return lake


NEW_RECORD = {"id": 3_000_000_000, "share": 0.1, "price": "1.125", "who": {"n": 5_000_000_000, "m": "x"}}
ROWS = [
    (1, 0.5, Decimal("1.250"), {"n": 7, "m": None}, [1, 2], None),
    (2, None, None, None, None, None),
    (3_000_000_000, 0.1, Decimal("1.125"), {"n": 5_000_000_000, "m": "x"}, [3_000_000_000], "new"),
]
COLUMNS = "id, share, price, who, tags, note"


def test_older_rows_are_read_beside_newer_ones_by_the_types_that_the_table_has_now(lake_of_old_files: Any) -> None:
    lake = lake_of_old_files
    evolve(lake, NEW, *lake.keys)
    lake.put("c.json", {**NEW_RECORD, "tags": [3_000_000_000], "note": "new", "month": 2})
    assert lake.run()["curated"] == 1
    assert lake.rows(COLUMNS) == sorted(ROWS, key=repr)
    # Every engine can read every file: Spark by its schema, which is that of the table.
    spark = SparkSession.getActiveSession()
    assert spark is not None
    types = ", ".join(f"{name} {kind}" for name, kind in NEW.items())
    lake.mirror.pull()
    read = spark.read.schema(types).parquet(*map(str, lake.files()))
    assert sorted(row.id for row in read.collect()) == [1, 2, 3_000_000_000]
    assert {str(pq.read_schema(file).field("id").type) for file in lake.files()} == {"int64"}


def test_files_are_rewritten_once_and_also_without_new_records(lake_of_old_files: Any) -> None:
    lake = lake_of_old_files
    evolve(lake, NEW, *lake.keys)
    assert lake.run()["read"] == 0
    after = lake.files()
    assert {str(pq.read_schema(file).field("id").type) for file in after} == {"int64"}
    assert (lake.ledger()["table"], lake.ledger()["reshaping"]) == (NEW, {})
    lake.run()
    assert lake.files() == after


def test_registered_partitions_follow_the_table(lake_of_old_files: Any) -> None:
    lake = lake_of_old_files
    evolve(lake, NEW, *lake.keys)
    lake.run()
    if lake.keys:
        partitions = boto3.client("glue").get_partitions(DatabaseName="db", TableName="t")["Partitions"]
        assert [item["Values"] for item in partitions] == [["1"], ["2"]]
        for item in partitions:
            columns = {column["Name"]: column["Type"] for column in item["StorageDescriptor"]["Columns"]}
            assert columns == NEW
            assert item["StorageDescriptor"]["Location"].endswith(f"month={item['Values'][0]}/")


def test_a_new_column_alone_leaves_the_files_of_partitions_as_they_are(lake_of_old_files: Any) -> None:
    lake = lake_of_old_files
    before = lake.files()
    evolve(lake, {**OLD, "note": "string"}, *lake.keys)
    lake.run()
    # By name they can be read as they are, but COPY goes by position, and only where there are no folders.
    assert (lake.files() == before) is bool(lake.keys)


@pytest.mark.parametrize("kind", ["smallint", "string", "double"])
def test_a_type_that_cannot_hold_every_value_is_refused_before_anything_is_written(
    lake_of_old_files: Any, kind: str
) -> None:
    lake = lake_of_old_files
    before = lake.files()
    evolve(lake, {**OLD, "id": kind}, *lake.keys)
    with pytest.raises(
        Exception, match=f"column 'id': the table's files hold int, of which not every value is a {kind}"
    ):
        lake.run()
    lake.mirror.pull()
    assert lake.files() == before
    # The former type is taken again as if nothing had been.
    evolve(lake, OLD, *lake.keys)
    assert lake.run()["read"] == 0


@pytest.mark.parametrize("step", range(2, 7))
def test_a_kill_at_any_step_neither_loses_nor_doubles_a_row(
    lake_of_old_files: Any, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    lake = lake_of_old_files
    evolve(lake, NEW, *lake.keys)
    ledger = import_module("lake_curation.ledger").Ledger
    files = import_module("lake_curation.writing").Files
    counted = iter(range(1, 100))

    def dying(original: Any) -> Any:
        def step_of(*arguments: Any) -> Any:
            if next(counted) == step:
                raise KeyboardInterrupt
            return original(*arguments)

        return step_of

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(ledger, "save", dying(ledger.save))
        patch.setattr(files, "delete", dying(files.delete))
        lake.run()
    # Arrives between the attempts.
    lake.put("c.json", {"id": 3, "month": 1})
    lake.run()
    assert lake.rows("id, price, tags") == [(1, Decimal("1.250"), [1, 2]), (2, None, None), (3, None, None)]
    assert {str(pq.read_schema(file).field("id").type) for file in lake.files()} == {"int64"}


def test_a_change_that_was_carried_out_cannot_be_taken_back(lake_of_old_files: Any) -> None:
    lake = lake_of_old_files
    evolve(lake, NEW, *lake.keys)
    lake.run()
    evolve(lake, OLD, *lake.keys)
    with pytest.raises(Exception, match="column 'id': the table's files hold bigint"):
        lake.run()


def test_the_masked_copy_follows(lake: Any) -> None:
    base = f"s3://lake/{lake.name}"
    for table, folder in (("t", "target"), ("copy", "masked")):
        lake.define(table, folder, {"id": "int"}, PARQUET, PartitionKeys=[])
    lake.more = ["--masked", f"{base}/masked/", "--masked_database", "db", "--masked_table", "copy"]

    def masked(kind: str) -> dict[str, Any]:
        columns = [{"name": "id", "type": kind, "masking": "none"}, {"name": "who", "type": "string"}]
        columns[1]["masking"] = "redact"
        return {**plan({"id": kind, "who": "string"}), "masked": columns}

    lake.plan = masked("int")
    lake.put("a.json", {"id": 1, "who": "Ann"})
    lake.run()
    lake.plan = masked("bigint")
    lake.put("b.json", {"id": 3_000_000_000, "who": "Bob"})
    assert lake.run()["masked"] == 1
    assert lake.copied("id, who") == [(1, "***"), (3_000_000_000, "***")]
    copies = (lake.root / "lake" / lake.name / "masked").rglob("*.parquet")
    assert {str(pq.read_schema(file).field("id").type) for file in copies} == {"int64"}

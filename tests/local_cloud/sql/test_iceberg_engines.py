"""An Iceberg table that Spark wrote and changed, read by every engine that reads tables: the same rows."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.iceberg.catalog import IcebergCatalog
from tests.local_cloud.sql.conftest import ROLE, Lake

_SCRIPT = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
t = "glue_catalog.lake.spark"
spark.sql(
    f"CREATE TABLE {t} (id int, name string, rate float, price decimal(5, 2), at timestamp, day date) USING iceberg "
    "PARTITIONED BY (days(at), bucket(2, id)) TBLPROPERTIES ('format-version' = '2', "
    "'write.delete.mode' = 'merge-on-read', 'write.update.mode' = 'merge-on-read')"
)
spark.sql(
    f"INSERT INTO {t} SELECT cast(id as int), concat('n', id), 0.5, 1.25, timestamp'2026-01-01 10:00:00', "
    "date'2026-01-01' FROM range(20)"
)
spark.sql(f"DELETE FROM {t} WHERE id % 5 = 0")
spark.sql(f"ALTER TABLE {t} ALTER COLUMN id TYPE bigint")
spark.sql(f"ALTER TABLE {t} ALTER COLUMN price TYPE decimal(9, 2)")
spark.sql(f"ALTER TABLE {t} RENAME COLUMN name TO label")
spark.sql(f"ALTER TABLE {t} DROP COLUMN day")
spark.sql(f"ALTER TABLE {t} ADD COLUMN note string FIRST")
spark.sql(f"UPDATE {t} SET note = 'changed' WHERE id = 7")
"""


@pytest.fixture(scope="module")
def spark(tables: Lake) -> Lake:
    """A table with position deletes, changed columns and four snapshots."""
    tables.run_job("write", _SCRIPT)
    return tables


def test_athena_reads_the_rows_that_pyiceberg_does(spark: Lake, catalog: IcebergCatalog) -> None:
    table = catalog.load_table("lake.spark")
    rows = sorted(table.scan().to_arrow().to_pylist(), key=lambda row: row["id"])
    assert len(rows) == 16
    assert spark.query("select * from spark order by id") == [
        [row["note"], str(row["id"]), row["label"], "0.5", "1.25", "2026-01-01 10:00:00.000000 UTC"] for row in rows
    ]
    assert spark.query("select label from spark where id = 7 and note = 'changed'") == [["n7"]]


def test_athena_reads_each_older_snapshot_with_its_columns(spark: Lake, catalog: IcebergCatalog) -> None:
    table = catalog.load_table("lake.spark")
    for snapshot in table.snapshots():
        number = snapshot.snapshot_id
        oracle = table.scan(snapshot_id=number).to_arrow()
        found = spark.query(f"select count(*), sum(id) from spark for version as of {number}")
        assert found == [[str(oracle.num_rows), str(sum(oracle["id"].to_pylist()))]]
    first = table.snapshots()[0].snapshot_id
    assert spark.query(f"select name, day from spark for version as of {first} where id = 5") == [["n5", "2026-01-01"]]


def test_athena_changes_what_spark_wrote(spark: Lake, catalog: IcebergCatalog) -> None:
    spark.query("update spark set note = 'athena' where id = 8")
    rows = catalog.load_table("lake.spark").scan(row_filter="note = 'athena'").to_arrow()
    assert rows["id"].to_pylist() == [8]


def test_redshift_reads_it_as_an_external_table(spark: Lake) -> None:
    spark.load(f"create external schema spectrum from data catalog database 'lake' {ROLE}")
    assert spark.load("select count(*), sum(id), max(label) from spectrum.spark where id <> 7") == [[15, 153, "n9"]]
    assert "does not exist" in spark.error('select * from spectrum."spark$snapshots"')


def test_rules_of_data_quality_are_evaluated_on_it(spark: Lake, cloud: LocalCloud) -> None:
    glue = cloud.client("glue")
    glue.create_data_quality_ruleset(Name="rows", Ruleset='Rules = [RowCount = 16, IsComplete "label"]')
    started = glue.start_data_quality_ruleset_evaluation_run(
        DataSource={"GlueTable": {"DatabaseName": "lake", "TableName": "spark"}},
        Role="arn:aws:iam::123456789012:role/check",
        RulesetNames=["rows"],
    )
    run: dict[str, Any] = {"Status": "RUNNING"}
    while run["Status"] in ("STARTING", "RUNNING"):
        time.sleep(0.1)
        run = glue.get_data_quality_ruleset_evaluation_run(RunId=started["RunId"])
    assert run["Status"] == "SUCCEEDED", json.dumps(run, default=str)
    result = glue.get_data_quality_result(ResultId=run["ResultIds"][0])
    assert [rule["Result"] for rule in result["RuleResults"]] == ["PASS", "PASS"]

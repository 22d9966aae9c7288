"""Two jobs on an Iceberg table, by the shipped script and by bare PySpark: an append, and a merge of changes.

DuckDB does what the append does, into a folder of Parquet.

Iceberg's own catalog of folders stands for Glue's in both. Run as `python -m benchmarks.etl.iceberg_workload JOB
ENGINE FOLDER`, it works on FOLDER/source and FOLDER/warehouse and prints its times and counts as one JSON line; as
`... base ROWS FOLDER` it writes the table that is merged into.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import duckdb
import psutil
from pyspark.sql import functions as F

from benchmarks.etl.workload import COLUMNS, PLAN, curate_bare, duck, report, run_script, session
from lake_blueprints.catalog.iceberg.table_properties import writer_defaults
from local_cloud.engines.glue.spark import iceberg_jar

TABLE = "glue_catalog.db.t"
CATALOG = {
    "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
    "spark.sql.catalog.glue_catalog": "org.apache.iceberg.spark.SparkCatalog",
    "spark.sql.catalog.glue_catalog.type": "hadoop",
    "spark.sql.catalog.glue_catalog.warehouse": "s3://lake/warehouse",
}
# One in so many rows changes.
SHARE = 100


def started(folder: Path) -> Any:
    return session(folder, jars=[iceberg_jar()], more=CATALOG)


def create(spark: Any) -> None:
    """Define the table as the library does, with hidden partitioning by month of the year."""
    columns = ", ".join(f"{name} {kind}" for name, kind in {**COLUMNS, "month": "int", "delay_hours": "double"}.items())
    properties = writer_defaults({}, partitioned=True, sorted_=False)
    text = ", ".join(f"'{name}' = '{value}'" for name, value in properties.items())
    spark.sql(f"CREATE TABLE {TABLE} ({columns}) USING iceberg PARTITIONED BY (month) TBLPROPERTIES ({text})")


def append_shipped(folder: Path) -> dict[str, int]:
    create(started(folder))
    return run_script(folder, PLAN)


def append_bare(folder: Path) -> dict[str, int]:
    spark = started(folder)
    create(spark)

    def write(unique: Any) -> int:
        unique.writeTo(TABLE).append()
        return int(spark.table(TABLE).count())

    return curate_bare(spark, write)


def base(folder: Path, rows: int) -> None:
    """Write a table of so many rows, and changes of one in a hundred of them as JSON lines."""
    spark = started(folder)
    create(spark)
    of_columns = {
        "at": "timestamp_seconds(1356998400 + id % 31536000)",
        "carrier": "element_at(array('UA', 'AA', 'B6', 'DL'), int(1 + id % 4))",
        "origin": "element_at(array('EWR', 'JFK', 'LGA'), int(1 + id % 3))",
        "dest": "concat('D', abs(hash(id)) % 100)",
        "delay": "abs(hash(id)) % 400 - 60",
        "distance": "abs(hash(id + 1)) % 250000 / 100.0",
        "price": "cast(abs(hash(id + 2)) % 100000 / 100.0 as decimal(10,2))",
        "note": "concat('n', abs(hash(id + 3)) % 1000000)",
        "month": "int(1 + id % 12)",
        "delay_hours": "cast(0 as double)",
    }
    table = spark.range(rows).selectExpr("id", *(f"{text} AS {name}" for name, text in of_columns.items()))
    table.writeTo(TABLE).append()
    (folder / "source").mkdir()
    duckdb.sql(f"""
        COPY (
          SELECT i * {SHARE} AS id, '2014-01-01T00:00:00Z' AS at, 1 + (i * {SHARE}) % 12 AS month, 'UA' AS carrier,
                 'EWR' AS origin, 'D1' AS dest, 7 AS delay, 12.5 AS distance, 9.5 AS price, 'changed' AS note
          FROM range({rows // SHARE}) AS source(i)
        ) TO '{folder}/source/changes.json' (FORMAT json)
    """)


def merge_shipped(folder: Path) -> dict[str, int]:
    counts = run_script(folder, {**PLAN, "newest": True})
    return {"read": counts["read"]}


def merge_bare(folder: Path) -> dict[str, int]:
    spark = started(folder)
    schema = ", ".join(f"{name} {kind}" for name, kind in {**COLUMNS, "month": "int"}.items())
    changes = spark.read.schema(schema).json("s3://lake/source/")
    read = changes.count()
    changes = changes.withColumn("delay_hours", F.expr("cast(delay / 60.0 as double)")).dropDuplicates(["id"])
    changes.createOrReplaceTempView("changes")
    spark.sql(
        f"MERGE INTO {TABLE} t USING changes s ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    )
    return {"read": read}


def changed(folder: Path) -> dict[str, int]:
    """Return how many rows the table has, and how many of them are changed."""
    table = started(folder).table(TABLE)
    return {"curated": table.count(), "changed": table.where("note = 'changed'").count()}


JOBS = {
    ("append", "shipped"): append_shipped,
    ("append", "bare"): append_bare,
    ("append", "duckdb"): duck,
    ("merge", "shipped"): merge_shipped,
    ("merge", "bare"): merge_bare,
}


def main(job: str, engine: str, folder: Path) -> None:
    launched = psutil.Process().create_time()
    if job == "base":
        base(folder, int(engine))
        return
    if engine != "duckdb":
        started(folder)
    after = (lambda: changed(folder)) if job == "merge" else dict[str, int]
    report(launched, lambda: JOBS[job, engine](folder), after)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))

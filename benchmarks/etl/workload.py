"""One ETL job, three times: the shipped script, bare PySpark that does the same work, and DuckDB as the limit.

The source is JSON lines of about 190 bytes: one record in 100 is a repetition, one in 1,000 is broken.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

import boto3
import duckdb
import psutil
from moto.server import ThreadedMotoServer
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

import local_cloud
from lake_blueprints.processing import curation
from local_cloud.engines.glue.spark import spark_configuration, spark_environment
from local_cloud.server.access_keys import AccessKey

NOTHING: Mapping[str, str] = MappingProxyType({})
COLUMNS = {
    "id": "bigint",
    "at": "timestamp",
    "carrier": "string",
    "origin": "string",
    "dest": "string",
    "delay": "int",
    "distance": "double",
    "price": "decimal(10,2)",
    "note": "string",
}
PLAN = {
    "dataset": "flights",
    "version": "1.0.0",
    "format": "json",
    "columns": [
        {"name": name, "source": name, "type": kind, "required": name in ("id", "at", "origin")}
        for name, kind in COLUMNS.items()
    ]
    + [{"name": "month", "source": "month", "type": "int", "required": True, "minimum": 1, "maximum": 12}],
    "primary_key": ["id"],
    "partition_keys": ["month"],
    "filter": "distance > 0",
    "derive": {"delay_hours": {"expression": "delay / 60.0", "type": "double"}},
}


def generate(folder: Path, rows: int, objects: int = 8) -> None:
    """Write the source objects."""
    (folder / "source").mkdir(parents=True)
    for part in range(objects):
        duckdb.sql(f"""
            COPY (
              SELECT CASE WHEN i % 1000 = 7 THEN '{{"id": "broken' ELSE to_json({{
                'id': CASE WHEN i % 100 = 99 THEN i - 50 ELSE i END,
                'at': strftime(TIMESTAMP '2013-01-01' + INTERVAL (i % 31536000) SECOND, '%Y-%m-%dT%H:%M:%SZ'),
                'month': 1 + i % 12, 'carrier': ['UA', 'AA', 'B6', 'DL'][1 + i % 4],
                'origin': ['EWR', 'JFK', 'LGA'][1 + i % 3], 'dest': 'D' || hash(i) % 100,
                'delay': (hash(i) % 400)::INT - 60, 'distance': (hash(i + 1) % 250000) / 100.0,
                'price': (hash(i + 2) % 100000) / 100.0, 'note': 'n' || hash(i + 3) % 1000000
              }})::VARCHAR END AS line
              FROM range({part * rows // objects}, {(part + 1) * rows // objects}) AS source(i)
            ) TO '{folder}/source/{part:03}.json' (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01')
        """)


def session(folder: Path, *, jars: Sequence[Path] = (), more: Mapping[str, str] = NOTHING) -> Any:
    os.environ.update(spark_environment(folder / "cache"))
    options = os.environ.get("BENCH_JAVA_OPTIONS", "").split()
    settings = spark_configuration({"lake": folder}, workdir=folder, java_options=options, jars=jars)
    return SparkSession.builder.config(map={**settings, **more}).getOrCreate()


def run_script(folder: Path, plan: Mapping[str, Any]) -> dict[str, int]:
    """Run the script with a plan, against moto for its state; return its counts."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ.update(
        {**AccessKey.draw().variables, "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_DEFAULT_REGION": "us-east-1"}
    )
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="lake")
    s3.put_object(Bucket="lake", Key="plan.json", Body=json.dumps(plan).encode())
    # The script lists the source through S3 and reads it through Hadoop: the objects need no content here.
    for path in (folder / "source").iterdir():
        s3.put_object(Bucket="lake", Key=f"source/{path.name}", Body=b"x")
    runtime = Path(local_cloud.__file__).parent / "engines" / "glue" / "runtime"
    scripts = Path(curation.__file__).parent / "scripts"
    sys.path[:0] = [str(runtime), str(scripts)]
    script = import_module("curate")
    argv = ["curate", "--JOB_NAME", "bench", "--plan", "s3://lake/plan.json", "--database", "db", "--table", "t"]
    for name in ("source", "quarantine", "state"):
        argv += [f"--{name}", f"s3://lake/{name}/"]
    script.main(argv)
    key = s3.list_objects_v2(Bucket="lake", Prefix="state/runs/")["Contents"][0]["Key"]
    report = json.loads(s3.get_object(Bucket="lake", Key=key)["Body"].read())
    server.stop()
    return {name: report[name] for name in ("read", "curated", "duplicates", "filtered", "quarantined")}


def curate_bare(spark: Any, write: Callable[[Any], int]) -> dict[str, int]:
    """Cast, validate, set aside and deduplicate; `write` takes the rows and returns how many are in the table."""
    schema = ", ".join(f"{name} {kind}" for name, kind in {**COLUMNS, "month": "int", "_corrupt": "string"}.items())
    rows = spark.read.schema(schema).json("s3://lake/source/", columnNameOfCorruptRecord="_corrupt")
    # Measured once, CPU-seconds: 118 with the cache and 137 without at 10 million rows; at 1 million, 25 with it
    # and 29 without it but with observe() in place of the first count.
    rows = rows.persist()
    valid = "id is not null and at is not null and origin is not null and month between 1 and 12"
    bad = F.col("_corrupt").isNotNull() | ~F.coalesce(F.expr(valid), F.lit(False))
    counts = rows.groupBy(bad.alias("bad"), F.coalesce(F.expr("distance > 0"), F.lit(False)).alias("kept")).count()
    found = {(row["bad"], row["kept"]): row["count"] for row in counts.collect()}
    quarantined = sum(count for (is_bad, _), count in found.items() if is_bad)
    record = F.coalesce("_corrupt", F.to_json(F.struct(*COLUMNS, "month")))
    rows.where(bad).select(record, F.lit("broken").alias("reason")).write.parquet("s3://lake/quarantine/")
    good = rows.where(~bad).where("distance > 0").withColumn("delay_hours", F.expr("cast(delay / 60.0 as double)"))
    curated = write(good.dropDuplicates(["id"]).drop("_corrupt"))
    kept = found.get((False, True), 0)
    return {
        "read": sum(found.values()),
        "curated": curated,
        "duplicates": kept - curated,
        "filtered": found.get((False, False), 0),
        "quarantined": quarantined,
    }


def duck(folder: Path) -> dict[str, int]:
    """The same in DuckDB, which neither starts a JVM nor could be spread over machines."""
    connection = duckdb.connect()
    kinds = {**COLUMNS, "month": "int"}
    struct = json.dumps({name: kind.upper().replace("STRING", "VARCHAR") for name, kind in kinds.items()})
    connection.execute(f"""
        CREATE TABLE staged AS
        SELECT line, CASE WHEN json_valid(line) THEN from_json(line, '{struct}') END AS r
        FROM read_csv('{folder}/source/*.json', columns = {{'line': 'VARCHAR'}}, delim = '\x01', quote = '',
                      escape = '', header = false)
    """)
    bad = "r IS NULL OR r.id IS NULL OR r.at IS NULL OR r.origin IS NULL OR r.month NOT BETWEEN 1 AND 12"
    connection.execute(f"COPY (SELECT line FROM staged WHERE {bad}) TO '{folder}/quarantine.parquet'")
    connection.execute(f"""
        COPY (
          SELECT DISTINCT ON (r.id) unnest(r), r.delay / 60.0 AS delay_hours
          FROM staged WHERE NOT ({bad}) AND r.distance > 0
        ) TO '{folder}/target' (FORMAT parquet, PARTITION_BY (month))
    """)
    read, refused, kept = connection.execute(
        f"SELECT count(*), count(*) FILTER ({bad}), count(*) FILTER (NOT ({bad}) AND r.distance > 0) FROM staged"
    ).fetchone() or (0, 0, 0)
    written = connection.execute(f"SELECT count(*) FROM read_parquet('{folder}/target/*/*.parquet')").fetchone()
    curated = written[0] if written else 0
    return {
        "read": read,
        "curated": curated,
        "duplicates": kept - curated,
        "filtered": read - refused - kept,
        "quarantined": refused,
    }


def report(
    launched: float, work: Callable[[], dict[str, int]], after: Callable[[], dict[str, int]] = dict[str, int]
) -> None:
    """Do the work of a process that was launched at some time, and print what it took and counted.

    What `after` counts is counted when the time is taken.
    """
    begun = time.monotonic()
    counts = work()
    seconds = time.monotonic() - begun
    # The JVM is a child that outlives its parent's accounts, so its share is asked for while it runs.
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    cpu = sum(times.user + times.system for times in (process.cpu_times() for process in processes))
    total = time.time() - launched
    times = {"seconds": round(seconds, 2), "cpu_seconds": round(cpu, 1), "total_seconds": round(total, 2)}
    print("RESULT " + json.dumps({**times, **counts, **after()}))

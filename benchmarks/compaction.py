"""A question to an Iceberg table of many small commits, before and after compaction, as JSON on standard output."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyiceberg.catalog import Catalog, load_catalog

from examples.demo.queries import Athena
from local_cloud.cloud import LocalCloud

ROWS = 100
QUESTION = "SELECT carrier, avg(delay) AS late FROM lake.flights GROUP BY carrier ORDER BY carrier"
TABLE = """
    CREATE TABLE lake.flights (id bigint, carrier string, delay int) LOCATION 's3://lake/flights/'
    TBLPROPERTIES ('table_type' = 'ICEBERG')
"""
SCHEMA = pa.schema([("id", pa.int64()), ("carrier", pa.string()), ("delay", pa.int32())])


def main(commits: int) -> None:
    with tempfile.TemporaryDirectory() as folder, LocalCloud(workdir=Path(folder)) as cloud:
        os.environ.update(cloud.environment())
        cloud.client("s3").create_bucket(Bucket="lake")
        cloud.client("glue").create_database(DatabaseInput={"Name": "lake"})
        results = {"ResultConfiguration": {"OutputLocation": "s3://lake/results/"}}
        cloud.client("athena").create_work_group(Name="analysts", Configuration=results)
        athena = Athena(cloud.client("athena"), "analysts")
        athena.ask(TABLE)
        table = _catalog(cloud).load_table("lake.flights")
        for number in range(commits):
            table.append(_rows(number))
        before = _asked(athena)
        athena.ask("OPTIMIZE lake.flights REWRITE DATA USING BIN_PACK")
        after = _asked(athena)
    if before.pop("rows") != after.pop("rows"):
        raise ValueError("compaction has changed the answer")
    json.dump({"commits": commits, "before": before, "after": after}, sys.stdout)


def _catalog(cloud: LocalCloud) -> Catalog:
    signed = {"rest.sigv4-enabled": "true", "rest.signing-name": "glue"}
    region = {"rest.signing-region": os.environ["AWS_REGION"]}
    return load_catalog("lake", type="rest", uri=f"{cloud.endpoint}/iceberg", **signed, **region)


def _rows(number: int) -> pa.Table:
    ids = range(number * ROWS, (number + 1) * ROWS)
    rows = [{"id": one, "carrier": ("UA", "AA", "B6", "DL")[one % 4], "delay": one * 7919 % 400 - 60} for one in ids]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _asked(athena: Athena) -> dict[str, Any]:
    started = time.monotonic()
    answer = athena.ask(QUESTION)
    return {"seconds": time.monotonic() - started, "bytes": answer.scanned_bytes, "rows": answer.rows}


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""The year's run of the flight demo, and what its five questions read, as JSON on standard output."""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from examples.demo.queries import Athena
from examples.demo.steps import Steps
from examples.flights import questions
from examples.flights.lake import Lake
from examples.flights.run import Run
from local_cloud.cloud import LocalCloud

_PLAIN = "plain"


def main(months: int) -> None:
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, LocalCloud(workdir=Path(folder)) as cloud:
        steps = Steps(Console(file=sys.stderr))
        results = Run(cloud, steps, workdir=Path(folder), months=months, corrupt=0)()
        seconds = time.monotonic() - started
        lake = _lake(cloud)
        _unpack(cloud, lake)
        athena = Athena(cloud.client("athena"), lake.workgroup_name)
        asked = questions.load("athena")
        plain = {question.name: athena.ask(question.on_raw(raw=_PLAIN)).scanned_bytes for question in asked}
    json.dump(
        {
            "records": results.accounts[0].sent,
            "seconds": seconds,
            "steps": {step.title: step.seconds for step in steps.done},
            "questions": [
                {
                    "title": question.title,
                    "plain": plain[question.name],
                    "raw": results.raw_bytes[question.name],
                    "curated": results.answers[question.name][1].scanned_bytes,
                }
                for question in asked
            ],
        },
        sys.stdout,
    )


def _lake(cloud: LocalCloud) -> Lake:
    stacks = cloud.client("cloudformation").describe_stacks()["Stacks"]
    return Lake.from_outputs(
        {
            stack["StackName"]: {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
            for stack in stacks
        }
    )


def _unpack(cloud: LocalCloud, lake: Lake) -> None:
    """Lay the flights down once more as they were streamed, not compressed, under a database of the same tables."""
    s3, glue = cloud.client("s3"), cloud.client("glue")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=lake.raw_bucket, Prefix="flights/")
    for item in (item for page in pages for item in page["Contents"]):
        packed = s3.get_object(Bucket=lake.raw_bucket, Key=item["Key"])["Body"].read()
        key = f"{_PLAIN}/{item['Key'].removesuffix('.gz')}"
        s3.put_object(Bucket=lake.raw_bucket, Key=key, Body=gzip.decompress(packed))
    glue.create_database(DatabaseInput={"Name": _PLAIN})
    for table in glue.get_tables(DatabaseName=lake.raw_database_name)["TableList"]:
        known = ("Name", "Parameters", "PartitionKeys", "StorageDescriptor", "TableType")
        definition: dict[str, Any] = {key: table[key] for key in known if key in table}
        if table["Name"] == "flights":
            moved = json.dumps(definition).replace(
                f"{lake.raw_bucket}/flights/", f"{lake.raw_bucket}/{_PLAIN}/flights/"
            )
            definition = json.loads(moved)
        glue.create_table(DatabaseName=_PLAIN, TableInput=definition)


if __name__ == "__main__":
    main(int(sys.argv[1]))

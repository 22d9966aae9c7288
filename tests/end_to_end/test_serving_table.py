"""Rows become items, items an export, and the export the same rows again, every one of them counted."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from pyarrow import parquet
from pyiceberg.catalog import load_catalog

from local_cloud.cloud import LocalCloud

APPS = Path(__file__).parent / "apps"
COUNT = 120


def flight(number: int) -> dict[str, Any]:
    """Return a record as a producer sends it; every third lacks what may be missing."""
    record: dict[str, Any] = {
        "flight": f"F{number}",
        "scheduled": f"2026-01-0{number % 3 + 1}T{number % 24:02}:30:00.25Z",
        "day": f"2026-01-0{number % 3 + 1}",
    }
    return record | (
        {
            "delay": number - 60,
            "distance": f"{number}.125",
            "speed": number / 7,
            "on_time": number % 2 == 0,
            "stops": ["JFK", "", f"S{number}"],
            "gate": {"terminal": "B", "number": number},
            "photo": "AP+A",
        }
        if number % 3
        else {}
    )


class Served:
    """The deployed lake after its pipeline has run."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self.outputs = cloud.deploy(directory=APPS, app="python serving_lake.py")["Serving"]
        lines = "\n".join(json.dumps(flight(number)) for number in range(COUNT))
        cloud.client("s3").put_object(Bucket=self.outputs["RawBucket"], Key="flights/one.json", Body=lines.encode())
        self.started = datetime.now(UTC)
        cloud.execute(self.outputs["StateMachine"])

    def load(self) -> dict[str, Any]:
        """Run the load job by itself to its end."""
        glue, name = self._cloud.client("glue"), self.outputs["LoadJob"]
        run = glue.start_job_run(JobName=name)["JobRunId"]
        while (found := glue.get_job_run(JobName=name, RunId=run)["JobRun"])["JobRunState"] in ("STARTING", "RUNNING"):
            time.sleep(0.2)
        return dict(found)

    def repeat_rows(self) -> int:
        """Add the rows of the curated table to it once more; return their number."""
        environment = self._cloud.environment()
        signing = {"rest.sigv4-enabled": "true", "rest.signing-name": "glue"}
        signing["rest.signing-region"] = environment["AWS_REGION"]
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            catalog = load_catalog("lake", type="rest", uri=f"{self._cloud.endpoint}/iceberg", **signing)
            table = catalog.load_table((self.outputs["DatabaseName"], "flights"))
            rows = table.scan().to_arrow()
            table.append(rows)
        return int(rows.num_rows)

    @property
    def changes(self) -> list[dict[str, Any]]:
        """The records of the stream."""
        client, name, found = self._cloud.client("kinesis"), self.outputs["StreamName"], list[dict[str, Any]]()
        for shard in client.list_shards(StreamName=name)["Shards"]:
            iterator = client.get_shard_iterator(
                StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            while records := (reply := client.get_records(ShardIterator=iterator))["Records"]:
                found += [json.loads(record["Data"]) for record in records]
                iterator = reply["NextShardIterator"]
        return found

    def manifests(self, prefix: str) -> list[dict[str, Any]]:
        """The summaries of the exports below a prefix of the raw zone."""
        client, bucket = self._cloud.client("s3"), self.outputs["RawBucket"]
        listed = client.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
        keys = [item["Key"] for item in listed if item["Key"].endswith("manifest-summary.json")]
        return [json.loads(client.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]

    @property
    def items(self) -> dict[str, dict[str, Any]]:
        """The items, as a plain client reads them."""
        deserialize = TypeDeserializer().deserialize
        pages = self._cloud.client("dynamodb").get_paginator("scan").paginate(TableName=self.outputs["TableName"])
        items = [{k: deserialize(v) for k, v in item.items()} for page in pages for item in page["Items"]]
        return {item["flight"]: item for item in items}

    def rows(self, table: str) -> dict[str, dict[str, Any]]:
        """The rows of a curated table, from its files."""
        found: list[dict[str, Any]] = []
        client = self._cloud.client("s3")
        pages = client.get_paginator("list_objects_v2").paginate(
            Bucket=self.outputs["CuratedBucket"], Prefix=f"{table}/"
        )
        for item in (item for page in pages for item in page["Contents"] if item["Key"].endswith(".parquet")):
            body = client.get_object(Bucket=self.outputs["CuratedBucket"], Key=item["Key"])["Body"].read()
            day = item["Key"].split("day=")[1].split("/")[0]
            found += [row | {"day": day} for row in parquet.read_table(io.BytesIO(body)).to_pylist()]
        assert len(found) == len({row["flight"] for row in found})
        return {row["flight"]: row for row in found}

    def report(self, dataset: str) -> dict[str, int]:
        """The sums of the reports of a dataset's curation runs."""
        client, total = self._cloud.client("s3"), dict[str, int]()
        prefix = f"_state/{dataset}/runs/"
        for item in client.list_objects_v2(Bucket=self.outputs["CuratedBucket"], Prefix=prefix)["Contents"]:
            run = json.loads(client.get_object(Bucket=self.outputs["CuratedBucket"], Key=item["Key"])["Body"].read())
            for name in ("read", "curated", "quarantined", "duplicates"):
                total[name] = total.get(name, 0) + run[name]
        return total


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("serving"), longest_wait=1) as cloud:
        yield Served(cloud)


def test_every_row_is_an_item(served: Served) -> None:
    assert served.items.keys() == {f"F{number}" for number in range(COUNT)}


def test_items_have_the_values_of_the_rows_and_no_nulls(served: Served) -> None:
    assert served.items["F1"] == {
        "flight": "F1",
        "scheduled": "2026-01-02T01:30:00.250000Z",
        "day": "2026-01-02",
        "delay": Decimal(-59),
        "distance": Decimal("1.125"),
        "speed": Decimal(repr(1 / 7)),
        "on_time": False,
        "stops": ["JFK", "", "S1"],
        "gate": {"terminal": "B", "number": Decimal(1)},
        "photo": b"\x00\xff\x80",
    }
    assert served.items["F3"].keys() == {"flight", "scheduled", "day"}


def test_every_change_of_an_item_is_in_the_stream(served: Served) -> None:
    new = [change["dynamodb"]["Keys"]["flight"]["S"] for change in served.changes if change["eventName"] == "INSERT"]
    assert sorted(new) == sorted(served.items)


def test_the_export_is_curated_to_the_same_rows(served: Served) -> None:
    assert served.rows("served") == served.rows("flights")


def test_every_record_is_accounted_for(served: Served) -> None:
    everything = {"read": COUNT, "curated": COUNT, "quarantined": 0, "duplicates": 0}
    assert served.report("flights") == everything
    assert served.report("served") == everything


def test_a_full_export_has_every_item(served: Served) -> None:
    (summary,) = served.manifests("served/")
    assert (summary["itemCount"], summary["s3SseAlgorithm"]) == (COUNT, "KMS")
    assert summary["s3SseKmsKeyId"]


def test_an_export_of_changes_is_that_of_the_last_whole_window(served: Served) -> None:
    (summary,) = served.manifests("changes/")
    start, end = (datetime.fromisoformat(summary[name]) for name in ("exportFromTime", "exportToTime"))
    window = timedelta(minutes=15)
    assert (summary["exportType"], end - start) == ("INCREMENTAL_EXPORT", window)
    assert end.minute % 15 == end.second == 0
    assert served.started - window < end <= datetime.now(UTC)


def test_a_second_load_puts_the_same_items(served: Served) -> None:
    before = served.items
    assert served.load()["JobRunState"] == "SUCCEEDED"
    assert served.items == before


def test_rows_of_the_same_key_fail_the_load_and_change_no_item(served: Served) -> None:
    before = served.items
    rows = served.repeat_rows()
    run = served.load()
    assert run["JobRunState"] == "FAILED"
    assert f"{rows} rows have the flight of another row" in run["ErrorMessage"]
    assert served.items == before

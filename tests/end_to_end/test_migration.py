"""A lake of Parquet folders moves to Iceberg as docs/migration.md says: nothing is lost, and both are readable."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from examples.demo.queries import Athena
from local_cloud.cloud import LocalCloud

APPS = Path(__file__).parent / "apps"
COLUMNS = "id, ordered, amount, buyer, day"
# As docs/migration.md has it.
HISTORY = """INSERT INTO {new}.orders ({columns})
SELECT {columns} FROM {old}.orders AS o
WHERE NOT EXISTS (SELECT 1 FROM {new}.orders AS n WHERE n.id = o.id)"""


def order(number: int) -> dict[str, Any]:
    day = f"2026-01-{number:02}"
    return {
        "id": number,
        "ordered": f"{day}T10:00:00.123456Z",
        "amount": f"{number}.50",
        "buyer": f"Buyer {number}",
        "day": day,
    }


class Lakes:
    """The old lake and the new one, as they were at each step of the migration."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self.deploy()
        self.upload(1, 2, 3)
        self.curate(1, 2, 3)
        self.expire_records()
        self.upload(4, 5)
        self.curate(4, 5)

        self.deploy(beside="yes")
        self.counts = [self.count()]
        # A producer that has not switched yet, and one that has.
        self.upload(6)
        self.send(7)
        self.curate(6)
        self.counts.append(self.count())
        self.copy_records()
        self.run()
        self.counts.append(self.count())
        self.missing = self.difference()
        self.copy_history()
        self.counts.append(self.count())
        self.difference_after = self.difference()

    def deploy(self, **context: str) -> None:
        self.outputs = self._cloud.deploy(directory=APPS, app="python migrated_lake.py", context=context)["Migration"]

    def upload(self, *numbers: int) -> None:
        """Upload records to the old lake."""
        for number in numbers:
            body = json.dumps(order(number)).encode()
            self._cloud.client("s3").put_object(
                Bucket=self.outputs["OldRawBucket"], Key=f"orders/{number}.json", Body=body
            )

    def curate(self, *numbers: int) -> None:
        """Add records to the old table as the job of version 0.1 did: files of Snappy Parquet in folders."""
        for number in numbers:
            found = order(number)
            columns = {
                "id": pa.array([number]),
                "ordered": pa.array([datetime.fromisoformat(found["ordered"])], pa.timestamp("us")),
                "amount": pa.array([Decimal(found["amount"])], pa.decimal128(9, 2)),
                "buyer": pa.array([found["buyer"]]),
            }
            content = pa.BufferOutputStream()
            pq.write_table(pa.table(columns), content, compression="snappy")
            location = self._cloud.client("glue").get_table(DatabaseName=self.outputs["OldTables"], Name="orders")
            bucket, _, prefix = location["Table"]["StorageDescriptor"]["Location"].removeprefix("s3://").partition("/")
            self._cloud.client("s3").put_object(
                Bucket=bucket,
                Key=f"{prefix}day={found['day']}/part-{number:05}.snappy.parquet",
                Body=content.getvalue().to_pybytes(),
            )
        self.ask("MSCK REPAIR TABLE {old}.orders")

    def send(self, *numbers: int) -> None:
        """Send records to the delivery of the new lake."""
        records = [{"Data": json.dumps(order(number)).encode()} for number in numbers]
        firehose = self._cloud.client("firehose")
        firehose.put_record_batch(DeliveryStreamName=self.outputs["NewDelivery"], Records=records)
        self._cloud.drain()

    def run(self) -> None:
        """Run the new pipeline."""
        self._cloud.execute(self.outputs["NewMachine"])

    def keys(self, lake: str) -> set[str]:
        listed = self._cloud.client("s3").list_objects_v2(Bucket=self.outputs[f"{lake}RawBucket"], Prefix="orders/")
        return {item["Key"] for item in listed.get("Contents", [])}

    def expire_records(self) -> None:
        """Delete what has been curated, as a lifecycle rule of the raw zone does."""
        for key in self.keys("Old"):
            self._cloud.client("s3").delete_object(Bucket=self.outputs["OldRawBucket"], Key=key)

    def copy_records(self) -> None:
        """Do what `aws s3 sync` does."""
        s3 = self._cloud.client("s3")
        for key in self.keys("Old") - self.keys("New"):
            s3.copy_object(
                Bucket=self.outputs["NewRawBucket"],
                Key=key,
                CopySource={"Bucket": self.outputs["OldRawBucket"], "Key": key},
            )

    def copy_history(self) -> None:
        self.ask(HISTORY)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        names = {
            name.lower(): self.outputs[f"{name}Tables"] for name in ("Old", "New") if f"{name}Tables" in self.outputs
        }
        athena = Athena(self._cloud.client("athena"), self.outputs["Asking"])
        return list(athena.ask(sql.format(**names, columns=COLUMNS)).rows)

    def count(self) -> tuple[Any, Any]:
        ((old,),) = self.ask("SELECT count(*) FROM {old}.orders")
        ((new,),) = self.ask("SELECT count(*) FROM {new}.orders")
        return old, new

    def difference(self) -> list[tuple[Any, ...]]:
        """Return the keys of rows that the old lake has and the new one has not, or has with other values."""
        same = "id, date_trunc('millisecond', ordered), amount, buyer, day"
        return self.ask(
            f"SELECT id FROM (SELECT {same} FROM {{old}}.orders EXCEPT SELECT {same} FROM {{new}}.orders) ORDER BY id"
        )

    def masked(self) -> list[tuple[Any, ...]]:
        return self.ask(f'SELECT id, buyer FROM "{self.outputs["NewMasked"]}".orders ORDER BY id')


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lakes]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("migration"), longest_wait=1) as cloud:
        yield Lakes(cloud)


def test_both_are_readable_at_each_step_and_the_old_one_loses_nothing(lakes: Lakes) -> None:
    # Beside it; a producer has switched; records are copied; history is copied.
    assert lakes.counts == [(5, 0), (6, 0), (6, 4), (6, 7)]


def test_what_no_record_is_left_of_comes_from_the_old_table(lakes: Lakes) -> None:
    assert lakes.missing == [(1,), (2,), (3,)]
    assert lakes.difference_after == []


def test_either_copy_again_adds_nothing_and_the_masked_copy_follows(lakes: Lakes) -> None:
    lakes.copy_records()
    lakes.copy_history()
    lakes.run()
    assert lakes.count() == (6, 7)
    masked = lakes.masked()
    assert [number for number, _ in masked] == [1, 2, 3, 4, 5, 6, 7]
    assert not [buyer for _, buyer in masked if "Buyer" in buyer]

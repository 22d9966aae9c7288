"""A lake in shards: deployed, run as one, and grown by a dataset that changes no other's stack."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lake_blueprints.lake import Shards
from local_cloud.cloud import LocalCloud
from tests import queries

APPS = Path(__file__).parent / "apps"


class Lake:
    """The deployed lake."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self._outputs: dict[str, str] = {}

    def deploy(self, **context: str) -> None:
        command = f"{sys.executable} {APPS / 'sharded_lake.py'}"
        outputs = self._cloud.deploy(directory=APPS, app=command, context=context)
        self._outputs = {name: value for stack in outputs.values() for name, value in stack.items()}

    def put(self, dataset: str, text: str) -> None:
        bucket = self._outputs["RawBucket"]
        self._cloud.client("s3").put_object(Bucket=bucket, Key=f"{dataset}/file.csv", Body=text.encode())

    def run(self) -> None:
        (machine,) = (value for name, value in self._outputs.items() if "StateMachine" in name)
        self._cloud.execute(machine)

    def ask(self, sql: str) -> list[list[Any]]:
        where = {"Database": self._outputs["CuratedDatabase"]}
        return queries.athena(
            self._cloud.client("athena"), sql, WorkGroup=self._outputs["Workgroup"], QueryExecutionContext=where
        )

    def events(self, stack: str) -> int:
        """Return how much has happened to a stack."""
        cloudformation = self._cloud.client("cloudformation")
        (name,) = (
            found["StackName"] for found in cloudformation.describe_stacks()["Stacks"] if stack in found["StackName"]
        )
        return len(cloudformation.describe_stack_events(StackName=name)["StackEvents"])


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("shards"), longest_wait=1) as cloud:
        cloud.bootstrap()
        yield Lake(cloud)


def test_shards_run_as_one_lake_and_a_new_dataset_changes_only_its_own(lake: Lake) -> None:
    shards = Shards(count=2)
    assert [shards.stack_of(name) for name in ("orders", "customers", "carts")] == [
        "Datasets1",
        "Datasets2",
        "Datasets2",
    ]
    lake.deploy()
    lake.put("customers", "id,city\n1,Oslo\n2,Rome\n")
    lake.put("orders", "id,item\n1,skis\n3,tent\n")
    lake.run()
    # The join found the customers: they were curated before, in another stack.
    assert lake.ask("SELECT id, item, city FROM orders ORDER BY id") == [["1", "skis", "Oslo"], ["3", "tent", None]]

    before = lake.events("Datasets1")
    lake.deploy(more="carts")
    lake.put("carts", "id\n7\n")
    lake.run()
    assert lake.ask("SELECT id FROM carts") == [["7"]]
    assert lake.ask("SELECT count(*) FROM orders") == [["2"]]
    assert lake.events("Datasets1") == before

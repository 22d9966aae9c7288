"""Replications that are killed, and go on: nothing is lost, and nothing is twice in what is merged by key."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.engines.dms.files import TargetSettings
from local_cloud.engines.dms.mappings import Selection, Settings
from local_cloud.engines.dms.postgresql import Address, PostgresqlSource
from local_cloud.engines.dms.replicator import Plan, Progress, Replicator
from local_cloud.server.objects import ObjectStore
from tests.local_cloud.dms.conftest import S3, Replication
from tests.local_cloud.dms.test_replication import FILL, ORDERS, in_source
from tests.postgresql import PASSWORD

Database = psycopg.Connection[Any]


class Killed(Exception):
    """The end of a process, as far as the run can tell."""


class Fragile:
    """Calls of an object of which some are the last, before they have done anything or after."""

    def __init__(self, whole: Any, fails: Callable[[], bool]) -> None:
        self._whole, self._fails = whole, fails

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._whole, name)
        return self._call(found) if name in ("write", "advance", "create_slot") else found

    def _call(self, found: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            if self._fails():
                raise Killed
            answer = found(*arguments)
            if self._fails():
                raise Killed
            return answer

        return call


def write_something(database: Database, chance: random.Random) -> None:
    """Insert, update and delete rows, in transactions of several changes."""
    for _ in range(chance.randint(1, 3)):
        with database.transaction():
            for _ in range(chance.randint(1, 4)):
                key, value = chance.randint(1, 40), f"v{chance.random()}"
                database.execute("delete from orders where id = %s", [chance.randint(1, 40)])
                database.execute(
                    "insert into orders values (%s, %s, 1, now()) on conflict (id) do update set customer = %s",
                    [key, value, value],
                )


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_random_points_it_loses_nothing(cloud: LocalCloud, port: int, database: Database, seed: int) -> None:
    chance = random.Random(seed)
    replication = Replication(cloud, port, f"killed{seed}")
    database.execute(ORDERS)
    database.execute(FILL, [20])
    plan = Plan(
        slot=f"killed{seed}",
        mode="full-load-and-cdc",
        selection=Selection(rules=(("explicit", "public", "orders"),)),
        settings=Settings(lob_max_kb=32, logs=False),
        target=TargetSettings.of({**S3, "BucketName": replication.bucket}),
        booleans=True,
        fails_on_long_values=True,
    )
    address = Address(host="127.0.0.1", port=port, database="postgres", user="lake", password=PASSWORD)
    progress, kills = Progress(begun=datetime.now(UTC)), 0
    for attempt in range(60):
        fails = (lambda: chance.random() < 0.15) if attempt < 50 else (lambda: False)
        write_something(database, chance)
        try:
            with PostgresqlSource.connected(address) as source:
                objects: Any = Fragile(ObjectStore(cloud.account), fails)
                fragile: Any = Fragile(source, fails)
                replicator = Replicator(plan, fragile, objects, progress, lambda _: None)
                for table in replicator.prepare():
                    if not progress.tables[table.full_name].loaded:
                        replicator.load(table)
                write_something(database, chance)
                replicator.follow()
        except Killed:
            kills += 1
    assert kills > 5
    assert replication.merged() == in_source(database)

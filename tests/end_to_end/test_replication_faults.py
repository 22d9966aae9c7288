"""Faults of a source and of its replication: nothing is lost, nothing is twice, and nothing goes missing unsaid."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
import pytest

from examples.flights.account import quarantined
from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError
from tests import queries
from tests.end_to_end.test_replication import HOST, Shop
from tests.postgresql import Server, connect, until

KILLS = 10


class Source(Shop):
    """The shop, on a server that can be restarted, with a replication that can be killed."""

    def __init__(self, cloud: LocalCloud, server: Server) -> None:
        self.server = server
        super().__init__(cloud, connect(server.port))

    def described(self) -> dict[str, Any]:
        filters = [{"Name": "replication-config-arn", "Values": [self.outputs["ReplicationArn"]]}]
        (found,) = self.cloud.client("dms").describe_replications(Filters=filters)["Replications"]
        return dict(found)

    def start(self, how: str) -> None:
        self.cloud.client("dms").start_replication(
            ReplicationConfigArn=self.outputs["ReplicationArn"], StartReplicationType=how
        )

    def kill(self) -> bool:
        """End the session of the replication, if it has one now, and wait until it has failed."""
        killed = "select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = 'lake_reader'"
        if self.database.execute(killed).fetchone() == (0,):
            return False
        until(lambda: self.described()["Status"] == "failed", seconds=30)
        return True

    def restart(self) -> None:
        """Restart the server, whose clients lose their sessions."""
        self.server.stop()
        self.server.start()
        self.database = connect(self.server.port)

    def reload(self) -> datetime:
        """Load all rows again; return the time that each of them has from then on."""
        self.cloud.execute(self.outputs["ReloadMachine"])
        begun: datetime = self.described()["ReplicationStats"]["FreshStartDate"]
        return begun

    def remove_older_than(self, begun: datetime) -> None:
        """Delete the rows that a reload has not brought: the source has them no more."""
        table = f'"{self.outputs["DatabaseName"]}"."{self.outputs["TableName"]}"'
        self.ask(f"DELETE FROM {table} WHERE cdc_commit_ts < TIMESTAMP '{begun:%Y-%m-%d %H:%M:%S.%f} UTC'")

    def ask(self, sql: str) -> None:
        where = {"OutputLocation": f"s3://{self.outputs['Results']}/results/"}
        queries.athena(self.cloud.client("athena"), sql, ResultConfiguration=where)

    def log(self) -> list[str]:
        logs = self.cloud.client("logs")
        groups = [one["logGroupName"] for one in logs.describe_log_groups()["logGroups"]]
        (group,) = [name for name in groups if name.startswith("dms-serverless-replication-")]
        return [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    server = Server(tmp_path_factory.mktemp("postgresql"))
    server.start()
    try:
        with LocalCloud(
            workdir=tmp_path_factory.mktemp("cloud"), receivers={HOST: server.port}, longest_wait=1
        ) as cloud:
            yield Source(cloud, server)
    finally:
        server.stop()


@contextmanager
def writing(port: int) -> Iterator[list[int]]:
    """Write at full speed meanwhile, and go on after a restart; yield the keys of what was committed."""
    ends, written, chance = threading.Event(), list[int](), random.Random(7)

    def write(database: psycopg.Connection[Any]) -> None:
        while not ends.is_set():
            key = 100_000 + chance.randint(1, 5_000)
            with database.transaction():
                database.execute("delete from orders where id = %s", [chance.randint(1, 20_000)])
                database.execute("update orders set amount = amount + 1 where id = %s", [chance.randint(1, 20_000)])
                database.execute(
                    "insert into orders values (%s, 'new', 1, now()) "
                    "on conflict (id) do update set amount = orders.amount + 1",
                    [key],
                )
            written.append(key)

    def keep_writing() -> None:
        while not ends.is_set():
            try:
                with connect(port) as database:
                    write(database)
            except psycopg.OperationalError:
                ends.wait(0.05)

    thread = threading.Thread(target=keep_writing)
    thread.start()
    try:
        yield written
    finally:
        ends.set()
        thread.join()


def test_killed_at_ten_random_points_beside_a_busy_writer_it_loses_and_doubles_nothing(shop: Source) -> None:
    chance = random.Random(11)
    with writing(shop.server.port) as written:
        for number in range(KILLS):
            # The first one in the full load, the others wherever it is then.
            shop.start("resume-processing" if number else "start-replication")
            time.sleep(chance.uniform(0, 2) if number else 0)
            until(shop.kill, seconds=30)
    assert len(written) > KILLS
    shop.refresh()
    assert shop.in_lake() == shop.in_source()


def test_a_source_that_is_restarted_is_followed_on_from_where_it_was(shop: Source) -> None:
    shop.start("resume-processing")
    with writing(shop.server.port) as written:
        until(lambda: len(written) > 10, seconds=60)
        shop.restart()
        before = len(written)
        until(lambda: len(written) > before + 10, seconds=60)
    until(lambda: shop.described()["Status"] == "failed", seconds=60)
    shop.refresh()
    assert shop.in_lake() == shop.in_source()


def test_a_truncation_is_said_and_its_rows_stay_until_a_reload_tells_them_apart(shop: Source) -> None:
    before = shop.in_lake()
    shop.database.execute("truncate orders")
    shop.database.execute("insert into orders values (1, 'first again', 1, now()), (300000, 'new', 2, now())")
    shop.refresh()
    assert "public.orders was truncated in the source; its rows stay in the target" in shop.log()
    kept = [row for row in before if row[0] != 1]
    assert [row for row in shop.in_lake() if row not in shop.in_source()] == kept
    shop.remove_older_than(shop.reload())
    assert shop.in_lake() == shop.in_source()


def test_a_slot_that_is_lost_is_said_and_a_reload_mends_it(shop: Source) -> None:
    shop.database.execute("insert into orders select n, 'c', 1, now() from generate_series(1000, 2000) n")
    shop.refresh()
    assert shop.in_lake() == shop.in_source()
    shop.database.execute("select pg_drop_replication_slot(slot_name) from pg_replication_slots")
    # Which no log says any more.
    shop.database.execute("delete from orders where id between 1000 and 1100")
    shop.database.execute("update orders set amount = 7 where id between 1101 and 1200")
    with pytest.raises(LocalCloudError, match="changes are lost; start it with reload-target"):
        shop.refresh()
    shop.remove_older_than(shop.reload())
    assert shop.in_lake() == shop.in_source()


def test_a_type_that_the_contract_forbids_sets_aside_the_values_that_do_not_fit(shop: Source) -> None:
    shop.database.execute("alter table orders alter column amount type text using amount::text")
    shop.database.execute("insert into orders values (400000, 'fits', '12.50', now()), (400001, 'no', 'a lot', now())")
    shop.database.execute("update orders set amount = 'none' where id = 1101")
    expected = {key: amount for key, _, amount in shop.in_lake()}
    shop.refresh()
    found = {key: str(amount) for key, _, amount in shop.in_lake()}
    count, reasons = quarantined(shop.cloud.client("s3"), shop.outputs["RawBucket"], "orders")
    assert (count, dict(reasons)) == (2, {"type": 2})
    # What fits is there, and of a row that does not, the version before.
    assert found == {**{key: str(amount) for key, amount in expected.items()}, 400000: "12.50"}

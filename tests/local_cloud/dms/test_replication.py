"""Replications from a real PostgreSQL: full load, changes, and all that fails with a reason."""

from __future__ import annotations

import re
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from tests.local_cloud.dms.conftest import ROLE, Replication
from tests.postgresql import connect, run_postgresql

Database = psycopg.Connection[Any]
ORDERS = "create table orders (id bigint primary key, customer text, amount numeric(10,2), at timestamptz)"
FILL = "insert into orders select n, 'c' || n %% 7, n * 1.25, now() from generate_series(1, %s) n"


def in_source(database: Database) -> dict[int, dict[str, Any]]:
    rows = database.execute("select id, customer, amount, at from orders").fetchall()
    return {row[0]: dict(zip(("id", "customer", "amount", "at"), row, strict=True)) for row in rows}


def test_20_000_rows_are_loaded_then_changes_follow_and_the_merge_is_the_table(
    cloud: LocalCloud, port: int, database: Database
) -> None:
    database.execute(ORDERS)
    database.execute(FILL, [20_000])
    replication = Replication(cloud, port, "counted")
    replication.run()
    assert replication.files() == ["LOAD00000001.parquet"]
    assert Counter(row["Op"] for row in replication.rows()) == {"I": 20_000}
    database.execute("update orders set amount = 0 where id <= 1000")
    database.execute("delete from orders where id > 19990")
    database.execute("insert into orders values (90001, 'new', 1.5, now())")
    cloud.drain()
    (changes,) = [key for key in replication.files() if not key.startswith("LOAD")]
    assert re.fullmatch(r"\d{8}-\d{9}\.parquet", changes)
    assert Counter(row["Op"] for row in replication.rows(name=changes)) == {"U": 1000, "D": 10, "I": 1}
    found = replication.statistics()
    assert (found["FullLoadRows"], found["Inserts"], found["Updates"], found["Deletes"]) == (20_000, 1, 1000, 10)
    assert replication.merged() == in_source(database)
    assert replication.seen()["ReplicationStats"]["FullLoadProgressPercent"] == 100
    replication.stop()


def test_a_row_that_is_loaded_is_older_than_every_change(cloud: LocalCloud, port: int, database: Database) -> None:
    database.execute(ORDERS)
    database.execute(FILL, [1])
    replication = Replication(cloud, port, "older")
    replication.run()
    database.execute("update orders set customer = 'changed'")
    replication.stop()
    loaded, changed = replication.rows()
    assert loaded["cdc_commit_ts"] < changed["cdc_commit_ts"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", loaded["cdc_commit_ts"])


def test_a_deletion_holds_the_key_alone_unless_the_table_logs_whole_rows(
    cloud: LocalCloud, port: int, database: Database
) -> None:
    database.execute(ORDERS)
    database.execute(FILL, [2])
    replication = Replication(cloud, port, "deleted")
    replication.run()
    database.execute("delete from orders where id = 1")
    database.execute("alter table orders replica identity full")
    database.execute("delete from orders where id = 2")
    replication.stop()
    short, whole = (row for row in replication.rows() if row["Op"] == "D")
    assert (short["id"], short["customer"], short["amount"]) == (1, None, None)
    assert (whole["id"], whole["customer"], whole["amount"]) == (2, "c2", Decimal("2.50"))


def test_a_long_value_that_an_update_leaves_alone_is_known_only_where_whole_rows_are_logged(
    cloud: LocalCloud, port: int, database: Database
) -> None:
    database.execute(ORDERS)
    # Random, so that it stays long when it is compressed.
    noise = "(select string_agg(md5(random()::text || n), '') from generate_series(1, 500) n)"
    database.execute(f"insert into orders select n, {noise}, n, now() from generate_series(1, 2) n")
    replication = Replication(cloud, port, "toast")
    replication.run()
    database.execute("update orders set amount = 5 where id = 1")
    database.execute("alter table orders replica identity full")
    database.execute("update orders set amount = 5 where id = 2")
    replication.stop()
    first, second = (row for row in replication.rows() if row["Op"] == "U")
    assert first["customer"] is None
    assert len(second["customer"]) == 16_000


def test_types_are_those_of_dms(cloud: LocalCloud, port: int, database: Database) -> None:
    database.execute("create type mood as enum ('good')")
    database.execute(
        "create table kinds (id int primary key, a smallint, b boolean, c real, d double precision, e numeric, "
        "f date, g time, h timestamp, i uuid, j jsonb, k bytea, l text[], m varchar(3), n mood)"
    )
    values = (
        "(1, 2, true, 1.5, 2.5, 3.25, '2026-01-31', '12:00:01', '2026-01-31 12:00:01.5', "
        "'00000000-0000-0000-0000-000000000001', '{\"a\": 1}', '\\x00ff', '{x,y}', 'abc', 'good')"
    )
    database.execute(f"insert into kinds values {values}")
    replication = Replication(cloud, port, "kinds", tables=["kinds"])
    replication.run()
    database.execute(f"insert into kinds values {values.replace('(1,', '(2,')}")
    database.execute("insert into kinds (id) values (3)")
    replication.stop()
    loaded, changed, empty = replication.rows("kinds")
    for row in (loaded, changed, empty):
        del row["id"], row["cdc_commit_ts"], row["Op"]
    assert loaded == changed
    assert set(empty.values()) == {None}
    assert (loaded["b"], loaded["e"], loaded["k"], loaded["l"]) == (True, Decimal("3.250000"), b"\x00\xff", "{x,y}")
    assert (str(loaded["f"]), str(loaded["g"]), str(loaded["h"])) == (
        "2026-01-31",
        "12:00:01",
        "2026-01-31 12:00:01.500000+00:00",
    )


def test_a_truncation_is_told_and_never_passed_on(cloud: LocalCloud, port: int, database: Database) -> None:
    database.execute(ORDERS)
    database.execute(FILL, [3])
    replication = Replication(cloud, port, "truncated")
    replication.run()
    database.execute("truncate orders")
    database.execute(FILL, [1])
    replication.stop()
    assert replication.files()[-1].startswith("LOAD")
    assert Counter(row["Op"] for row in replication.rows()) == {"I": 4}
    assert replication.statistics()["Ddls"] == 1
    events = cloud.client("logs").filter_log_events(logGroupName="dms-serverless-replication-truncated")["events"]
    assert events[0]["message"] == "public.orders was truncated in the source; its rows stay in the target"


def test_a_column_that_is_added_is_in_the_files_from_then_on(cloud: LocalCloud, port: int, database: Database) -> None:
    database.execute(ORDERS)
    replication = Replication(cloud, port, "added")
    replication.run()
    database.execute("insert into orders values (1)")
    database.execute("alter table orders add column note text")
    database.execute("insert into orders (id, note) values (2, 'n')")
    replication.stop()
    first, second = replication.rows()
    assert "note" not in first
    assert second["note"] == "n"


def test_a_busy_source_makes_a_file_each_time_and_not_for_each_transaction(
    cloud: LocalCloud, port: int, database: Database
) -> None:
    database.execute(ORDERS)
    replication = Replication(cloud, port, "busysource")
    replication.run()
    ends = threading.Event()

    def write() -> None:
        with connect(port) as connection:
            while not ends.is_set():
                connection.execute("insert into orders select coalesce(max(id), 0) + 1 from orders")

    with ThreadPoolExecutor() as threads:
        writer = threads.submit(write)
        for _ in range(3):
            cloud.drain()
        ends.set()
        writer.result()
    replication.stop()
    assert len(replication.files()) <= 5
    assert replication.merged() == in_source(database)


def test_goes_on_where_it_stopped(cloud: LocalCloud, port: int, database: Database) -> None:
    database.execute(ORDERS)
    database.execute(FILL, [5])
    replication = Replication(cloud, port, "resumed")
    replication.run()
    replication.stop()
    database.execute("delete from orders where id = 5")
    assert len(replication.rows()) == 5
    with pytest.raises(ClientError, match="valid only for replications running for the first time"):
        replication.start()
    replication.run("resume-processing")
    replication.stop()
    assert replication.merged() == in_source(database)
    assert len(replication.rows()) == 6


def test_fails_when_the_source_has_lost_the_log_and_loads_again(
    cloud: LocalCloud, port: int, database: Database
) -> None:
    database.execute(ORDERS)
    database.execute(FILL, [5])
    replication = Replication(cloud, port, "lost")
    replication.run()
    replication.stop()
    database.execute("select pg_drop_replication_slot(slot_name) from pg_replication_slots")
    database.execute("update orders set customer = 'later'")
    replication.start("resume-processing")
    failed = replication.wait_failed()
    assert "the source does not keep its log for slot awsdms_" in failed["FailureMessages"][0]
    replication.run("reload-target")
    assert replication.merged() == in_source(database)
    replication.stop()


def test_a_full_load_alone_ends_by_itself_and_takes_tables_without_a_key(
    cloud: LocalCloud, port: int, database: Database
) -> None:
    database.execute("create table orders (id bigint)")
    database.execute("insert into orders values (1), (1)")
    replication = Replication(cloud, port, "once", mode="full-load")
    replication.start()
    assert replication.wait("stopped")["StopReason"] == "Stop Reason FULL_LOAD_ONLY_FINISHED"
    assert [row["id"] for row in replication.rows()] == [1, 1]


@pytest.mark.parametrize(
    ("sql", "options", "reason"),
    [
        ("create table orders (id bigint)", {}, "table public.orders has no primary key"),
        ("select 1", {}, "no table was found that the mappings select"),
        (
            "create table orders (id int primary key, p point)",
            {},
            "column p has the type point, which the local cloud does not replicate",
        ),
        (
            "create table orders (id int primary key, t text); insert into orders values (1, repeat('x', 40000))",
            {},
            "a value of column t of public.orders is longer than LobMaxSize, 32 KB",
        ),
        (ORDERS, {"host": "db.example.com"}, "no receiver stands for db.example.com"),
        (ORDERS, {"s3": {"BucketName": "other"}}, "the bucket other does not exist"),
    ],
)
def test_fails_with_the_reason(
    cloud: LocalCloud, database: Database, sql: str, options: dict[str, Any], reason: str
) -> None:
    port = database.info.port
    for statement in sql.split("; "):
        database.execute(statement)
    if "point" in sql:
        database.execute("insert into orders values (1, '(1,2)')")
    replication = Replication(cloud, port, f"fails{abs(hash(reason)) % 10_000_000}", **options)
    replication.start()
    assert reason in replication.wait_failed()["FailureMessages"][0]


def test_a_key_that_changes_stops_it_since_nobody_knows_what_dms_writes(
    cloud: LocalCloud, port: int, database: Database
) -> None:
    database.execute(ORDERS)
    database.execute(FILL, [1])
    replication = Replication(cloud, port, "moved")
    replication.run()
    database.execute("update orders set id = 7")
    cloud.drain()
    assert "has changed the primary key of a row" in replication.wait_failed()["FailureMessages"][0]


def test_a_server_that_logs_too_little_is_named(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> None:
    running = run_postgresql(tmp_path_factory.mktemp("plain"), logical=False)
    port = next(running)
    with connect(port) as database:
        database.execute(ORDERS)
    replication = Replication(cloud, port, "plain")
    replication.start()
    assert "wal_level is replica, and must be logical" in replication.wait_failed()["FailureMessages"][0]
    next(running, None)


def test_a_receiver_stands_for_the_host_of_the_source(cloud: LocalCloud, port: int, database: Database) -> None:
    database.execute(ORDERS)
    replication = Replication(cloud, port, "received", host="shop.example.com")
    replication.run()
    replication.stop()


def test_the_secret_is_read_and_files_are_written_under_the_roles_of_the_endpoints(
    cloud: LocalCloud, port: int, database: Database
) -> None:
    database.execute(ORDERS)
    database.execute(FILL, [1])
    replication = Replication(cloud, port, "recorded")
    replication.run()
    replication.stop()
    calls = {call.action for call in cloud.calls if call.role == ROLE}
    assert {"secretsmanager:GetSecretValue", "s3:PutObject"} <= calls


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"settings": {"FullLoadSettings": {"TargetTablePrepMode": "TRUNCATE_BEFORE_LOAD"}}}, "TargetTablePrepMode to"),
        ({"settings": {"ChangeProcessingDdlHandlingPolicy": {}}}, "set HandleSourceTableTruncated to false"),
        ({"settings": {"TargetMetadata": {"FullLobMode": True}}}, "no full LOB mode"),
        ({"s3": {"DataFormat": "csv"}}, "writes parquet only"),
        ({"s3": {"CdcPath": "changes"}}, "does not follow CdcPath"),
    ],
)
def test_refuses_settings_that_it_would_not_follow(
    cloud: LocalCloud, port: int, given: dict[str, Any], refused: str
) -> None:
    with pytest.raises(ClientError, match=refused):
        Replication(cloud, port, f"refused{abs(hash(refused)) % 10_000_000}", **given)


@pytest.mark.parametrize(("kind", "engine"), [("source", "mysql"), ("source", "oracle"), ("target", "redshift")])
def test_refuses_other_engines_by_name(cloud: LocalCloud, kind: str, engine: str) -> None:
    with pytest.raises(ClientError, match=f"and not (from|to) {engine}"):
        cloud.client("dms").create_endpoint(EndpointIdentifier="x", EndpointType=kind, EngineName=engine)


def test_refuses_operations_and_rules_that_it_does_not_follow(cloud: LocalCloud, port: int) -> None:
    with pytest.raises(ClientError, match="DescribeConnections"):
        cloud.client("dms").describe_connections()
    replication = Replication(cloud, port, "ruled")
    transformation = replication.documents["TableMappings"].replace("selection", "transformation")
    with pytest.raises(ClientError, match="follows selection rules only"):
        replication.dms.modify_replication_config(ReplicationConfigArn=replication.arn, TableMappings=transformation)
    with pytest.raises(ClientError, match="does not follow CdcStartTime"):
        replication.dms.start_replication(
            ReplicationConfigArn=replication.arn, StartReplicationType="start-replication", CdcStartTime=0
        )


def test_what_runs_is_neither_changed_nor_deleted(cloud: LocalCloud, port: int, database: Database) -> None:
    database.execute(ORDERS)
    replication = Replication(cloud, port, "busy")
    replication.run()
    with pytest.raises(ClientError, match="cannot be deleted while it runs: stop it"):
        replication.dms.delete_replication_config(ReplicationConfigArn=replication.arn)
    with pytest.raises(ClientError, match="cannot be modified while it runs"):
        replication.dms.modify_endpoint(EndpointArn=replication.ends["TargetEndpointArn"], EngineName="s3")
    replication.stop()
    with pytest.raises(ClientError, match="is used by a replication"):
        replication.dms.delete_endpoint(EndpointArn=replication.ends["TargetEndpointArn"])
    replication.dms.delete_replication_config(ReplicationConfigArn=replication.arn)
    assert database.execute("select count(*) from pg_replication_slots").fetchone() == (0,)
    replication.dms.delete_endpoint(EndpointArn=replication.ends["TargetEndpointArn"])


def test_a_task_on_an_instance_does_the_same(cloud: LocalCloud, port: int, database: Database) -> None:
    database.execute(ORDERS)
    database.execute(FILL, [3])
    replication = Replication(cloud, port, "instance")
    dms = replication.dms
    dms.create_replication_subnet_group(
        ReplicationSubnetGroupIdentifier="Group",
        ReplicationSubnetGroupDescription="g",
        SubnetIds=["subnet-1", "subnet-2"],
    )
    instance = dms.create_replication_instance(
        ReplicationInstanceIdentifier="small",
        ReplicationInstanceClass="dms.t3.micro",
        ReplicationSubnetGroupIdentifier="group",
    )["ReplicationInstance"]
    assert instance["ReplicationInstanceStatus"] == "available"
    task = dms.create_replication_task(
        ReplicationTaskIdentifier="copy",
        ReplicationInstanceArn=instance["ReplicationInstanceArn"],
        MigrationType="full-load-and-cdc",
        TableMappings=replication.documents["TableMappings"],
        ReplicationTaskSettings=replication.documents["ReplicationSettings"],
        **replication.ends,
    )["ReplicationTask"]
    assert task["Status"] == "ready"
    arn = task["ReplicationTaskArn"]
    dms.start_replication_task(ReplicationTaskArn=arn, StartReplicationTaskType="start-replication")
    dms.get_waiter("replication_task_running").wait(WaiterConfig={"Delay": 1})
    database.execute("delete from orders where id = 1")
    dms.stop_replication_task(ReplicationTaskArn=arn)
    dms.get_waiter("replication_task_stopped").wait(WaiterConfig={"Delay": 1})
    assert replication.merged() == in_source(database)
    (found,) = dms.describe_table_statistics(ReplicationTaskArn=arn)["TableStatistics"]
    assert (found["FullLoadRows"], found["Deletes"]) == (3, 1)
    dms.delete_replication_task(ReplicationTaskArn=arn)
    dms.delete_replication_instance(ReplicationInstanceArn=instance["ReplicationInstanceArn"])

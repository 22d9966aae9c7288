"""Tables of a real PostgreSQL behind an Aurora cluster, in a database of the local warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from tests.local_cloud.zero_etl.conftest import FILL, ORDERS, Shop, shop


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop with orders, and the warehouse's database of them."""
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as cloud:
        found = Shop(cloud)
        assert found.deploy(shop()) == ""
        with found.source() as source:
            source.execute(ORDERS)
            source.execute(FILL, [50])
            source.execute("create table visits (page text)")
            source.execute("create table drafts (id int primary key)")
        found.create_destination()
        yield found


def test_rows_of_before_the_integration_are_there_at_once(running: Shop) -> None:
    assert running.sql("select count(*) >= 50 from public.orders", database="orders") == [[True]]


def test_source_and_warehouse_are_equal_after_inserts_updates_and_deletions(running: Shop) -> None:
    with running.source() as source, source.transaction():
        source.execute("insert into orders values (100, 1, 'new', now()), (101, null, null, null)")
        source.execute("update orders set amount = amount * 2, note = null where id % 2 = 0")
        source.execute("delete from orders where id % 5 = 0")
        source.execute("update orders set id = id + 1000 where id = 7")
        source.execute("insert into orders values (7, 7, 'again', null)")
    found, arrived = running.both()
    assert len(found) > 30
    assert arrived == found


def test_what_was_rolled_back_does_not_arrive(running: Shop) -> None:
    with running.source() as source:
        with source.transaction(force_rollback=True):
            source.execute("insert into orders values (500, 1, 'never', null)")
        source.execute("insert into orders values (501, 1, 'truly', null)")
    found, arrived = running.both()
    assert arrived == found
    assert ["501"] in [row[:1] for row in arrived]


def test_a_long_value_that_an_update_leaves_alone_stays(running: Shop) -> None:
    with running.source() as source:
        source.execute("insert into orders values (600, 1, repeat(md5('x'), 10000), null)")
        source.execute("update orders set amount = 2 where id = 600")
    found, arrived = running.both()
    assert arrived == found


def test_a_truncated_table_is_empty_and_filled_again(running: Shop) -> None:
    with running.source() as source:
        source.execute("create table lines (id int primary key, done boolean)")
        source.execute("insert into lines values (1, true)")
    running.cloud.drain()
    with running.source() as source:
        source.execute("truncate lines")
        source.execute("insert into lines values (2, false)")
    found, arrived = running.both("lines")
    assert arrived == found == [["2", "false"]]


def test_a_new_column_and_a_new_table_arrive(running: Shop) -> None:
    with running.source() as source:
        source.execute("create table parts (id int primary key, name text)")
        source.execute("insert into parts values (1, 'a')")
    assert running.both("parts")[1] == [["1", "a"]]
    with running.source() as source:
        source.execute("update parts set name = 'b' where id = 1")
        source.execute("alter table parts add column weight int default 5")
        source.execute("insert into parts values (2, 'c', 7)")
    found, arrived = running.both("parts")
    assert arrived == found == [["1", "b", "5"], ["2", "c", "7"]]


def test_a_table_without_a_primary_key_fails_and_an_excluded_one_is_not_there(running: Shop) -> None:
    state = "select table_state, reason from svv_integration_table_state where table_name = "
    assert running.sql(f"{state} 'visits'") == [["Failed", "it has no primary key"]]
    assert running.sql(f"{state} 'drafts'") == []
    with pytest.raises(RuntimeError, match="Table with name visits does not exist"):
        running.sql("select * from public.visits", database="orders")


@pytest.mark.parametrize(
    "statement",
    [
        "insert into public.orders values (1, 1, '', null)",
        "create table public.mine (id int)",
        "delete from public.orders",
        "drop table public.orders",
    ],
)
def test_nobody_else_writes_the_database(running: Shop, statement: str) -> None:
    with pytest.raises(RuntimeError, match="database orders is read-only: its integration alone writes it"):
        running.sql(statement, database="orders")


def test_the_view_of_integrations_shows_the_database(running: Shop) -> None:
    found = running.sql("select target_database, source_database, state, refresh_interval from svv_integration")
    assert found == [["orders", "shop", "CdcRefreshState", 0]]
    check = f"select 1 / count(*) from svv_integration where integration_id = '{running.integration}'"
    assert running.sql(f"{check} and target_database = 'orders'") == [[1]]
    with pytest.raises(RuntimeError, match="Divide by zero"):
        running.sql(f"{check} and target_database = 'other'")


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ('create database "orders" from integration \'{id}\' database "shop"', 'database "orders" already exists'),
        ("create database other from integration 'none' database shop", "integration none does not exist"),
        ("create database other from integration '{id}'", "must name the source's DATABASE"),
        ("create database other from integration '{id}' database postgres", "filter .* does not name .*postgres"),
        ("create database other", "is not reproduced by the local warehouse"),
        ("drop database orders", "delete the integration first"),
    ],
)
def test_a_database_is_made_of_an_integration_only(running: Shop, statement: str, reason: str) -> None:
    with pytest.raises(RuntimeError, match=reason):
        running.sql(statement.replace("{id}", running.integration))


def test_a_database_is_made_outside_transactions_only(running: Shop) -> None:
    with pytest.raises(RuntimeError, match="cannot run inside a transaction block"):
        running.sql("select 1", "create database other from integration 'x' database y")


def test_the_interval_and_the_whole_database_can_be_refreshed_by_sql(running: Shop) -> None:
    running.sql('alter database "orders" integration set refresh_interval 600')
    assert running.sql("select refresh_interval from svv_integration") == [[600]]
    with pytest.raises(RuntimeError, match="REFRESH_INTERVAL must be 0 to 432000 seconds, got 500000"):
        running.sql('alter database "orders" integration set refresh_interval 500000')
    running.sql('alter database "orders" integration refresh all tables')
    found, arrived = running.both()
    assert arrived == found


def changed(**properties: Any) -> dict[str, Any]:
    """Return the resources of the shop with other properties, by resource."""
    found = shop()
    for name, values in properties.items():
        found[name]["Properties"] |= values
    return found


def without(name: str) -> dict[str, Any]:
    found = {key: value for key, value in shop().items() if key != name}
    found["Integration"].pop("DependsOn")
    return found


@pytest.mark.parametrize(
    ("resources", "reason"),
    [
        (
            changed(Parameters={"Parameters": {"rds.logical_replication": "1"}}),
            "must have aurora.enhanced_logical_replication = 1",
        ),
        (changed(Cluster={"EngineVersion": "16.3"}), "needs aurora-postgresql 16.4 or later, not 16.3"),
        (changed(Workgroup={"ConfigParameters": []}), "set enable_case_sensitive_identifier to true"),
        (changed(Namespace={"NamespaceResourcePolicy": {"Statement": []}}), "resource policy does not let redshift"),
        (without("Writer"), "has no instance"),
        (changed(Integration={"DataFilter": "include: /sh.*/.x.y"}), "the local cloud reads filters such as"),
    ],
)
def test_what_is_not_prepared_fails_at_deployment_with_the_reason(
    running: Shop, resources: dict[str, Any], reason: str
) -> None:
    if reason.startswith("needs"):
        resources["Parameters"]["Properties"]["Family"] = "aurora-postgresql16"
    for name in ("Namespace", "Workgroup"):
        resources[name]["Properties"][f"{name}Name"] = "other"
    name = f"refused-{abs(hash(reason))}"
    assert reason in running.deploy(resources, name)

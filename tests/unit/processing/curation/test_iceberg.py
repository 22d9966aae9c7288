"""Curation into Iceberg tables, on real Spark; Iceberg's own catalog of folders stands for Glue's."""

from __future__ import annotations

import random
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from pyspark.sql import SparkSession

from tests.unit.processing.curation.test_curate import balance, column, part, plan

PARTITIONED = "id bigint, name string, month int"
CHANGES = {"newest": True, "order_by": "version", "deleted": "op = 'D'", "drop": ["op"]}


@pytest.fixture
def table(lake: Any) -> Iterator[Any]:
    """A lake whose table is of Iceberg, with the columns of the plan and partitioned by month."""
    lake.plan = plan(column("id", "bigint"), column("name"), column("month", "int"), primary_key=["id"])
    yield create(lake, PARTITIONED)
    sql(f"DROP TABLE {name(lake)} PURGE")


def name(lake: Any) -> str:
    return f"glue_catalog.db.{lake.name}"


def create(lake: Any, columns: str) -> Any:
    lake.defined = True
    properties = "'write.merge.mode'='copy-on-write', 'format-version'='2'"
    by = "PARTITIONED BY (month)" if "month" in columns else ""
    sql(f"CREATE TABLE {name(lake)} ({columns}) USING iceberg {by} TBLPROPERTIES ({properties})")
    return lake


def sql(statement: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in SparkSession.builder.getOrCreate().sql(statement).collect()]


def rows(lake: Any, columns: str = "*") -> list[tuple[Any, ...]]:
    return sorted(sql(f"SELECT {columns} FROM {name(lake)}"), key=repr)


def added(lake: Any) -> list[int]:
    """Return how many rows each snapshot has added."""
    found = sql(f"SELECT summary['added-records'] FROM {name(lake)}.snapshots ORDER BY committed_at")
    return [int(number or 0) for (number,) in found]


def record(number: int, name: str = "Ada", month: int = 1) -> dict[str, Any]:
    return {"id": number, "name": name, "month": month}


def test_a_batch_is_one_commit_and_every_record_is_accounted_for(table: Any) -> None:
    table.put("a.json", record(1), record(2, month=2), record(2, "again"), {"id": "x"}, "not json")
    assert balance(table.run()) == (5, 2, 1, 0, 2)
    assert rows(table, "id, month") == [(1, 1), (2, 2)]
    assert len(table.refused()) == 2
    # A table without a snapshot gets an empty one, from which the branch can begin.
    assert added(table) == [0, 2]
    table.put("b.json", record(3))
    table.run()
    assert added(table) == [0, 2, 1]
    assert balance(table.run()) == (0, 0, 0, 0, 0)
    assert added(table) == [0, 2, 1]


def test_a_key_that_comes_again_in_another_partition_is_one_row(table: Any) -> None:
    table.put("a.json", record(1, "first", month=1))
    table.run()
    table.put("b.json", record(1, "second", month=7), record(2))
    assert balance(table.run()) == (2, 1, 1, 0, 0)
    assert rows(table) == [(1, "first", 1), (2, "Ada", 1)]


def test_the_newest_of_a_key_replaces_the_row_wherever_it_is(table: Any) -> None:
    table.plan |= {"newest": True}
    table.put("a.json", record(1, "first", month=1), record(2))
    table.run()
    table.put("b.json", record(1, "second", month=7), record(1, "third", month=8))
    assert balance(table.run()) == (2, 1, 1, 0, 0)
    assert rows(table) == [(1, "third", 8), (2, "Ada", 1)]


def test_a_late_change_that_is_older_than_the_row_is_a_duplicate(table: Any) -> None:
    sql(f"DROP TABLE {name(table)} PURGE")
    table.name += "v"
    create(table, "id bigint, name string, version int")
    columns = (column("id", "bigint"), column("name"), column("op"), column("version", "int"))
    table.plan = plan(*columns, primary_key=["id"]) | CHANGES
    table.put("a.json", {"id": 1, "name": "new", "version": 5, "op": "U"})
    table.run()
    table.put("b.json", {"id": 1, "name": "old", "version": 4, "op": "U"})
    assert balance(table.run()) == (1, 0, 1, 0, 0)
    table.put("c.json", {"id": 1, "version": 6, "op": "D"}, {"id": 9, "version": 1, "op": "D"})
    assert balance(table.run()) == (2, 2, 0, 0, 0)
    assert rows(table) == []


def test_a_deletion_needs_its_key_and_time_and_no_other_column(table: Any) -> None:
    sql(f"DROP TABLE {name(table)} PURGE")
    table.name += "v"
    create(table, "id bigint, name string, version int")
    columns = (
        column("id", "bigint"),
        column("name", required=True, min_length=3),
        column("op"),
        column("version", "int", required=True),
    )
    table.plan = plan(*columns, primary_key=["id"]) | CHANGES | {"drop_null_rows": ["name"], "filter": "name <> 'x'"}
    rows_of_keys = [{"id": key, "name": "Ada", "version": 1, "op": "I"} for key in (1, 2, 3)]
    table.put("a.json", *rows_of_keys)
    assert balance(table.run()) == (3, 3, 0, 0, 0)
    table.put(
        "b.json",
        {"id": 1, "version": 2, "op": "D"},
        # What it says of the row besides was right or not when that was written.
        {"id": 2, "version": 2, "op": "D", "name": "A"},
        {"version": 2, "op": "D"},
        {"id": 3, "op": "D"},
        {"id": 3, "version": 2, "op": "U"},
    )
    assert balance(table.run()) == (5, 2, 0, 0, 3)
    assert rows(table, "id") == [(3,)]


@pytest.mark.parametrize("order", ["version", None])
@pytest.mark.parametrize("rule", [{"filter": "name <> 'gone'"}, {"drop_null_rows": ["name"]}], ids=["filter", "nulls"])
def test_a_row_whose_newest_record_is_left_out_leaves_the_table(
    table: Any, rule: dict[str, Any], order: str | None
) -> None:
    sql(f"DROP TABLE {name(table)} PURGE")
    table.name += "v"
    create(table, "id bigint, name string, version int")
    columns = (column("id", "bigint"), column("name"), column("version", "int"))
    table.plan = plan(*columns, primary_key=["id"], newest=True, order_by=order, **rule)
    gone = "gone" if "filter" in rule else None
    table.put("a.json", *({"id": key, "name": "Ada", "version": 1} for key in (1, 2)))
    # Of one batch, the newest decides as well; of no key that the table has, there is nothing to remove.
    table.put("b.json", {"id": 3, "name": "Ada", "version": 1}, {"id": 3, "name": gone, "version": 2})
    table.put("c.json", {"id": 4, "name": gone, "version": 1}, {"id": 4, "name": "Ada", "version": 2})
    assert balance(table.run()) == (6, 3, 1, 2, 0)
    assert rows(table, "id, version") == [(1, 1), (2, 1), (4, 2)]
    table.put("d.json", {"id": 1, "name": gone, "version": 3}, {"id": 9, "name": gone, "version": 1})
    assert balance(table.run()) == (2, 0, 0, 2, 0)
    assert rows(table, "id, version") == [(2, 1), (4, 2)]
    if order:
        table.put("e.json", {"id": 4, "name": gone, "version": 1})
        table.run()
        assert rows(table, "id, version") == [(2, 1), (4, 2)]


def test_random_changes_leave_what_a_dictionary_holds(table: Any) -> None:
    sql(f"DROP TABLE {name(table)} PURGE")
    table.name += "v"
    create(table, "id bigint, name string, version int")
    columns = (column("id", "bigint"), column("name"), column("op"), column("version", "int"))
    table.plan = plan(*columns, primary_key=["id"]) | CHANGES
    chance, version = random.Random(7), 0
    expected: dict[int, str] = {}
    for batch in range(8):
        changes = []
        for _ in range(40):
            version += 1
            key, value = chance.randrange(30), f"n{version}"
            if chance.random() < 0.3:
                expected.pop(key, None)
                changes.append({"id": key, "version": version, "op": "D"})
            else:
                expected[key] = value
                changes.append({"id": key, "name": value, "version": version, "op": "U"})
        chance.shuffle(changes)
        table.put(f"{batch}.json", *changes)
        report = table.run()
        assert report["read"] == report["curated"] + report["duplicates"] == 40
    assert dict(rows(table, "id, name")) == expected


@pytest.mark.parametrize("step", ["write_quarantine", "append", "check", "publish", "finish"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_run_killed_at_any_step_is_repaired_by_the_next(
    table: Any, script: ModuleType, monkeypatch: pytest.MonkeyPatch, step: str, moment: str
) -> None:
    table.put("a.json", record(1))
    table.run()
    table.put("b.json", record(2), record(1), {"id": "x"})
    home = {
        "write_quarantine": part("run"),
        "append": part("iceberg_table").Draft,
        "check": part("batch_counts").BatchCounts,
        "publish": part("iceberg_table").Draft,
        "finish": part("ledger").Ledger,
    }[step]
    original = getattr(home, step)

    def stop(*arguments: Any) -> None:
        if moment == "after":
            original(*arguments)
        # As a kill, which no `except Exception` sees.
        raise KeyboardInterrupt(step)

    monkeypatch.setattr(home, step, stop)
    with pytest.raises(KeyboardInterrupt):
        table.run()
    monkeypatch.undo()
    table.run()
    assert rows(table, "id") == [(1,), (2,)]
    assert [record for record, _ in table.refused()] == ['{"id": "x"}']
    assert [balance(report) for report in table.reports() if report["read"]] == [(1, 1, 0, 0, 0), (3, 1, 1, 0, 1)]
    assert sql(f"SELECT name FROM {name(table)}.refs") == [("main",)]


@pytest.mark.parametrize(("step", "attempts"), [("begin", 1), ("base", 2), ("publish", 2)])
def test_another_writer_at_any_moment_costs_an_attempt_at_most_and_no_row(
    table: Any, script: ModuleType, monkeypatch: pytest.MonkeyPatch, step: str, attempts: int
) -> None:
    table.put("a.json", record(1))
    table.run()
    owner = part("iceberg_table").Draft
    original, publish = getattr(owner, step), owner.publish
    written: list[Any] = []
    published: list[Any] = []

    def interfered(*arguments: Any) -> Any:
        if not written:
            written.append(sql(f"INSERT INTO {name(table)} VALUES (2, 'Eve', 1)"))
        return original(*arguments)

    def counted(*arguments: Any) -> None:
        published.append(arguments)
        (interfered if step == "publish" else publish)(*arguments)

    monkeypatch.setattr(owner, step, interfered)
    monkeypatch.setattr(owner, "publish", counted)
    table.put("b.json", record(2), record(3))
    assert balance(table.run()) == (2, 1, 1, 0, 0)
    assert rows(table, "id, name") == [(1, "Ada"), (2, "Eve"), (3, "Ada")]
    assert len(published) == attempts


def test_a_run_beside_another_ends_before_it_writes_what_that_one_has(
    table: Any, script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    del table.plan["primary_key"]
    table.put("a.json", record(1))
    table.run()
    owner = part("iceberg_table").Draft
    begin = owner.begin

    def late(self: Any) -> None:
        sql(f"ALTER TABLE {name(table)} SET TBLPROPERTIES ('lake.curation.batch' = 'of another run')")
        begin(self)

    monkeypatch.setattr(owner, "begin", late)
    table.put("b.json", record(2))
    with pytest.raises(Exception, match="another run of this job has written to the table"):
        table.run()
    assert rows(table, "id") == [(1,)]
    assert sql(f"SELECT name FROM {name(table)}.refs") == [("main",)]


def test_a_branch_that_somebody_drops_is_written_again(
    table: Any, script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = part("iceberg_table").Draft
    publish = owner.publish
    dropped: list[Any] = []

    def after_a_drop(self: Any, *arguments: Any) -> None:
        if not dropped:
            dropped.append(self.discard())
        publish(self, *arguments)

    monkeypatch.setattr(owner, "publish", after_a_drop)
    table.put("a.json", record(1))
    assert balance(table.run()) == (1, 1, 0, 0, 0)
    assert rows(table, "id") == [(1,)]


def test_a_table_that_lacks_a_column_of_the_contract_is_refused_before_anything_is_read(table: Any) -> None:
    table.plan = plan(column("id", "bigint"), column("city"), primary_key=["id"])
    table.put("a.json", {"id": 1, "city": "Paris"})
    with pytest.raises(Exception, match="has no column 'city'; deploy the table's stack first"):
        table.run()


def test_a_job_that_may_brings_the_table_to_the_columns_of_the_contract(table: Any) -> None:
    sql(f"DROP TABLE {name(table)} PURGE")
    table.name += "v"
    create(table, "id int, amount decimal(9,2), part struct<a:int>")
    columns = (column("id", "int"), column("amount", "decimal(9,2)"), column("part", "struct<a:int>"))
    table.plan = plan(*columns, primary_key=["id"])
    table.put("a.json", {"id": 1, "amount": "1.50", "part": {"a": 1}})
    table.run()
    wider = (column("id", "bigint"), column("amount", "decimal(12,2)"), column("city"), columns[2])
    types = {"id": "bigint", "amount": "decimal(12,2)", "city": "string", "part": "struct<a:int>"}
    table.plan = plan(*wider, primary_key=["id"], table=types)
    table.more += ["--evolve", "true"]
    table.put("b.json", {"id": 2**40, "amount": "1234567890.25", "city": "Paris", "part": {"a": 2}})
    assert balance(table.run()) == (1, 1, 0, 0, 0)
    assert rows(table, "id, cast(amount AS string), city, part.a") == [
        (1, "1.50", None, 1),
        (2**40, "1234567890.25", "Paris", 2),
    ]


def test_records_of_the_quarantine_are_replayed_into_the_table(table: Any) -> None:
    table.plan["columns"][1]["enum"] = ["Ada"]
    table.put("a.json", record(1), record(2, "Bob"))
    assert balance(table.run()) == (2, 1, 0, 0, 1)
    del table.plan["columns"][1]["enum"]
    assert balance(table.run("--replay", "true")) == (1, 1, 0, 0, 0)
    assert rows(table, "id, name") == [(1, "Ada"), (2, "Bob")]
    assert table.refused() == []

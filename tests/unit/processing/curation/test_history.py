"""Histories on real Spark: every version of a key with its time, whatever the order of arrival."""

from __future__ import annotations

import random
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from lake_blueprints.processing.curation import history as construct
from tests.unit.processing.curation.test_curate import balance, column, of_one_second, part, plan
from tests.unit.processing.curation.test_iceberg import create, name, rows, sql

COLUMNS = "id bigint, name string, at int, valid_from int, valid_to int, is_current boolean"
KEPT = {"history": True, "order_by": "at", "deleted": "op = 'D'", "drop": ["op"], "primary_key": ["id"]}


@pytest.fixture
def table(lake: Any) -> Iterator[Any]:
    """A lake whose table keeps the history of each key."""
    lake.plan = plan(column("id", "bigint"), column("name"), column("at", "int"), column("op"), **KEPT)
    yield create(lake, COLUMNS)
    sql(f"DROP TABLE {name(lake)} PURGE")


def change(key: int, at: int, name: str | None = "Ada", op: str = "U") -> dict[str, Any]:
    return {"id": key, "name": name, "at": at, "op": op}


def versions(lake: Any) -> list[tuple[Any, ...]]:
    return rows(lake, "id, valid_from, valid_to, is_current, name")


def history(changes: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Return the versions that changes in the order of their arrival make, from lists and dictionaries alone."""
    of_key: dict[int, dict[int, dict[str, Any]]] = {}
    for one in changes:
        of_key.setdefault(one["id"], {})[one["at"]] = one
    found = []
    for key, by_time in of_key.items():
        times = sorted(by_time)
        for at, following in zip(times, [*times[1:], None], strict=True):
            ends = at if by_time[at]["op"] == "D" else following
            found.append((key, at, ends, ends is None, by_time[at]["name"]))
    return sorted(found, key=repr)


def test_each_change_ends_the_version_before_it(table: Any) -> None:
    table.put("a.json", change(1, 10, "a"), change(2, 10, "x"))
    table.run()
    table.put("b.json", change(1, 20, "b"), change(1, 30, "c"))
    assert balance(table.run()) == (2, 2, 0, 0, 0)
    assert versions(table) == [
        (1, 10, 20, False, "a"),
        (1, 20, 30, False, "b"),
        (1, 30, None, True, "c"),
        (2, 10, None, True, "x"),
    ]


def test_a_late_change_takes_its_place_in_the_order(table: Any) -> None:
    table.put("a.json", change(1, 10, "a"), change(1, 30, "c"))
    table.run()
    table.put("b.json", change(1, 20, "b"), change(1, 5, "z"))
    assert balance(table.run()) == (2, 2, 0, 0, 0)
    expected = [(1, 5, 10, False, "z"), (1, 10, 20, False, "a"), (1, 20, 30, False, "b"), (1, 30, None, True, "c")]
    assert versions(table) == sorted(expected, key=repr)


def test_a_deletion_ends_the_version_before_it_also_if_it_comes_first(table: Any) -> None:
    table.put("a.json", change(1, 20, None, "D"), change(2, 10, "x"))
    table.run()
    table.put("b.json", change(1, 10, "a"), change(2, 20, None, "D"))
    table.run()
    assert versions(table) == [
        (1, 10, 20, False, "a"),
        (1, 20, 20, False, None),
        (2, 10, 20, False, "x"),
        (2, 20, 20, False, None),
    ]
    # At no moment is a deletion valid.
    valid = "valid_from <= {at} AND (valid_to > {at} OR valid_to IS NULL)"
    assert [len(sql(f"SELECT * FROM {name(table)} WHERE {valid.format(at=at)}")) for at in (9, 10, 20)] == [0, 2, 0]


def test_of_changes_with_one_time_the_last_that_arrived_counts(table: Any) -> None:
    table.put("a.json", change(1, 10, "a"), change(1, 10, "b"))
    assert balance(table.run()) == (2, 1, 1, 0, 0)
    table.put("b.json", change(1, 10, "c"))
    table.run()
    assert versions(table) == [(1, 10, None, True, "c")]


def test_of_changes_with_one_time_in_objects_of_one_second_that_with_the_last_key_counts(
    table: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_one_second(monkeypatch)
    table.put("1.json", change(1, 10, "a"))
    # Spark reads the longest first.
    table.put("2.json", change(1, 10, "b"), *(change(2, time, "x" * 100) for time in range(100)))
    table.run()
    assert [version for version in versions(table) if version[0] == 1] == [(1, 10, None, True, "b")]


def test_a_change_without_a_time_is_refused(table: Any) -> None:
    table.put("a.json", {"id": 1, "name": "a"}, change(2, 1))
    assert balance(table.run()) == (2, 1, 0, 0, 1)
    assert table.refused()[0][1] == ["column 'at': missing, but it orders the versions of a key"]


def test_a_change_whose_derived_time_is_missing_is_refused(table: Any) -> None:
    table.plan = plan(column("id", "bigint"), column("name"), column("sent"), column("op"), **KEPT)
    table.plan |= {"drop": ["op", "sent"], "derive": {"at": {"expression": "int(sent)", "type": "int"}}}
    table.put("a.json", {"id": 1, "name": "a", "sent": "soon"}, {"id": 2, "name": "a", "sent": "7"})
    assert balance(table.run()) == (2, 1, 0, 0, 1)
    assert table.refused()[0][1] == ["column 'at': missing, but it orders the versions of a key"]
    assert versions(table) == [(2, 7, None, True, "a")]


def test_a_version_that_is_left_out_ends_the_one_before_it_and_holds_nothing(table: Any) -> None:
    table.plan |= {"filter": "name <> 'gone'"}
    table.put("a.json", change(1, 10, "a"), change(2, 10, "x"))
    table.run()
    table.put("b.json", change(1, 20, "gone"), change(3, 10, "gone"))
    assert balance(table.run()) == (2, 0, 0, 2, 0)
    assert versions(table) == [(1, 10, 20, False, "a"), (1, 20, 20, False, None), (2, 10, None, True, "x")]
    # In one batch; in the place of a version; and again with a version after it.
    table.put("c.json", change(4, 10, "a"), change(4, 20, "gone"), change(2, 10, "gone"), change(1, 30, "c"))
    assert balance(table.run()) == (4, 2, 0, 2, 0)
    assert versions(table) == [
        (1, 10, 20, False, "a"),
        (1, 20, 20, False, None),
        (1, 30, None, True, "c"),
        (2, 10, 10, False, None),
        (4, 10, 20, False, "a"),
        (4, 20, 20, False, None),
    ]


def test_random_changes_leave_what_lists_and_dictionaries_hold(
    table: Any, script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(11)
    arrived: list[dict[str, Any]] = []
    for batch in range(6):
        changes = []
        for number in range(40):
            op = "D" if chance.random() < 0.25 else "U"
            changes.append(change(chance.randrange(12), chance.randrange(80), f"n{batch}.{number}", op))
        arrived += changes
        table.put(f"{batch}.json", *changes)
        if batch % 2:
            killed(table, monkeypatch, chance)
        report = table.run()
        assert report["read"] in (0, 40)
        assert versions(table) == history(arrived)
    assert sum(report["read"] for report in table.reports()) == 240


def killed(lake: Any, monkeypatch: pytest.MonkeyPatch, chance: random.Random) -> None:
    """Kill a run before or after one of its steps."""
    owner, step = chance.choice(
        [
            (part("iceberg_table").Draft, "begin"),
            (part("iceberg_table").Draft, "merge"),
            (part("iceberg_table").Draft, "publish"),
            (part("ledger").Ledger, "finish"),
        ]
    )
    original, after = getattr(owner, step), chance.random() < 0.5

    def stop(*arguments: Any) -> None:
        if after:
            original(*arguments)
        raise KeyboardInterrupt(step)

    with monkeypatch.context() as patch:
        patch.setattr(owner, step, stop)
        with pytest.raises(KeyboardInterrupt):
            lake.run()


def test_a_column_that_the_contract_gets_later_is_null_in_older_versions(table: Any) -> None:
    table.put("a.json", change(1, 10, "a"))
    table.run()
    sql(f"ALTER TABLE {name(table)} ADD COLUMN city string AFTER at")
    table.plan["columns"].append(column("city"))
    table.put("b.json", {**change(1, 20, "b"), "city": "Paris"}, {**change(1, 5, "z"), "city": "Rome"})
    table.run()
    assert rows(table, "valid_from, valid_to, city") == [(10, 20, None), (20, None, "Paris"), (5, 10, "Rome")]


def test_a_run_without_new_records_changes_nothing(table: Any) -> None:
    table.put("a.json", change(1, 10), change(1, 20))
    table.run()
    before = sql(f"SELECT snapshot_id FROM {name(table)}.snapshots")
    assert balance(table.run()) == (0, 0, 0, 0, 0)
    assert sql(f"SELECT snapshot_id FROM {name(table)}.snapshots") == before


def test_the_script_and_the_construct_name_the_columns_alike(script: ModuleType) -> None:
    assert part("plan").VALIDITY == (construct.VALID_FROM, construct.VALID_TO, construct.CURRENT)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"order_by": None}, "plan: history: there must be an order_by, and not newest as well"),
        ({"newest": True}, "plan: history: there must be an order_by, and not newest as well"),
        ({"primary_key": []}, "plan: newest or history: there must be a primary_key"),
        (
            {"columns": [column("at", "int"), column("id"), column("op"), column("Valid_To")]},
            "plan: history: the name 'Valid_To' is that of a column which the job writes",
        ),
    ],
)
def test_refuses_a_plan_that_cannot_be_a_history(table: Any, change: dict[str, Any], message: str) -> None:
    table.plan |= change
    with pytest.raises(Exception, match=message):
        table.run()

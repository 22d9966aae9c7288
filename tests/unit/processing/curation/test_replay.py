"""Replay: what was quarantined goes through the job again, each record once, whenever a run is killed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest

from tests.unit.processing.curation.test_curate import balance, column, part, plan
from tests.unit.processing.curation.test_damage import parquet
from tests.unit.processing.curation.test_dynamodb import export, line

REPLAY = ("--replay", "true")


@pytest.fixture
def strict(lake: Any) -> Any:
    """Return a lake whose contract has been mended after it refused two records of three."""
    lake.plan = plan(column("id", "bigint", required=True), column("size", enum=["S", "M"]))
    lake.put("a.json", {"id": 1, "size": "S"}, {"id": 2, "size": "L"}, {"size": "M"})
    assert balance(lake.run()) == (3, 1, 0, 0, 2)
    lake.plan["columns"][1]["enum"] = ["S", "M", "L"]
    return lake


def test_a_mended_contract_takes_what_it_had_refused_and_the_rest_stays(strict: Any) -> None:
    report = strict.run(*REPLAY)
    assert balance(report) == (2, 1, 0, 0, 1)
    assert report["replayed"]
    assert strict.rows() == [(1, "S"), (2, "L")]
    assert strict.refused() == [('{"size": "M"}', ["column 'id': missing, but required"])]


def test_a_second_replay_doubles_nothing(strict: Any) -> None:
    strict.run(*REPLAY)
    assert balance(strict.run(*REPLAY)) == (1, 0, 0, 0, 1)
    assert balance(strict.run()) == (0, 0, 0, 0, 0)
    assert strict.rows() == [(1, "S"), (2, "L")]
    assert len(strict.refused()) == 1


def test_a_replay_curates_new_records_as_well(strict: Any) -> None:
    strict.put("b.json", {"id": 3, "size": "M"})
    strict.run(*REPLAY)
    assert sorted(balance(report) for report in strict.reports()) == [(1, 1, 0, 0, 0), (2, 1, 0, 0, 1), (3, 1, 0, 0, 2)]
    assert strict.rows("id") == [(1,), (2,), (3,)]


def test_a_replayed_record_that_came_again_is_a_duplicate(lake: Any) -> None:
    lake.plan = plan(column("id", "bigint"), column("size", enum=["S"]), primary_key=["id"])
    lake.put("a.json", {"id": 1, "size": "L"})
    lake.run()
    lake.put("b.json", {"id": 1, "size": "S"})
    lake.run()
    lake.plan["columns"][1]["enum"] = ["S", "L"]
    assert balance(lake.run(*REPLAY)) == (1, 0, 1, 0, 0)
    assert lake.rows() == [(1, "S")]
    assert lake.refused() == []


@pytest.mark.parametrize("step", ["write_quarantine", "repeated", "append", "publish", "report", "finish", "forget"])
def test_a_replay_killed_at_any_step_loses_and_doubles_nothing(
    strict: Any, script: ModuleType, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    home, name = {
        "write_quarantine": (part("run"), step),
        "report": (part("run"), "asdict"),
        "finish": (part("ledger").Ledger, step),
        "forget": (part("files").Files, "delete"),
        "repeated": (part("table_writer"), step),
    }.get(step, (part("iceberg_table").Draft, step))
    original, begun = getattr(home, name), []

    def stop(*args: Any, **options: Any) -> Any:
        # The first report and the first batch are those of new objects, of which there are none.
        begun.append(args)
        if step in ("report", "finish") and len(begun) == 1:
            return original(*args, **options)
        if step in ("write_quarantine", "repeated", "append", "publish"):
            original(*args, **options)
        # As a kill, which no `except Exception` sees.
        raise KeyboardInterrupt(step)

    monkeypatch.setattr(home, name, stop)
    with pytest.raises(KeyboardInterrupt):
        strict.run(*REPLAY)
    monkeypatch.undo()
    strict.run()
    assert strict.rows() == [(1, "S"), (2, "L")]
    assert strict.refused() == [('{"size": "M"}', ["column 'id': missing, but required"])]
    assert [balance(report) for report in strict.reports() if report["replayed"]] == [(2, 1, 0, 0, 1)]
    assert balance(strict.run()) == (0, 0, 0, 0, 0)


def test_a_replay_that_fails_does_not_keep_new_records_waiting(strict: Any) -> None:
    strict.plan["filter"] = "if(size = 'L', raise_error('no'), true)"
    with pytest.raises(Exception, match="no"):
        strict.run(*REPLAY)
    assert strict.ledger()["pending"] is None
    strict.put("b.json", {"id": 3, "size": "M"})
    assert balance(strict.run()) == (1, 1, 0, 0, 0)
    assert len(strict.refused()) == 2


def test_records_of_csv_are_replayed_by_their_own_header(lake: Any) -> None:
    lake.plan = plan(column("id", "int"), column("name"), format="csv")
    lake.put("a.csv", "id,name", "3000000000,a")
    lake.put("b.csv", "name,id", '"b, b",3000000001')
    assert balance(lake.run()) == (2, 0, 0, 0, 2)
    lake.plan["columns"][0]["type"] = "bigint"
    assert balance(lake.run(*REPLAY)) == (2, 2, 0, 0, 0)
    assert lake.rows() == [(3000000000, "a"), (3000000001, "b, b")]


def test_records_of_csv_whose_header_fits_the_contract_no_more_stay(lake: Any) -> None:
    lake.plan = plan(column("id", "int"), column("name"), format="csv")
    lake.put("a.csv", "id,name", "x,a")
    lake.put("b.csv", "name,id", "b,y")
    assert balance(lake.run()) == (2, 0, 0, 0, 2)
    lake.plan = plan(column("number", "int"), format="csv")
    assert balance(lake.run(*REPLAY)) == (2, 0, 0, 0, 2)
    assert {record for record, _ in lake.refused()} == {"x,a", "b,y"}


def test_records_of_parquet_keep_every_value(lake: Any) -> None:
    kinds = {"at": "timestamp", "price": "decimal(38,10)", "raw": "binary", "tags": "array<string>", "day": "date"}
    lake.plan = plan(column("id", "int"), *(column(name, kind) for name, kind in kinds.items()), format="parquet")
    values = {
        "id": pa.array([3_000_000_000]),
        "at": pa.array([dt.datetime(2024, 1, 2, 3, 4, 5, 123456)], pa.timestamp("us", "UTC")),
        "price": pa.array([Decimal("1234567890123456789012345678.0123456789")]),
        "raw": pa.array([b"\0\xff"]),
        "tags": pa.array([["a", 'b"']]),
        "day": pa.array([dt.date(2024, 1, 2)]),
    }
    lake.put("a.parquet", directly=parquet(values))
    assert balance(lake.run()) == (1, 0, 0, 0, 1)
    lake.plan["columns"][0]["type"] = "bigint"
    assert balance(lake.run(*REPLAY)) == (1, 1, 0, 0, 0)
    [row] = lake.rows('id, "at", price, raw, tags, day')
    at = dt.datetime(2024, 1, 2, 3, 4, 5, 123456, dt.UTC)
    assert row == (3_000_000_000, at, values["price"][0].as_py(), b"\0\xff", ["a", 'b"'], dt.date(2024, 1, 2))


def test_items_of_dynamodb_are_replayed(lake: Any) -> None:
    lake.plan = plan(column("id", "int"), format="dynamodb-json")
    export(lake, "01", line(id=3_000_000_000))
    assert balance(lake.run()) == (1, 0, 0, 0, 1)
    lake.plan["columns"][0]["type"] = "bigint"
    assert balance(lake.run(*REPLAY)) == (1, 1, 0, 0, 0)
    assert lake.rows() == [(3_000_000_000,)]


def test_an_object_that_was_refused_is_read_when_the_contract_fits(lake: Any) -> None:
    lake.plan = plan(column("id", "int"), format="csv")
    lake.put("a.csv", "number", "1", "2")
    assert balance(lake.run()) == (1, 0, 0, 0, 1)
    lake.plan["columns"][0]["source"] = "number"
    report = lake.run(*REPLAY)
    assert (balance(report), report["quarantined_objects"]) == ((2, 2, 0, 0, 0), 0)
    assert lake.rows() == [(1,), (2,)]
    assert lake.refused("object") == []


def test_an_object_that_was_replaced_is_read_once_and_one_that_is_gone_stays(lake: Any) -> None:
    lake.plan = plan(column("id", "int"), format="csv")
    lake.put("a.csv", "x", "1")
    lake.put("b.csv", "x", "2")
    assert balance(lake.run()) == (2, 0, 0, 0, 2)
    lake.put("a.csv", "id", "3")
    assert balance(lake.run()) == (1, 1, 0, 0, 0)
    lake.s3.delete_object(Bucket="lake", Key=f"{lake.name}/source/b.csv")
    assert balance(lake.run(*REPLAY)) == (2, 0, 1, 0, 1)
    assert lake.rows() == [(3,)]
    assert lake.refused("reasons") == [(["it is not there any more"],)]


def test_a_record_that_is_not_utf_8_stays_in_quarantine(lake: Any) -> None:
    lake.plan = plan(column("id", "int"), column("name"))
    lake.put("a.json", directly=b'{"id": 1, "name": "Z\xfcrich"}\n')
    lake.run()
    assert balance(lake.run(*REPLAY)) == (1, 0, 0, 0, 1)
    assert lake.refused("kinds") == [(["encoding"],)]
    assert lake.rows() == []

"""The masked copy on real Spark: what is in it, and that it holds each curated row once, whatever happens."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import io
import json
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.processing.curation.test_curate import part

PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
SALT = "a salt of the lake"


def column(name: str, kind: str = "string", **rules: Any) -> dict[str, Any]:
    return {"name": name, "source": name, "type": kind, **rules}


def masked_plan(**maskings: str) -> dict[str, Any]:
    """Return a plan of passengers, whose columns are masked as given."""
    types = {"id": "bigint", "name": "string", "born": "date", "seat": "string", "month": "int"}
    return {
        "dataset": "d",
        "version": "1.0.0",
        "format": "json",
        "columns": [column(name, kind) for name, kind in types.items()],
        "primary_key": ["id"],
        "partition_keys": ["month"],
        "masked": [{"name": name, "type": kind, "masking": maskings.get(name, "none")} for name, kind in types.items()],
    }


def passenger(identity: int, name: str | None = "Ann", month: int = 1) -> dict[str, Any]:
    return {"id": identity, "name": name, "born": "1990-05-31", "seat": "1A", "month": month}


def hashed(text: str, salt: str = SALT) -> str:
    return hmac.new(salt.encode(), text.encode(), hashlib.sha256).hexdigest()


@pytest.fixture
def salted(lake: Any) -> Iterator[Any]:
    """Return a lake with a masked copy and a salt; the table has had no copy yet."""
    secrets = boto3.client("secretsmanager")
    secret = secrets.create_secret(Name=lake.name, SecretString=SALT)["ARN"]
    base = f"s3://lake/{lake.name}"
    for table, folder in (("t", "target"), ("copy", "masked")):
        lake.define(table, folder, {"id": "bigint"}, PARQUET, PartitionKeys=[{"Name": "month", "Type": "int"}])
    lake.more = ["--masked", f"{base}/masked/", "--masked_database", "db", "--masked_table", "copy", "--salt", secret]
    lake.plan = masked_plan(name="hash", born="redact")
    yield lake
    secrets.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)


def partitions(table: str) -> set[str]:
    found = boto3.client("glue").get_partitions(DatabaseName="db", TableName=table)["Partitions"]
    return {item["StorageDescriptor"]["Location"].rpartition("lake/")[2].partition("/")[2] for item in found}


def test_each_column_is_masked_as_the_plan_says(salted: Any) -> None:
    salted.plan = masked_plan(id="hash", name="redact", born="redact", seat="drop")
    salted.put("a.json", passenger(7), passenger(8, None))
    assert salted.run()["masked"] == 2
    # Without a seat; a name that is missing is not told apart from one that is there.
    assert salted.copied("id, name, born, month") == sorted(
        [(hashed(str(i)), "***", None, 1) for i in (7, 8)], key=repr
    )
    assert "seat" not in salted.copied("columns(*)")[0]
    assert [name for name, *_ in salted.rows("name")] == ["Ann", None]


def test_the_table_itself_holds_everything(salted: Any) -> None:
    salted.put("a.json", passenger(7))
    salted.run()
    assert salted.rows("id, name, born, seat, month") == [(7, "Ann", dt.date(1990, 5, 31), "1A", 1)]
    assert salted.copied("id, name, born, seat, month") == [(7, hashed("Ann"), None, "1A", 1)]


def test_a_hash_is_the_hmac_of_the_values_text_and_null_stays_null(salted: Any) -> None:
    salted.plan = masked_plan(name="hash", born="hash")
    salted.put("a.json", passenger(1, "Zoë Müller"), passenger(2, None))
    salted.run()
    assert salted.copied("name, born") == [(hashed("Zoë Müller"), hashed("1990-05-31")), (None, hashed("1990-05-31"))]


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("bigint", 12, "12"),
        ("decimal(10,2)", 1.5, "1.50"),
        ("boolean", True, "true"),
        ("timestamp", "2013-01-31T05:00:00Z", "2013-01-31 05:00:00"),
        ("array<int>", [1, 2], "[1,2]"),
        ("struct<a:int,b:string>", {"a": 1, "b": "x"}, '{"a":1,"b":"x"}'),
        ("binary", "AAE=", "AAE="),
    ],
)
def test_values_of_every_type_can_be_hashed(salted: Any, kind: str, value: Any, text: str) -> None:
    salted.plan = {
        **masked_plan(),
        "columns": [column("x", kind)],
        "masked": [{"name": "x", "type": kind, "masking": "hash"}],
        "primary_key": [],
        "partition_keys": [],
    }
    salted.put("a.json", {"x": value})
    salted.run()
    assert salted.copied("x") == [(hashed(text),)]


def test_new_partitions_of_the_copy_are_registered(salted: Any) -> None:
    salted.put("a.json", passenger(1), passenger(2, month=2))
    salted.run()
    assert partitions("copy") == {"masked/month=1/", "masked/month=2/"}


def test_only_what_is_curated_is_copied(salted: Any) -> None:
    salted.put("a.json", passenger(1), passenger(1), "{", passenger(2))
    report = salted.run()
    assert (report["curated"], report["masked"], report["quarantined"], report["duplicates"]) == (2, 2, 1, 1)
    salted.put("b.json", passenger(1), passenger(3))
    assert salted.run()["masked"] == 1
    assert salted.copied("id") == [(1,), (2,), (3,)]


def test_a_run_without_a_copy_reports_none(salted: Any) -> None:
    salted.more = []
    salted.put("a.json", passenger(1))
    assert salted.run()["masked"] is None
    assert salted.copied() == []


def test_the_salt_is_in_no_log_report_or_ledger(salted: Any, capfd: pytest.CaptureFixture[str]) -> None:
    salted.put("a.json", passenger(1))
    salted.run()
    output = "".join(capfd.readouterr())
    kept = json.dumps(salted.documents("state/"))
    assert SALT not in output + kept + repr(import_module("lake_curation.masking").Salt(key=SALT.encode(), version="1"))


@pytest.mark.parametrize("hidden", [[], ["name"]])
def test_a_message_about_a_join_names_no_restricted_value(salted: Any, hidden: list[str]) -> None:
    salted.define("names", "names", {"name": "string", "age": "int"}, PARQUET)
    table = pa.table({"name": ["Ann", "Ann"], "age": pa.array([1, 2], pa.int32())})
    content = io.BytesIO()
    pq.write_table(table, content)
    salted.s3.put_object(Bucket="lake", Key=f"{salted.name}/names/a.parquet", Body=content.getvalue())
    salted.joins = {"names": {"database": "db", "table": "names"}}
    salted.plan["joins"] = [{"name": "names", "on": ["name"], "columns": ["age"], "hidden": hidden}]
    salted.plan["masked"].append({"name": "age", "type": "int"})
    if hidden:
        # It may be restricted in the reference alone.
        salted.plan["masked"] = [{**column, "masking": "none"} for column in salted.plan["masked"]]
    salted.put("a.json", passenger(1))
    with pytest.raises(import_module("lake_curation.errors").CurateError, match=r"2 different rows for name = \*\*\*$"):
        salted.run()


# --- exactly once ---------------------------------------------------------------------------------------------

STEPS = ["before add", "after add", "torn add", "before register", "finish"]


@pytest.mark.parametrize("step", STEPS)
def test_a_run_killed_at_any_step_is_repaired_by_the_next(
    salted: Any, script: ModuleType, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    salted.put("a.json", passenger(1), passenger(2, month=2))
    salted.run()
    salted.put("b.json", passenger(2, month=2), passenger(3), passenger(4, month=3))
    kill(salted, script, monkeypatch, step)
    with pytest.raises(ZeroDivisionError):
        salted.run()
    monkeypatch.undo()
    report = salted.run()
    assert (report["redone"], report["curated"], report["masked"]) == (True, 2, 2)
    assert salted.copied("id") == salted.rows("id") == [(1,), (2,), (3,), (4,)]


def kill(lake: Any, script: ModuleType, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Make the next run stop at a step; a torn one has lost a file of the copy."""

    def stop(*_: Any) -> None:
        raise ZeroDivisionError(step)

    if step == "finish":
        monkeypatch.setattr(part("ledger").Ledger, "finish", stop)
        return
    moment, name = step.split()
    owner = part("parquet_run").ParquetRun if name == "register" else part("masking").MaskedCopy
    original = getattr(owner, name)
    folder = lake.root / "lake" / lake.name / "masked"

    def stopped(*args: Any) -> None:
        known = set(folder.rglob("*.parquet"))
        if moment != "before":
            original(*args)
        if moment == "torn":
            sorted(set(folder.rglob("*.parquet")) - known)[0].unlink()
        stop()

    monkeypatch.setattr(owner, name, stopped)


# --- a copy that is recreated ---------------------------------------------------------------------------------


def test_a_table_that_had_no_copy_is_copied_as_a_whole(salted: Any) -> None:
    copying, salted.more = salted.more, []
    salted.put("a.json", passenger(1), passenger(2, month=2))
    salted.run()
    salted.more = copying
    salted.run()
    assert salted.copied("id, name, month") == [(1, hashed("Ann"), 1), (2, hashed("Ann"), 2)]
    assert partitions("copy") == {"masked/month=1/", "masked/month=2/"}


def test_a_column_that_becomes_restricted_is_masked_in_old_rows_as_well(salted: Any) -> None:
    salted.put("a.json", passenger(1))
    salted.run()
    salted.plan = masked_plan(name="hash", born="redact", seat="redact")
    salted.put("b.json", passenger(2))
    salted.run()
    assert salted.copied("id, seat") == [(1, "***"), (2, "***")]


def test_another_salt_rehashes_old_rows(salted: Any) -> None:
    salted.put("a.json", passenger(1))
    salted.run()
    boto3.client("secretsmanager").put_secret_value(SecretId=salted.more[-1], SecretString="another")
    salted.put("b.json", passenger(2))
    salted.run()
    assert {name for (name,) in salted.copied("name")} == {hashed("Ann", "another")}


def test_nothing_is_rewritten_while_the_rules_stay(salted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    salted.put("a.json", passenger(1))
    salted.run()
    monkeypatch.setattr(part("masking").MaskedCopy, "renew", lambda *_: pytest.fail("the copy was rewritten"))
    salted.put("b.json", passenger(2))
    assert salted.run()["masked"] == 1


def test_rows_that_came_while_there_was_no_copy_are_not_missed(salted: Any) -> None:
    salted.put("a.json", passenger(1))
    salted.run()
    copying, salted.more = salted.more, []
    salted.put("b.json", passenger(2))
    salted.run()
    salted.more = copying
    salted.put("c.json", passenger(3))
    salted.run()
    assert salted.copied("id") == [(1,), (2,), (3,)]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_renewal_killed_together_with_a_pending_batch_is_repaired(
    salted: Any, script: ModuleType, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    salted.put("a.json", passenger(1))
    salted.run()
    salted.put("b.json", passenger(2))
    kill(salted, script, monkeypatch, "after add")
    with pytest.raises(ZeroDivisionError):
        salted.run()
    monkeypatch.undo()
    salted.plan = masked_plan(name="redact")
    kill(salted, script, monkeypatch, f"{moment} renew")
    with pytest.raises(ZeroDivisionError):
        salted.run()
    monkeypatch.undo()
    salted.put("c.json", passenger(3))
    salted.run()
    assert salted.copied("id, name") == [(1, "***"), (2, "***"), (3, "***")]
    assert salted.rows("id") == [(1,), (2,), (3,)]


# --- the plan -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"masked": [{"name": "id", "type": "bigint"}]}, "plan: masked: must be the table's columns in its order"),
        (masked_plan(name="blur"), "plan: masked: 'name': masking must be one of"),
        (masked_plan(month="hash"), "plan: masked: 'month' is a partition key: its values are in the path"),
    ],
)
def test_refuses_a_plan_that_would_leak_or_lose(script: ModuleType, change: dict[str, Any], message: str) -> None:
    with pytest.raises(import_module("lake_curation.errors").CurateError, match=message):
        import_module("lake_curation.plan").Plan.parse(json.dumps({**masked_plan(), **change}))


def test_refuses_to_hash_without_a_salt(salted: Any) -> None:
    salted.more = salted.more[:-2]
    with pytest.raises(import_module("lake_curation.errors").CurateError, match="--salt: the plan hashes columns"):
        salted.run()

"""The masked copy on real Spark: what becomes of each value, and what no message or document tells."""

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
    lake.more = ["--masked_database", "db", "--masked_table", f"{lake.name}_copy", "--salt", secret]
    lake.plan = masked_plan(name="hash", born="redact")
    yield lake
    secrets.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)


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

"""The shipped script on real Spark: what becomes of each record, and of a run that is killed."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
from collections.abc import Callable
from decimal import Decimal
from importlib import import_module
from types import ModuleType
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lake_blueprints.contracts import Contract
from lake_blueprints.processing.curation import Curation, ReferenceJoin
from tests.support import ROOT

CONTRACTS = ROOT / "examples" / "flights" / "contracts"
PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"


def part(name: str) -> ModuleType:
    """Return a module of the script's package, which is on Python's path once the script is loaded."""
    return import_module(f"lake_curation.{name}")


def column(name: str, kind: str = "string", **rules: Any) -> dict[str, Any]:
    return {"name": name, "source": name, "type": kind, **rules}


def plan(*columns: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"dataset": "d", "version": "1.0.0", "format": "json", "columns": list(columns), **more}


def keyed(**more: Any) -> dict[str, Any]:
    """Return a plan with a key, a value and a partition."""
    columns = (column("id", "bigint"), column("value"), column("month", "int"))
    return plan(*columns, primary_key=["id"], partition_keys=["month"], **more)


def row(identity: Any, value: str = "x", month: int = 1) -> dict[str, Any]:
    return {"id": identity, "value": value, "month": month}


def balance(report: dict[str, Any]) -> tuple[int, ...]:
    """Return the account of a run, having checked that it balances."""
    names = ("read", "curated", "duplicates", "filtered", "quarantined")
    read, *parts = (report[name] for name in names)
    assert read == sum(parts)
    return (read, *parts)


@pytest.fixture
def flat(lake: Any) -> Any:
    """Return a lake whose table is partitioned by month."""
    lake.plan = keyed()
    return lake


# --- reasons --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "record", "kind", "reason"),
    [
        ({"type": "bigint"}, '{"x": 1', "unreadable", "not valid JSON"),
        ({"type": "bigint"}, '{"x": 1}{"x": 2}', "unreadable", "not valid JSON"),
        ({"type": "bigint"}, '{"x": 1} tail', "unreadable", "not valid JSON"),
        ({"type": "double"}, '{"x": NaN}', "unreadable", "not valid JSON"),
        ({"type": "bigint"}, '[{"x": 1}, {"x": 2}]', "unreadable", "not one JSON object"),
        ({"type": "bigint"}, "12", "unreadable", "not one JSON object"),
        ({"type": "bigint"}, "null", "unreadable", "not one JSON object"),
        ({"type": "bigint"}, '{"x": "abc"}', "type", "column 'x': 'abc' is a string and is not a bigint"),
        ({"type": "bigint"}, '{"x": "12"}', "type", "column 'x': '12' is a string and is not a bigint"),
        ({"type": "bigint"}, '{"x": 3.7}', "type", "column 'x': '3.7' is not a bigint"),
        ({"type": "bigint"}, '{"x": 9223372036854775808}', "type", "column 'x': '9223372036854775808' is not a bigint"),
        ({"type": "int"}, '{"x": 2147483648}', "type", "column 'x': '2147483648' is not an int"),
        ({"type": "smallint"}, '{"x": 32768}', "type", "column 'x': '32768' is not a smallint"),
        ({"type": "tinyint"}, '{"x": 200}', "type", "column 'x': '200' is not a tinyint"),
        ({"type": "float"}, '{"x": 1e39}', "type", "column 'x': '1.0E39' is not a float"),
        ({"type": "double"}, '{"x": 1e400}', "type", 'column \'x\': \'"Infinity"\' is not a double'),
        ({"type": "decimal(5,2)"}, '{"x": 1000}', "type", "column 'x': '1000' is not a decimal(5,2)"),
        ({"type": "boolean"}, '{"x": 1}', "type", "column 'x': '1' is not a boolean"),
        ({"type": "date"}, '{"x": "2013-02-30"}', "type", "column 'x': '2013-02-30' is not a date"),
        ({"type": "date"}, '{"x": "2013"}', "type", "column 'x': '2013' is not a date"),
        ({"type": "timestamp"}, '{"x": 1356998400}', "type", "column 'x': '1356998400' is not a timestamp"),
        ({"type": "timestamp"}, '{"x": "T05:00"}', "type", "column 'x': 'T05:00' is not a timestamp"),
        ({"type": "timestamp"}, '{"x": "2013-01-01"}', "type", "column 'x': '2013-01-01' is not a timestamp"),
        ({"type": "date", "format": "dd.MM.yyyy"}, '{"x": "2013-01-01"}', "type",
         "column 'x': '2013-01-01' is not a date"),
        ({"type": "struct<a:int>"}, '{"x": {"a": "b"}}', "type", "column 'x': '{\"a\":\"b\"}' is not a struct<a:int>"),
        ({"type": "binary"}, '{"x": "hello"}', "type", "column 'x': 'hello' is not a binary"),
        ({"type": "array<tinyint>"}, '{"x": [1, 200]}', "type", "column 'x': '[1,200]' is not an array<tinyint>"),
        ({"type": "array<timestamp>"}, '{"x": [5]}', "type", "column 'x': '[5]' is not an array<timestamp>"),
        ({"type": "struct<at:timestamp>"}, '{"x": {"at": "T05:00"}}', "type",
         "column 'x': '{\"at\":\"T05:00\"}' is not a struct<at:timestamp>"),
        ({"type": "map<string,float>"}, '{"x": {"a": 1e39}}', "type",
         "column 'x': '{\"a\":1.0E39}' is not a map<string,float>"),
        ({"type": "string", "required": True}, '{"x": null}', "required", "column 'x': missing, but required"),
        ({"type": "string", "required": True}, "{}", "required", "column 'x': missing, but required"),
        ({"type": "int", "minimum": 1}, '{"x": 0}', "range", "column 'x': '0' is below the minimum 1"),
        ({"type": "int", "maximum": 1}, '{"x": 2}', "range", "column 'x': '2' is above the maximum 1"),
        ({"type": "int", "exclusive_minimum": 1}, '{"x": 1}', "range", "column 'x': '1' is not above 1"),
        ({"type": "double", "exclusive_maximum": 1.5}, '{"x": 1.5}', "range", "column 'x': '1.5' is not below 1.5"),
        ({"type": "date", "minimum": "2013-01-01"}, '{"x": "2012-12-31"}', "range",
         "column 'x': '2012-12-31' is below the minimum 2013-01-01"),
        ({"type": "double", "multiple_of": 0.1}, '{"x": 0.35}', "multiple",
         "column 'x': '0.35' is not a multiple of 0.1"),
        ({"type": "string", "min_length": 2}, '{"x": "ü"}', "length", "column 'x': 'ü' is shorter than 2 characters"),
        ({"type": "string", "max_length": 2}, '{"x": "abc"}', "length",
         "column 'x': 'abc' is longer than 2 characters"),
        ({"type": "string", "pattern": "^[A-Z]+$"}, '{"x": "Ab"}', "pattern",
         "column 'x': 'Ab' does not match the pattern ^[A-Z]+$"),
        ({"type": "string", "enum": ["a", "b"]}, '{"x": "c"}', "enum", "column 'x': 'c' is not one of a, b"),
        ({"type": "int", "quality": [{"rule": "known", "null": True}]}, '{"x": null}', "quality: known",
         "column 'x': breaks the rule 'known'"),
        ({"type": "string", "quality": [{"rule": "known", "null": True, "any_of": ["", "N/A"]}]}, '{"x": ""}',
         "quality: known", "column 'x': '' breaks the rule 'known'"),
        ({"type": "decimal(5,2)", "quality": [{"rule": "sold", "any_of": ["-1.00"]}]}, '{"x": -1}', "quality: sold",
         "column 'x': '-1' breaks the rule 'sold'"),
        ({"type": "int", "quality": [{"rule": "few", "none_of": ["1", "2"]}]}, '{"x": 3}', "quality: few",
         "column 'x': '3' breaks the rule 'few'"),
        ({"type": "string", "quality": [{"rule": "none", "none_of": []}]}, '{"x": "a"}', "quality: none",
         "column 'x': 'a' breaks the rule 'none'"),
        ({"type": "string", "quality": [{"rule": "code", "unlike": "^[A-Z]+$"}]}, '{"x": "a"}', "quality: code",
         "column 'x': 'a' breaks the rule 'code'"),
    ],
)  # fmt: skip
def test_a_bad_record_is_quarantined_with_a_sentence(
    judge: Callable[..., Any], rules: dict[str, Any], record: str, kind: str, reason: str
) -> None:
    assert judge({"name": "x", "source": "x", **rules}, record) == ("quarantined", [kind], [reason])


@pytest.mark.parametrize(
    "rules",
    [
        {"rule": "few", "none_of": ["1", "2"]},
        {"rule": "none", "none_of": []},
        {"rule": "sold", "any_of": ["1"]},
    ],
)
def test_a_rule_on_values_says_nothing_of_a_missing_one(judge: Callable[..., Any], rules: dict[str, Any]) -> None:
    assert judge({"name": "x", "source": "x", "type": "int", "quality": [rules]}, '{"x": null}') is None


def test_an_unreadable_value_is_not_called_missing_as_well(judge: Callable[..., Any]) -> None:
    column = {"name": "x", "source": "x", "type": "int", "quality": [{"rule": "known", "null": True}]}
    assert judge(column, '{"x": "abc"}')[1] == ["type"]


@pytest.fixture
def judge(script: ModuleType, cloud: Any) -> Callable[..., Any]:
    """Return a function that judges one JSON record by one column's rules, without a whole run."""
    spark = SparkSession.builder.getOrCreate()
    for key, value in part("run").SETTINGS.items():
        spark.conf.set(key, value)
    folder = cloud / "lake" / "judge"
    folder.mkdir(exist_ok=True)

    def validate(rules: dict[str, Any], record: str) -> Any:
        (folder / "record.json").write_text(record)
        parsed = part("plan").Plan.parse(json.dumps(plan(rules)))
        objects = [part("storage").SourceObject(key="judge/record.json", etag="e", size=1, modified="")]
        rows = part("validation").validate(parsed, part("source").read(spark, parsed, "lake", objects).parts, None)
        [found] = rows.collect()
        if found["__status"] != "quarantined":
            return found["x"]
        [refused] = part("quarantine").refused(parsed, rows).collect()
        return found["__status"], refused["kinds"], refused["reasons"]

    return validate


# --- values ---------------------------------------------------------------------------------------------------

UTC = dt.UTC


@pytest.mark.parametrize(
    ("rules", "record", "value"),
    [
        ({"type": "tinyint"}, '{"x": -128}', -128),
        ({"type": "smallint"}, '{"x": 32767}', 32767),
        ({"type": "int"}, '{"x": -2147483648}', -2147483648),
        ({"type": "bigint"}, '{"x": 9223372036854775807}', 9223372036854775807),
        ({"type": "double"}, '{"x": 1.7976931348623157e308}', 1.7976931348623157e308),
        ({"type": "double"}, '{"x": 1}', 1.0),
        ({"type": "float"}, '{"x": 0.5}', 0.5),
        ({"type": "decimal(38,18)"}, '{"x": 12345678901234567890.123456789012345678}',
         Decimal("12345678901234567890.123456789012345678")),
        ({"type": "decimal(5,2)"}, '{"x": "1.25"}', Decimal("1.25")),
        ({"type": "decimal(5,2)"}, '{"x": 1.255}', Decimal("1.26")),
        ({"type": "boolean"}, '{"x": false}', False),
        ({"type": "string"}, '{"x": "Zürich 🛫 }{"}', "Zürich 🛫 }{"),
        ({"type": "string"}, '{"x": 12}', "12"),
        ({"type": "string", "required": True}, '{"x": ""}', ""),
        ({"type": "date"}, '{"x": "0001-01-01"}', dt.date(1, 1, 1)),
        ({"type": "date", "format": "dd.MM.yyyy"}, '{"x": "31.12.9999"}', dt.date(9999, 12, 31)),
        ({"type": "timestamp"}, '{"x": "2013-01-01T05:00:00Z"}', dt.datetime(2013, 1, 1, 5)),
        ({"type": "timestamp"}, '{"x": "2013-01-01T05:00:00.123456-05:00"}', dt.datetime(2013, 1, 1, 10, 0, 0, 123456)),
        ({"type": "timestamp"}, '{"x": "2013-01-01 05:00"}', dt.datetime(2013, 1, 1, 5)),
        ({"type": "timestamp", "format": "yyyyMMddHHmm"}, '{"x": "201301010500"}', dt.datetime(2013, 1, 1, 5)),
        ({"type": "timestamp", "time_zone": "Europe/Berlin"}, '{"x": "2024-07-01 02:00"}', dt.datetime(2024, 7, 1)),
        ({"type": "timestamp", "time_zone": "Europe/Berlin"}, '{"x": "2024-07-01T02:00:00Z"}',
         dt.datetime(2024, 7, 1, 2)),
        ({"type": "timestamp", "time_zone": "Europe/Berlin"}, '{"x": "2024-07-01T02:00:00+02:00"}',
         dt.datetime(2024, 7, 1)),
        ({"type": "timestamp", "time_zone": "America/New_York"}, '{"x": "2024-11-03 01:30:00"}',
         dt.datetime(2024, 11, 3, 5, 30)),
        ({"type": "timestamp", "time_zone": "Europe/Berlin", "format": "dd.MM.yyyy HH:mm"}, '{"x": "01.01.2024 00:30"}',
         dt.datetime(2023, 12, 31, 23, 30)),
        ({"type": "timestamp", "time_zone": "Europe/Berlin", "format": "yyyyMMddHHmmX"}, '{"x": "202401010030Z"}',
         dt.datetime(2024, 1, 1, 0, 30)),
        ({"type": "array<struct<a:bigint>>"}, '{"x": [{"a": 1}, {"a": null}], "unknown": 1}', [(1,), (None,)]),
        ({"type": "struct<postalcode:string>", "sent": "struct<`postalCode`:string>"}, '{"x": {"postalCode": "1"}}',
         ("1",)),
        ({"type": "array<struct<u4fa1:tinyint>>", "sent": "array<struct<`価,格`:tinyint>>"}, '{"x": [{"価,格": -128}]}',
         [(-128,)]),
        ({"type": "array<date>"}, '{"x": ["0001-01-01", null]}', [dt.date(1, 1, 1), None]),
        ({"type": "map<string,double>"}, '{"x": {"a": 0.1, "b": null}}', {"a": 0.1, "b": None}),
        # Spark itself would stop at a map with the same key twice.
        ({"type": "map<string,date>"}, '{"x": {"a": "2013-01-01", "a": "2013-01-02"}}', {"a": dt.date(2013, 1, 2)}),
        ({"type": "struct<a:array<int>>"}, '{"x": {"a": null}}', (None,)),
        ({"type": "double", "multiple_of": 0.1}, '{"x": 0.3}', 0.3),
        ({"type": "bigint"}, '{"x": null}', None),
        ({"type": "string", "pattern": "b"}, '{"x": "abc"}', "abc"),
        ({"type": "int", "enum": [1, 2]}, '{"x": 2}', 2),
    ],
)  # fmt: skip
def test_a_good_value_arrives_as_it_is(
    judge: Callable[..., Any], rules: dict[str, Any], record: str, value: Any
) -> None:
    found = judge({"name": "x", "source": "x", **rules}, record)
    # Spark hands times to Python in the zone of the machine.
    if isinstance(found, dt.datetime):
        found = dt.datetime.fromtimestamp(time.mktime(found.timetuple()), UTC).replace(
            microsecond=found.microsecond, tzinfo=None
        )
    assert found == value


def test_times_are_written_so_that_every_engine_can_skip_by_them(lake: Any) -> None:
    lake.plan = plan(column("at", "timestamp"))
    lake.put("a.json", {"at": "2013-01-01T05:00:00+02:00"})
    lake.run()
    assert lake.rows() == [(dt.datetime(2013, 1, 1, 3, tzinfo=UTC),)]
    [file] = lake.files()
    assert str(pq.ParquetFile(file).schema.column(0).physical_type) == "INT64"
    assert pq.ParquetFile(file).metadata.row_group(0).column(0).compression == "ZSTD"


# --- the account ----------------------------------------------------------------------------------------------


def test_every_record_is_accounted_for(flat: Any) -> None:
    flat.plan["filter"] = "value <> 'left out'"
    flat.put("a.json.gz", row(1), row(1, "again"), row(2, "left out"), row(3, month=2), row(None), "", "{")
    report = flat.run()
    assert balance(report) == (6, 2, 1, 1, 2)
    assert report["reasons"] == {"key": 1, "unreadable": 1}
    assert report["input_objects"] == 1
    assert flat.rows("id, value, month") == [(1, "x", 1), (3, "x", 2)]
    assert flat.refused() == [
        ('{"id": null, "value": "x", "month": 1}', ["column 'id': missing, but part of the primary key"]),
        ("{", ["not valid JSON"]),
    ]


def test_quarantine_says_where_a_record_comes_from(lake: Any) -> None:
    lake.plan = keyed()
    lake.put("sub/a.json", "{")
    report = lake.run()
    found = lake.refused("object, dataset, version, kinds, batch")
    assert found == [(f"s3://lake/{lake.name}/source/sub/a.json", "d", "1.0.0", ["unreadable"], report["batch"])]


def test_a_record_with_several_faults_has_several_reasons(lake: Any) -> None:
    lake.plan = keyed()
    lake.put("a.json", {"id": "x", "month": 1.5})
    assert lake.run()["reasons"] == {"type": 1}
    assert lake.refused()[0][1] == [
        "column 'id': 'x' is a string and is not a bigint",
        "column 'month': '1.5' is not an int",
    ]


def test_bytes_that_are_not_utf_8_do_not_stop_the_run(lake: Any) -> None:
    lake.plan = keyed()
    lake.put("a.json", directly=b'{"id": 1, "value": "\xff", "month": \xff}\n{"id": 2, "value": "x", "month": 1}\n')
    assert balance(lake.run()) == (2, 1, 0, 0, 1)
    assert "�" in lake.refused()[0][0]


def test_200_corrupt_records_among_1000_are_all_accounted_for(flat: Any) -> None:
    good = [row(i, month=1 + i % 12) for i in range(1000)]
    broken = [f'{{"id": {i}' for i in range(50)]
    wrong = [row(str(i)) for i in range(50)]
    missing = [{"value": "x", "month": 1} for _ in range(50)]
    flat.put("a.json", *good[:500], *broken, *good[:50], *good[500:])
    flat.put("b.json.gz", *wrong, *missing)
    report = flat.run()
    assert balance(report) == (1200, 1000, 50, 0, 150)
    assert report["reasons"] == {"key": 50, "type": 50, "unreadable": 50}
    assert len(flat.rows("id")) == 1000


def test_a_run_without_new_objects_reports_zeros(flat: Any) -> None:
    assert balance(flat.run()) == (0, 0, 0, 0, 0)
    flat.put("a.json", row(1))
    flat.run()
    before = flat.files()
    assert balance(flat.run()) == (0, 0, 0, 0, 0)
    assert flat.files() == before


# --- incremental, and exactly once ----------------------------------------------------------------------------


def test_only_new_objects_are_read_whatever_their_order(flat: Any) -> None:
    flat.put("2013/02/a.json", row(1))
    flat.run()
    flat.put("2013/01/late.json", row(2))
    flat.put("_hidden/a.json", row(3))
    assert balance(flat.run()) == (1, 1, 0, 0, 0)
    assert flat.rows("id") == [(1,), (2,)]


def test_an_overwritten_object_is_read_again_and_its_known_rows_are_duplicates(flat: Any) -> None:
    flat.put("a.json", row(1, "first"))
    flat.run()
    flat.put("a.json", row(1, "second"), row(2))
    assert balance(flat.run()) == (2, 1, 1, 0, 0)
    assert flat.rows("id, value") == [(1, "first"), (2, "x")]


def test_of_duplicates_in_a_batch_the_first_in_the_object_stays(flat: Any) -> None:
    flat.put("a.json", row(1, "first", month=2), *(row(1, f"later {i}") for i in range(5)))
    assert balance(flat.run()) == (6, 1, 5, 0, 0)
    assert flat.rows("value, month") == [("first", 2)]


def of_one_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have all objects of text arrive at one time, which S3 tells in whole seconds."""
    lines, origin = part("lines"), part("lines").origin

    def at_one_time() -> list[Any]:
        found, _, block = origin()
        return [found, F.lit("2026-01-01").cast("timestamp").alias(part("columns").MODIFIED), block]

    monkeypatch.setattr(lines, "origin", at_one_time)


@pytest.mark.parametrize(
    ("keep", "expected"),
    [({}, "first"), ({"newest": True}, "last"), ({"newest": True, "order_by": "month"}, "last")],
    ids=["first", "newest", "newest by a column"],
)
def test_objects_of_one_second_are_in_the_order_of_their_keys(
    flat: Any, monkeypatch: pytest.MonkeyPatch, keep: dict[str, Any], expected: str
) -> None:
    of_one_second(monkeypatch)
    flat.plan |= {"primary_key": ["id"], **keep}
    # Spark reads the longest first.
    for name, value, size in (("1", "first", 10), ("2", "x", 2_000), ("3", "x", 5), ("4", "last", 1_000)):
        flat.put(f"{name}.json", row(1, value), *(row(int(name) * 10_000 + i) for i in range(size)))
    flat.run()
    assert [found for found in flat.rows("id, value") if found[0] == 1] == [(1, expected)]


@pytest.mark.parametrize(
    ("step", "key"),
    [
        ("validate", []),
        ("write_quarantine", []),
        ("after write_quarantine", []),
        ("repeated", ["id"]),
        ("append", []),
        ("after append", []),
        ("after append", ["id"]),
        ("publish", []),
        ("after publish", []),
        ("report", []),
        ("finish", []),
    ],
)
def test_a_run_killed_at_any_step_is_repaired_by_the_next(
    flat: Any, script: ModuleType, monkeypatch: pytest.MonkeyPatch, step: str, key: list[str]
) -> None:
    flat.plan["primary_key"] = key
    flat.plan["columns"][0]["required"] = True
    flat.put("old.json", row(0))
    flat.run()
    flat.put("a.json", row(1), row(2, month=2), row(3, month=2), row(None))
    kill(flat, script, monkeypatch, step)
    with pytest.raises(ZeroDivisionError):
        flat.run()
    monkeypatch.undo()
    # Arrives between the attempts: must not become part of the batch that is repeated.
    flat.put("b.json", row(4))
    flat.run()
    accounts = [balance(report) for report in flat.reports()]
    assert accounts == [(1, 1, 0, 0, 0), (4, 3, 0, 0, 1), (1, 1, 0, 0, 0)]
    assert flat.rows("id, month") == [(0, 1), (1, 1), (2, 2), (3, 2), (4, 1)]
    assert len(flat.refused()) == 1
    assert balance(flat.run()) == (0, 0, 0, 0, 0)


def kill(lake: Any, script: ModuleType, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Make the script stop at a step: before it, or after it."""

    def stop(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError(step)

    if step == "report":
        monkeypatch.setattr(part("run"), "asdict", stop)
    elif step == "finish":
        monkeypatch.setattr(part("ledger").Ledger, "finish", stop)
    else:
        moment, _, name = step.rpartition(" ")
        modules = {"validate": "batch_reader", "write_quarantine": "run", "repeated": "table_writer"}
        home = part(modules[name]) if name in modules else part("iceberg_table").Draft
        original = getattr(home, name)

        def stopped(*args: Any) -> None:
            if moment:
                original(*args)
            stop()

        monkeypatch.setattr(home, name, stopped)


def test_a_process_killed_while_it_writes_is_repaired_by_the_next(flat: Any) -> None:
    text = [hashlib.sha512(str(i).encode()).hexdigest() for i in range(20_000)]
    flat.put("a.json", *(row(i, value, month=1 + i % 12) for i, value in enumerate(text)), row(7), "{")
    flat.run_and_kill(when=flat.written)
    assert flat.ledger()["pending"]
    assert flat.reports() == []
    assert balance(flat.run()) == (20_002, 20_000, 1, 0, 1)
    assert flat.reports()[0]["redone"]
    assert flat.rows("count(*), count(DISTINCT id), min(id), max(id)") == [(20_000, 20_000, 0, 19_999)]
    assert len(flat.refused()) == 1


def test_a_killed_batch_whose_objects_are_gone_does_not_block_the_next(
    flat: Any, script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    flat.put("a.json", row(1))
    kill(flat, script, monkeypatch, "after append")
    with pytest.raises(ZeroDivisionError):
        flat.run()
    monkeypatch.undo()
    boto3.client("s3").delete_object(Bucket="lake", Key=f"{flat.name}/source/a.json")
    flat.put("b.json", row(2))
    flat.run()
    assert flat.rows("id") == [(2,)]


@pytest.mark.parametrize("step", ["after append", "after publish", "report", "finish"])
def test_what_replaces_an_object_of_a_killed_batch_is_read_as_well(
    flat: Any, script: ModuleType, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    flat.put("daily.json", row(1))
    kill(flat, script, monkeypatch, step)
    with pytest.raises(ZeroDivisionError):
        flat.run()
    monkeypatch.undo()
    flat.put("daily.json", row(2))
    flat.run()
    # Where the first commit was not made, what it would have held is gone.
    assert flat.rows("id") == ([(2,)] if step == "after append" else [(1,), (2,)])
    assert balance(flat.run()) == (0, 0, 0, 0, 0)


def test_the_ledger_forgets_objects_older_than_its_look_back(script: ModuleType) -> None:
    def item(key: str, day: int) -> Any:
        return part("storage").SourceObject(key=key, etag=key, size=1, modified=f"2026-01-{day:02}T00:00:00+00:00")

    ledger = part("ledger").Ledger()
    ledger.finish([item("a", 1), item("b", 5)])
    assert list(ledger.seen) == ["b"]
    assert not ledger.is_new(item("a", 1))
    assert not ledger.is_new(item("b", 5))
    assert ledger.is_new(item("c", 3))


def test_many_objects_are_worked_through_in_batches(
    flat: Any, script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part("ledger"), "BATCH_OBJECTS", 2)
    for i in range(3):
        flat.put(f"{i}.json", row(i))
    flat.run()
    assert sorted(report["input_objects"] for report in flat.reports()) == [1, 2]
    assert flat.rows("id") == [(0,), (1,), (2,)]


def test_what_arrives_during_a_run_is_for_the_next(
    flat: Any, script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = part("run").Run.report

    def report_and_receive(run: Any, batch: Any) -> None:
        report(run, batch)
        flat.put(f"{len(flat.reports())}.json", row(len(flat.reports())))

    monkeypatch.setattr(part("run").Run, "report", report_and_receive)
    flat.put("0.json", row(0))
    flat.run()
    assert flat.rows("id") == [(0,)]
    flat.run()
    assert flat.rows("id") == [(0,), (1,)]


# --- formats --------------------------------------------------------------------------------------------------


def test_csv_objects_may_differ_in_the_order_of_their_columns(lake: Any) -> None:
    columns = (column("id", "bigint"), column("name"), column("price", "decimal(6,2)"), column("day", "date"))
    lake.plan = plan(*columns, format="csv", csv={"delimiter": ";"}, primary_key=["id"])
    lake.put("a.csv", "id;name;price;day", '1;"semi;colon ""q""";1.50;2013-01-01', "2;;;", "x;b;1;2013-01-01", "3;c")
    lake.put("b.csv.gz", "\ufeffday;id;name", "2013-01-02; 4 ;")
    report = lake.run()
    assert balance(report) == (5, 3, 0, 0, 2)
    assert lake.rows() == [
        (1, 'semi;colon "q"', Decimal("1.50"), dt.date(2013, 1, 1)),
        (2, None, None, None),
        (4, None, None, dt.date(2013, 1, 2)),
    ]
    assert lake.refused() == [
        ("3;c", ["not a CSV record with as many fields as the header"]),
        ("x;b;1;2013-01-01", ["column 'id': 'x' is not a bigint"]),
    ]


def test_csv_text_is_converted_strictly(lake: Any) -> None:
    texts = [
        ("int", "3.7"), ("double", "1f"), ("double", "NaN"), ("timestamp", "T05:00"), ("date", "2013"),
        ("binary", "hello"),
    ]  # fmt: skip
    lake.plan = plan(*(column(f"x{i}", kind) for i, (kind, _) in enumerate(texts)), format="csv")
    lake.put("a.csv", "x0,x1,x2,x3,x4,x5", ",".join(text for _, text in texts))
    lake.run()
    assert lake.refused() == [
        (
            "3.7,1f,NaN,T05:00,2013,hello",
            [
                "column 'x0': '3.7' is not an int",
                "column 'x1': '1f' is not a double",
                "column 'x2': 'NaN' is not a double",
                "column 'x3': 'T05:00' is not a timestamp",
                "column 'x4': '2013' is not a date",
                "column 'x5': 'hello' is not a binary",
            ],
        )
    ]


def test_nested_csv_text_is_one_json_value_in_which_every_part_fits(lake: Any) -> None:
    lake.plan = plan(column("x", "array<int>"), format="csv")
    lake.put("a.csv", "x", '"[1, 2]"', '"[1, ""a""]"', "[1]]")
    lake.run()
    assert lake.rows() == [([1, 2],)]
    assert sorted(lake.refused()) == [
        ('"[1, ""a""]"', ["column 'x': '[1, \"a\"]' is not an array<int>"]),
        ("[1]]", ["column 'x': '[1]]' is not an array<int>"]),
    ]


def test_columns_may_be_called_as_the_words_of_sql_are(lake: Any) -> None:
    group = {"name": "group", "type": "struct<table:string,end:date>", "sent": "struct<`Table`:string,`end`:date>"}
    lake.plan = plan(column("select", "int"), column("from"), group, primary_key=["select"], partition_keys=["from"])
    lake.put("a.json", {"select": 1, "from": "x", "group": {"Table": "t", "end": "2013-01-01"}})
    lake.run()
    assert lake.rows() == [(1, "x", {"table": "t", "end": dt.date(2013, 1, 1)})]


def test_parquet_is_read_by_names_in_any_case_of_the_source_or_of_the_catalog(lake: Any) -> None:
    lake.plan = plan(
        {"name": "tag_list", "source": "Tag List", "type": "string"},
        {"name": "place", "source": "place", "type": "struct<a:int,b:string>", "sent": "struct<`A`:int,`B`:string>"},
        column("list", "array<struct<c:int>>"),
        format="parquet",
    )
    sink = pa.BufferOutputStream()
    place, item = {"B": "b", "a": 1}, {"other": 1}
    pq.write_table(pa.table({"tag_list": ["t"], "PLACE": [place], "list": [[item]]}), sink)
    lake.put("a.parquet", directly=sink.getvalue().to_pybytes())
    lake.run()
    assert lake.rows() == [("t", {"a": 1, "b": "b"}, [{"c": None}])]


def test_parquet_values_must_fit_their_column(lake: Any) -> None:
    lake.plan = plan(
        column("id", "int"), column("at", "timestamp"), column("new"), format="parquet", primary_key=["id"]
    )
    at = [dt.datetime(2013, 1, 1, 5, tzinfo=UTC)] * 2
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"id": pa.array([1, 2**31]), "at": pa.array(at, pa.timestamp("us", "UTC"))}), sink)
    lake.put("a.parquet", directly=sink.getvalue().to_pybytes())
    assert balance(lake.run()) == (2, 1, 0, 0, 1)
    assert lake.rows() == [(1, at[0], None)]
    assert lake.refused()[0][1] == ["column 'id': '2147483648' is not an int"]


def test_parquet_objects_of_one_batch_may_have_narrower_and_wider_types(lake: Any) -> None:
    lake.plan = plan(
        column("id", "bigint"), column("share", "double"), column("note"), format="parquet", primary_key=["id"]
    )
    narrow = {"id": pa.array([1, 2], pa.int32()), "share": pa.array([0.5, 0.25], pa.float32())}
    wide = {"id": pa.array([2, 2**40, 2**40]), "share": pa.array([0.25, 0.1, 0.1]), "note": pa.array([None, "x", "x"])}
    for name, values in (("a", narrow), ("b", wide)):
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table(values), sink)
        lake.put(f"{name}.parquet", directly=sink.getvalue().to_pybytes())
    assert balance(lake.run()) == (5, 3, 2, 0, 0)
    assert lake.rows() == [(1, 0.5, None), (2**40, 0.1, "x"), (2, 0.25, None)]


def test_duplicates_are_told_apart_also_where_objects_have_columns_in_another_order(lake: Any) -> None:
    lake.plan = plan(column("id", "bigint"), column("value"), format="csv", primary_key=["id"])
    lake.put("a.csv", "id,value", "1,a", "2,b")
    lake.put("b.csv", "value,id", "c,3", "c,3")
    assert balance(lake.run()) == (4, 3, 1, 0, 0)
    assert lake.rows() == [(1, "a"), (2, "b"), (3, "c")]


# --- transformations ------------------------------------------------------------------------------------------


def test_columns_are_renamed_dropped_and_derived(lake: Any) -> None:
    lake.plan = plan(
        {"name": "delay", "source": "arr delay.min", "type": "int"},
        column("secret"),
        drop=["secret"],
        drop_null_rows=["delay"],
        derive={"hours": {"expression": "delay / 60.0", "type": "double"}},
    )
    lake.put("a.json", {"arr delay.min": 90, "secret": "s"}, {"arr delay.min": None})
    assert balance(lake.run()) == (2, 1, 0, 1, 0)
    assert lake.rows("delay, hours") == [(90, 1.5)]
    assert len(lake.rows()[0]) == 2


def test_a_row_without_a_derived_partition_key_is_quarantined(lake: Any) -> None:
    lake.plan = plan(
        column("at", "timestamp"),
        partition_keys=["year"],
        derive={"year": {"expression": "year(at)", "type": "int"}},
    )
    lake.put("a.json", {"at": "2013-01-01T00:00:00Z"}, {"at": None})
    assert lake.run()["reasons"] == {"partition": 1}
    assert lake.refused()[0][1] == ["column 'year': missing, but a partition key"]


@pytest.fixture
def weather(lake: Any) -> Any:
    """Return a lake with a reference table of CSV files, one of them delivered twice."""
    lake.plan = plan(
        column("id", "bigint"),
        column("origin"),
        column("hour", "timestamp"),
        joins=[{"name": "weather", "on": ["origin", "hour"], "columns": ["temp"], "how": "left"}],
    )
    lake.joins = {"weather": {"database": "db", "table": "weather"}}
    columns = {"origin": "string", "hour": "string", "temp": "double"}
    lake.define("weather", "weather", columns, CSV, Parameters={"skip.header.line.count": "1"})
    for key in ("a", "b"):
        body = b"origin,hour,temp\nJFK,2013-01-01T05:00:00Z,39.5\n"
        boto3.client("s3").put_object(Bucket="lake", Key=f"{lake.name}/weather/{key}.csv", Body=body)
    lake.put("a.json", *({"id": i, "origin": o, "hour": "2013-01-01T05:00:00Z"} for i, o in enumerate(["JFK", "LGA"])))
    return lake


def test_a_left_join_adds_columns_and_keeps_every_row(weather: Any) -> None:
    assert balance(weather.run()) == (2, 2, 0, 0, 0)
    assert weather.rows("id, temp") == [(0, 39.5), (1, None)]


def test_an_inner_join_counts_rows_without_a_match_as_filtered(weather: Any) -> None:
    weather.plan["joins"][0]["how"] = "inner"
    assert balance(weather.run()) == (2, 1, 0, 1, 0)


def test_a_reference_with_two_answers_is_refused(weather: Any) -> None:
    body = b"origin,hour,temp\nJFK,2013-01-01T05:00:00Z,40\n"
    boto3.client("s3").put_object(Bucket="lake", Key=f"{weather.name}/weather/c.csv", Body=body)
    with pytest.raises(Exception, match="join 'weather': the reference has 2 different rows for origin = JFK, hour = "):
        weather.run()


# --- files ----------------------------------------------------------------------------------------------------


def test_each_partition_gets_one_file_of_a_batch(flat: Any) -> None:
    # Partitions that share a task because there is only one would not tell.
    SparkSession.builder.getOrCreate().conf.set("spark.sql.shuffle.partitions", "8")
    flat.put("a.json", *(row(i, month=1 + i % 3) for i in range(300)))
    flat.put("b.json", *(row(i, month=1 + i % 3) for i in range(300, 600)))
    try:
        flat.run()
    finally:
        SparkSession.builder.getOrCreate().conf.set("spark.sql.shuffle.partitions", "1")
    assert sorted(file.parent.name for file in flat.files()) == ["month=1", "month=2", "month=3"]


# --- the contracts --------------------------------------------------------------------------------------------


def test_the_flights_and_weather_contracts_are_curated_and_joined_as_the_stack_does_it(lake: Any) -> None:
    weather, flights = (Contract.from_file(CONTRACTS / f"{name}.odcs.yaml")[name] for name in ("weather", "flights"))
    join = ReferenceJoin(reference=weather, on=["origin", "hour", "time_hour"], columns=["temp", "wind_gust"])
    curation = Curation(joins=[join])

    observations = lake.sibling("weather", Curation().plan(weather))
    observations.put(
        "2013.csv",
        "origin,year,month,day,hour,temp,dewp,humid,wind_dir,wind_speed,wind_gust,precip,pressure,visib,time_hour",
        "EWR,2013,1,1,5,39.02,28.04,64.43,260,12.65858,,0,1011.9,10,2013-01-01T10:00:00Z",
        "EWR,2013,1,1,6,37.94,28.04,67.21,240,11.5078,,0,1012.4,10,2013-01-01T11:00:00Z",
        "JFK,2013,1,1,5,39.02,26.06,159.37,260,12.65858,,0,1012.6,10,2013-01-01T10:00:00Z",
    )
    assert balance(observations.run()) == (3, 2, 0, 0, 1)
    assert observations.refused()[0][1] == ["column 'humid': '159.37' is above the maximum 100"]

    flight = {
        "year": 2013, "month": 1, "day": 1, "dep_time": 517, "sched_dep_time": 515, "dep_delay": 2, "arr_time": 830,
        "sched_arr_time": 819, "arr_delay": 11, "carrier": "UA", "flight": 1545, "tailnum": "N14228", "origin": "EWR",
        "dest": "IAH", "air_time": 227, "distance": 1400, "hour": 5, "minute": 15, "time_hour": "2013-01-01T10:00:00Z",
    }  # fmt: skip
    lake.plan = curation.plan(flights)
    columns = {
        name: "double" if name in ("temp", "wind_gust") else "string" for name in ("origin", "temp", "wind_gust")
    }
    columns |= {"hour": "int", "time_hour": "timestamp"}
    observations.define(observations.name, "target", columns, PARQUET, Parameters={"table_type": "ICEBERG"})
    lake.joins = {"weather": {"database": "db", "table": observations.name}}
    lake.put(
        "a.json", flight, flight, {**flight, "flight": 1714, "origin": "LGA"}, {**flight, "carrier": None, "month": 13}
    )
    assert balance(lake.run()) == (4, 2, 1, 0, 1)
    assert lake.rows("flight, origin, temp, wind_gust, year, month") == [
        (1545, "EWR", 39.02, None, 2013, 1),
        (1714, "LGA", None, None, 2013, 1),
    ]
    assert lake.refused()[0][1] == [
        "column 'month': '13' is above the maximum 12",
        "column 'carrier': missing, but part of the primary key",
    ]
    first = next(iter(lake.files()))
    assert sorted(pq.ParquetFile(first).schema_arrow.names) == sorted(curation.curated(flights).column_names)
    observations.drop()


# --- the plan -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "plan: not valid JSON"),
        ("[]", "plan: must be a JSON object, got list"),
        ({"version": "1"}, "plan: dataset is missing"),
        ({**keyed(), "colour": 1}, "plan: unknown key 'colour'; known keys are dataset, version"),
        ({**keyed(), "format": "orc"}, "plan: format must be json, csv, parquet or dynamodb-json, got 'orc'"),
        ({**keyed(), "columns": {}}, "plan: columns must be list, got {}"),
        (plan({"name": "x"}), r"plan: columns\[0\]: type is missing"),
        (plan(column("x", "number")), r"plan: columns\[0\]: type 'number' is not a Spark type"),
        (plan(column("x"), column("X")), "plan: columns: name 'x' is used 2 times"),
        (plan(column("x"), primary_key=["y"]), "plan: primary_key: 'y' is not a column; columns are x"),
        (plan(column("x"), primary_key=["x"], drop=["x"]), "plan: drop: 'x' is part of the primary key"),
        (plan(column("x"), joins=[{"name": "w", "on": [], "columns": [], "how": "full"}]), "how must be left or inner"),
    ],
)
def test_a_malformed_plan_is_refused_with_the_key_at_fault(script: ModuleType, document: Any, message: str) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(part("errors").CurateError, match=message) as raised:
        part("plan").Plan.parse(text)
    assert "\n" not in str(raised.value)


def test_a_missing_plan_is_refused(script: ModuleType, lake: Any) -> None:
    with pytest.raises(part("errors").CurateError, match=r"there is no object s3://lake/nowhere\.json"):
        part("storage").Location("s3://lake/nowhere.json").read()


def test_a_wrong_expression_is_refused_in_one_line(lake: Any, script: ModuleType) -> None:
    lake.plan = plan(column("x"), filter="nonsense > 1")
    lake.put("a.json", {"x": "1"})
    with pytest.raises(part("errors").CurateError, match=r"plan: filter: .*nonsense") as raised:
        lake.run()
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("reflect('java.lang.System', 'getProperty', 'user.name')", r"the function reflect\(\) is not allowed"),
        ("REFLECT('java.lang.System', 'getProperty', 'user.name')", r"the function reflect\(\) is not allowed"),
        ("java_method('java.lang.System', 'getenv', 'HOME')", r"the function java_method\(\) is not allowed"),
        ("system.builtin.reflect('java.lang.System', 'getenv', 'HOME')", r"the function reflect\(\) is not allowed"),
        ("element_at(transform(array(x), y -> reflect('java.lang.System', 'getenv', y)), 1)", r"function reflect\(\)"),
        ("case when x = 'a' then 'b' else try_reflect('java.lang.System', 'getenv') end", r"function try_reflect\(\)"),
        ("(select max(value) from text.`/etc/hostname`)", "a subquery is not allowed"),
        ("x in (select value from text.`/etc/hostname`)", "a subquery is not allowed"),
        ("exists (select 1 from text.`/etc/hostname`)", "a subquery is not allowed"),
    ],
)
@pytest.mark.parametrize("key", ["derive", "filter"])
def test_an_expression_of_a_contract_runs_no_code_and_reads_no_file(
    lake: Any, script: ModuleType, key: str, expression: str, reason: str
) -> None:
    lake.plan = (
        plan(column("x"), derive={"stolen": {"expression": expression, "type": "string"}})
        if key == "derive"
        else plan(column("x"), filter=f"cast({expression} as string) is not null")
    )
    lake.put("a.json", {"x": "reflect("})
    with pytest.raises(part("errors").CurateError, match=reason) as raised:
        lake.run()
    assert "\n" not in str(raised.value)

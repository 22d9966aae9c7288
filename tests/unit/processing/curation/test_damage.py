"""Objects that cannot be read: set aside as a whole with the reason, and no other record waits for them."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import io
import json
import lzma
import random
import zipfile
import zlib
from collections.abc import Callable, Iterable
from decimal import Decimal
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.processing.curation.test_curate import balance, column, part, plan
from tests.unit.processing.curation.test_dynamodb import line

COLUMNS = (column("id", "bigint"), column("name"))
GOOD = {
    "json": b'{"id": 1, "name": "a"}\n{"id": 2, "name": "b"}\n',
    "csv": b"id,name\n1,a\n2,b\n",
}


def parquet(table: Any, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(table), sink, **options)
    return sink.getvalue()


GOOD["parquet"] = parquet({"id": [1, 2], "name": ["a", "b"]})


def zipped(content: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("a", content)
    return sink.getvalue()


def broken(content: bytes, at: int, by: bytes) -> bytes:
    return content[:at] + by + content[at + len(by) :]


def wide(text: bytes, encoding: str) -> bytes:
    return text.decode().encode(encoding)


NOISE = random.Random(5).randbytes(5_000)

# Kinds of damage that any text can have: the name of the object, its bytes.
TEXTS: dict[str, Callable[[bytes], tuple[str, bytes]]] = {
    "gzip, cut off": lambda text: ("cut.gz", gzip.compress(text * 500)[:-20]),
    "gzip, cut off in its checksum": lambda text: ("sum.gz", gzip.compress(text * 500)[:-8]),
    "gzip with other bytes within": lambda text: (
        "flip.gz",
        broken(gzip.compress(NOISE + text), 2_000, b"\0\xff\0\xff"),
    ),
    "gzip with another checksum": lambda text: ("crc.gz", broken(gzip.compress(text * 500), -8, b"\1\2\3\4")),
    "gzip, the second member cut off": lambda text: ("two.gz", gzip.compress(text) + gzip.compress(text * 500)[:-20]),
    "plain text called .gz": lambda text: ("plain.gz", text),
    "two bytes called .gz": lambda _: ("two-bytes.gz", b"\x1f\x8b"),
    "gzip that is not called so": lambda text: ("unnamed", gzip.compress(text)),
    "zlib": lambda text: ("zlib", zlib.compress(text * 50)),
    "zip": lambda text: ("archive.zip", zipped(text)),
    "bzip2": lambda text: ("text.bz2", bz2.compress(text)),
    "bzip2 that is not called so": lambda text: ("text.bz", bz2.compress(text)),
    "xz": lambda text: ("text.xz", lzma.compress(text)),
    "called .zst": lambda text: ("text.zst", b"\x28\xb5\x2f\xfd" + text),
    "called .snappy": lambda text: ("text.snappy", text),
    "called .lz4": lambda text: ("text.lz4", text),
    "Parquet under another name": lambda _: ("table.txt", GOOD["parquet"]),
    "UTF-16 with its mark": lambda text: ("marked16", wide(text, "utf-16")),
    "UTF-16, big end first": lambda text: ("big16", b"\xfe\xff" + wide(text, "utf-16-be")),
    "UTF-16 without a mark": lambda text: ("plain16", wide(text, "utf-16-le")),
    "UTF-32": lambda text: ("marked32", wide(text, "utf-32")),
    "noise": lambda _: ("noise", NOISE),
    "zero bytes": lambda _: ("zeros", bytes(5_000)),
    "PDF": lambda _: ("report.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n\0\1\2"),
    "Avro": lambda _: ("table.avro", b"Obj\x01\x04\x14avro.codec\x08null\0" + NOISE),
    "the key of a folder, with content": lambda text: ("folder/", text),
    "a key with an empty part": lambda text: ("a//b", text),
    "an HTML page": lambda _: ("error.html", b"<!DOCTYPE html>\n<html><body>Service Unavailable</body></html>\n"),
    "one long word": lambda _: ("word", b"x" * 200_000),
}
# Objects without a record: they are in no account.
NOTHING = {"empty": b"", "marker/": b"", "empty.gz": gzip.compress(b""), "blank": b"\n  \n\r\n"}
MARK = b"\xef\xbb\xbf"


def of(text: bytes) -> dict[str, bytes]:
    """Return good objects with a text of two records: eight records in all."""
    return {"good": text, "good-marked": MARK + text, "good.gz": gzip.compress(text) + gzip.compress(text)}


def damages(text: bytes) -> dict[str, bytes]:
    return {name: content for make in TEXTS.values() for name, content in [make(text)]}


def put_all(lake: Any, *objects: dict[str, bytes]) -> None:
    for name, content in [each for some in objects for each in some.items()]:
        lake.s3.put_object(Bucket="lake", Key=f"{lake.name}/source/{name}", Body=content)


def check_account(lake: Any, bad: Iterable[str], curated: int) -> None:
    """Run twice: all good records are curated, all bad objects in quarantine, and nothing is read again."""
    report = lake.run()
    aside = lake.refused("object, record, reasons, kinds")
    assert {found[0].partition("/source/")[2] for found in aside} == set(bad)
    assert all(found[2] and found[3] for found in aside)
    assert report["curated"] == curated
    assert report["quarantined"] == len(aside)
    assert report["quarantined_objects"] == len([found for found in aside if found[1] is None])
    assert balance(lake.run()) == (0, 0, 0, 0, 0)
    assert len(lake.refused("object")) == len(aside)


def whole(lake: Any) -> dict[str, str]:
    """Return the objects in quarantine by their names, with the reason."""
    found = lake.refused("object, reasons, kinds, record")
    return {uri.partition("/source/")[2]: reasons[0] for uri, reasons, kinds, record in found if kinds == ["object"]}


def test_thirty_kinds_of_damaged_json_stop_no_good_record(lake: Any) -> None:
    lake.plan = plan(*COLUMNS)
    more = {
        "array.json": b'[\n{"id": 1},\n{"id": 2}\n]\n',
        "latin.json": '{"id": 1, "name": "Zürich"}\n'.encode("latin-1"),
        "cut.json": b'{"id": 1, "name": "a',
        "deep.json": b"[" * 100_000,
        "digits.json": b'{"id": ' + b"9" * 5_000 + b"}\n",
    }
    bad = {**damages(GOOD["json"]), **more}
    assert len(bad) >= 30
    put_all(lake, of(GOOD["json"]), NOTHING, bad)
    # One line of the array is a record of its own.
    check_account(lake, bad, curated=8 + 1)
    assert lake.rows("id, name") == [(1, "a")] * 4 + [(2, "b")] * 4 + [(2, None)]
    found = whole(lake)
    assert found["cut.gz"] == "it is not gzip, or damaged: it is cut off"
    assert found["unnamed"] == (
        "it is not UTF-8 text: its first bytes are those of gzip, but its name does not end in .gz"
    )
    assert "error.html" not in found


def test_thirty_kinds_of_damaged_csv_stop_no_good_record(lake: Any) -> None:
    lake.plan = plan(*COLUMNS, format="csv")
    more = {
        "twice.csv": b"id,name,name\n1,a,b\n",
        "case.csv": b"id,name,NAME\n1,a,b\n",
        "other.csv": b"x,y\n1,2\n",
        "semicolon.csv": b"id;name\n1;a\n",
        "no-header.csv": b"1,a\n2,b\n",
        "latin-header.csv": "id,name,größe\n1,a,2\n".encode("latin-1"),
        "latin.csv": "id,name\n1,Zürich\n".encode("latin-1"),
        "long-header.csv": b"id,name," + b"x" * 100_000 + b"\n1,a,b\n",
        "many.csv": b"id,name\n" + b"," * 30_000 + b"\n",
        "quote.csv": b'id,name\n1,"a\n',
    }
    bad = {**damages(GOOD["csv"]), **more}
    assert len(bad) >= 30
    put_all(lake, of(GOOD["csv"]), NOTHING, bad)
    check_account(lake, bad, curated=8)
    found = whole(lake)
    assert found["twice.csv"] == "its header has the column 'name' 2 times"
    assert found["case.csv"] == "its header has the column 'name' 2 times"
    assert found["semicolon.csv"] == (
        "its header 'id;name' has none of the columns 'id,name': another delimiter, no header line or another dataset"
    )
    assert found["latin-header.csv"] == "its header is not UTF-8"


def test_thirty_kinds_of_damaged_parquet_stop_no_good_record(lake: Any) -> None:
    lake.plan = plan(*COLUMNS, format="parquet")
    good = GOOD["parquet"]
    large = parquet({"id": list(range(5_000)), "name": [f"n{i}" for i in range(5_000)]}, compression="zstd")
    size = int.from_bytes(good[-8:-4], "little")
    more = {
        "tail.parquet": good[:-1],
        "half.parquet": large[: len(large) // 2],
        "footer.parquet": broken(good, len(good) - 8 - size, bytes(size // 2)),
        "length.parquet": good[:-8] + b"\xff\xff\xff\x7fPAR1",
        "pages.parquet": large[:4] + bytes(len(large) // 2) + large[4 + len(large) // 2 :],
        "noise.parquet": b"PAR1" + NOISE + b"PAR1",
        "short.parquet": b"PAR1",
        "encrypted.parquet": good[:-4] + b"PARE",
        "twice.parquet": parquet(pa.table([[1], ["a"], ["b"]], names=["id", "name", "name"])),
        "case.parquet": parquet({"id": [1], "name": ["a"], "NAME": ["b"]}),
        "other.parquet": parquet({"x": [1]}),
        "latin.parquet": parquet(
            pa.table([[1], pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff"]).buffers())], names=["id", "name"])
        ),
    }
    bad = {**damages(GOOD["json"]), **more, **{name: content for name, content in NOTHING.items() if content}}
    # To a reader of Parquet a name says nothing.
    sound = {name: bad.pop(name) for name in ("table.txt",)}
    assert len(bad) >= 30
    put_all(lake, {"good": good, "large": large, "empty": b"", "marker/": b""}, sound, bad)
    check_account(lake, bad, curated=2 + 5_000 + 2)


def test_thirty_kinds_of_damaged_exports_stop_no_good_item(lake: Any) -> None:
    lake.plan = plan(*COLUMNS, format="dynamodb-json")
    good = (line(id=1, name="a"), line(id=2, name="b"))
    text = "".join(f"{item}\n" for item in good).encode()
    bad = damages(text) | {
        "no-item": b'{"Keys": {}}\n',
        "no-type": b'{"Item": {"id": 1}}\n',
        "deep": b'{"Item": ' + b'{"M": ' * 5_000 + b"}" * 5_001 + b"\n",
        "smuggled": b'{"Item": {"id": {"N": "1, \\"name\\": \\"x\\""}}}\n',
        "long-number": b'{"Item": {"id": {"N": "' + b"9" * 5_000 + b'"}}}\n',
    }
    assert len(bad) >= 30
    put_all(lake, {f"data/{name}": content for name, content in {**of(text), **NOTHING, **bad}.items()})
    named = [*of(text), *NOTHING, *bad, "not-there"]
    lake.put(
        "01/manifest-files.json",
        *({"dataFileS3Key": f"{lake.name}/source/data/{name}", "itemCount": 2} for name in named),
    )
    manifests = {
        "02/manifest-files.json": b'{"dataFileS3Key": "x',
        "03/manifest-files.json": b'{"itemCount": 1}\n',
        "04/manifest-files.json": b"\xff\xfe{\0}\0",
        "05/manifest-files.json": b"[" * 100_000,
    }
    put_all(lake, manifests)
    check_account(lake, [*manifests, *(f"data/{name}" for name in bad)], curated=8)
    assert whole(lake)["02/manifest-files.json"] == "it is not a list of the data files of an export"


def test_a_csv_header_may_come_after_blank_lines_and_have_blanks_and_any_case(lake: Any) -> None:
    lake.plan = plan(*COLUMNS, format="csv")
    lake.put("blank.csv", directly=b"\n  \nid,name\n31,x\n")
    lake.put("names.csv", directly=MARK + b'Name , "ID",,\r\ny,32,,\r\n')
    assert balance(lake.run()) == (2, 2, 0, 0, 0)
    assert lake.rows("id, name") == [(31, "x"), (32, "y")]


def test_parquet_types_that_spark_refuses_become_what_the_contract_says(lake: Any) -> None:
    """As docs/types.md promises of each: cut to microseconds, ISO 8601 text, 38 digits."""
    kinds = {
        "nano": "timestamp",
        "local": "timestamp",
        "at": "string",
        "fine": "string",
        "big": "decimal(38,1)",
    }
    lake.plan = plan(*(column(name, kind) for name, kind in kinds.items()), format="parquet")
    moment = 1_704_164_645_123_456_789
    big = Decimal("-1234567890123456789012345678901234567.04999999999")
    put_all(
        lake,
        {
            "a.parquet": parquet(
                {
                    "nano": pa.array([moment, -1], pa.timestamp("ns", "UTC")),
                    "local": pa.array([moment, None], pa.timestamp("ns")),
                    "at": pa.array([dt.time(3, 4, 5, 678_900), None], pa.time64("us")),
                    "fine": pa.array([3_723_000_000_001, None], pa.time64("ns")),
                    "big": pa.array([big, Decimal(10) ** 38], pa.decimal256(60, 11)),
                    "unknown": pa.array([moment, 0], pa.timestamp("ns")),
                    "unknown_big": pa.array([big, None], pa.decimal256(60, 11)),
                },
            ),
            "b.parquet": parquet({"nano": pa.array([dt.datetime(2024, 1, 2)], pa.timestamp("ms"))}),
        },
    )
    report = lake.run()
    assert whole(lake) == {}
    assert balance(report) == (3, 2, 0, 0, 1)
    at = dt.datetime(2024, 1, 2, 3, 4, 5, 123_456, dt.UTC)
    assert sorted(lake.rows(), key=lambda row: row[0], reverse=True) == [
        (at, at, "03:04:05.678900", "01:02:03.000000", Decimal("-1234567890123456789012345678901234567.0")),
        (dt.datetime(2024, 1, 2, tzinfo=dt.UTC), None, None, None, None),
    ]
    assert lake.refused("kinds") == [(["type"],)]


def test_parquet_types_are_read_as_they_are_stored(lake: Any) -> None:
    kinds = {
        "u8": "smallint", "u32": "bigint", "u64": "decimal(20,0)", "i8": "tinyint", "f": "double", "d": "decimal(10,2)",
        "day": "date", "s": "string", "large": "string", "dictionary": "string", "raw": "binary", "text": "string",
        "flag": "boolean", "list": "array<string>", "map": "map<string,int>",
        "struct": "struct<a:bigint,b:decimal(5,1)>",
    }  # fmt: skip
    lake.plan = plan(*(column(name, kind) for name, kind in kinds.items()), format="parquet")
    values = {
        "u8": pa.array([255], pa.uint8()),
        "u32": pa.array([2**32 - 1], pa.uint32()),
        "u64": pa.array([2**64 - 1], pa.uint64()),
        "i8": pa.array([-128], pa.int8()),
        "f": pa.array([0.5], pa.float32()),
        "d": pa.array([Decimal("1.25")], pa.decimal128(10, 2)),
        "day": pa.array([dt.date(2024, 1, 2)]),
        "s": pa.array(["Zürich"]),
        "large": pa.array(["l"], pa.large_string()),
        "dictionary": pa.array(["x"]).dictionary_encode(),
        "raw": pa.array([b"\xff"]),
        "text": pa.array([b"bytes"]),
        "flag": pa.array([True]),
        "list": pa.array([["a", None]]),
        "map": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int32())),
        "struct": pa.array([{"a": 1, "b": Decimal("0.5")}]),
    }
    put_all(lake, {"a.parquet": parquet(values)})
    assert balance(lake.run()) == (1, 1, 0, 0, 0)
    [row] = lake.rows(", ".join(f'"{name}"' for name in kinds))
    assert row[:4] == (255, 2**32 - 1, 2**64 - 1, -128)
    assert row[4:10] == (0.5, Decimal("1.25"), dt.date(2024, 1, 2), "Zürich", "l", "x")
    assert row[10:] == (b"\xff", "bytes", True, ["a", None], {"k": 1}, {"a": 1, "b": Decimal("0.5")})


@pytest.mark.parametrize(
    ("kind", "value"),
    [("double", pa.array([b"x"])), ("boolean", pa.array([dt.date(2024, 1, 2)])), ("int", pa.array([[1]])),
     ("array<int>", pa.array(["x"])), ("timestamp", pa.array([{"a": 1}])), ("string", pa.array([b"\xff"])),
     ("struct<a:date>", pa.array([{"a": True}])), ("binary", pa.array([1.5]))],
)  # fmt: skip
def test_parquet_of_a_type_that_does_not_become_the_columns_is_quarantined(lake: Any, kind: str, value: Any) -> None:
    lake.plan = plan(column("id", "int"), column("x", kind), format="parquet")
    put_all(
        lake,
        {"a.parquet": parquet({"id": [1], "x": value}), "b.parquet": parquet({"id": pa.array([2])}),
         "c.parquet": parquet({"id": [3], "x": pa.nulls(1, value.type)})},
    )  # fmt: skip
    report = lake.run()
    assert balance(report) == (3, 2, 0, 0, 1)
    assert report["reasons"] in ({"type": 1}, {"object": 1})
    assert lake.rows("id") == [(2,), (3,)]


def test_parquet_of_a_type_from_which_a_cast_would_make_up_a_value_is_quarantined(lake: Any) -> None:
    """The pairs of docs/types.md: Spark casts numbers to times as seconds since 1970, and true to 1."""
    moment = dt.datetime(2024, 1, 2, 3, 4, 5)
    wrong = {
        "seconds": ("timestamp", pa.array([1_704_164_645])),
        "fractions": ("timestamp", pa.array([1.5])),
        "exact": ("timestamp", pa.array([Decimal("1.5")])),
        "days": ("date", pa.array([19_724], pa.int32())),
        "flag_as_time": ("timestamp", pa.array([True])),
        "flag_as_day": ("date", pa.array([True])),
        "time_as_number": ("bigint", pa.array([moment], pa.timestamp("us"))),
        "time_as_double": ("double", pa.array([moment], pa.timestamp("us", "UTC"))),
        "time_as_decimal": ("decimal(20,6)", pa.array([moment], pa.timestamp("us"))),
        "day_as_number": ("int", pa.array([moment.date()])),
        "flag_as_number": ("int", pa.array([True])),
        "flag_as_double": ("double", pa.array([True])),
        "time_as_flag": ("boolean", pa.array([moment], pa.timestamp("us"))),
        "two_as_flag": ("boolean", pa.array([2])),
        "time_as_day": ("date", pa.array([moment], pa.timestamp("us"))),
        "inside": ("array<timestamp>", pa.array([[1_704_164_645]])),
        "further_inside": ("struct<a:date>", pa.array([{"a": moment}], pa.struct([("a", pa.timestamp("us"))]))),
    }
    kinds = {name: kind for name, (kind, _) in wrong.items()}
    lake.plan = plan(*(column(name, kind) for name, kind in kinds.items()), format="parquet")
    put_all(lake, {name: parquet({name: value}) for name, (_, value) in wrong.items()})
    assert balance(lake.run()) == (len(wrong), 0, 0, 0, len(wrong))
    found = lake.refused("object, kinds, reasons")
    assert {uri.rpartition("/")[2]: kinds for uri, kinds, _ in found} == {name: ["type"] for name in wrong}
    assert all(f"'{uri.rpartition('/')[2]}'" in reasons[0] for uri, _, reasons in found)


def test_parquet_of_a_type_that_becomes_the_columns_without_a_loss_is_curated(lake: Any) -> None:
    kinds = {"day": "date", "at": "timestamp", "flag": "boolean", "no": "boolean", "whole": "int", "text": "string"}
    lake.plan = plan(*(column(name, kind) for name, kind in kinds.items()), format="parquet")
    midnight = dt.datetime(2024, 1, 2)
    values = {
        "day": pa.array([midnight], pa.timestamp("us")),
        "at": pa.array([midnight.date()]),
        "flag": pa.array([1]),
        "no": pa.array([0.0]),
        "whole": pa.array([Decimal("7.00")]),
        "text": pa.array([True]),
    }
    put_all(lake, {"a.parquet": parquet(values)})
    assert balance(lake.run()) == (1, 1, 0, 0, 0)
    assert lake.rows() == [(midnight.date(), midnight.replace(tzinfo=dt.UTC), True, False, 7, "true")]


def test_halves_are_refused_by_name_whatever_the_contract_says_of_them(lake: Any) -> None:
    lake.plan = plan(column("id", "int"), format="parquet")
    put_all(lake, {"a.parquet": parquet({"id": [1], "x": pa.array(np.array([1.5], np.float16))})})
    put_all(lake, {"b.parquet": parquet({"id": [2]})})
    assert balance(lake.run()) == (2, 1, 0, 0, 1)
    reason = "its column 'x' is of the type Float16, which Spark's reader does not know"
    assert whole(lake) == {"a.parquet": reason}


def test_parts_in_nanoseconds_are_refused_by_name(lake: Any) -> None:
    lake.plan = plan(column("x", "array<timestamp>"), format="parquet")
    put_all(lake, {"a.parquet": parquet({"x": pa.array([[1]], pa.list_(pa.timestamp("ns")))})})
    lake.run()
    assert whole(lake) == {"a.parquet": "column 'x' has parts of the type timestamp[ns], which Spark cannot read"}


def test_an_expression_that_fails_on_a_record_sets_its_object_aside(lake: Any) -> None:
    lake.plan = plan(
        column("at", "timestamp"),
        column("zone"),
        derive={"local": {"expression": "from_utc_timestamp(at, zone)", "type": "timestamp"}},
    )
    lake.put("good.json", {"at": "2024-01-02T00:00:00Z", "zone": "Europe/Berlin"})
    lake.put("bad.json", {"at": "2024-01-02T00:00:00Z", "zone": "Atlantis"})
    assert balance(lake.run()) == (2, 1, 0, 0, 1)
    assert "Atlantis" in whole(lake)["bad.json"]


def test_an_object_that_kills_a_run_is_found_by_the_next(
    lake: Any, script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.plan = plan(*COLUMNS)
    lake.put("good.json", {"id": 1})
    put_all(lake, {"line.gz": gzip.compress(b'{"id": ' + b" " * 140 * 2**20 + b"2}\n")})

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(part("table_writer").TableWriter, "commit", killed)
    monkeypatch.setattr(part("batch_reader"), "validate", killed)
    with pytest.raises(KeyboardInterrupt):
        lake.run()
    monkeypatch.undo()
    assert balance(lake.run()) == (2, 1, 0, 0, 1)
    assert whole(lake) == {"line.gz": "a line of it has more than 134,217,728 bytes"}


# --- without a run --------------------------------------------------------------------------------------------


def test_a_text_that_expands_beyond_every_measure_is_a_fault(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage = part("damage")
    monkeypatch.setattr(damage, "LEAST_EXPANDED", 10_000)
    monkeypatch.setattr(damage, "LONGEST_LINE", 5_000)
    lines = iter([b"x\n" * 1_000] * 10)
    assert damage.fault(lines, 60) == "its 60 bytes become more than 13,999"
    assert damage.fault(iter([b"x\n" * 1_000] * 10), 1_000) is None
    assert damage.fault(iter([b"a\n" + b"x" * 3_000, b"x" * 3_000]), 6_002) == "a line of it has more than 5,000 bytes"
    assert damage.fault(iter([b"x" * 3_000 + b"\r" + b"x" * 3_000]), 6_001) is None


@pytest.mark.parametrize("size", [0, 1, 2**20 - 1, 2**20, 2**20 + 1, 3 * 2**20])
def test_gzip_is_expanded_as_a_whole(script: ModuleType, size: int) -> None:
    content = random.Random(size).randbytes(size // 2) + b"\0" * (size - size // 2)
    packed = gzip.compress(content) + gzip.compress(b"end")
    chunks = iter([packed[start : start + 1_000] for start in range(0, len(packed), 1_000)])
    expanded = list(part("damage")._expanded(chunks))
    assert b"".join(expanded) == content + b"end"
    assert max(map(len, expanded)) <= 2**20


def five_objects() -> list[Any]:
    return [part("storage").SourceObject(key=str(i), etag="e", size=1, modified="") for i in range(5)]


@pytest.mark.parametrize(
    "said",
    [
        "com.amazonaws.services.s3.model.AmazonS3Exception: Access Denied",
        "java.io.IOException: No space left on device",
        "java.io.IOException: File too large",
        "java.lang.UnsatisfiedLinkError: no snappyjava in java.library.path: /lib",
    ],
)
def test_a_failure_of_the_surroundings_is_no_fault_of_an_object(script: ModuleType, said: str) -> None:
    def fail(some: Any) -> None:
        raise RuntimeError(said)

    with pytest.raises(RuntimeError, match=said):
        part("damage").damaged_alone(fail, five_objects())


def test_objects_that_fail_alone_are_found_by_halves(script: ModuleType) -> None:
    objects = five_objects()

    def odd(some: Any) -> None:
        if any(item.key in ("1", "4") for item in some):
            raise RuntimeError("no such page\n\tat org.apache.hadoop.fs.s3a.S3AInputStream.read(S3AInputStream.java:1)")

    assert part("damage").damaged_alone(odd, objects) == dict.fromkeys(("1", "4"), "Spark cannot read it: no such page")


@pytest.mark.parametrize("key", ["a/", "a//b", "a/../b", "./a", "a/."])
def test_keys_that_hadoop_takes_for_others_are_refused(script: ModuleType, key: str) -> None:
    item = part("storage").SourceObject(key=key, etag="e", size=1, modified="")
    reason = part("source")._refusal(part("plan").Plan.parse(json.dumps(plan(*COLUMNS))), item)
    assert reason == "its key is that of a folder to Hadoop's file system, or of another object"


def test_archived_objects_are_refused(lake: Any) -> None:
    lake.plan = plan(*COLUMNS)
    lake.put("good.json", {"id": 1})
    key = f"{lake.name}/source/archived.json"
    lake.s3.put_object(Bucket="lake", Key=key, Body=b'{"id": 2}', StorageClass="GLACIER")
    lake.run()
    assert whole(lake) == {"archived.json": "it is archived in the storage class GLACIER; restore it and copy it here"}


# --- lines ----------------------------------------------------------------------------------------------------


def one_object(text: bytes) -> bool:
    """Tell whether a line is one JSON object, as Python's parser says."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        return isinstance(json.loads(text.decode(), parse_constant=refuse), dict)
    except (ValueError, RecursionError):
        return False


@pytest.mark.parametrize("seed", range(3))
def test_random_bytes_before_between_and_after_values_change_no_line_of_the_account(lake: Any, seed: int) -> None:
    """A line is one record: curated if it is one JSON object and nothing else, in quarantine otherwise."""
    draw = random.Random(seed)
    pieces = [b'{"id": "b"}', b'{"id": "}"}', b'{"id": {"x": 1}}', b"{}", b"[1]", b"1", b'"a"', b"null"]
    tokens = [*b"]}{[:,\"'0aN#/\\ \t\0\x7f\xff\xc3\xbc\xef\xbb\xbf"]
    made = {b'{"id": "b"}] {"id": "c"}', b'{"id":"a"}]', b'] {"id": "a"}', b'{"id": "a"}, 0] , {"id": "b"}'}
    while len(made) < 1_500:
        some = draw.choices(pieces, k=draw.randint(1, 2))
        noise = [bytes(draw.choices(tokens, k=draw.choice([0, 0, 0, 1, 1, 2, 3]))) for _ in range(len(some) + 1)]
        text = b"".join(before + value for before, value in zip(noise, some, strict=False)) + noise[-1]
        made.add(text)
    lines = sorted(text.removeprefix(MARK) for text in made)
    lake.plan = plan(column("id"))
    put_all(lake, {"a.json": b'{"id": "first"}\n' + b"\n".join(lines)})
    report = lake.run()
    good = [text for text in lines if one_object(text)]
    assert balance(report) == (len(lines) + 1, len(good) + 1, 0, 0, len(lines) - len(good))
    assert report["quarantined_objects"] == 0

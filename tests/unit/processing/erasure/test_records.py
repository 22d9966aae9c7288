"""Records of persons, told from those of others in every format; what stays keeps its bytes."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lake_blueprints.processing.erasure

SCRIPTS = Path(lake_blueprints.processing.erasure.__file__).parent / "scripts"


@pytest.fixture(scope="module")
def erasing() -> Iterator[Any]:
    """Return how modules of the script are imported."""
    sys.path.insert(0, str(SCRIPTS))
    yield lambda name: import_module(f"lake_erasure.{name}")
    sys.path.remove(str(SCRIPTS))


@pytest.fixture
def wanted(erasing: Any) -> Any:
    """Return how keys of a path are wanted."""
    keys = erasing("subject_keys").SubjectKeys

    def make(*given: Any, kind: str = "string", path: tuple[str, ...] = ("who",)) -> Any:
        return [(path, keys.of(given, kind))]

    return make


@pytest.mark.parametrize("value", ["9" * 5_000, Decimal(10) ** 30, Decimal("7.5"), "7" + "0" * 400, float("inf")])
def test_a_number_that_no_key_is_ends_no_run(erasing: Any, value: Any) -> None:
    assert value not in erasing("subject_keys").SubjectKeys.of([7], "bigint")


@pytest.mark.parametrize("value", ["0" * 5_000 + "7", Decimal("7.00"), 7.0, "+7", " 07 "])
def test_a_whole_number_is_the_key_however_it_is_spelled(erasing: Any, value: Any) -> None:
    assert value in erasing("subject_keys").SubjectKeys.of([7], "bigint")


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ('{"who": "7"}', "string"),
        ('{"who": 7}', "string"),
        ('{"who": 7}', "bigint"),
        ('{"who": " 007 "}', "bigint"),
        ('{"WHO": "7"}', "string"),
        ('{"who": "8", "who": "7"}', "string"),
        ('{"who": "\\u0037"}', "string"),
        ('{"who": "7"', "string"),
        ('{"id": 1} {"who": 7}', "bigint"),
        ("\ufeff" + '{"who": "7"}', "string"),
    ],
)
def test_a_json_line_of_the_person_goes(erasing: Any, wanted: Any, line: str, kind: str) -> None:
    content = f'{{"who": "8"}}\r\n{line}\n\n{{"who":   "77"}}'.encode()
    left, removed = erasing("text_records").without_json(content, wanted("7", kind=kind))
    assert (left, removed) == (b'{"who": "8"}\r\n\n{"who":   "77"}', 1)


@pytest.mark.parametrize(
    "line",
    [
        '{"who": "77"}',
        '{"other": "7"}',
        '{"in": {"who": "7"}}',
        '{"who": ["7"]}',
        '{"who": "77"',
        '{"who": 7.5}',
        "[7]",
    ],
)
def test_a_json_line_of_others_stays(erasing: Any, wanted: Any, line: str) -> None:
    assert erasing("text_records").without_json(line.encode(), wanted("7")) == (line.encode(), 0)


def test_a_key_inside_an_object_is_found_at_its_path(erasing: Any, wanted: Any) -> None:
    lines = b'{"owner": {"id": "a"}}\n{"owner": {"id": "b"}}\n{"id": "a"}\n'
    found = erasing("text_records").without_json(lines, wanted("a", path=("owner", "id")))
    assert found == (b'{"owner": {"id": "b"}}\n{"id": "a"}\n', 1)


def test_csv_lines_go_by_the_header_and_broken_ones_by_the_key(erasing: Any, wanted: Any) -> None:
    content = b'id, Who ,x\n1,a,b\n2,"a",c\n3,"b, a",d\n4,aa,a\n5,a\n6,x,y,a\n'
    found = erasing("text_records").without_csv(content, wanted("a"), ",")
    assert found == (b'id, Who ,x\n3,"b, a",d\n4,aa,a\n', 4)


def test_csv_of_which_no_line_is_left_goes_as_a_whole(erasing: Any, wanted: Any) -> None:
    assert erasing("text_records").without_csv(b"who;x\na;1\n", wanted("a"), ";") == (b"", 1)


def test_csv_without_the_column_goes_by_the_key(erasing: Any, wanted: Any) -> None:
    assert erasing("text_records").without_csv(b"x,y\n1,a\n2,b\n", wanted("a"), ",") == (b"x,y\n2,b\n", 1)


@pytest.mark.parametrize("content", [b"PAR1...", b"\x1f\x8b...", b"\xff\xfea\0", b"a\0b"])
def test_what_is_no_text_cannot_be_read(erasing: Any, wanted: Any, content: bytes) -> None:
    with pytest.raises(erasing("errors").UnreadableError):
        erasing("text_records").without_json(content, wanted("a"))


def parquet(rows: pa.Table, **options: Any) -> bytes:
    written = io.BytesIO()
    pq.write_table(rows, written, store_schema=False, **options)
    return written.getvalue()


ROWS = pa.table(
    {
        "id": pa.array(range(100), pa.int64()),
        "who": pa.array([f"p{number:02}" for number in range(100)]),
        "owner": pa.array([{"Id": number} for number in range(100)]),
    }
).replace_schema_metadata({"org.apache.spark.version": "3.5.6"})


@pytest.mark.parametrize(
    "person", [(("WHO",), "string", "p99"), (("id",), "bigint", 99), (("owner", "id"), "int", "99")], ids=str
)
@pytest.mark.parametrize("codec", ["none", "snappy", "zstd"])
def test_parquet_rows_go_with_their_bounds(
    erasing: Any, wanted: Any, person: tuple[tuple[str, ...], str, Any], codec: str
) -> None:
    path, kind, key = person
    content = parquet(ROWS, compression=codec, row_group_size=40)
    left, removed = erasing("parquet_records").without(content, wanted(key, kind=kind, path=path))
    assert removed == 1
    assert b"p99" not in left
    before, after = pq.ParquetFile(io.BytesIO(content)), pq.ParquetFile(io.BytesIO(left))
    assert after.read().equals(ROWS.slice(0, 99))
    assert after.schema.equals(before.schema)
    assert after.metadata.metadata == before.metadata.metadata
    assert after.metadata.row_group(0).num_rows == 40
    assert after.metadata.row_group(0).column(0).compression == before.metadata.row_group(0).column(0).compression


def test_parquet_without_the_person_or_the_column_is_not_written(erasing: Any, wanted: Any) -> None:
    content = parquet(ROWS)
    for path in (("who",), ("absent",)):
        assert erasing("parquet_records").without(content, wanted("nobody", path=path)) == (content, 0)


def test_parquet_of_which_no_row_is_left_goes_as_a_whole(erasing: Any, wanted: Any) -> None:
    assert erasing("parquet_records").without(parquet(ROWS.slice(5, 1)), wanted("p05")) == (b"", 1)


def test_refused_records_go_by_what_they_were(erasing: Any, wanted: Any) -> None:
    rows = [
        {"record": '{"who": "a"}', "header": None, "reasons": ["x"]},
        {"record": '{"who": "b"}', "header": None, "reasons": ["x"]},
        {"record": None, "header": None, "reasons": ["its header 'a,b' has none of the columns"]},
    ]
    without = erasing("quarantine_records").without_refused
    left, removed = without(parquet(pa.Table.from_pylist(rows)), wanted("a"), "json", ",")
    assert (pq.read_table(io.BytesIO(left)).to_pylist(), removed) == (rows[1:2], 2)
    csv = [{"record": "1,a", "header": "id,who"}, {"record": "a,1", "header": "id,who"}]
    left, removed = without(parquet(pa.Table.from_pylist(csv)), wanted("a"), "csv", ",")
    assert (pq.read_table(io.BytesIO(left)).to_pylist(), removed) == (csv[1:], 1)


def test_nothing_that_shows_keys_shows_a_key(erasing: Any) -> None:
    keys = erasing("subject_keys").SubjectKeys.of(["anna@example.com"], "string")
    place = erasing("place").Place(name="n", kind="records", uri="s3://b/p/")
    assert "anna" not in repr(erasing("objects").Search(place=place, wanted=[(("who",), keys)]))


@pytest.mark.parametrize("text", ["x", '{"keys": []}', '{"keys": "a"}', '{"keys": [1.5]}', '{"keys": [true]}', "[]"])
def test_a_request_that_is_none_is_refused_by_its_name_alone(erasing: Any, text: str) -> None:
    sys.path.insert(0, str(SCRIPTS.parents[1] / "curation" / "scripts"))
    with pytest.raises(erasing("errors").ErasureError, match=r"the request 1\.json") as raised:
        erasing("requests")._keys("1.json", text.encode())
    assert json.dumps(text) not in str(raised.value)

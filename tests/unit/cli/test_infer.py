"""`lake contract infer`: what it makes of samples, each of which then passes `lake contract check`."""

from __future__ import annotations

import builtins
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lake_blueprints.contracts import Contract, Dataset
from template_checks.command.main import main


def inferred(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[str, Dataset]:
    """Return the contract's text and its dataset, after the command line has checked it."""
    output = path.with_name("contract.yaml")
    assert main(["contract", "infer", str(path), "-o", str(output)]) == 0
    assert main(["contract", "check", str(output)]) == 0
    capsys.readouterr()
    text = output.read_text()
    (dataset,) = Contract.from_text(text).datasets
    return text, dataset


def types(dataset: Dataset) -> dict[str, str]:
    return {column.name: str(column.type) for column in dataset.columns}


def test_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("when,order_id,zip,total\n31.12.2020,1,00123,1.5\n30.11.2021,2,00124,\n30.11.2021,3,00124,7\n")
    text, dataset = inferred(path, capsys)
    assert types(dataset) == {"when": "date", "order_id": "bigint", "zip": "string", "total": "double"}
    assert dataset.name == "orders"
    assert dataset.primary_key == ("order_id",)
    assert [column.name for column in dataset.columns if column.required] == ["when", "order_id", "zip"]
    assert dataset.column("when").format == "dd.MM.yyyy"
    assert dataset.format == "csv"
    assert "# decide: 'partitioned: true' lays the data out" in text


def test_nested_json_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(
        '{"id": 1, "at": "2020-01-01T10:00:00Z", "who": {"name": "a", "tags": ["x"]}, "items": [{"n": 1}]}\n'
        '{"id": 2, "at": "2020-01-01T10:00:01Z", "who": null, "any": 1}\n'
        '{"id": 3, "at": "2020-01-01T10:00:02Z", "who": null, "any": [1]}\n'
    )
    text, dataset = inferred(path, capsys)
    assert types(dataset) == {
        "id": "bigint",
        "at": "timestamp",
        "who": "struct<name:string,tags:array<string>>",
        "items": "array<struct<n:bigint>>",
        "any": "string",
    }
    assert dataset.primary_key == ("id",)
    assert "decide: its values are of several types, so they are kept as text" in text


def test_what_is_nested_too_deep_is_kept_as_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "deep.jsonl"
    path.write_text('{"a": ' * 1_100 + "1" + "}" * 1_100)
    text, dataset = inferred(path, capsys)
    assert "decide: it is nested more than 20 levels deep, so it is kept as text" in text
    assert types(dataset)["a"].count("struct<") == 20


def test_parquet_of_every_type(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "all.parquet"
    duckdb.sql(
        "select 1::tinyint as a, 1::smallint as b, 1::int as c, 1::ubigint as d, 1::float as e, 1.5::decimal(9,2) as f,"
        " true as g, date '2020-01-01' as h, timestamptz '2020-01-01 00:00:00+01' as i, 'x'::blob as j,"
        " map {'k': 1} as k, '2020-01-01 00:00:00'::timestamp_ns as l, 1::utinyint as m, 1::uinteger as n"
    ).write_parquet(str(path))
    _, dataset = inferred(path, capsys)
    assert types(dataset) == {
        "a": "tinyint",
        "b": "smallint",
        "c": "int",
        "d": "decimal(20,0)",
        "e": "float",
        "f": "decimal(9,2)",
        "g": "boolean",
        "h": "date",
        "i": "timestamp",
        "j": "binary",
        "k": "map<string,int>",
        "l": "timestamp",
        "m": "smallint",
        "n": "bigint",
    }


def test_a_pair_of_columns_may_be_the_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lines.csv"
    path.write_text("price,order_id,line_no\n5,1,1\n5,1,2\n5,2,1\n")
    assert inferred(path, capsys)[1].primary_key == ("order_id", "line_no")


def test_without_a_key_the_owner_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lines.csv"
    path.write_text("a,b\n5,1\n5,1\n6,2\n")
    text, dataset = inferred(path, capsys)
    assert dataset.primary_key == ()
    assert "# decide: no column, and no pair of columns, tells all records apart" in text


def test_names_that_yaml_or_the_catalog_would_read_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.csv"
    path.write_text('no,"a: b # c","1st ""x""",E-Mail\n1,2,3,a@b.org\n4,5,6,c@d.org\n')
    text, dataset = inferred(path, capsys)
    assert [column.source or column.name for column in dataset.columns] == ["no", "a: b # c", '1st "x"', "E-Mail"]
    assert "# decide: 'classification: restricted' masks it" in text


def test_the_same_sample_gives_the_same_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "many.csv"
    path.write_text("id,v\n" + "".join(f"{n},{n % 7}\n" for n in range(5000)))
    printed = []
    for _ in range(2):
        assert main(["contract", "infer", str(path), "--name", "numbers"]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert '# Drawn from 5,000 records of "many.csv".' in printed[0]


def kinds(
    content: str | bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str = "a.csv"
) -> dict[str, str]:
    """Return the columns' types in the lake, each with what its owner is asked about the type."""
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    text, dataset = inferred(path, capsys)
    asked = dict(re.findall(r"- name: (\S+)\n\s+logicalType: \w+  # decide: (.*)", text))
    return {name: f"{kind}: {asked[name]}" if name in asked else kind for name, kind in types(dataset).items()}


def empty(folder: Path) -> Path:
    """Return a new folder inside one."""
    found = folder / "empty"
    found.mkdir()
    return found


def test_words_for_no_value_leave_a_column_text_and_ask_the_owner(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(f"{n},{n}.5,2024-01-0{n},{n},x\n" for n in range(1, 9))
    assert kinds(f"id,temp,seen,count,all\n{rows}9,NA,n/a,NULL,NULL\n10,NA,,,NULL\n", tmp_path, capsys) == {
        "id": "bigint",
        "temp": "string: a number but for 2 rows with 'NA'; 'logicalType: number' quarantines them",
        "seen": "string: a date but for 1 row with 'n/a'; 'logicalType: date' quarantines it",
        "count": "string: an integer but for 1 row with 'NULL'; 'logicalType: integer' quarantines it",
        "all": "string",
    }


def test_few_values_of_another_type_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f"{n}\n" for n in range(50))
    found = kinds(f"id\n{rows}y\n", tmp_path, capsys)
    assert found == {"id": "string: an integer but for 1 row with 'y'; 'logicalType: integer' quarantines it"}


def test_labels_that_look_like_numbers_stay_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = (
        "zip,hex,money,percent,negative,flag,yes,version,science\n"
        "01067,0x1F,$5.00,5%,(5),true,Y,1.10,1e5\n10115,0x2A,$6.00,6%,(6),FALSE,N,1.2,2e5\n"
    )
    assert kinds(content, tmp_path, capsys) == {
        **dict.fromkeys(("zip", "hex", "money", "percent", "negative", "yes"), "string"),
        "flag": "boolean",
        "version": "double",
        "science": "double",
    }


def test_prices_and_long_numbers_are_decimals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = (
        "price,whole,d,u,f\n"
        "1.01,9223372036854775807,12345678901234567890.12,5.10,0.1\n"
        "22.20,9223372036854775808,1.5,6.20,0.25\n"
    )
    assert kinds(content, tmp_path, capsys) == {
        "price": "decimal(18,2): a decimal: 2 digits after the point, as prices have",
        "whole": "decimal(38,0): numbers of more than 64 bits: 'logicalType: string' if they are labels",
        "d": "decimal(22,2): a decimal: more digits than a double keeps",
        "u": "decimal(18,2): a decimal: 2 digits after the point, as prices have",
        "f": "double",
    }
    json = '{"whole": 9223372036854775808, "m": 1, "s": "1", "long": ' + "9" * 40 + "}\n"
    assert kinds(json, empty(tmp_path), capsys, "a.jsonl") == {
        "whole": "decimal(38,0): numbers of more than 64 bits: 'logicalType: string' if they are labels",
        "m": "bigint",
        "s": "string",
        "long": "string: numbers of more than 38 digits, which no type holds",
    }


def test_day_and_month_that_the_sample_does_not_tell_apart_are_marked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "a,b,c,d\n01/02/2024,13/02/2024,02/13/2024 10:00,2024-13-01\n03/04/2024,14/02/2024,02/14/2024 11:00,x\n"
    )
    text, dataset = inferred(path, capsys)
    assert types(dataset) == {"a": "date", "b": "date", "c": "timestamp", "d": "string"}
    assert [column.format for column in dataset.columns] == ["dd/MM/yyyy", "dd/MM/yyyy", "MM/dd/yyyy HH:mm", None]
    assert text.count("decide: day and month: the sample fits dd/MM/yyyy and MM/dd/yyyy; it is read as dd/MM/yyyy") == 1


def test_objects_of_many_differing_keys_are_maps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(f'{{"id": {n}, "m": {{"k{n}": {n}, "k{n + 1}": 1}}}}\n' for n in range(60)))
    text, dataset = inferred(path, capsys)
    assert types(dataset)["m"] == "map<string,bigint>"
    assert "decide: its objects have 61 different keys, so it is a map" in text


def test_blanks_around_names_and_a_mark_of_byte_order_are_no_part_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kinds(b"\xef\xbb\xbf id , name \r\n 1 , a \r\n 2 , b \r\n", tmp_path, capsys) == {
        "id": "bigint",
        "name": "string",
    }


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.csv"
    rows = [["id", "note"], ["1", '"a, b; c|"'], ["2", "d"]]
    path.write_text("".join(f"{delimiter.join(row)}\n" for row in rows))
    _, dataset = inferred(path, capsys)
    assert (dataset.column_names, dataset.delimiter) == (("id", "note"), delimiter)


def odd_parquet(path: Path) -> None:
    table = pa.table(
        {
            "id": ["a"],
            "at": pa.array([1], pa.timestamp("ns")),
            "hour": pa.array([1], pa.time64("us")),
            "long": pa.array([Decimal("1.5")], pa.decimal256(60, 20)),
        }
    )
    pq.write_table(table, path)


def test_parquet_that_spark_alone_cannot_read_is_what_curation_makes_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.parquet"
    odd_parquet(path)
    text, dataset = inferred(path, capsys)
    assert types(dataset) == {
        "id": "string",
        "at": "timestamp",
        "hour": "string",
        "long": "decimal(38,18)",
    }
    assert "decide: kept to the microsecond" in text
    assert "decide: 60 digits in the file: 38 digits are the most" in text


HALF = pa.array([np.float16(1.5)])


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (HALF, "column 'h'"),
        (pa.StructArray.from_arrays([HALF], ["a"]), "column 'h' with 'a' inside it"),
        (pa.ListArray.from_arrays([0, 1], HALF), "column 'h' with 'element' inside it"),
        (pa.MapArray.from_arrays([0, 1], ["k"], HALF), "column 'h' with 'value' inside it"),
    ],
    ids=["alone", "struct", "list", "map"],
)
def test_halves_which_no_spark_reads_are_refused_also_inside_other_types(
    value: pa.Array, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": ["a"], "h": value}), path)
    assert main(["contract", "infer", str(path)]) == 2
    assert f"{place} is of a type that Spark cannot read: numbers of two bytes (FLOAT16)" in capsys.readouterr().err


def test_inside_objects_it_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"o": pa.array([{"at": 1}], pa.struct([("at", pa.timestamp("ns"))]))}), path)
    assert main(["contract", "infer", str(path)]) == 2
    assert (
        "column 'o' has 'at' inside it, a time in nanoseconds, which Spark cannot read there" in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("noheader.csv", "1,a,5\n2,b,6\n", "the first line looks like a record, '1' among numbers and times"),
        ("comment.csv", "# exported\nid,name\n1,a\n", "line 1 has 1 field and line 2 has 2, as most"),
        ("blank.csv", "\nid,name\n1,a\n", "line 1 is blank, and must be the header"),
        ("twice.csv", "id,name,name\n1,a,b\n", "the header has 'name' and 'name', which no table can tell apart"),
        ("clash.csv", "orderId,OrderID\n1,2\n", "the header has 'orderId' and 'OrderID'"),
        ("nameless.csv", "id,,name,\n1,x,a,b\n", "columns 2, 4 of the header have no name"),
        ("comma.csv", "id,city\n1,a\n2,b, c\n", "line 3 has 3 fields, and the header 2; put a field that holds"),
        ("lines.csv", 'id,note\n1,"a\nb"\n', "line 2: a quote is not closed; a record is one line"),
        (
            "latin1.csv",
            "id,city\n1,Köln\n".encode("latin-1"),
            "is not UTF-8: byte 0xf6 in line 2; it looks like Latin-1",
        ),
        ("utf16.csv", "id,city\n1,a\n".encode("utf-16"), "is UTF-16, and the lake reads UTF-8"),
        ("broken.csv.gz", b"\x1f\x8b\x08", "cannot be read:"),
        ("array.json", '[{"id": 1}, {"id": 2}]', "it holds an array, and the lake reads one object a line"),
        ("pretty.json", '{\n "id": 1\n}\n', "line 1 is no single object"),
        ("two.jsonl", '{"id": "a"}\n{"id": "b"}] {"id": "c"}\n', "line 2 is no single object: Extra data"),
        ("number.jsonl", '{"id": 1}\n5\n', "line 2 is no object"),
        ("nan.jsonl", '{"id": NaN}\n', "NaN is no number of JSON"),
    ],
)
def test_what_curation_would_read_otherwise_is_refused_with_the_line(
    name: str, content: str | bytes, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    assert main(["contract", "infer", str(path)]) == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert printed.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.csv", None, "there is no file"),
        ("data.xml", "<a/>", "must end in one of .csv, .tsv"),
        ("broken.jsonl", '{"a": ', "cannot be read as json"),
        ("broken.parquet", "PAR", "cannot be read as parquet"),
        ("empty.csv", "a,b\n", "holds no records"),
        ("empty.jsonl", "", "holds no records"),
    ],
)
def test_what_is_no_sample_is_wrong_usage(
    name: str, content: str | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    assert main(["contract", "infer", str(tmp_path / name)]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("error: ")
    assert message in printed
    assert printed.count("\n") == 1


def test_an_existing_file_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    assert main(["contract", "infer", str(path), "-o", str(path)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert path.read_text() == "a\n1\n"


def test_without_duckdb_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **options: Any) -> Any:
        if name == "duckdb":
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    assert main(["contract", "infer", str(tmp_path / "a.parquet")]) == 2
    assert "pip install 'lake-blueprints[infer]'" in capsys.readouterr().err

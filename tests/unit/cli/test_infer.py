"""`lake contract infer`: what it makes of samples, each of which then passes `lake contract check`."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import duckdb
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
    assert "decide: DuckDB calls it JSON" in text


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
    assert main(["contract", "infer", str(tmp_path / "a.csv")]) == 2
    assert "pip install 'lake-blueprints[infer]'" in capsys.readouterr().err

"""Reference: rows of a table become columns of the records; what does not fit is refused where it is written."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aws_cdk import Duration

from lake_blueprints.contracts import Column, Dataset, DatasetFormat
from lake_blueprints.contracts.errors import ContractError
from lake_blueprints.processing.streaming import (
    Anomalies,
    CleanRecords,
    Count,
    LateRecords,
    Reference,
    WindowAggregates,
)
from tests.unit.processing.streaming.test_plan import Lake

SENSORS = Dataset(
    name="sensors",
    columns=[
        Column(name="id", type="string", source="Id"),
        Column(name="place", type="string", required=True),
        Column(name="rent", type="decimal(5,2)"),
        Column(name="limits", type="double"),
        Column(name="level", type="tinyint"),
        Column(name="live", type="boolean"),
        Column(name="owner", type="string", classification="restricted"),
        Column(name="since", type="date"),
    ],
)
COLUMNS = ("place", "rent", "limits", "level", "live")
ROW = {"Id": "a", "place": "Hall 1", "rent": "7.5", "limits": 40, "level": -3, "live": True}


def _reference(*rows: Any, **options: Any) -> Reference:
    given = {"dataset": SENSORS, "rows": rows or [ROW], "on": {"sensor": "id"}, "columns": COLUMNS}
    return Reference(**{**given, **options})


@pytest.fixture
def lake() -> Lake:
    return Lake()


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (DatasetFormat.JSON, f"{json.dumps(ROW)}\n\n" + '{"Id":"05","place":"b, c","rent":0.005,"limits":null}\n'),
        (DatasetFormat.CSV, 'Id;place;rent;limits;level;live;more\na;Hall 1;7.5;40;-3;true;\n05;"b, c";0.005;;;;x\n'),
    ],
)
def test_rows_are_read_from_a_file_as_their_contract_says(tmp_path: Path, kind: DatasetFormat, text: str) -> None:
    file = tmp_path / "sensors"
    file.write_text(text, encoding="utf-8")
    dataset = Dataset(name="sensors", columns=SENSORS.columns, format=kind, delimiter=";")

    found = _reference(dataset=dataset, rows=file).as_dict["rows"]

    assert found == [["a", "Hall 1", "7.50", 40.0, -3, True], ["05", "b, c", "0.01", None, None, None]]


def test_the_contracts_of_outputs_have_the_columns(lake: Lake) -> None:
    source = lake.source(references=[_reference(columns=["place", "limits"], otherwise={"place": "unknown"})])
    by_place = WindowAggregates(name="w", window=Duration.minutes(1), keys=["place"], measures={"n": Count("limits")})
    odd = Anomalies(column="celsius", keys=["sensor"])

    added = CleanRecords().dataset_of(source).columns[-2:]

    assert [(column.name, str(column.type), column.required) for column in added] == [
        ("place", "string", True),
        ("limits", "double", False),
    ]
    assert LateRecords().dataset_of(source).columns[-2:] == added
    assert by_place.dataset_of(source).primary_key == ("place", "window_start")
    assert odd.dataset_of(source).column_names[2:6] == ("celsius", "place", "limits", "mean")


def test_the_scripts_find_the_row_of_a_record_or_the_values_otherwise(lake: Lake, stream: SimpleNamespace) -> None:
    source = lake.source(references=[_reference(otherwise={"place": "unknown", "rent": 1})])

    (reference,) = stream.plan.Plan.parse(lake.plan(source=source).to_json()).references

    assert stream.values.encode(reference.of({"sensor": "a"})) == (
        '{"place":"Hall 1","rent":7.50,"limits":40.0,"level":-3,"live":true}'
    )
    assert stream.values.encode(reference.of({"sensor": "A"})) == '{"place":"unknown","rent":1.00}'


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"on": {}}, "'on' must name a column of the records"),
        ({"on": {"sensor": "place2"}}, "'on' names 'place2', which is not a column of dataset 'sensors'"),
        ({"on": {"sensor": "limits"}}, "'on' names 'limits', a double; it must be one of string, tinyint"),
        ({"columns": ["since"]}, "'columns' names 'since', a date; it must be one of string, .*boolean"),
        ({"columns": ["owner"]}, "'columns' must not have 'owner', which few may see: the rows lie in the plan's"),
        ({"otherwise": {"live": False, "since": "x"}}, "'otherwise' names 'since', which is none of 'columns', place"),
        ({"otherwise": {"level": 200}}, "'otherwise' must have a tinyint as 'level', got 200"),
        ({"rows": [ROW, {**ROW, "place": "x"}]}, "'rows' of 'sensors' has two of id 'a'; leave one of them out"),
        ({"rows": [ROW, {**ROW, "Id": None}]}, "row 2 of 'sensors' must have a string as 'id', got None"),
        ({"rows": [{**ROW, "place": None}]}, "row 1 of 'sensors' must have a string as 'place', got None"),
        ({"rows": [{**ROW, "place": "a\tb"}]}, r"must have a string as 'place', got 'a\\tb'"),
        ({"rows": [{**ROW, "rent": 1000}]}, r"must have a decimal\(5,2\) as 'rent', got 1000"),
        ({"rows": [{**ROW, "rent": "NaN"}]}, r"must have a decimal\(5,2\) as 'rent', got 'NaN'"),
        ({"rows": [{**ROW, "limits": "40"}]}, "must have a double as 'limits', got '40'"),
        ({"rows": [{**ROW, "level": True}]}, "must have a tinyint as 'level', got True"),
        ({"rows": [{**ROW, "Id": str(n)} for n in range(10_001)]}, "must have at most 10,000 rows, got 10,001; name"),
        ({"rows": [{**ROW, "place": "x" * 2_000}]}, "must have at most 2,000 characters in a row, got 2,0"),
    ],
)
def test_a_reference_that_does_not_fit_its_contract_is_refused(options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _reference(**options)


def test_a_line_that_is_no_object_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rows").write_text("{}}\n", encoding="utf-8")

    with pytest.raises(ValueError, match=r"row 1 of 'sensors' must be an object, got '\{\}\}"):
        _reference(rows=tmp_path / "rows")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"on": {"device": "id"}}, ValueError, "'on' names 'device', which is not a column of dataset 'readings'"),
        ({"on": {"number": "id"}}, ValueError, "'on' compares 'number', a int, with 'id' of dataset 's"),
        ({"dataset": Dataset(name="s", columns=[*SENSORS.columns, Column(name="n", type="int")]), "columns": ["n"]},
         ValueError, "'columns' has 'n', which records of dataset 'readings' have already; rename it"),
        ({}, ContractError, "dataset 'readings' has two columns named 'place'"),
    ],
)  # fmt: skip
def test_records_that_a_reference_does_not_fit_are_refused(lake: Lake, options: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        lake.source(references=[_reference(), _reference(**options)])


def test_a_column_that_may_be_missing_is_no_key_of_windows(lake: Lake) -> None:
    by_place = WindowAggregates(name="w", window=Duration.minutes(1), keys=["place"], measures={"n": Count()})

    with pytest.raises(ValueError, match="of a reference it must also have a value in 'otherwise'"):
        by_place.dataset_of(lake.source(references=[_reference()]))

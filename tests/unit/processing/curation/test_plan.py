"""Curation: from a contract and its additions to the plan of the script and the curated dataset."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from lake_blueprints.contracts import (
    Column,
    Comparison,
    Constraints,
    ContractError,
    Dataset,
    DatasetFormat,
    Masking,
    Metric,
    Operator,
    QualityRule,
    Severity,
)
from lake_blueprints.processing.curation import Curation, Derivation, ReferenceJoin

WEATHER = Dataset(
    name="weather",
    columns=[Column(name="origin", type="string", required=True), Column(name="temp", type="double")],
    primary_key=["origin"],
)
FLIGHTS = Dataset(
    name="flights",
    version="2.1.0",
    format=DatasetFormat.CSV,
    delimiter="|",
    columns=[
        Column(name="origin", type="string", source="Origin", required=True),
        Column(name="day", type="date", format="dd.MM.yyyy"),
        Column(name="distance", type="int", constraints=Constraints(minimum=1, enum=(1, 2))),
        Column(name="tail", type="string"),
    ],
    primary_key=["origin", "day"],
    partition_keys=["day"],
)
EVERYTHING = Curation(
    drop=["tail"],
    drop_null_rows=["distance"],
    filter="distance > 0",
    derive={"km": Derivation(expression="distance * 1.609344", type="double")},
    joins=[ReferenceJoin(reference=WEATHER, on=["origin"], columns=["temp"], how="inner")],
)


def test_a_plan_says_all_that_the_script_does() -> None:
    assert EVERYTHING.plan(FLIGHTS) == {
        "dataset": "flights",
        "version": "2.1.0",
        "format": "csv",
        "csv": {"delimiter": "|"},
        "columns": [
            {"name": "origin", "source": "Origin", "type": "string", "required": True},
            {"name": "day", "source": "day", "type": "date", "required": False, "format": "dd.MM.yyyy"},
            {
                "name": "distance",
                "source": "distance",
                "type": "int",
                "required": False,
                "minimum": 1,
                "enum": (1, 2),
            },
            {"name": "tail", "source": "tail", "type": "string", "required": False},
        ],
        "primary_key": ["origin", "day"],
        "partition_keys": ["day"],
        "drop": ["tail"],
        "drop_null_rows": ["distance"],
        "filter": "distance > 0",
        "derive": {"km": {"expression": "distance * 1.609344", "type": "double"}},
        "joins": [{"name": "weather", "on": ["origin"], "columns": ["temp"], "how": "inner"}],
        "masked": [],
        "table": {"origin": "string", "distance": "int", "temp": "double", "km": "double"},
    }


def test_the_curated_dataset_has_what_is_left_then_what_is_joined_then_what_is_derived() -> None:
    curated = EVERYTHING.curated(FLIGHTS)
    assert [column.name for column in curated.columns] == ["origin", "day", "distance", "temp", "km"]
    assert curated.partition_keys == ("day",)
    assert curated.primary_key == ("origin", "day")
    assert str(curated.column("km").type) == "double"


def test_without_additions_the_curated_dataset_is_the_contracts() -> None:
    assert Curation().curated(FLIGHTS).columns == FLIGHTS.columns


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"drop": ["wing"]}, "'drop' names 'wing', which is not a column of dataset 'flights'; its columns are origin"),
        ({"drop_null_rows": ["wing"]}, "'drop_null_rows' names 'wing'"),
        ({"drop": ["day"]}, "'drop' names 'day', which is a key of dataset 'flights'; keys stay"),
        ({"derive": {"tail": Derivation(expression="1", type="int")}}, "two columns named 'tail'"),
        ({"derive": {"x": Derivation(expression="1", type="whole")}}, "unknown type 'whole'"),
        (
            {"derive": {"x": Derivation(expression="lenght(tail)", type="int")}},
            r"'derive' computes 'x' by 'lenght\(tail\)': Spark cannot run it: it has no function lenght\(\)",
        ),
        (
            {"derive": {"x": Derivation(expression="distanse * 2", type="int")}},
            "'derive' computes 'x' by .*: there is no column 'distanse'; there are day, distance, origin, tail",
        ),
        (
            {"derive": {"x": Derivation(expression="y", type="int"), "y": Derivation(expression="1", type="int")}},
            "there is no column 'y'",
        ),
        ({"filter": "distance >"}, "'filter' is 'distance >': it is not Spark's SQL"),
        ({"filter": "day > 5"}, "'filter' is 'day > 5': Spark cannot run it: day > 5 compares a number with a time"),
        ({"filter": "distance in (select 1)"}, "no single expression of Spark's SQL, without a query of its own"),
        (
            {"joins": [ReferenceJoin(reference=WEATHER, on=["temp"], columns=["origin"])]},
            "'joins' looks up 'weather' by 'temp', which is not a column of dataset 'flights'",
        ),
    ],
)
def test_refuses(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ContractError, match=message):
        Curation(**options).curated(FLIGHTS)


def test_expressions_may_use_what_is_joined_and_derived_before_them_and_fields_of_objects() -> None:
    nested = evolve(
        FLIGHTS, columns=[*FLIGHTS.columns, Column(name="at", type="struct<lat:double,codes:array<string>>")]
    )
    curation = Curation(
        joins=[ReferenceJoin(reference=WEATHER, on=["origin"], columns=["temp"])],
        derive={
            "warm": Derivation(expression="Temp > 70 and at.lat > 0", type="boolean"),
            "first": Derivation(
                expression="CASE WHEN warm THEN transform(at.codes, c -> upper(c))[0] END", type="string"
            ),
        },
        filter="warm or first is null and day >= date'2013-01-01' - interval 1 day",
    )
    assert curation.curated(nested).column_names[-3:] == ("temp", "warm", "first")


def test_refuses_a_join_on_what_the_reference_does_not_have() -> None:
    with pytest.raises(ContractError, match="join column 'wind' is not a column of dataset 'weather'; its columns are"):
        ReferenceJoin(reference=WEATHER, on=["origin"], columns=["wind"])


def test_warnings_about_single_values_are_part_of_the_plan() -> None:
    def rule(name: str, metric: Metric, severity: Severity, **arguments: Any) -> QualityRule:
        return QualityRule(
            place="quality[0]",
            kind="library",
            name=name,
            column="distance",
            metric=metric,
            arguments=arguments,
            comparison=Comparison(operator=Operator.EQUAL, value=0),
            severity=severity,
        )

    dataset = evolve(
        FLIGHTS,
        quality=[
            rule("sound", Metric.INVALID_VALUES, Severity.WARNING, validValues=[1, 2.5, "x", None]),
            rule("there", Metric.MISSING_VALUES, Severity.WARNING, missingValues=[-1]),
            rule("strict", Metric.NULL_VALUES, Severity.ERROR),
            rule("several", Metric.DUPLICATE_VALUES, Severity.WARNING),
        ],
    )
    columns = {column["name"]: column for column in Curation().plan(dataset)["columns"]}
    assert columns["distance"]["quality"] == [
        {"rule": "sound", "null": False, "any_of": [], "none_of": ["1", "2.5"], "unlike": None},
        {"rule": "there", "null": True, "any_of": ["-1"], "none_of": None, "unlike": None},
    ]
    assert "quality" not in columns["tail"]


PASSENGERS = Dataset(
    name="passengers",
    columns=[
        Column(name="name", type="string", required=True, classification="restricted", masking=Masking.HASH),
        Column(name="seat", type="string"),
    ],
)


def test_a_plan_says_how_each_column_is_masked() -> None:
    assert Curation().plan(PASSENGERS)["masked"] == [
        {"name": "name", "type": "string", "masking": "hash"},
        {"name": "seat", "type": "string", "masking": "none"},
    ]


def test_a_restricted_column_stays_restricted_when_it_is_joined() -> None:
    join = ReferenceJoin(reference=PASSENGERS, on=["seat"], columns=["name"])
    seats = Dataset(name="seats", columns=[Column(name="seat", type="string")])
    (restricted,) = Curation(joins=[join]).curated(seats).restricted_columns
    assert (restricted.name, restricted.masking, restricted.required) == ("name", Masking.HASH, False)


def test_keys_that_are_restricted_on_either_side_of_a_join_are_hidden() -> None:
    names = Dataset(name="names", columns=[Column(name="name", type="string"), Column(name="age", type="int")])
    for dataset, reference, column in ((PASSENGERS, names, "age"), (names, PASSENGERS, "seat")):
        join = ReferenceJoin(reference=reference, on=["name"], columns=[column])
        assert Curation(joins=[join]).plan(dataset)["joins"][0]["hidden"] == ["name"]
    join = ReferenceJoin(reference=PASSENGERS, on=["seat"], columns=["name"])
    seats = Dataset(name="seats", columns=[Column(name="seat", type="string")])
    assert "hidden" not in Curation(joins=[join]).plan(seats)["joins"][0]


def test_a_column_derived_from_a_restricted_one_says_what_it_tells() -> None:
    def curated(**more: Any) -> Dataset:
        derived = Derivation(expression="upper(NAME)", type="string", **more)
        return Curation(derive={"upper_name": derived}).curated(PASSENGERS)

    with pytest.raises(ContractError, match="'upper_name' from the restricted column 'name'; give it a classification"):
        curated()
    assert curated(classification="restricted").masked().column_names == ("name", "seat", "upper_name")
    assert [c.name for c in curated(classification="restricted").restricted_columns] == ["name", "upper_name"]
    assert [c.name for c in curated(classification="public").restricted_columns] == ["name"]


def test_a_column_whose_name_is_part_of_a_restricted_one_is_not_mistaken_for_it() -> None:
    rule = Derivation(expression="nick_name || names", type="string")
    more = [Column(name=name, type="string") for name in ("nick_name", "names")]
    named = evolve(PASSENGERS, columns=[*PASSENGERS.columns, *more])
    assert Curation(derive={"x": rule}).curated(named).column("x").classification is None

"""Rows of the package become the records that the contracts promise."""

from __future__ import annotations

import csv
import io
import json

import pytest

from examples.flights import producer, source
from examples.flights.records import as_csv, as_json, dataset, records


def test_the_first_flight_is_as_the_package_has_it() -> None:
    first = next(records(dataset("flights"), 1))
    assert first == {
        "year": 2013, "month": 1, "day": 1, "dep_time": 517, "sched_dep_time": 515, "dep_delay": 2,
        "arr_time": 830, "sched_arr_time": 819, "arr_delay": 11, "carrier": "UA", "flight": 1545,
        "tailnum": "N14228", "origin": "EWR", "dest": "IAH", "air_time": 227, "distance": 1400,
        "hour": 5, "minute": 15, "time_hour": "2013-01-01T10:00:00Z",
    }  # fmt: skip


def test_what_is_not_available_is_null_and_never_nan() -> None:
    cancelled = next(record for record in records(dataset("flights"), 1) if record["dep_time"] is None)
    line = as_json(cancelled)
    assert b'"dep_time":null' in line
    assert b"NaN" not in line
    assert json.loads(line) == cancelled


def test_whole_numbers_are_integers() -> None:
    kinds = {type(value) for record in records(dataset("flights"), 1) for value in record.values()}
    assert kinds == {int, str, type(None)}


# Counted by `grep -c '^2013,1,'` on the package's file, and `^...,2013,1,` for the weather.
@pytest.mark.parametrize(("name", "rows"), [("flights", 27_004), ("weather", 2_226)])
def test_a_month_is_a_month_in_new_york(name: str, rows: int) -> None:
    found = list(records(dataset(name), 1))
    assert len(found) == rows
    assert {record["month"] for record in found} == {1}


@pytest.mark.parametrize(
    ("months", "end"),
    [(1, "2013-02-01T05:00:00Z"), (6, "2013-07-01T04:00:00Z"), (12, "2014-01-01T05:00:00Z")],
)
def test_months_end_at_midnight_in_new_york_summer_time_included(months: int, end: str) -> None:
    assert source.end_of(months) == end


def test_landed_csv_is_empty_where_nothing_is_known() -> None:
    body, count = as_csv([{"name": "a", "speed": None}, {"name": "b, c", "speed": 3.5}])
    assert body == b'name,speed\na,\n"b, c",3.5\n'
    assert count == 2


def test_weather_is_numbers_as_the_contract_says() -> None:
    body, _ = as_csv(records(dataset("weather"), 1))
    first = next(csv.DictReader(io.StringIO(body.decode())))
    assert (first["origin"], first["temp"], first["wind_gust"]) == ("EWR", "39.02", "")


def test_reference_tables_exist() -> None:
    assert [sum(1 for _ in source.rows(name)) for name in producer.REFERENCES] == [16, 1_458, 3_322]

"""The jq query of dynamic partitioning, evaluated by jq."""

from __future__ import annotations

import jq
import pytest

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.ingestion.firehose.processors import partition_query


def keys_of(dataset: Dataset, record: object) -> object:
    return jq.compile(partition_query(dataset)).input_value(record).first()


def test_finds_keys_under_the_names_that_the_records_use(flights: Dataset) -> None:
    assert keys_of(flights, {'The "Origin"': "JFK", "month": 1, "delay": 2.5}) == {"origin": "JFK", "month": 1}


@pytest.mark.parametrize("value", [7, 7.0, "7"])
def test_one_number_is_one_folder_however_it_is_written(flights: Dataset, value: object) -> None:
    assert str(keys_of(flights, {'The "Origin"': "JFK", "month": value})) == "{'origin': 'JFK', 'month': 7}"


@pytest.mark.parametrize("value", [1.5, "January", None, [1], True])
def test_a_key_that_is_not_a_whole_number_is_an_error(flights: Dataset, value: object) -> None:
    with pytest.raises(ValueError, match="number"):
        keys_of(flights, {'The "Origin"': "JFK", "month": value})


def test_names_cannot_break_out_of_the_query() -> None:
    odd = Column(name="odd", type="string", source='a"] | error("\\(1)")')
    dataset = Dataset(name="odds", columns=[odd, Column(name="n", type="int")], partition_keys=["odd"])
    assert keys_of(dataset, {odd.source: "x"}) == {"odd": "x"}

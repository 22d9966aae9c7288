"""Dataset and Column: what they refuse and what they derive."""

from __future__ import annotations

from typing import Any

import pytest

from lake_blueprints.contracts import Column, ContractError, Dataset


def flights(**options: Any) -> Dataset:
    columns = [
        Column(name="carrier", type="string"),
        Column(name="flight", type="int"),
        Column(name="day", type="date"),
    ]
    return Dataset(**{"name": "flights", "columns": columns, **options})


def test_tells_partition_keys_from_the_columns_inside_files() -> None:
    dataset = flights(partition_keys=["day"], primary_key=["carrier", "flight"])
    assert [column.name for column in dataset.partition_columns] == ["day"]
    assert [column.name for column in dataset.data_columns] == ["carrier", "flight"]
    assert dataset.column("flight").type.glue == "int"


def test_takes_any_iterable_and_is_hashable() -> None:
    assert flights(primary_key=(name for name in ["flight"])).primary_key == ("flight",)
    assert hash(flights())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"partition_keys": ["month"]}, "partition key 'month' of dataset 'flights' is not a column; its columns are"),
        ({"primary_key": ["tail"]}, "primary key 'tail' of dataset 'flights' is not a column"),
        ({"primary_key": ["flight", "flight"]}, "names a primary key twice: flight, flight"),
        ({"columns": []}, "has no columns; declare at least one"),
        ({"columns": [Column(name="a", type="int")] * 2}, "two columns named 'a'; rename one"),
        ({"name": "Flights"}, "dataset name 'Flights' is not valid in the catalog"),
        ({"name": "2013"}, "not starting with a digit"),
        ({"partition_keys": ["carrier", "flight", "day"]}, "files need one column"),
        (
            {"columns": [Column(name="a", type="int"), Column(name="b", type="double")], "partition_keys": ["b"]},
            "partition key 'b' of dataset 'flights' is a double; a folder's name can be made of",
        ),
    ],
)
def test_refuses(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ContractError, match=message):
        flights(**options)


@pytest.mark.parametrize("name", ["Carrier", "dep time", "1st", "a" * 256, ""])
def test_refuses_a_column_name_that_the_catalog_would_fold_or_quote(name: str) -> None:
    with pytest.raises(ContractError, match="is not valid in the catalog"):
        Column(name=name, type="int")


def test_refuses_an_unknown_format() -> None:
    with pytest.raises(
        ValueError, match="'format' of Dataset must be one of json, csv, parquet, dynamodb-json, got 'avro'"
    ):
        flights(format="avro")

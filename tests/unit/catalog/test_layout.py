"""Layouts: one description of folders for deliveries and tables."""

from __future__ import annotations

import datetime

import pytest

from lake_blueprints.catalog import ArrivalTime, ByPartitionKeys, DeliveryLayout, Unpartitioned
from lake_blueprints.contracts import Column, Constraints, Dataset


def dataset(*keys: Column) -> Dataset:
    return Dataset(
        name="flights", columns=[Column(name="carrier", type="string"), *keys], partition_keys=[k.name for k in keys]
    )


def key(name: str, kind: str = "int", **limits: object) -> Column:
    return Column(name=name, type=kind, constraints=Constraints(**limits))  # type: ignore[arg-type]


def test_arrival_time_writes_the_folder_that_its_table_projects() -> None:
    layout = ArrivalTime(start=datetime.date(2026, 1, 31))
    assert layout.delivery_prefix(dataset()) == "ingest_date=!{timestamp:yyyy-MM-dd}/"
    assert layout.location_template(dataset()) == "ingest_date=${ingest_date}/"
    assert layout.projection(dataset()) == {
        "projection.ingest_date.type": "date",
        "projection.ingest_date.format": "yyyy-MM-dd",
        "projection.ingest_date.range": "2026-01-31,NOW",
    }


def test_arrival_time_keeps_the_partition_keys_inside_the_files() -> None:
    found = dataset(key("month"))
    assert [column.name for column in ArrivalTime().data_columns(found)] == ["carrier", "month"]
    assert [column.name for column in ArrivalTime().partition_columns(found)] == ["ingest_date"]


def test_arrival_time_refuses_a_column_with_the_name_of_its_folder() -> None:
    with pytest.raises(ValueError, match="column 'ingest_date', which is the folder of ArrivalTime"):
        ArrivalTime().delivery_prefix(dataset(key("ingest_date", "date")))


def test_partition_keys_become_folders_outermost_first() -> None:
    found = dataset(key("year"), key("month"))
    prefix = "year=!{partitionKeyFromQuery:year}/month=!{partitionKeyFromQuery:month}/"
    assert ByPartitionKeys().delivery_prefix(found) == prefix
    assert ByPartitionKeys().location_template(found) == "year=${year}/month=${month}/"
    assert [column.name for column in ByPartitionKeys().data_columns(found)] == ["carrier"]


def test_partition_keys_are_registered_unless_their_projection_is_asked_for() -> None:
    found = dataset(key("month", minimum=1, maximum=12))
    assert ByPartitionKeys().projection(found) == {}
    assert ByPartitionKeys(project=True).projection(found) == {
        "projection.month.type": "integer",
        "projection.month.range": "1,12",
    }


def test_an_enum_is_projected_as_its_values() -> None:
    found = dataset(key("origin", "string", enum=("EWR", "JFK", "LGA")))
    assert ByPartitionKeys(project=True).projection(found) == {
        "projection.origin.type": "enum",
        "projection.origin.values": "EWR,JFK,LGA",
    }


@pytest.mark.parametrize(
    "irregular",
    [key("year", minimum=1987), key("origin", "string"), key("day", "date"), key("o", "string", enum=("a,b",))],
    ids=lambda column: column.name,
)
def test_refuses_to_project_a_key_that_is_not_regular(irregular: Column) -> None:
    with pytest.raises(ValueError, match=f"partition key '{irregular.name}' is not regular enough to project"):
        ByPartitionKeys(project=True).projection(dataset(irregular))


def test_refuses_partition_keys_that_the_dataset_does_not_have() -> None:
    with pytest.raises(ValueError, match="dataset 'flights' has no partition keys"):
        ByPartitionKeys().delivery_prefix(dataset())


def test_firehose_cannot_write_the_unpartitioned_layout() -> None:
    assert not isinstance(Unpartitioned(), DeliveryLayout)
    assert Unpartitioned().partition_columns(dataset(key("month"))) == ()

"""Contracts made in Python: what is of another type is refused at the call, in the caller's words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lake_blueprints.contracts import (
    Column,
    Constraints,
    Contract,
    ContractError,
    Dataset,
    DatasetFormat,
    Relationship,
    ServiceLevels,
)

# mypy refuses what these tests give them.
CLASSES: dict[str, Any] = {
    kind.__name__: kind for kind in (Column, Constraints, Contract, Dataset, Relationship, ServiceLevels)
}
ID = Column(name="id", type="int")
NEEDED: dict[str, dict[str, Any]] = {
    "Column": {"name": "id", "type": "int"},
    "Dataset": {"name": "orders", "columns": [ID]},
    "Contract": {"id": "c", "version": "1.0.0"},
}


@pytest.mark.parametrize(
    ("kind", "option", "value", "message"),
    [
        ("Column", "name", 3, "must be str, got 3"),
        ("Column", "type", 3, "must be DataType or str, got 3"),
        ("Column", "required", "yes", "must be bool, got 'yes'"),
        ("Column", "constraints", {"minimum": 3}, "must be Constraints, got a dict"),
        ("Column", "tags", "pii", "must be a list of str, got 'pii'"),
        ("Constraints", "max_length", "9", "must be int, got '9'"),
        ("Constraints", "enum", "ab", "must be a list of Any, got 'ab'"),
        ("Dataset", "columns", ["id"], "must be a list of Column, got a list"),
        ("Dataset", "columns", ID, "must be a list of Column, got a Column"),
        ("Dataset", "primary_key", "id", "must be a list of str, got 'id'"),
        ("Dataset", "format", "xml", "must be one of json, csv, parquet, dynamodb-json, got 'xml'"),
        ("ServiceLevels", "retention", 3, "must be timedelta, got 3"),
        ("ServiceLevels", "latency", "3 days", "must be timedelta, got '3 days'"),
        ("Contract", "datasets", NEEDED, "must be a list of Dataset, got a dict"),
    ],
)
def test_what_is_of_another_type_is_refused(kind: str, option: str, value: Any, message: str) -> None:
    with pytest.raises(ContractError, match=f"'{option}' of {kind} {message}"):
        CLASSES[kind](**{**NEEDED.get(kind, {}), option: value})


def test_any_iterable_text_for_types_and_the_word_of_a_format_are_taken() -> None:
    dataset = Dataset(
        name="orders",
        columns=(column for column in [ID]),
        primary_key=["id"],
        format=DatasetFormat("csv"),
        service_levels=ServiceLevels(latency=timedelta(hours=1)),
    )
    assert (dataset.columns, dataset.primary_key) == ((ID,), ("id",))
    assert CLASSES["Dataset"](name="orders", columns=[ID], format="csv").format is DatasetFormat.CSV

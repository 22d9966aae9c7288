"""Definitions of indexes: each type of a contract has a field, which a real server takes."""

from __future__ import annotations

from typing import Any

import pytest

from lake_blueprints.contracts import Column, Constraints, Dataset
from lake_blueprints.databases.opensearch import index_definition, index_template

TEXT = {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}
DATE = {"type": "date", "format": "strict_date_optional_time"}


def dataset(**columns: Any) -> Dataset:
    made = [
        Column(name=name, **(given if isinstance(given, dict) else {"type": given})) for name, given in columns.items()
    ]
    return Dataset(name="orders", columns=[Column(name="id", type="bigint"), *made], primary_key=["id"])


def fields(**columns: Any) -> dict[str, Any]:
    found: dict[str, Any] = index_definition(dataset(**columns))["mappings"]["properties"]
    return {name: field for name, field in found.items() if name != "id"}


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("boolean", {"type": "boolean"}),
        ("tinyint", {"type": "byte"}),
        ("smallint", {"type": "short"}),
        ("int", {"type": "integer"}),
        ("bigint", {"type": "long"}),
        ("float", {"type": "float"}),
        ("double", {"type": "double"}),
        ("decimal(10,2)", {"type": "scaled_float", "scaling_factor": 100}),
        ("decimal(30,2)", {"type": "double"}),
        ("string", TEXT),
        ("date", DATE),
        ("timestamp", DATE),
        ("binary", {"type": "binary"}),
        ("array<string>", TEXT),
        ("array<struct<sku:string,n:int>>", {"type": "nested", "properties": {"sku": TEXT, "n": {"type": "integer"}}}),
        ("struct<lat:double>", {"type": "object", "properties": {"lat": {"type": "double"}}}),
        ("map<string,int>", {"type": "flat_object"}),
    ],
)
def test_each_type_has_a_field(kind: str, field: dict[str, Any]) -> None:
    assert fields(column=kind) == {"column": field}


@pytest.mark.parametrize(
    "options",
    [
        {"unique": True},
        {"constraints": Constraints(enum=("a", "b"))},
        {"constraints": Constraints(pattern="[A-Z]+")},
        {"constraints": Constraints(max_length=3)},
    ],
)
def test_text_that_is_a_code_is_searched_whole(options: dict[str, Any]) -> None:
    assert fields(code={"type": "string", **options}) == {"code": {"type": "keyword"}}


def test_fields_beside_those_of_the_dataset_are_refused() -> None:
    assert index_definition(dataset())["mappings"]["dynamic"] == "strict"


def test_records_have_the_names_and_the_formats_of_their_source() -> None:
    given = dataset(placed={"type": "timestamp", "source": "placedAt", "format": "yyyy-MM-dd HH:mm"})
    found = index_definition(given, records=True)["mappings"]["properties"]
    assert found["placedAt"] == {"type": "date", "format": "yyyy-MM-dd HH:mm"}
    assert "placed" in index_definition(given)["mappings"]["properties"]


def test_a_template_is_for_the_indexes_of_a_rotation() -> None:
    found = index_template(dataset(), "sold")
    assert found == {"index_patterns": ["sold-*"], "template": index_definition(dataset(), records=True)}

"""Each row of the table of docs/contracts.md, from the looser contract to the tighter one and back."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from lake_blueprints.contracts import Contract, ContractError
from lake_blueprints.contracts.evolution import Bump, Change, compare

CITY = {"name": "city", "logicalType": "string"}
TOTAL = {"name": "total", "logicalType": "number"}


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    return compare(contract(old).datasets, contract(new).datasets)


def contract(said: dict[str, Any]) -> Contract:
    """Return a contract of one dataset; what is said is of the contract, of the dataset or of its properties."""
    said = dict(said)
    own: dict[str, Any] = {key: said.pop(key) for key in ("quality", "description", "relationships") if key in said}
    properties = [{"name": "id", "logicalType": "integer"}, *said.pop("properties", [])]
    orders: dict[str, Any] = {"name": "orders", "properties": properties, **own}
    head = {"apiVersion": "v3.2.0", "kind": "DataContract", "id": "c", "version": "1.0.0", "status": "active"}
    others = said.pop("others", [{"name": "people", "properties": [{"name": "id", "logicalType": "integer"}]}])
    return Contract.from_text(yaml.safe_dump({**head, "schema": [orders, *others], **said}))


def of_column(**said: Any) -> dict[str, Any]:
    return {"properties": [{"name": "c", "logicalType": "string", **said}]}


def of_number(**options: Any) -> dict[str, Any]:
    return of_column(logicalType="number", logicalTypeOptions=options)


def of_object(*fields: dict[str, Any]) -> dict[str, Any]:
    return of_column(logicalType="object", properties=list(fields))


def of_rule(**said: Any) -> dict[str, Any]:
    return of_column(quality=[{"name": "r", "metric": "invalidValues", "mustBe": 0, **said}])


def valid(*values: str, **said: Any) -> dict[str, Any]:
    return of_rule(arguments={"validValues": list(values)}, **said)


def of_type(physical: str, logical: str = "number") -> dict[str, Any]:
    return of_column(logicalType=logical, physicalType=physical)


def of_level(**said: Any) -> dict[str, Any]:
    return {"slaProperties": [said]}


def served(*places: str, kind: str = "json", **more: Any) -> dict[str, Any]:
    servers = [
        {"server": f"s{n}", "type": "s3", "location": place, "format": kind, **more} for n, place in enumerate(places)
    ]
    return {"servers": servers}


def csv_of(*names: str) -> dict[str, Any]:
    columns = [{"name": name, "logicalType": "string"} for name in names]
    return {**served("s3://a/x/", kind="csv"), "properties": columns}


KEY = {"to": "people.id"}
# What is compatible: from the first to the second; the way back breaks.
LOOSER: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a column that may be empty": ({}, of_column()),
    "a field that may be empty": (of_object(CITY), of_object(CITY, TOTAL)),
    "a column after all others in CSV": (csv_of("a"), csv_of("a", "b")),
    "tinyint": (of_type("tinyint"), of_type("smallint")),
    "smallint": (of_type("smallint"), of_type("int")),
    "int": (of_type("int"), of_type("bigint")),
    "float": (of_type("real"), of_type("double")),
    "a digit before the point": (of_type("decimal(9,2)"), of_type("decimal(10,2)")),
    "a digit after the point": (of_type("decimal(9,2)"), of_type("decimal(10,3)")),
    "longer text": (of_type("varchar(9)", "string"), of_type("varchar(10)", "string")),
    "text of any length": (of_type("varchar(9)", "string"), of_type("text", "string")),
    "a wider field": (
        of_object({"name": "n", "physicalType": "int"}),
        of_object({"name": "n", "physicalType": "bigint"}),
    ),
    "no longer required": (of_column(required=True), of_column()),
    "no longer unique": (of_column(unique=True), of_column()),
    "a lower minimum": (of_number(minimum=1), of_number(minimum=0)),
    "no minimum": (of_number(minimum=1), of_number()),
    "a higher maximum": (of_number(maximum=1), of_number(maximum=2)),
    "a bound that is in": (of_number(exclusiveMaximum=1), of_number(maximum=1)),
    "a shorter text": (
        of_column(logicalTypeOptions={"minLength": 2}),
        of_column(logicalTypeOptions={"minLength": 1}),
    ),
    "no pattern": (of_column(logicalTypeOptions={"pattern": "a"}), of_column()),
    "one more value": (of_column(enum=[{"value": "a"}]), of_column(enum=[{"value": "a"}, {"value": "b"}])),
    "any value": (of_column(enum=[{"value": "a"}]), of_column()),
    "no key of another dataset": (
        of_column(logicalType="integer", relationships=[KEY]),
        of_column(logicalType="integer"),
    ),
    "a rule that is gone": (valid("a"), of_column()),
    "a rule of one more valid value": (valid("a"), valid("a", "b")),
    "a rule of one more valid value in another order": (valid("a", "b"), valid("c", "b", "a")),
    "a rule of a valid value and a higher bound": (
        valid("a"),
        of_rule(arguments={"validValues": ["a", "b"]}, mustBe=0),
    ),
    "a rule of one value less that counts as missing": (
        of_rule(metric="missingValues", arguments={"missingValues": ["", "N/A"]}),
        of_rule(metric="missingValues", arguments={"missingValues": [""]}),
    ),
    "a rule of a higher bound": (
        of_rule(metric="nullValues", mustBe=None, mustBeLessThan=5),
        of_rule(metric="nullValues", mustBe=None, mustBeLessThan=6),
    ),
    "a rule that only warns": (valid("a"), valid("a", severity="warning")),
    "no longer restricted": (of_column(classification="restricted"), of_column(classification="public")),
    "a new server": (served("s3://a/x/"), served("s3://a/x/", "s3://b/x/")),
    "sooner": (of_level(property="latency", value=2, unit="h"), of_level(property="latency", value=1, unit="h")),
    "a promise of latency": ({}, of_level(property="latency", value=1, unit="h")),
    "kept longer": (
        of_level(property="retention", value=1, unit="d"),
        of_level(property="retention", value=2, unit="d"),
    ),
    "kept forever": (of_level(property="retention", value=1, unit="d"), {}),
    "a new role": ({}, {"roles": [{"role": "r", "access": "read"}]}),
    "a role that may do more": (
        {"roles": [{"role": "r", "access": "read"}]},
        {"roles": [{"role": "r", "access": "readwrite"}]},
    ),
    "a new dataset": ({"others": []}, {}),
}
# What breaks in both directions.
BREAKING: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a required column for one that may be empty": ({}, of_column(required=True)),
    "another type": (of_type("int"), of_type("decimal(9,0)")),
    "a type of another family": (of_column(logicalType="date"), of_column(logicalType="timestamp")),
    "a renamed column": (of_column(), of_column(name="d")),
    "a renamed field": (of_object(CITY), of_object({**CITY, "name": "town"})),
    "another pattern": (of_column(logicalTypeOptions={"pattern": "a"}), of_column(logicalTypeOptions={"pattern": "b"})),
    "other values": (of_column(enum=[{"value": "a"}]), of_column(enum=[{"value": "b"}])),
    "a rule of other values": (valid("a"), valid("b")),
    "a rule of another pattern": (of_rule(arguments={"pattern": "a"}), of_rule(arguments={"pattern": "b"})),
    "a rule of valid values of which there must be some": (
        valid("a", mustBe=None, mustBeGreaterThan=1),
        valid("a", "b", mustBe=None, mustBeGreaterThan=1),
    ),
    "a rule of other SQL": (
        {"quality": [{"name": "r", "type": "sql", "query": "select count(*) from orders", "mustBe": 0}]},
        {"quality": [{"name": "r", "type": "sql", "query": "select count(id) from orders", "mustBe": 0}]},
    ),
    "masked otherwise": (
        of_column(classification="restricted"),
        of_column(classification="restricted", customProperties=[{"property": "masking", "value": "hash"}]),
    ),
    "a primary key": ({}, of_column(primaryKey=True, required=True)),
    "partitions": (of_column(required=True), of_column(required=True, partitioned=True)),
    "a file format": (served("s3://a/x/"), served("s3://a/x/", kind="csv")),
    "a column before others in CSV": (csv_of("a", "c"), csv_of("a", "b", "c")),
    "another order of columns in CSV": (csv_of("a", "b"), csv_of("b", "a")),
    "a delimiter": (served("s3://a/x/", kind="csv"), served("s3://a/x/", kind="csv", delimiter=";")),
    "a name in the source": (of_column(), of_column(physicalName="C")),
    "a format in the source": (
        of_column(logicalType="date"),
        of_column(logicalType="date", logicalTypeOptions={"format": "dd.MM.yyyy"}),
    ),
    "a time zone in the source": (
        of_column(logicalType="timestamp"),
        of_column(logicalType="timestamp", logicalTypeOptions={"defaultTimezone": "Europe/Berlin"}),
    ),
    "a server elsewhere": (served("s3://a/x/"), served("s3://b/x/")),
}
# What a patch version will do for, both ways.
EDITORIAL: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a classification that restricts nothing": (
        of_column(classification="public"),
        of_column(classification="internal"),
    ),
    "a description": ({}, {"description": "What was ordered"}),
    "a column's description": (of_column(), of_column(description="What was ordered")),
    "a field's description": (of_object(CITY), of_object({**CITY, "description": "Where"})),
    "an owner": ({}, {"team": {"members": [{"username": "ada", "role": "owner"}]}}),
    "tags": ({}, {"tags": ["sales"]}),
    "a column's tags": (of_column(), of_column(tags=["sales"])),
    "a logical type that is the same in the lake": (
        of_type("timestamp", "date"),
        of_type("timestamp", "timestamp"),
    ),
    "a physical type that is the same in the lake": (of_type("int", "string"), of_type("date", "string")),
    "a field's physical type": (
        of_object({**CITY, "physicalType": "text"}),
        of_object({**CITY, "physicalType": "int"}),
    ),
}


def without_nothing(said: Any) -> Any:
    """Leave out keys whose value is None, as which the cases above take away a default of theirs."""
    if isinstance(said, dict):
        return {key: without_nothing(value) for key, value in said.items() if value is not None}
    return [without_nothing(value) for value in said] if isinstance(said, list) else said


def needs(old: dict[str, Any], new: dict[str, Any]) -> Bump:
    found = changes(without_nothing(old), without_nothing(new))
    assert found, "nothing is seen"
    return max(change.needs for change in found)


@pytest.mark.parametrize("row", LOOSER)
def test_what_is_compatible_needs_a_minor_version_and_the_way_back_a_major_one(row: str) -> None:
    tight, loose = LOOSER[row]
    assert needs(tight, loose) is Bump.MINOR
    assert needs(loose, tight) is Bump.MAJOR


@pytest.mark.parametrize("row", BREAKING)
def test_what_breaks_needs_a_major_version_both_ways(row: str) -> None:
    old, new = BREAKING[row]
    assert (needs(old, new), needs(new, old)) == (Bump.MAJOR, Bump.MAJOR)


@pytest.mark.parametrize("row", EDITORIAL)
def test_words_need_a_patch_version_both_ways(row: str) -> None:
    old, new = EDITORIAL[row]
    assert (needs(old, new), needs(new, old)) == (Bump.PATCH, Bump.PATCH)


def test_csv_columns_say_where_a_column_comes_in_the_files_whatever_the_contract_says() -> None:
    old, new = (contract(csv_of(*names)).datasets for names in (("a", "c"), ("a", "b", "c")))
    order = {"orders": ["id", "a", "c", "b"]}
    (change,) = compare(old, new, csv_columns=order)
    assert (change.kind, change.needs) == ("column added", Bump.MINOR)
    assert {change.kind for change in compare(new, old, csv_columns=order)} == {"column dropped"}
    (moved, _) = compare(old, new, csv_columns={"orders": ["id", "a", "b", "c"]})
    assert (moved.kind, moved.columns) == ("columns moved", ("c",))
    assert "say the order of the files with csv_columns" in moved.text


def test_csv_columns_hold_the_place_of_a_column_that_was_removed() -> None:
    old, new = (contract(csv_of(*names)).datasets for names in (("a", "b"), ("b",)))
    held = {change.kind for change in compare(old, new, csv_columns={"orders": ["id", "a", "b"]})}
    assert held == {"column dropped"}
    assert {change.kind for change in compare(old, new)} == {"column dropped", "columns moved"}
    # Of the one that went long ago no contract knows any more.
    assert compare(new, new, csv_columns={"orders": ["id", "a", "b"]}) == []


def test_csv_columns_that_lack_a_column_are_refused() -> None:
    datasets = contract(csv_of("a", "b")).datasets
    with pytest.raises(ContractError, match="'csv_columns' of 'orders' lacks b; add new columns at its end"):
        compare(datasets, datasets, csv_columns={"orders": ["id", "a"]})


def test_the_order_of_columns_is_nothing_where_files_are_read_by_names() -> None:
    (old, new) = ({"properties": [{"name": name, "logicalType": "string"} for name in names]} for names in ("ab", "ba"))
    assert changes(old, new) == []

"""The standard's JSON schema, in each version, and what is said about a document that breaks it."""

from __future__ import annotations

from typing import Any

import pytest

from lake_blueprints.contracts.standard.text import load
from lake_blueprints.contracts.standard.validation import validate


def findings(text: str, version: str = "v3.2.0") -> list[str]:
    head = f"version: 1.2.0\napiVersion: {version}\nkind: DataContract\nid: orders\n"
    return [str(finding) for finding in validate(load(head + text))]


def of_property(text: str, version: str = "v3.2.0") -> list[str]:
    return findings(f"schema: [{{name: orders, properties: [{{name: x, {text}}}]}}]", version)


@pytest.mark.parametrize("version", ["v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.2.0"])
def test_understands_every_version_3(version: str) -> None:
    assert findings("status: active\nschema: [{name: a, properties: [{name: b}]}]", version) == []


@pytest.mark.parametrize("version", ["v2.2.2", "v3.3.0", "v4.0.0", "3.1.0", "latest"])
def test_says_which_versions_are_understood(version: str) -> None:
    expected = f"apiVersion: '{version}' is not understood; v3.0.0 to v3.2.0 are, so convert the contract"
    assert findings("", version) == [expected]


def test_knows_the_other_specification() -> None:
    document = {"dataContractSpecification": "1.1.0", "id": "orders"}
    told = "contract: is of the Data Contract Specification; convert it to the Open Data Contract Standard"
    assert [str(finding) for finding in validate(document)] == [told]


@pytest.mark.parametrize(
    "text",
    [
        "team: [{name: Anna, since: 2020}]",
        "support: [{channel: help, url: 'https://example.com', language: fr}]",
        "slaProperties: [{property: latency, value: 4, unit: d, column: day}]",
        "customProperties: [{value: 1}]",
        "servers: [{server: x, type: athena, schema: s, staging_dir: 's3://b/x'}]",
        "servers: [{server: x, type: duckdb, database: x, schema: 1}]",
        "price: {priceAmount: 1, discount: 2}",
    ],
)
def test_v3_0_is_read_as_it_was(text: str) -> None:
    assert findings(text, "v3.0.2") == []
    assert findings(text, "v3.1.0") != []


@pytest.mark.parametrize(
    "text",
    [
        "logicalType: integer, logicalTypeOptions: {minimum: 0, exclusiveMinimum: true}",
        "quality: [{rule: duplicateCount, mustBeLessThan: 10, unit: rows}]",
        "quality: [{rule: validValues, validValues: [pounds]}]",
        "quality: [{type: sql, query: select 1}]",
    ],
)
def test_v3_0_properties_are_read_as_they_were(text: str) -> None:
    assert of_property(text, "v3.0.2") == []
    assert of_property(text, "v3.1.0") != []


def test_v3_1_and_later_read_the_team_in_both_ways() -> None:
    assert findings("team: [{username: anna}]") == []
    assert findings("team: {name: sales, members: [{username: anna}]}") == []


def test_several_operators_may_stand_side_by_side() -> None:
    assert of_property("quality: [{metric: nullValues, mustBeGreaterThan: 0, mustBeLessThan: 9}]", "v3.1.0") == []


@pytest.mark.parametrize(
    "server",
    [
        "type: kinesis, stream: orders",
        "type: mysql, host: h, database: d",
        "type: postgres, host: h, database: d",
    ],
)
def test_servers_are_what_the_text_of_the_standard_says(server: str) -> None:
    assert findings(f"servers: [{{server: x, {server}}}]") == []


def test_a_property_without_a_logical_type_is_of_none() -> None:
    assert of_property("physicalType: BIGINT, logicalTypeOptions: {minimum: 0}") == []


PLACE = "schema[0].properties[0]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("status: 1.0", "status: must be text, got 1.0 (put it in quotes)"),
        ("status: [active]", "status: must be text, got a list"),
        ("tags: [no]", "tags[0]: must be text, got false (put it in quotes)"),
        ("schema: words", "schema: must be a list, got 'words'"),
        ("schema: [{properties: []}]", "schema[0]: 'name' is missing; add it"),
        ("price: {priceAmount: '9'}", "price.priceAmount: must be a number, got '9'"),
        ("team: words", "team: must be a mapping or a list, got 'words'"),
        ("team: [{name: Anna}]", "team[0]: 'username' is missing; add it"),
        ("servers: [{server: x, type: s3}]", "servers[0]: 'location' is missing; add it"),
        (
            "colour: red",
            "contract: 'colour' is not known here; remove it or make it a custom property",
        ),
        (
            "schema: [{name: a, propertis: []}]",
            "schema[0]: 'propertis' is not known here; remove it or make it a custom property "
            "(did you mean 'properties'?)",
        ),
    ],
)
def test_names_place_value_and_fix(text: str, expected: str) -> None:
    assert findings(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "logicalType: strin",
            f"{PLACE}.logicalType: 'strin' is not one of 'string', 'date', 'timestamp', 'time', 'number', 'integer', "
            "'object', 'array', 'boolean', 'map', 'vector' (did you mean 'string'?)",
        ),
        (
            "logicalType: string, logicalTypeOptions: {maxLength: -1}",
            f"{PLACE}.logicalTypeOptions.maxLength: -1 is less than the minimum of 0",
        ),
        (
            "physicalType: INT, logicalTypeOptions: {maxLength: ten}",
            f"{PLACE}.logicalTypeOptions.maxLength: must be a whole number, got 'ten'",
        ),
        ("logicalType: map", f"{PLACE}: 'map' is missing; add it"),
        ("logicalType: string, enum: []", f"{PLACE}.enum: has 0 entries; it needs 1"),
        ("logicalType: string, enum: [{value: a}, {value: a}]", f"{PLACE}.enum: has an entry twice; remove one"),
        (
            "quality: [{metric: nullValues, mustBeBetween: [1, 2, 3]}]",
            f"{PLACE}.quality[0].mustBeBetween: has 3 entries; it needs 2",
        ),
        (
            "quality: [{metric: nullValues}]",
            f"{PLACE}.quality[0]: needs one of mustBe, mustNotBe, mustBeGreaterThan, mustBeGreaterOrEqualTo, "
            "mustBeLessThan, mustBeLessOrEqualTo, mustBeBetween, mustNotBeBetween",
        ),
        (
            "relationships: [{to: orders}]",
            f"{PLACE}.relationships[0].to: 'orders' must be a reference such as 'orders.id' or "
            "'schema/orders_id/properties/id_id'",
        ),
        (
            "relationships: [{from: orders.x, to: orders.y}]",
            f"{PLACE}.relationships[0]: 'from' must not be given here: it is the property itself",
        ),
    ],
)
def test_names_the_property_that_is_wrong(text: str, expected: str) -> None:
    assert of_property(text) == [expected]


def test_reports_every_mistake_once() -> None:
    assert len(findings("status: 1\nname: 2\nschema: [{name: 3, properties: [{name: 4}]}]")) == 4


def test_stops_after_200() -> None:
    document: dict[str, Any] = {"version": 1, "apiVersion": "v3.1.0", "tags": [1] * 10_000}
    assert len(list(validate(document))) <= 200


def test_twenty_objects_inside_one_another_take_no_longer_than_their_size() -> None:
    # Validators that look up what has been evaluated again and again need 3 times longer for each level.
    nested: dict[str, Any] = {"name": "leaf", "logicalType": "string"}
    for level in range(20):
        nested = {"name": f"level_{level}", "logicalType": "object", "properties": [nested]}
    schema = [{"name": "a", "properties": [nested]}]
    head = {"version": "1", "apiVersion": "v3.2.0", "kind": "DataContract", "id": "a"}
    assert list(validate({**head, "schema": schema})) == []


@pytest.mark.parametrize(("key", "longest"), [("name", 1_000), ("physicalName", 1_000), ("physicalType", 20_000)])
def test_names_and_types_have_an_end(key: str, longest: int) -> None:
    given = {"name": "x", key: "a" * longest}
    document = {"version": "1", "apiVersion": "v3.2.0", "kind": "DataContract", "id": "a"}
    assert list(validate({**document, "schema": [{"name": "o", "properties": [given]}]})) == []
    (finding,) = validate({**document, "schema": [{"name": "o", "properties": [{**given, key: "a" * (longest + 1)}]}]})
    assert str(finding) == f"{PLACE}.{key}: '{'a' * 60}…' has {longest + 1} characters; it may have {longest}"


def test_lists_five_of_many_keys() -> None:
    (line,) = findings("\n".join(f"key_{number}: x" for number in range(1_000)))
    assert line == (
        "contract: 'key_0', 'key_1', 'key_2', 'key_3', 'key_4' and 995 more are not known here; remove them or make "
        "them custom properties (did you mean 'key'?)"
    )

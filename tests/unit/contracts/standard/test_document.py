"""Objects of a contract that become datasets, and the findings about the others."""

from __future__ import annotations

import pytest

from lake_blueprints.contracts import Contract, ContractError, Note

HEAD = "version: 1.2.0\napiVersion: {version}\nkind: DataContract\nid: shop\n"
COLUMNS = "properties: [{name: x, logicalType: string}]"


def contract(text: str, version: str = "v3.2.0") -> Contract:
    return Contract.from_text(HEAD.format(version=version) + text)


@pytest.mark.parametrize("kind", ["table", "view", "topic", "file", "TABLE", "document", "message"])
def test_what_has_properties_becomes_a_dataset(kind: str) -> None:
    found = contract(f"schema: [{{name: Orders, physicalType: {kind}, {COLUMNS}}}]")
    assert [dataset.name for dataset in found.datasets] == ["orders"]
    assert found.notes == ()


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ("physicalType: topic", "it has no properties"),
        ("properties: []", "it has no properties"),
        (f"physicalType: endpoint, {COLUMNS}", "its physicalType is 'endpoint', which is called, not kept as rows"),
        (f"physicalType: API, {COLUMNS}", "its physicalType is 'API', which is called, not kept as rows"),
    ],
)
def test_names_the_object_that_has_no_place_and_why(item: str, reason: str) -> None:
    found = contract(f"schema: [{{name: Orders, {item}}}, {{name: customers, {COLUMNS}}}]")
    assert [dataset.name for dataset in found.datasets] == ["customers"]
    assert found.notes == (
        Note(place="schema[0]", text=f"the object 'Orders' has no place in a lake: {reason}", warning=True),
    )


def test_objects_of_an_api_have_no_place() -> None:
    api = "{server: a, type: api, location: 'https://example.com'}"
    found = contract(f"servers: [{api}]\nschema: [{{name: orders, {COLUMNS}}}]")
    assert found.datasets == ()
    assert found.notes[0].text == (
        "the object 'orders' has no place in a lake: its server is an API, which is called, not kept as rows"
    )
    both = contract(f"servers: [{api}, {{server: b, type: s3, location: 's3://b'}}]\nschema: [{{name: a, {COLUMNS}}}]")
    assert len(both.datasets) == 1


@pytest.mark.parametrize("schema", ["", "schema: []"])
def test_a_contract_without_objects_loads_with_a_note(schema: str) -> None:
    found = contract(schema)
    assert found.datasets == ()
    assert found.notes == (
        Note(place="schema", text="the contract promises no data: it has no schema object", warning=True),
    )
    with pytest.raises(ContractError, match="contract 'shop' has no dataset 'orders'; it has none"):
        found["orders"]


def test_names_both_objects_of_one_catalog_name() -> None:
    with pytest.raises(ContractError) as raised:
        contract(f"schema: [{{name: Order-Lines, {COLUMNS}}}, {{name: order lines, {COLUMNS}}}]")
    assert str(raised.value).startswith(
        "schema: schema objects 'Order-Lines' and 'order lines' have the same catalog name 'order_lines'"
    )


def test_objects_without_a_place_need_no_name_of_their_own() -> None:
    assert len(contract(f"schema: [{{name: orders, {COLUMNS}}}, {{name: Orders}}]").datasets) == 1


def test_notes_a_missing_status_where_the_standard_asks_for_one() -> None:
    told = Note(place="contract", text="'status' is missing, which the standard asks for before v3.2")
    assert contract(f"schema: [{{name: a, {COLUMNS}}}]", "v3.0.2").notes == (told,)
    assert contract(f"schema: [{{name: a, {COLUMNS}}}]", "v3.2.0").notes == ()


def test_takes_the_classification_of_an_object_from_its_custom_properties() -> None:
    found = contract(
        f"schema: [{{name: a, customProperties: [{{property: classification, value: internal}}], {COLUMNS}}}]"
    )
    assert found["a"].classification == "internal"


TWO = "properties: [{name: x, logicalType: string}, {name: y, logicalType: string, classification: %s}]"


@pytest.mark.parametrize(
    ("contract_says", "object_says", "other", "restricted"),
    [
        ("", "customProperties: [{property: classification, value: Strictly confidential}]", "public", ["x"]),
        ("", "customProperties: [{property: dataClassification, value: gold}]", "public", ["x"]),
        ("customProperties: [{property: classification, value: secret}]\n", "", "public", ["x"]),
        ("", "tags: [pii]", "public", ["x"]),
        ("tags: [gdpr]\n", "", "public", ["x"]),
        # The tag is about y, which says so itself.
        ("tags: [gdpr]\n", "", "pii", ["y"]),
        ("tags: [finance]\n", "tags: [non-pii]", "public", []),
        ("", "customProperties: [{property: classification, value: internal}]", "public", []),
    ],
)
def test_columns_that_say_nothing_are_restricted_as_their_object_or_contract(
    contract_says: str, object_says: str, other: str, restricted: list[str]
) -> None:
    found = contract(f"{contract_says}schema: [{{name: a, {object_says or 'id: a'}, {TWO % other}}}]")["a"]
    assert [column.name for column in found.restricted_columns] == restricted
    said = [note.text for note in found.notes if "restricts the columns that say nothing themselves: x" in note.text]
    assert len(said) == int(restricted == ["x"])


def test_reads_a_contract_of_several_thousand_lines() -> None:
    column = "      - {name: column_%d, logicalType: integer, quality: [{metric: nullValues, mustBe: 0}]}\n"
    columns = "".join(column % number for number in range(40))
    objects = "".join(f"  - name: table_{number}\n    properties:\n{columns}" for number in range(150))
    found = contract(f"schema:\n{objects}")
    assert len(found.datasets) == 150
    assert {(len(dataset.columns), len(dataset.quality)) for dataset in found.datasets} == {(40, 40)}


def test_an_object_of_measures_has_no_place() -> None:
    found = contract("schema: [{name: a, properties: [{name: total, semanticType: measure}]}]")
    assert found.notes[0].text == "the object 'a' has no place in a lake: all of its properties are measures"


def test_notes_deprecated_objects() -> None:
    found = contract(f"schema: [{{name: a, deprecated: true, {COLUMNS}}}]")
    assert found["a"].notes == (Note(place="schema[0]", text="'a' is deprecated"),)


def test_a_line_that_quotes_a_long_name_stays_a_line() -> None:
    found = contract(f"schema: [{{name: {'a' * 1000}, physicalType: topic}}]")
    assert len(found.notes[0].text) < 700

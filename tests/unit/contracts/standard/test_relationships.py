"""Relationships of a contract: every notation, what leads nowhere, and what goes round."""

from __future__ import annotations

import pytest

from lake_blueprints.contracts import Contract, ContractError, Relationship

HEAD = "version: 1.2.0\napiVersion: v3.2.0\nkind: DataContract\nid: shop\n"
CUSTOMERS = """
- id: customers_tbl
  name: customers
  physicalName: crm.Customers
  properties:
  - {id: id_prop, name: id, physicalName: CUST_ID, logicalType: string}
  - {name: country, logicalType: string}
  - {name: address, logicalType: object, properties: [{name: zip, logicalType: string}]}
"""


def contract(of_property: str = "", of_object: str = "", of_customers: str = "") -> Contract:
    return Contract.from_text(
        f"""{HEAD}
schema:
- id: orders_tbl
  name: orders
  relationships: [{of_object}]
  properties:
  - {{id: cust_prop, name: Customer, logicalType: string, relationships: [{of_property}]}}
  - {{name: country, logicalType: string}}
  - {{name: parent, logicalType: string}}
{CUSTOMERS}
  relationships: [{of_customers}]
"""
    )


def warnings(found: Contract) -> list[str]:
    return [str(note) for dataset in found.datasets for note in dataset.notes if note.warning]


@pytest.mark.parametrize(
    "reference",
    ["customers.id", "schema/customers_tbl/properties/id_prop", "/schema/customers_tbl/properties/id_prop"],
)
def test_reads_references_of_a_property(reference: str) -> None:
    found = contract(of_property=f"{{to: '{reference}'}}")
    assert found["orders"].relationships == (
        Relationship(columns=("customer",), dataset="crm_customers", references=("cust_id",)),
    )
    assert warnings(found) == []


@pytest.mark.parametrize(
    "pair",
    [
        "from: [orders.Customer, orders.country], to: [customers.id, customers.country]",
        "from: [schema/orders_tbl/properties/cust_prop, orders.country], "
        "to: [schema/customers_tbl/properties/id_prop, customers.country]",
    ],
)
def test_reads_keys_of_several_columns(pair: str) -> None:
    found = contract(of_object=f"{{type: foreignKey, {pair}}}")
    assert found["orders"].relationships == (
        Relationship(columns=("customer", "country"), dataset="crm_customers", references=("cust_id", "country")),
    )
    assert warnings(found) == []


def test_a_relationship_told_twice_is_one() -> None:
    found = contract(
        of_property="{to: customers.id}, {to: schema/customers_tbl/properties/id_prop}",
        of_object="{from: orders.Customer, to: customers.id}",
    )
    assert len(found["orders"].relationships) == 1


@pytest.mark.parametrize(
    "reference",
    ["https://example.com/crm.yaml#customers.Cust-Id", "../crm.yml#/schema/customers/properties/Cust-Id"],
)
def test_a_reference_may_lead_to_another_contract(reference: str) -> None:
    (dataset, _) = contract(of_property=f"{{to: '{reference}'}}").datasets
    file = reference.partition("#")[0]
    assert dataset.relationships == (
        Relationship(columns=("customer",), dataset="customers", references=("cust_id",), contract=file),
    )
    assert [(note.text, note.warning) for note in dataset.notes] == [
        (f"leads to the contract '{file}', which is not read", False)
    ]


@pytest.mark.parametrize(
    ("of_property", "reason"),
    [
        ("{to: suppliers.id}", "this contract has no dataset for 'suppliers.id'"),
        ("{to: customers.address.zip}", "'customers.address.zip' is inside a column, and only columns are compared"),
        ("{to: 'crm.yaml#customers.address.zip'}", "'crm.yaml#customers.address.zip' names no object and property"),
    ],
)
def test_warns_of_what_leads_nowhere(of_property: str, reason: str) -> None:
    found = contract(of_property=of_property)
    assert found["orders"].relationships == ()
    (warning,) = warnings(found)
    assert warning.startswith(f"schema[0].properties[0].relationships[0]: is ignored: {reason}")


@pytest.mark.parametrize(
    ("reference", "hint"),
    [
        ("customers.name", "; 'customers' has id, country, address"),
        ("customers.countr", " (did you mean 'country'?)"),
        ("schema/customers_tbl", "; 'customers' has id, country, address"),
    ],
)
def test_refuses_a_column_that_the_other_dataset_does_not_have(reference: str, hint: str) -> None:
    with pytest.raises(ContractError) as raised:
        contract(of_property=f"{{to: '{reference}'}}")
    assert str(raised.value) == (
        f"schema[0].properties[0].relationships[0]: '{reference}' names no property that there is{hint}"
    )


def test_warns_of_a_relationship_that_starts_elsewhere() -> None:
    found = contract(of_object="{from: customers.id, to: orders.Customer}")
    assert warnings(found) == [
        "schema[0].relationships[0]: is ignored: 'customers.id' is not a property of 'orders', beside which it stands"
    ]


def test_warns_of_one_that_leads_to_several_objects() -> None:
    found = contract(of_object="{from: [orders.Customer, orders.country], to: [customers.id, orders.parent]}")
    assert warnings(found) == ["schema[0].relationships[0]: is ignored: it leads to several objects"]


def test_refuses_lists_of_different_length() -> None:
    with pytest.raises(ContractError) as raised:
        contract(of_object="{from: [orders.Customer, orders.country], to: [customers.id]}")
    assert str(raised.value) == ("schema[0].relationships[0]: 'from' has 2 columns and 'to' has 1; give one for each")


def test_a_dataset_may_refer_to_itself() -> None:
    found = contract(of_object="{from: orders.parent, to: orders.Customer}")
    assert found["orders"].relationships == (
        Relationship(columns=("parent",), dataset="orders", references=("customer",)),
    )
    assert warnings(found) == []


def test_warns_of_relationships_that_go_round() -> None:
    found = contract(of_property="{to: customers.id}", of_customers="{from: customers.country, to: orders.country}")
    assert [len(dataset.relationships) for dataset in found.datasets] == [1, 1]
    (warning,) = warnings(found)
    assert "orders → crm_customers → orders" in warning or "crm_customers → orders → crm_customers" in warning


def test_finds_each_of_several_rounds() -> None:
    names = "abcd"
    objects = "\n".join(
        f"- {{name: {one}, properties: [{{name: id, logicalType: string, relationships: [{{to: {other}.id}}]}}]}}"
        for one, other in zip(names, "badc", strict=True)
    )
    found = Contract.from_text(f"{HEAD}schema:\n{objects}\n")
    assert len(warnings(found)) == 2


def test_stops_looking_for_rounds_after_twenty() -> None:
    names = [f"t{number}" for number in range(30)]
    objects = "\n".join(
        f"- {{name: {one}, properties: [{{name: id, logicalType: string, relationships: ["
        + ", ".join(f"{{to: {other}.id}}" for other in names)
        + "]}]}"
        for one in names
    )
    found = Contract.from_text(f"{HEAD}schema:\n{objects}\n")
    assert sum("go round" in warning for warning in warnings(found)) == 20

"""Team, roles, support, price and definitions of a contract."""

from __future__ import annotations

import pytest

from lake_blueprints.contracts import AccessRole, Contract, Dataset, Governance, Link, SupportChannel

HEAD = "version: 1.2.0\napiVersion: {version}\nkind: DataContract\nid: orders\n"
OBJECT = "schema: [{name: orders, tags: [b, c], properties: [{name: x, logicalType: string}]"


def dataset(text: str, version: str = "v3.1.0", item: str = "") -> Dataset:
    return Contract.from_text(f"{HEAD.format(version=version)}{text}\n{OBJECT}{item}}}]")["orders"]


def test_takes_over_who_answers_for_a_dataset() -> None:
    found = dataset(
        """
status: active
domain: sales
dataProduct: shop
tenant: north
tags: [a, b]
team: {name: sellers, members: [{username: anna, role: Owner}]}
price: {priceAmount: 9.95, priceCurrency: USD, priceUnit: megabyte}
support: [{channel: '#help', tool: slack, url: 'https://chat.example.com', scope: issues, description: Ask}]
authoritativeDefinitions: [{url: 'https://example.com/contract', type: canonicalUrl}]
description:
  authoritativeDefinitions: [{url: 'https://example.com/privacy', type: privacy}]
""",
        item=", authoritativeDefinitions: [{url: 'https://example.com/orders', type: tutorial}]",
    )
    assert found.governance == Governance(
        contract="orders",
        team="sellers",
        owner="anna",
        domain="sales",
        data_product="shop",
        tenant="north",
        status="active",
        tags=("a", "b", "c"),
        support=(
            SupportChannel(
                name="#help", url="https://chat.example.com", tool="slack", scope="issues", description="Ask"
            ),
        ),
        price="9.95 USD per megabyte",
        links=(
            Link(url="https://example.com/orders", type="tutorial"),
            Link(url="https://example.com/contract", type="canonicalUrl"),
            Link(url="https://example.com/privacy", type="privacy"),
        ),
    )


@pytest.mark.parametrize(
    ("members", "owner"),
    [
        ("{username: anna, role: Owner}", "anna"),
        ("{username: ben, role: product owner}, {username: anna, role: owner}", "anna"),
        ("{username: ben, role: Data Owner}", "ben"),
        ("{username: ben, role: Owner, dateOut: 2022-10-01}, {username: anna, role: Owner}", "anna"),
        ("{username: ben, role: engineer}, {username: anna}", None),
    ],
)
def test_the_owner_is_called_so_and_has_not_left(members: str, owner: str | None) -> None:
    assert dataset(f"team: {{members: [{members}]}}").governance.owner == owner
    assert dataset(f"team: [{members}]").governance.owner == owner


def test_a_member_of_v3_0_may_have_a_name_only() -> None:
    assert dataset("team: [{name: Anna, role: owner}]", "v3.0.2").governance.owner == "Anna"


@pytest.mark.parametrize(
    ("price", "text"),
    [
        ("{priceAmount: 5}", "5"),
        ("{priceAmount: 0, priceUnit: row}", "0 per row"),
        ("{priceCurrency: USD}", None),
    ],
)
def test_says_the_price_in_words(price: str, text: str | None) -> None:
    assert dataset(f"price: {price}").governance.price == text


@pytest.mark.parametrize(
    ("word", "access"),
    [
        ("read", "read"),
        ("Read Only", "read"),
        ("read-only", "read"),
        ("SELECT", "read"),
        ("write", "write"),
        ("read_write", "read_write"),
        ("readWrite", "read_write"),
        ("read, write", "read_write"),
        ("read/write", "read_write"),
        ("admin", "read_write"),
    ],
)
def test_reads_what_a_role_may_do(word: str, access: str) -> None:
    found = dataset(f"roles: [{{role: analyst, access: '{word}'}}]")
    assert found.roles == (AccessRole(name="analyst", access=access),)


def test_a_role_without_access_reads() -> None:
    assert dataset("roles: [{role: analyst, description: Looks}]").roles == (
        AccessRole(name="analyst", access="read", description="Looks"),
    )


def test_an_access_that_is_not_known_reads_with_a_warning() -> None:
    found = Contract.from_text(f"{HEAD.format(version='v3.2.0')}roles: [{{role: a, access: sometimes}}]\n{OBJECT}}}]")
    assert found["orders"].roles == (AccessRole(name="a", access="read"),)
    assert [str(note) for note in found.notes] == [
        "roles[0].access: 'sometimes' is not an access that is known; the role may read"
    ]


def test_a_role_may_be_allowed_to_see_restricted_columns() -> None:
    (role,) = dataset("roles: [{role: a, access: read, customProperties: [{property: restricted, value: true}]}]").roles
    assert role.restricted


def test_roles_of_the_lakes_servers_count_as_well() -> None:
    servers = (
        "servers: [{server: lake, type: s3, location: 's3://b/x', roles: [{role: a, access: write}, {role: b}]}, "
        "{server: shop, type: mysql, host: h, database: d, roles: [{role: c}]}]"
    )
    found = dataset(f"roles: [{{role: a, access: read}}]\n{servers}").roles
    assert found == (AccessRole(name="a", access="read_write"), AccessRole(name="b", access="read"))


@pytest.mark.parametrize(
    ("contract", "item", "text"),
    [
        ("", ", description: 'One row\n an order'", "One row an order"),
        ("description: {purpose: Sales}", "", "Sales"),
        ("description: {purpose: Sales}", ", description: Orders", "Orders"),
        (
            "description: {purpose: Sales, usage: Reports, limitations: No returns!}",
            ", description: Orders",
            "Orders. Limitations: No returns! Usage: Reports",
        ),
        ("", "", None),
    ],
)
def test_describes_a_dataset_with_what_holds_for_the_whole_contract(contract: str, item: str, text: str) -> None:
    assert dataset(contract, item=item).description == text

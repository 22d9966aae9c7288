"""Tables and topics at the sources of datasets: named by the servers of their contracts."""

from __future__ import annotations

import pytest

from lake_blueprints.contracts import Column, Contract, Dataset, Placement
from lake_blueprints.contracts.source_tables import source_table, source_topic


def orders(*placements: Placement) -> Dataset:
    return Dataset(name="orders", columns=[Column(name="id", type="int")], placements=placements)


def server(kind: str, environment: str | None = None, **properties: str) -> Placement:
    return Placement(server="shop", type=kind, environment=environment, properties=properties)


@pytest.mark.parametrize(
    ("placements", "table"),
    [
        ([server("postgresql", database="shop", schema="sales")], "sales.orders"),
        ([server("postgres", database="shop")], "public.orders"),
        ([server("mysql", database="shop")], "shop.orders"),
        ([server("s3", location="s3://b/x"), server("mysql", database="shop")], "shop.orders"),
        ([server("s3", location="s3://b/x")], None),
    ],
)
def test_is_named_by_the_first_server_that_is_a_database(placements: list[Placement], table: str | None) -> None:
    assert source_table(orders(*placements)) == table


def test_passes_over_servers_of_other_environments() -> None:
    dataset = orders(server("postgresql", "dev", schema="dev"), server("postgresql", "prod", schema="sales"))
    assert source_table(dataset, environment="prod") == "sales.orders"
    assert source_table(dataset) == "dev.orders"
    assert source_table(dataset, environment="test") is None


def test_a_server_of_mysql_must_name_its_database() -> None:
    with pytest.raises(ValueError, match="the server 'shop' of the type mysql must name its database, got none"):
        source_table(orders(server("mysql")))


@pytest.mark.parametrize(
    ("item", "topic"), [("name: orders", "orders"), ("name: orders, physicalName: shop.orders-v1", "shop.orders-v1")]
)
def test_a_topic_is_called_as_the_object_is(item: str, topic: str) -> None:
    contract = Contract.from_text(
        "{version: 1.0.0, apiVersion: v3.1.0, kind: DataContract, id: shop, status: active, "
        "servers: [{server: a, type: mysql, host: h, database: d}, "
        "{server: b, type: kafka, host: h, format: json, environment: prod}], "
        f"schema: [{{{item}, properties: [{{name: x, logicalType: string}}]}}]}}"
    )
    (dataset,) = contract.datasets
    assert source_topic(dataset) == source_topic(dataset, environment="prod") == topic
    assert source_topic(dataset, environment="dev") is None
    assert dataset.placements[1].properties == {"format": "json", "topic": topic}
    assert contract.notes == ()


def test_a_dataset_without_a_server_of_kafka_has_no_topic() -> None:
    assert source_topic(orders(server("mysql", database="shop"))) is None
    assert source_topic(orders(server("kafka"))) == "orders"

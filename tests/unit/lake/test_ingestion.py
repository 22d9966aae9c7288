"""Datasets that a replication brings from a database: their changes are merged into the curated tables."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve
from aws_cdk import aws_iam as iam

from lake_blueprints.contracts import AccessRole, Column, Dataset
from lake_blueprints.foundation.connections import DatabaseEndpoint, DatabaseEngine, DatabaseSecret
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.ingestion.dms import Replication
from lake_blueprints.ingestion.firehose import Buffer
from lake_blueprints.lake import DataLake
from lake_blueprints.storage.s3 import Zone
from tests.support import assert_passes_the_gates, resources, steps_of, template_of

ORDERS = Dataset(
    name="orders",
    columns=[Column(name="id", type="bigint", required=True), Column(name="amount", type="decimal(9,2)")],
    primary_key=["id"],
)
BUYERS = Dataset(name="buyers", columns=[Column(name="id", type="bigint", required=True)], primary_key=["id"])
CLICKS = Dataset(name="clicks", columns=[Column(name="page", type="string")])
HOST = "shop.example.com"


def replication(stack: cdk.Stack, name: str = "Lake") -> Replication:
    landing = Zone(stack, f"{name}Landing")
    user = DatabaseSecret(stack, f"{name}User", username="lake_reader", host=HOST, port=5432)
    shop = DatabaseEndpoint(engine=DatabaseEngine.POSTGRESQL, host=HOST, database="shop", secret=user.secret)
    network = LakeNetwork(stack, f"{name}Network")
    return Replication(stack, f"{name}Shop", source=shop, datasets=[ORDERS, BUYERS], zone=landing, network=network)


def lake(stack: cdk.Stack, name: str = "Lake", **options: Any) -> DataLake:
    shop = replication(stack, name)
    given = {
        "datasets": [ORDERS, BUYERS, CLICKS],
        "ingestion": {"orders": shop, "buyers": shop},
    }
    return DataLake(stack, name, **{**given, **options})


def test_passes_the_gates() -> None:
    assert_passes_the_gates(lake)


def test_only_the_other_datasets_have_a_delivery(stack: cdk.Stack) -> None:
    assert list(lake(stack).deliveries) == ["clicks"]


def test_changes_are_merged_by_key_and_their_time_stays_in_the_table(stack: cdk.Stack) -> None:
    made = lake(stack)
    assert made.tables["orders"].dataset.column_names == ("id", "amount", "cdc_commit_ts")
    assert made.tables["clicks"].dataset.column_names == ("page",)
    keep = made.jobs["orders"].curation.keep
    assert keep
    assert (keep.by, keep.deleted) == ("cdc_commit_ts", "op = 'D'")


def test_the_raw_table_is_of_the_records_that_the_replication_writes(stack: cdk.Stack) -> None:
    made = lake(stack)
    assert made["orders"].raw is not made.raw
    tables = [table["Properties"] for table in resources(template_of(stack), "AWS::Glue::Table")]
    (raw,) = (
        table["TableInput"]
        for table in tables
        if table.get("TableInput", {}).get("Name") == "orders" and table["DatabaseName"] != "curated"
    )
    columns = [column["Name"] for column in raw["StorageDescriptor"]["Columns"]]
    assert columns == ["op", "id", "amount", "cdc_commit_ts"]
    assert "replicated/public/orders/" in json.dumps(raw["StorageDescriptor"]["Location"])


def test_the_pipeline_starts_a_replication_once_before_it_curates(stack: cdk.Stack) -> None:
    lake(stack)
    states = steps_of(stack)
    assert [name for name in states if name.startswith("Start LakeShop")].count("Start LakeShop") == 1
    assert states["Start LakeShop begun"]
    curated = [branch["StartAt"] for branch in states["Wave 2"]["Branches"]]
    assert sorted(curated) == ["Curate buyers", "Curate clicks", "Curate orders"]


def test_refuses_a_dataset_that_is_not_replicated(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match=r"'clicks' is not replicated by .*; it replicates orders, buyers"):
        lake(stack, ingestion={"clicks": replication(stack, "Other")})


def test_refuses_options_of_records_that_are_sent(stack: cdk.Stack) -> None:
    message = "'buffers' is for records that are sent or uploaded, and 'ingestion' brings 'orders'"
    with pytest.raises(ValueError, match=message):
        lake(stack, buffers={"orders": Buffer()})


def test_refuses_to_let_a_role_write_what_comes_from_a_database(stack: cdk.Stack) -> None:
    clerk = evolve(ORDERS, roles=[AccessRole(name="clerk", access="write")])
    made = lake(stack, datasets=[clerk, BUYERS, CLICKS])
    with pytest.raises(ValueError, match=r"dataset 'orders' comes from a database by '.*/LakeShop': who writes it"):
        made.grant_role(iam.Role(stack, "Clerk", assumed_by=iam.AccountRootPrincipal()), "orders", "clerk")

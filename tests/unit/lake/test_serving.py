"""Tables of applications that a lake loads: after curation and quality, masked where columns are restricted."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve

from lake_blueprints.contracts import Column, Comparison, Dataset, Masking, Metric, Operator, QualityRule
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.databases.opensearch import SearchCollection
from lake_blueprints.lake import DataLake, Shards
from lake_blueprints.processing.index_load import IndexLoadJob
from lake_blueprints.processing.item_load import ItemLoadJob
from tests.support import assert_passes_the_gates, steps_of

ORDERS = Dataset(
    name="orders",
    columns=[Column(name="id", type="bigint", required=True), Column(name="amount", type="decimal(9,2)")],
    primary_key=["id"],
    quality=[
        QualityRule(
            place="quality[0]",
            kind="library",
            metric=Metric.ROW_COUNT,
            comparison=Comparison(operator=Operator.GREATER, value=0),
        )
    ],
)
BUYERS = Dataset(
    name="buyers",
    columns=[
        Column(name="id", type="bigint", required=True),
        Column(name="mail", type="string", classification="restricted", masking=Masking.HASH),
    ],
    primary_key=["id"],
)


def lake(stack: cdk.Stack, name: str = "Lake", **options: Any) -> DataLake:
    tables = [ServingTable(stack, f"{name}{suffix}", dataset=ORDERS) for suffix in ("One", "Two")]
    buyers = ServingTable(stack, f"{name}Buyers", dataset=BUYERS)
    given = {"datasets": [ORDERS, BUYERS], "serving": {"orders": tables, "buyers": [buyers]}}
    return DataLake(stack, name, **{**given, **options})


def test_passes_the_gates() -> None:
    assert_passes_the_gates(lake)


def test_each_table_is_loaded_by_a_job_of_its_own(stack: cdk.Stack) -> None:
    made = lake(stack)
    assert [job.node.id for job in made["orders"].loads] == ["Serve orders 1", "Serve orders 2"]
    assert [job.source for job in made["orders"].loads] == [made.tables["orders"]] * 2
    assert [job.node.id for job in made["buyers"].loads] == ["Serve buyers"]


def test_of_restricted_columns_the_masked_copy_is_loaded(stack: cdk.Stack) -> None:
    made = lake(stack)
    assert [job.source for job in made["buyers"].loads] == [made.masked["buyers"]]


def test_the_pipeline_loads_when_everything_is_curated_and_the_rules_hold(stack: cdk.Stack) -> None:
    lake(stack)
    states = steps_of(stack)
    begun = [branch["StartAt"] for branch in states["Wave 3"]["Branches"]]
    assert begun == ["Load Serve orders 1", "Load Serve orders 2", "Load Serve buyers"]
    before = {
        name for name, state in states.items() if "Wave 3" in json.dumps([state.get("Next"), state.get("Choices")])
    }
    assert before == {"Evaluate orders passed"}


def test_in_shards_a_job_is_in_the_stack_of_its_dataset() -> None:
    app = cdk.App(builtin_cloud_formation_validation=False)
    stack = cdk.Stack(app, "Lake")
    made = lake(stack, shards=Shards(count=2))
    for name in ("orders", "buyers"):
        assert {cdk.Stack.of(job) for job in made[name].loads} == {cdk.Stack.of(made.jobs[name])}


def test_a_collection_is_loaded_beside_a_table(stack: cdk.Stack) -> None:
    targets = [ServingTable(stack, "Table", dataset=ORDERS), SearchCollection(stack, "Search")]
    made = lake(stack, serving={"orders": targets})
    table, search = made["orders"].loads
    assert isinstance(table, ItemLoadJob)
    assert isinstance(search, IndexLoadJob)
    assert (search.source, search.index) == (made.tables["orders"], "orders")


def test_refuses_a_dataset_that_the_lake_does_not_hold(stack: cdk.Stack) -> None:
    table = ServingTable(stack, "Table", dataset=ORDERS)
    with pytest.raises(ValueError, match="'serving' names a dataset 'order'; the lake holds orders, buyers"):
        lake(stack, serving={"order": [table]})


def test_refuses_a_table_by_a_key_that_is_no_column(stack: cdk.Stack) -> None:
    other = evolve(ORDERS, columns=[Column(name="code", type="string")], primary_key=["code"], quality=[])
    with pytest.raises(ValueError, match="'target' has the key 'code', which is no column of table 'orders'"):
        lake(stack, serving={"orders": [ServingTable(stack, "Table", dataset=other)]})

"""The curated tables of a lake and their masked copies, which are Iceberg tables."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve

from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.contracts import (
    Column,
    Comparison,
    Dataset,
    DatasetFormat,
    Metric,
    Operator,
    QualityRule,
    ServiceLevels,
)
from lake_blueprints.lake import DataLake, Shards
from lake_blueprints.processing.curation import Curation, Newest, ReferenceJoin, RowRetention
from tests.support import assert_passes_the_gates, resources, template_of

ORDERS = Dataset(
    name="orders",
    columns=[
        Column(name="id", type="bigint", required=True),
        Column(name="city", type="string"),
        Column(name="ordered", type="timestamp"),
    ],
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
CITIES = Dataset(
    name="cities",
    columns=[Column(name="city", type="string"), Column(name="country", type="string")],
    primary_key=["city"],
    format=DatasetFormat.CSV,
)
JOINED = Curation(joins=[ReferenceJoin(reference=CITIES, on=["city"], columns=["country"])], keep=Newest(by="ordered"))


def lake(stack: cdk.Stack, name: str = "Lake", **options: Any) -> DataLake:
    given = {"datasets": [ORDERS, CITIES], "curations": {"orders": JOINED}}
    return DataLake(stack, name, **{**given, **options})


def kept(by: str | None = "ordered", days: int = 90) -> Dataset:
    return evolve(ORDERS, service_levels=ServiceLevels(retention=timedelta(days=days), retention_by=by))


def test_passes_the_gates() -> None:
    assert_passes_the_gates(lake)


def test_curated_tables_are_of_the_format_and_raw_ones_are_not(stack: cdk.Stack) -> None:
    made = lake(stack)
    assert all(isinstance(table, IcebergTable) for table in made.tables.values())
    tables = [table["Properties"] for table in resources(template_of(stack), "AWS::Glue::Table")]
    assert sorted(table["Name"] for table in tables if "OpenTableFormatInput" in table) == ["cities", "orders"]
    assert sorted(table["TableInput"]["Name"] for table in tables if "TableInput" in table) == [
        "cities",
        "cities_quarantine",
        "orders",
        "orders_quarantine",
    ]


def test_in_shards_each_table_is_in_the_stack_of_its_dataset() -> None:
    app = cdk.App(builtin_cloud_formation_validation=False)
    made = lake(cdk.Stack(app, "Stack"), shards=Shards(count=4))
    for name, table in made.tables.items():
        assert cdk.Stack.of(table) is cdk.Stack.of(made.jobs[name])


def test_a_job_that_joins_reads_the_reference_through_the_catalog(stack: cdk.Stack) -> None:
    made = lake(stack, curations={"orders": JOINED})
    assert made.jobs["orders"].references == (made.tables["cities"],)


def test_the_contract_s_rules_are_evaluated(stack: cdk.Stack) -> None:
    made = lake(stack)
    assert made.rulesets["orders"].table is made.tables["orders"]


def test_rows_are_deleted_by_the_column_that_the_promise_names(stack: cdk.Stack) -> None:
    made = lake(stack, datasets=[kept(), CITIES])
    assert made.jobs["orders"].curation.retention == RowRetention(by="ordered", days=90)
    (curated,) = (
        bucket["Properties"]["LifecycleConfiguration"]["Rules"]
        for logical_id, bucket in template_of(stack)["Resources"].items()
        if stack.resolve(made.curated.bucket.bucket_name) == {"Ref": logical_id}
    )
    assert not [rule for rule in curated if rule.get("Prefix") == "orders/"]


def test_a_retention_of_the_app_counts_more_than_the_contract_s(stack: cdk.Stack) -> None:
    own = Curation(retention=RowRetention(by="ordered", days=7))
    made = lake(stack, datasets=[kept(by=None), CITIES], curations={"orders": own})
    assert made.jobs["orders"].curation.retention == RowRetention(by="ordered", days=7)


def test_a_retention_that_names_no_column_is_refused(stack: cdk.Stack) -> None:
    message = r"contract of dataset 'orders' has a retention of 90 days and does not say from when on; .*'element'"
    with pytest.raises(ValueError, match=message):
        lake(stack, datasets=[kept(by=None), CITIES])


def test_a_retention_by_a_column_that_holds_no_time_is_refused(stack: cdk.Stack) -> None:
    with pytest.raises(
        ValueError, match="'retention' goes by 'city', which is a string; it must be one of date, times"
    ):
        lake(stack, datasets=[kept(by="city"), CITIES])


def test_a_warehouse_merges_the_tables(stack: cdk.Stack) -> None:
    made = lake(stack, warehouse=True)
    assert made.redshift
    assert set(made.redshift.tables) == set(made.tables.values())


def test_masked_copies_are_of_the_format_too(stack: cdk.Stack) -> None:
    restricted = [*ORDERS.columns, Column(name="email", type="string", classification="restricted")]
    made = lake(stack, datasets=[evolve(ORDERS, columns=restricted), CITIES])
    assert isinstance(made.masked["orders"], IcebergTable)
    assert made.jobs["orders"].masked is made.masked["orders"]

"""DatabasePull: arguments of its script, its landing, and failures."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve
from aws_cdk import aws_ec2 as ec2

from lake_blueprints import Column, Database, Dataset, Zone
from lake_blueprints.contracts import Placement
from lake_blueprints.foundation.connections import Connection, DatabaseEndpoint, DatabaseEngine, DatabaseSecret
from lake_blueprints.processing.curation import CurationJob, merge_changes
from lake_blueprints.processing.database_pull import DatabasePull
from tests.support import properties, template_of
from tests.unit.processing.database_pull.sample import ORDERS


def pull(
    stack: cdk.Stack, dataset: Dataset = ORDERS, engine: DatabaseEngine = DatabaseEngine.POSTGRESQL, **options: Any
) -> DatabasePull:
    user = DatabaseSecret(stack, "User", username="reader")
    endpoint = DatabaseEndpoint(engine=engine, host="shop.example.com", database="shop", secret=user.secret)
    way = Connection(stack, "Shop", endpoint=endpoint, network=ec2.Vpc(stack, "Vpc"))
    given: dict[str, Any] = {"zone": Zone(stack, "Raw"), "watermark": "updated_at", **options}
    return DatabasePull(stack, "Pull", connection=way, dataset=dataset, **given)


def arguments(stack: cdk.Stack) -> dict[str, Any]:
    found: dict[str, Any] = properties(template_of(stack), "AWS::Glue::Job")["DefaultArguments"]
    return found


def test_the_script_gets_a_query_of_the_columns_of_the_contract(stack: cdk.Stack) -> None:
    named = evolve(ORDERS, columns=[*ORDERS.columns, Column(name="note", source='The "note"', type="string")])
    pull(stack, named)
    found = arguments(stack)
    assert found["--query"] == 'SELECT "id", "total", "updated_at", "The ""note""" FROM "public"."orders"'
    assert (found["--column"], found["--watermark"], found["--look_back"]) == ('"updated_at"', "updated_at", "600")


def test_the_job_runs_where_the_connection_leads(stack: cdk.Stack) -> None:
    found = pull(stack)
    job = properties(template_of(stack), "AWS::Glue::Job")
    (name,) = job["Connections"]["Connections"]
    assert name == job["DefaultArguments"]["--connection"]
    assert found.job_name


@pytest.mark.parametrize(
    ("engine", "table", "placement", "named"),
    [
        ("postgresql", "sales.orders", None, '"sales"."orders"'),
        ("postgresql", None, {"type": "postgresql", "properties": {"schema": "sales"}}, '"sales"."orders"'),
        ("mysql", None, {"type": "mysql", "properties": {"database": "shop"}}, "`shop`.`orders`"),
        ("mysql", None, None, "`orders`"),
    ],
)
def test_the_table_is_the_given_one_or_that_of_the_contract(
    stack: cdk.Stack, engine: str, table: str | None, placement: dict[str, Any] | None, named: str
) -> None:
    placed = evolve(ORDERS, placements=[Placement(server="shop", **placement)]) if placement else ORDERS
    pull(stack, placed, DatabaseEngine(engine), table=table)
    assert arguments(stack)["--table"] == named


def test_its_rows_are_changes_that_a_curation_merges(stack: cdk.Stack) -> None:
    found = pull(stack)
    curation = merge_changes(found.landing)
    assert curation.keep is not None
    assert (curation.keep.by, curation.keep.deleted) == ("updated_at", None)
    assert curation.curated(found.landing.dataset).column_names == ORDERS.column_names
    table = Database(stack, "Curated", zone=Zone(stack, "CuratedZone")).add_iceberg_table(ORDERS)
    with pytest.raises(ValueError, match="whose records are changes; use curation=merge_changes"):
        CurationJob(stack, "Curate", source=found.landing, target=table)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": DatabaseEngine.ORACLE}, "'connection' is to oracle, but pulls are from postgresql and mysql"),
        ({"dataset": evolve(ORDERS, primary_key=[])}, "dataset 'orders' must have a primary key"),
        ({"watermark": "changed"}, "'watermark' is 'changed', which is not a column .* are id, total, updated_at"),
        ({"watermark": "total"}, "'watermark' is 'total', which must be a required timestamp in UTC"),
        ({"prefix": "orders"}, "'prefix' must end in a slash, got 'orders'"),
    ],
)
def test_refuses(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pull(stack, **options)

"""Loads from an Iceberg table, run by the local cloud's Redshift after each kind of change."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import aws_cdk as cdk
import pytest
import sqlglot
from sqlglot import exp

from lake_blueprints.analytics.athena import Workgroup
from lake_blueprints.catalog import Database
from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.databases.redshift import Load, Warehouse, statements
from lake_blueprints.databases.redshift.merge import merge
from lake_blueprints.orchestration import Pipeline
from lake_blueprints.storage.s3 import Zone
from local_cloud.cloud import LocalCloud
from tests import queries
from tests.support import new_stack, template_of

ORDERS = Dataset(
    name="orders",
    columns=[
        Column(name="id", type="bigint", required=True),
        Column(name="line", type="int", required=True),
        Column(name="note", type="string"),
        Column(name="amount", type="decimal(9,2)"),
        Column(name="at", type="timestamp"),
    ],
    primary_key=["id", "line"],
)
EVENTS = Dataset(name="events", columns=[Column(name="text", type="string")])
ALL = 'SELECT "id", "line", "note", "amount", "at" FROM "public"."orders" ORDER BY "id", "line"'
AT = "timestamp '2026-01-05 00:00:00.123 UTC'"
# As Athena writes, whatever a table says; the local one wants it said.
MERGE_ON_READ = {f"write.{change}.mode": "merge-on-read" for change in ("delete", "update", "merge")}
STAGED = 'SELECT count(*) FROM "lake_rows"'


class Lake:
    """A deployed lake with two Iceberg tables, and its warehouse's SQL."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        stack = new_stack()
        zone = Zone(stack, "Zone")
        database = Database(stack, "Database", zone=zone, database_name="lake")
        for dataset in (ORDERS, EVENTS):
            database.add_iceberg_table(dataset, properties=MERGE_ON_READ)
        Workgroup(stack, "Queries", encryption_key=zone.key, access_logs=zone.access_logs)
        client = cloud.client("cloudformation")
        template = json.dumps(template_of(stack))
        client.create_stack(StackName="Lake", TemplateBody=template, Capabilities=["CAPABILITY_IAM"])
        client.get_waiter("stack_create_complete").wait(StackName="Lake", WaiterConfig={"Delay": 1})
        found = client.describe_stack_resources(StackName="Lake")["StackResources"]
        (self._workgroup,) = (
            item["PhysicalResourceId"] for item in found if item["ResourceType"] == "AWS::Athena::WorkGroup"
        )
        self.run(statements.create_external_schema("lake"))
        self.run(*(statements.create_table(dataset, dataset.name) for dataset in (ORDERS, EVENTS)))

    def change(self, sql: str) -> None:
        """Change a table by Athena."""
        where = {"Database": "lake"}
        queries.athena(self._cloud.client("athena"), sql, WorkGroup=self._workgroup, QueryExecutionContext=where)

    def load(self, dataset: Dataset = ORDERS, *, until: str = "") -> list[list[Any]]:
        """Load a table; return the rows of a query that runs before the statement that begins with a text."""
        sqls = merge(dataset, dataset.name, database="lake")
        if until:
            at = next(number for number, sql in enumerate(sqls) if sql.startswith(until))
            return self.run(*sqls[:at], STAGED, *sqls[at:], result=at)
        return self.run(*sqls)

    def run(self, *sqls: str, result: int | None = None) -> list[list[Any]]:
        """Run statements as one transaction, and return the rows of one."""
        redshift = self._cloud.client("redshift-data")
        started = redshift.batch_execute_statement(Sqls=list(sqls), WorkgroupName="warehouse", Database="dev")
        while (found := redshift.describe_statement(Id=started["Id"]))["Status"] not in (
            "FINISHED",
            "FAILED",
            "ABORTED",
        ):
            time.sleep(0.02)
        assert found["Status"] == "FINISHED", found.get("Error")
        if result is None:
            return []
        records = redshift.get_statement_result(Id=found["SubStatements"][result]["Id"])["Records"]
        return [[None if "isNull" in value else next(iter(value.values())) for value in row] for row in records]

    def rows(self) -> list[list[Any]]:
        return self.run(ALL, result=0)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as cloud:
        lake = Lake(cloud)
        lake.change(
            f"insert into orders values (1, 1, 'a', 1.50, {AT}), (1, 2, null, null, null), (2, 1, 'c', 3.00, {AT})"
        )
        lake.load()
        yield lake


def test_new_changed_and_deleted_rows_arrive(lake: Lake) -> None:
    instant = "2026-01-05 00:00:00.123000"
    first = [[1, 1, "a", "1.50", instant], [1, 2, None, None, None], [2, 1, "c", "3.00", instant]]
    assert lake.rows() == first
    lake.change("update orders set note = null, amount = 9.99 where id = 1 and line = 1")
    lake.change("update orders set note = 'now' where line = 2")
    lake.change("delete from orders where id = 2")
    lake.change(f"insert into orders values (3, 1, 'd', 4.00, {AT})")
    assert lake.rows() == first
    lake.load()
    assert lake.rows() == [
        [1, 1, None, "9.99", instant],
        [1, 2, "now", None, None],
        [3, 1, "d", "4.00", instant],
    ]


def test_a_load_that_is_repeated_changes_nothing(lake: Lake) -> None:
    lake.load()
    before = lake.rows()
    assert lake.load(until="MERGE") == [[0]]
    assert lake.rows() == before


def test_only_rows_that_differ_are_merged(lake: Lake) -> None:
    lake.load()
    lake.change(f"insert into orders values (50, 1, 'x', 1.00, {AT}), (51, 1, null, null, null)")
    assert lake.load(until="MERGE") == [[2]]
    lake.change("update orders set note = 'y' where id = 51")
    assert lake.load(until="MERGE") == [[1]]


def test_a_blank_at_the_end_of_a_text_is_a_change(lake: Lake) -> None:
    lake.change("insert into orders values (60, 1, 'x', null, null)")
    lake.load()
    lake.change("update orders set note = 'x ' where id = 60")
    assert lake.load(until="MERGE") == [[1]]
    assert [row[2] for row in lake.rows() if row[0] == 60] == ["x "]


def test_texts_are_compared_with_the_blanks_at_their_ends() -> None:
    columns = [Column(name="id", type="int"), *(Column(name=kind, type=kind) for kind in ("string", "int", "binary"))]
    required = Column(name="text", type="string", required=True)
    dataset = Dataset(name="orders", columns=[*columns, required], primary_key=["id"])
    unchanged = next(
        sql for sql in merge(dataset, "orders", database="lake") if sql.startswith('DELETE FROM "lake_rows')
    )
    compared = [found for found in unchanged.splitlines() if "LEN(" in found]
    assert compared == [
        'AND (("lake_rows"."string" = "orders"."string" AND LEN("lake_rows"."string") = LEN("orders"."string")) '
        'OR ("lake_rows"."string" IS NULL AND "orders"."string" IS NULL))',
        'AND ("lake_rows"."text" = "orders"."text" AND LEN("lake_rows"."text") = LEN("orders"."text"))',
    ]


def test_a_table_without_a_key_is_replaced(lake: Lake) -> None:
    lake.change("insert into events values ('a'), ('a'), (null)")
    for _ in range(2):
        lake.load(EVENTS)
        assert lake.run('SELECT count(*), count("text") FROM "public"."events"', result=0) == [[3, 2]]


def test_the_lake_is_read_by_one_statement() -> None:
    reading = [sql for sql in merge(ORDERS, "orders", database="curated") if '"curated"' in sql]
    assert len(reading) == 1


@pytest.mark.parametrize("dataset", [ORDERS, EVENTS], ids=["key", "no key"])
def test_redshifts_grammar_accepts_every_statement(dataset: Dataset) -> None:
    for statement in merge(dataset, dataset.name, database="curated"):
        assert not isinstance(sqlglot.parse_one(statement, dialect="redshift"), exp.Command)


def warehouse(stack: cdk.Stack, dataset: Dataset) -> Warehouse:
    zone = Zone(stack, "Zone")
    made = Warehouse(stack, "Warehouse", encryption_key=zone.key)
    made.add_dataset(Database(stack, "Database", zone=zone, database_name="curated").add_iceberg_table(dataset))
    return made


def test_a_warehouse_merges_an_iceberg_table(stack: cdk.Stack) -> None:
    made = warehouse(stack, ORDERS)
    (table,) = made.tables
    assert made.load_statements(table) == merge(ORDERS, "orders", database="curated")
    Pipeline(stack, "Pipeline", steps=[Load(warehouse=made)])


def test_nested_columns_are_refused(stack: cdk.Stack) -> None:
    nested = Dataset(name="trips", columns=[Column(name="stops", type="array<string>")])
    with pytest.raises(
        ValueError, match="column 'stops' of dataset 'trips' is array<string>; rows of an Iceberg table"
    ):
        warehouse(stack, nested)

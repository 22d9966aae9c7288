"""CurationJob and its tables: arguments of the job, and what fits together."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve

from lake_blueprints.catalog import Database
from lake_blueprints.catalog.s3_tables import S3Table, TableZone
from lake_blueprints.contracts import Column, ContractError, Dataset, Masking
from lake_blueprints.processing.curation import Curation, CurationJob, History, Newest
from lake_blueprints.storage.s3 import Zone
from tests.support import assert_passes_the_gates, properties, template_of

ORDERS = Dataset(
    name="orders",
    columns=[
        Column(name="id", type="bigint", required=True),
        Column(name="changed", type="timestamp"),
        Column(name="op", type="string"),
    ],
    primary_key=["id"],
)
CHANGES = Curation(keep=Newest(by="changed", deleted="op = 'D'"), drop=["op"])


PEOPLE = Dataset(
    name="people",
    columns=[
        Column(name="id", type="bigint", classification="restricted", masking=Masking.HASH),
        Column(name="name", type="string", classification="restricted"),
    ],
    primary_key=["id"],
)


def lake(stack: cdk.Stack, name: str = "") -> tuple[Zone, Database]:
    raw = Zone(stack, f"{name}Raw")
    curated = Zone(stack, f"{name}Curated", encryption_key=raw.key, access_logs=raw.access_logs)
    return raw, Database(stack, f"{name}Database", zone=curated)


def job(stack: cdk.Stack, name: str = "Curate") -> CurationJob:
    raw, database = lake(stack, name)
    target = database.add_iceberg_table(CHANGES.curated(ORDERS))
    return CurationJob(stack, name, dataset=ORDERS, source=raw, target=target, curation=CHANGES)


def masking_job(stack: cdk.Stack, name: str = "Curate") -> CurationJob:
    raw, database = lake(stack, name)
    analytics = Zone(stack, f"{name}Analytics", encryption_key=raw.key, access_logs=raw.access_logs)
    copies = Database(stack, f"{name}Copies", zone=analytics)
    target, masked = database.add_iceberg_table(PEOPLE), copies.add_iceberg_table(PEOPLE.masked())
    return CurationJob(stack, name, dataset=PEOPLE, source=raw, target=target, masked=masked)


def test_the_session_of_the_job_knows_the_catalog(stack: cdk.Stack) -> None:
    job(stack)
    arguments = properties(template_of(stack), "AWS::Glue::Job")["DefaultArguments"]
    assert arguments["--datalake-formats"] == "iceberg"
    catalog = "spark.sql.catalog.glue_catalog.catalog-impl=org.apache.iceberg.aws.glue.GlueCatalog"
    assert f" --conf {catalog} --conf " in str(arguments["--conf"])


def to_s3_tables(stack: cdk.Stack, name: str = "Curate") -> CurationJob:
    raw = Zone(stack, f"{name}Raw")
    zone = TableZone(stack, f"{name}Tables", encryption_key=raw.key)
    target = S3Table(stack, f"{name}Table", zone=zone, dataset=CHANGES.curated(ORDERS))
    return CurationJob(stack, name, dataset=ORDERS, source=raw, target=target, curation=CHANGES)


def test_the_session_of_a_job_knows_the_rest_catalog_of_a_table_bucket(stack: cdk.Stack) -> None:
    made = to_s3_tables(stack)
    arguments = properties(template_of(stack), "AWS::Glue::Job")["DefaultArguments"]
    assert arguments["--catalog"] == "s3_tables"
    assert (arguments["--database"], arguments["--table"]) == ("lake", "orders")
    settings = stack.resolve(arguments["--conf"])
    text = "".join(part if isinstance(part, str) else "*" for part in settings["Fn::Join"][1])
    assert "spark.sql.catalog.s3_tables.uri=https://s3tables.*.*/iceberg" in text
    assert "spark.sql.catalog.s3_tables.rest.signing-name=s3tables" in text
    assert "--extra-jars" not in arguments
    # A table bucket holds tables alone.
    assert made.quarantine_table is None
    assert arguments["--state"] == stack.resolve(made.source.uri("_state/orders/"))


def masking_to_s3_tables(stack: cdk.Stack, name: str = "Curate") -> CurationJob:
    raw, database = lake(stack, name)
    zone = TableZone(stack, f"{name}Tables", encryption_key=raw.key)
    target = S3Table(stack, f"{name}Table", zone=zone, dataset=PEOPLE)
    masked = S3Table(stack, f"{name}Masked", zone=zone, dataset=PEOPLE.masked(), namespace="analytics")
    options: dict[str, Any] = {"target": target, "masked": masked, "quarantine_database": database}
    return CurationJob(stack, name, dataset=PEOPLE, source=raw, **options)


def test_a_masked_copy_and_the_table_of_what_is_refused_stand_beside_a_table_of_s3_tables(stack: cdk.Stack) -> None:
    made = masking_to_s3_tables(stack)
    arguments = properties(template_of(stack), "AWS::Glue::Job")["DefaultArguments"]
    assert (arguments["--masked_database"], arguments["--masked_table"]) == ("analytics", "people")
    assert made.quarantine_table is not None
    assert made.quarantine_table.table_name == "people_quarantine"
    assert (made.quarantine_table.zone, made.quarantine_table.prefix) == (made.source, made.quarantine_prefix)


def test_a_job_that_masks_in_a_table_bucket_passes_the_gates() -> None:
    assert_passes_the_gates(masking_to_s3_tables)


def test_refuses_a_masked_copy_in_another_catalog_than_the_table(stack: cdk.Stack) -> None:
    raw, database = lake(stack)
    zones = [TableZone(stack, f"Tables{number}", encryption_key=raw.key) for number in range(2)]
    target = S3Table(stack, "Table", zone=zones[0], dataset=PEOPLE)
    elsewhere = S3Table(stack, "Elsewhere", zone=zones[1], dataset=PEOPLE.masked())
    in_glue = database.add_iceberg_table(PEOPLE.masked())
    with pytest.raises(ValueError, match=r"'masked' is in the zone '.*Tables1' and 'target' in '.*Tables0'"):
        CurationJob(stack, "Elsewhere2", dataset=PEOPLE, source=raw, target=target, masked=elsewhere)
    with pytest.raises(ValueError, match="'masked' is an IcebergTable and 'target' an S3Table"):
        CurationJob(stack, "Curate", dataset=PEOPLE, source=raw, target=target, masked=in_glue)


def test_refuses_a_database_of_the_quarantine_beside_an_iceberg_table(stack: cdk.Stack) -> None:
    raw, database = lake(stack)
    target = database.add_iceberg_table(CHANGES.curated(ORDERS))
    options: dict[str, Any] = {"target": target, "curation": CHANGES, "quarantine_database": database}
    with pytest.raises(ValueError, match="leave 'quarantine_database' out, or curate into an S3Table"):
        CurationJob(stack, "Curate", dataset=ORDERS, source=raw, **options)


def test_a_job_into_a_table_bucket_passes_the_gates() -> None:
    assert_passes_the_gates(to_s3_tables)


def test_the_plan_says_which_row_of_a_key_stays() -> None:
    plan = CHANGES.plan(ORDERS)
    assert (plan["newest"], plan["order_by"], plan["deleted"]) == (True, "changed", "op = 'D'")
    assert "newest" not in Curation().plan(ORDERS)


def test_passes_the_gates() -> None:
    assert_passes_the_gates(job)


def test_passes_the_gates_with_a_masked_copy() -> None:
    assert_passes_the_gates(masking_job)


# --- histories --------------------------------------------------------------------------------------------------

HISTORY = Curation(keep=History(by="changed", deleted="op = 'D'"), drop=["op"])


def test_a_history_has_columns_that_say_when_a_row_was_valid() -> None:
    curated = HISTORY.curated(ORDERS)
    assert [(column.name, str(column.type)) for column in curated.columns] == [
        ("id", "bigint"),
        ("changed", "timestamp"),
        ("valid_from", "timestamp"),
        ("valid_to", "timestamp"),
        ("is_current", "boolean"),
    ]
    assert curated.primary_key == ("id", "valid_from")
    plan = HISTORY.plan(ORDERS)
    assert (plan["history"], plan["order_by"], plan["deleted"]) == (True, "changed", "op = 'D'")
    assert "newest" not in plan


def test_the_times_of_a_history_are_as_restricted_as_what_orders_it() -> None:
    columns = [*ORDERS.columns[:1], evolve(ORDERS.column("changed"), classification="restricted", masking="hash")]
    curated = Curation(keep=History(by="changed")).curated(evolve(ORDERS, columns=columns))
    assert [column.name for column in curated.restricted_columns] == ["changed", "valid_from", "valid_to"]
    assert curated.masked().primary_key == ("id", "valid_from")
    plan = Curation(keep=History(by="changed")).plan(evolve(ORDERS, columns=columns))
    assert [column["masking"] for column in plan["masked"]] == ["none", "hash", "hash", "hash", "none"]


def test_a_job_keeps_the_history_in_its_table(stack: cdk.Stack) -> None:
    raw, database = lake(stack)
    target = database.add_iceberg_table(HISTORY.curated(ORDERS))
    job = CurationJob(stack, "Curate", dataset=ORDERS, source=raw, target=target, curation=HISTORY)
    assert [consumer.columns for consumer in job.consumers()] == [frozenset({"op", "changed"})]


@pytest.mark.parametrize(
    ("curation", "message"),
    [
        (Curation(keep=Newest(by="op"), drop=["op"]), "'keep' orders by 'op', which is not written"),
        (Curation(keep=Newest(by="when")), "'keep' orders by 'when', which is not written"),
        (Curation(keep=Newest(deleted="opp = 'D'")), r"'keep' deletes where .*opp"),
        (Curation(keep=History(by="op"), drop=["op"]), "'keep' orders by 'op', which is not written"),
        (Curation(keep=History(by="changed", deleted="opp = 'D'")), r"'keep' deletes where .*opp"),
    ],
)
def test_refuses_columns_that_are_not_there(curation: Curation, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        curation.curated(ORDERS)


@pytest.mark.parametrize("keep", [Newest(), History(by="changed")])
def test_refuses_to_choose_by_a_key_that_is_not_there(keep: Newest | History) -> None:
    dataset = Dataset(name="orders", columns=ORDERS.columns)
    with pytest.raises(ContractError, match="'keep' chooses by primary key, and dataset 'orders' has none"):
        Curation(keep=keep).curated(dataset)


@pytest.mark.parametrize("name", ["valid_from", "valid_to", "is_current"])
def test_refuses_a_history_of_a_dataset_that_has_its_columns(name: str) -> None:
    dataset = evolve(ORDERS, columns=[*ORDERS.columns, Column(name=name, type="int")])
    message = f"'keep' adds a column '{name}', and dataset 'orders' has one; rename that one"
    with pytest.raises(ContractError, match=message):
        Curation(keep=History(by="changed")).curated(dataset)


def test_refuses_to_order_a_history_by_a_column_with_parts() -> None:
    dataset = evolve(ORDERS, columns=[*ORDERS.columns, Column(name="when", type="struct<day:date>")])
    with pytest.raises(ContractError, match=r"'keep' orders by 'when', a struct<day:date>; choose a column without"):
        Curation(keep=History(by="when")).curated(dataset)

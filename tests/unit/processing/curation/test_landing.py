"""CurationJob reads what an ingestion has landed."""

from __future__ import annotations

import aws_cdk as cdk
import pytest

from lake_blueprints.catalog import ArrivalTime, ByPartitionKeys, Database, Landing
from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.ingestion.firehose import DeliveryStream, ParquetDestination, S3Destination
from lake_blueprints.processing.curation import Curation, CurationJob
from lake_blueprints.storage.s3 import Zone

FLIGHTS = Dataset(
    name="flights",
    columns=[
        Column(name="carrier", type="string", required=True, source="Carrier-Code"),
        Column(name="month", type="int", required=True),
    ],
    primary_key=["carrier"],
    partition_keys=["month"],
)


def job(stack: cdk.Stack, source: Zone | Landing, **options: object) -> CurationJob:
    target = Database(stack, "Curated", zone=Zone(stack, "CuratedZone")).add_iceberg_table(Curation().curated(FLIGHTS))
    return CurationJob(stack, "Curate", source=source, target=target, **options)  # type: ignore[arg-type]


def raw_table(stack: cdk.Stack, layout: ArrivalTime | ByPartitionKeys) -> ParquetDestination:
    database = Database(stack, "Raw", zone=Zone(stack, "RawZone"))
    return ParquetDestination(table=database.add_table(FLIGHTS, layout=layout))


def test_reads_what_a_delivery_has_landed(stack: cdk.Stack) -> None:
    destination = S3Destination(zone=Zone(stack, "RawZone"), dataset=FLIGHTS, prefix="streamed/", layout=ArrivalTime())
    delivery = DeliveryStream(stack, "Delivery", destination=destination)
    found = job(stack, delivery.landing)
    assert (found.source, found.source_prefix, found.dataset) == (destination.zone, "streamed/", FLIGHTS)


def test_reads_parquet_by_the_names_that_firehose_wrote(stack: cdk.Stack) -> None:
    found = job(stack, raw_table(stack, ArrivalTime()).landing)
    plan = found.curation.plan(found.dataset)
    assert plan["format"] == "parquet"
    assert [column["source"] for column in plan["columns"]] == ["carrier", "month"]


def test_refuses_columns_that_only_folders_have(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="has the columns month in the names of folders, but curation reads files"):
        job(stack, raw_table(stack, ByPartitionKeys()).landing)


def test_reads_json_whose_folders_repeat_its_values(stack: cdk.Stack) -> None:
    destination = S3Destination(zone=Zone(stack, "RawZone"), dataset=FLIGHTS, layout=ByPartitionKeys())
    assert job(stack, destination.landing).source_prefix == "flights/"


def test_refuses_a_zone_without_a_dataset(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="'dataset' is missing: 'source' is zone 'Stack/RawZone', which has no"):
        job(stack, Zone(stack, "RawZone"))


@pytest.mark.parametrize("options", [{"dataset": FLIGHTS}, {"source_prefix": "flights/"}])
def test_refuses_to_contradict_a_landing(stack: cdk.Stack, options: dict[str, object]) -> None:
    landing = S3Destination(zone=Zone(stack, "RawZone"), dataset=FLIGHTS).landing
    with pytest.raises(ValueError, match="'source' is the landing 'flights/', which has a dataset and a prefix"):
        job(stack, landing, **options)

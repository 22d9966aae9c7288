"""IcebergDestination: settings that Firehose gets of a table, and what cannot work."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import jq
import pytest
from attrs import evolve
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns

from lake_blueprints.catalog import Database
from lake_blueprints.catalog.iceberg import Bucket, IcebergTable, Month
from lake_blueprints.contracts import Column, Dataset, DatasetFormat
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.ingestion.firehose import DeliveryStream, IcebergDestination, Transform
from lake_blueprints.storage.s3 import Zone
from tests.support import properties, resources, template_of

ORDERS = Dataset(
    name="orders",
    columns=[Column(name="id", type="bigint"), Column(name="day", type="date"), Column(name="name", type="string")],
    primary_key=["id"],
    format=DatasetFormat.JSON,
)


def table(stack: cdk.Stack, dataset: Dataset = ORDERS, **options: Any) -> IcebergTable:
    zone = Zone(stack, "TableZone")
    return Database(stack, "Database", zone=zone, database_name="shop").add_iceberg_table(dataset, **options)


def function(stack: cdk.Stack) -> Transform:
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:change"
    return Transform(function=lambda_.Function.from_function_arn(stack, "Function", arn))


def to_table(stack: cdk.Stack) -> dict[str, Any]:
    found = properties(template_of(stack), "AWS::KinesisFirehose::DeliveryStream")
    result: dict[str, Any] = found["IcebergDestinationConfiguration"]
    return result


def test_records_are_new_rows_by_default(stack: cdk.Stack) -> None:
    DeliveryStream(stack, "Delivery", destination=IcebergDestination(table=table(stack)))
    found = to_table(stack)
    assert found["AppendOnly"] is True
    assert "ProcessingConfiguration" not in found
    (configured,) = found["DestinationTableConfigurationList"]
    assert configured["DestinationDatabaseName"] == "shop"
    assert "Ref" in configured["DestinationTableName"]
    assert configured["UniqueKeys"] == ["id"]
    assert found["s3BackupMode"] == "FailedDataOnly"
    assert found["S3Configuration"]["ErrorOutputPrefix"].startswith("errors/orders/!{firehose:error-output-type}/")


def test_an_upsert_is_an_update_of_each_record_by_the_primary_key(stack: cdk.Stack) -> None:
    DeliveryStream(stack, "Delivery", destination=IcebergDestination(table=table(stack), upsert=True))
    found = to_table(stack)
    assert found["AppendOnly"] is False
    (processor,) = found["ProcessingConfiguration"]["Processors"]
    parameters = {one["ParameterName"]: one["ParameterValue"] for one in processor["Parameters"]}
    assert (processor["Type"], parameters["JsonParsingEngine"]) == ("MetadataExtraction", "JQ-1.6")
    assert jq.compile(parameters["MetadataExtractionQuery"]).input_text('{"id": 1}').all() == [
        {"destinationDatabaseName": "shop", "destinationTableName": "orders", "operation": "update"}
    ]


def test_a_function_may_choose_operations(stack: cdk.Stack) -> None:
    destination = IcebergDestination(table=table(stack))
    DeliveryStream(stack, "Delivery", destination=destination, transform=function(stack))
    found = to_table(stack)
    assert found["AppendOnly"] is False
    assert [one["Type"] for one in found["ProcessingConfiguration"]["Processors"]] == ["Lambda"]


def test_failed_records_may_go_to_another_zone(stack: cdk.Stack) -> None:
    raw = Zone(stack, "Raw")
    DeliveryStream(stack, "Delivery", destination=IcebergDestination(table=table(stack), zone=raw))
    assert to_table(stack)["S3Configuration"]["BucketARN"] == stack.resolve(raw.bucket.bucket_arn)


def test_the_stream_comes_after_the_grants_of_lake_formation(stack: cdk.Stack) -> None:
    zone = Zone(stack, "TableZone")
    database = Database(stack, "Database", zone=zone, lake_formation=True)
    destination = IcebergDestination(table=database.add_iceberg_table(ORDERS))
    DeliveryStream(stack, "Delivery", destination=destination)
    template = template_of(stack)
    (delivery,) = resources(template, "AWS::KinesisFirehose::DeliveryStream")
    kinds = {template["Resources"][one]["Type"] for one in delivery["DependsOn"]}
    assert "AWS::LakeFormation::PrincipalPermissions" in kinds


def test_alarms_say_that_rows_are_late_or_failed(stack: cdk.Stack) -> None:
    topic = sns.Topic(stack, "Topic", master_key=LakeKey(stack, "Key", cloudwatch_alarms=True).key)
    DeliveryStream(stack, "Delivery", destination=IcebergDestination(table=table(stack)), alarm_topic=topic)
    found = {one["Properties"]["MetricName"] for one in resources(template_of(stack), "AWS::CloudWatch::Alarm")}
    assert found == {"DeliveryToIceberg.DataFreshness", "DeliveryToIceberg.FailedRowCount", "ThrottledRecords"}


@pytest.mark.parametrize("partitioning", [[], [Bucket("id", 4)]])
def test_an_upsert_finds_rows_where_the_primary_key_chooses_the_partition(
    stack: cdk.Stack, partitioning: list[Any]
) -> None:
    DeliveryStream(
        stack,
        "Delivery",
        destination=IcebergDestination(table=table(stack, partitioning=partitioning), upsert=True),
    )
    assert json.dumps(to_table(stack)["ProcessingConfiguration"])


def test_an_upsert_across_partitions_is_refused(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="in one partition of table 'orders', which is chosen by day; add it to the"):
        IcebergDestination(table=table(stack, partitioning=[Month("day")]), upsert=True)


def test_an_upsert_needs_a_primary_key(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="needs a primary key, and dataset 'orders' has none"):
        IcebergDestination(table=table(stack, evolve(ORDERS, primary_key=())), upsert=True)


def test_records_must_be_json(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="makes rows of JSON records, but dataset 'orders' is csv"):
        IcebergDestination(table=table(stack, evolve(ORDERS, format=DatasetFormat.CSV)))


def test_names_that_records_do_not_have_need_a_function(stack: cdk.Stack) -> None:
    columns = [*ORDERS.columns, Column(name="customer", type="string", source="Customer")]
    destination = IcebergDestination(table=table(stack, evolve(ORDERS, columns=columns)))
    with pytest.raises(ValueError, match="records of 'orders' have 'Customer'; rename them by a 'transform'"):
        DeliveryStream(stack, "Delivery", destination=destination)
    DeliveryStream(stack, "Changed", destination=destination, transform=function(stack))

"""Values that pass the schemas of CloudFormation and fail, or misbehave, when they are deployed."""

from __future__ import annotations

from typing import Any

import pytest

from template_checks.core import check
from tests.template_checks.rules.examples import template

STREAM = "AWS::KinesisFirehose::DeliveryStream"
CONVERSION: dict[str, Any] = {
    "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
    "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
    "SchemaConfiguration": {"DatabaseName": "flights", "TableName": "raw", "RoleARN": {"Ref": "AWS::StackId"}},
}
QUERY = {
    "Type": "MetadataExtraction",
    "Parameters": [
        {"ParameterName": "MetadataExtractionQuery", "ParameterValue": "{origin:.origin}"},
        {"ParameterName": "JsonParsingEngine", "ParameterValue": "JQ-1.6"},
    ],
}
PARTITIONS: dict[str, Any] = {
    "DynamicPartitioningConfiguration": {"Enabled": True},
    "ProcessingConfiguration": {"Enabled": True, "Processors": [QUERY]},
    "Prefix": "flights/origin=!{partitionKeyFromQuery:origin}/",
    "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
}


def delivery(**destination: Any) -> dict[str, list[Any]]:
    return {"Stream": [STREAM, {"ExtendedS3DestinationConfiguration": destination}]}


def moves(*transitions: tuple[str, int]) -> dict[str, list[Any]]:
    given = [{"StorageClass": storage_class, "TransitionInDays": days} for storage_class, days in transitions]
    rules = [{"Status": "Enabled", "Transitions": given}]
    return {"Bucket": ["AWS::S3::Bucket", {"LifecycleConfiguration": {"Rules": rules}}]}


def job(**properties: Any) -> dict[str, list[Any]]:
    return {"Job": ["AWS::Glue::Job", {"Command": {"Name": "glueetl"}, "GlueVersion": "5.1", **properties}]}


def workgroup(**configuration: Any) -> dict[str, list[Any]]:
    return {"Group": ["AWS::Athena::WorkGroup", {"Name": "lake", "WorkGroupConfiguration": configuration}]}


def redshift(kind: str, **properties: Any) -> dict[str, list[Any]]:
    return {"Redshift": [f"AWS::RedshiftServerless::{kind}", properties]}


def without(given: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name != key}


BUFFER = {"SizeInMBs": 5, "IntervalInSeconds": 300}
BAD: dict[str, tuple[dict[str, list[Any]], str, str]] = {
    "a move to infrequent access at 10 days": (
        moves(("STANDARD_IA", 10)),
        "LAKE-S3-001",
        "TransitionInDays is 10, allowed is 30 or more days",
    ),
    "a move to glacier 10 days after infrequent access": (
        moves(("STANDARD_IA", 30), ("GLACIER", 40)),
        "LAKE-S3-002",
        "is 40, allowed is 60 days or more, 30 after the move to STANDARD_IA",
    ),
    "a buffer of 5 MB with conversion": (
        delivery(BufferingHints=BUFFER, DataFormatConversionConfiguration=CONVERSION),
        "LAKE-FIREHOSE-001",
        "SizeInMBs is 5, allowed is 64 to 128 MiB with format conversion or dynamic partitioning",
    ),
    "a buffer of 5 MB with dynamic partitioning": (
        delivery(BufferingHints=BUFFER, **PARTITIONS),
        "LAKE-FIREHOSE-001",
        "SizeInMBs is 5, allowed is 64 to 128 MiB with format conversion or dynamic partitioning",
    ),
    "conversion and GZIP": (
        delivery(CompressionFormat="GZIP", DataFormatConversionConfiguration=CONVERSION),
        "LAKE-FIREHOSE-005",
        'CompressionFormat is "GZIP", allowed is UNCOMPRESSED',
    ),
    "a prefix with keys and no error prefix": (
        delivery(**without(PARTITIONS, "ErrorOutputPrefix")),
        "LAKE-FIREHOSE-008",
        "ErrorOutputPrefix is missing, allowed is an error prefix",
    ),
    "dynamic partitioning without a processor": (
        delivery(**without(PARTITIONS, "ProcessingConfiguration")),
        "LAKE-FIREHOSE-011",
        "ProcessingConfiguration is missing, allowed is a MetadataExtraction processor",
    ),
    **{
        f"conversion without {part}": (
            delivery(DataFormatConversionConfiguration=without(CONVERSION, part)),
            "LAKE-FIREHOSE-006",
            f"{part} is missing",
        )
        for part in CONVERSION
    },
    "an on-demand stream with shards": (
        {"Stream": ["AWS::Kinesis::Stream", {"ShardCount": 1, "StreamModeDetails": {"StreamMode": "ON_DEMAND"}}]},
        "LAKE-KINESIS-001",
        "ShardCount is 1, allowed is nothing in mode ON_DEMAND",
    ),
    "an engine that Athena does not have": (
        workgroup(EngineVersion={"SelectedEngineVersion": "v3"}),
        "LAKE-ATHENA-001",
        'SelectedEngineVersion is "v3", allowed is AUTO, Athena engine version 3',
    ),
    "managed results with a location": (
        workgroup(
            ManagedQueryResultsConfiguration={"Enabled": True}, ResultConfiguration={"OutputLocation": "s3://lake/"}
        ),
        "LAKE-ATHENA-003",
        'OutputLocation is "s3://lake/", allowed is nothing with managed query results',
    ),
    "a cutoff below 10 MB": (
        workgroup(BytesScannedCutoffPerQuery=1_000_000),
        "LAKE-ATHENA-002",
        "is 1000000, allowed is 10000000 or more bytes",
    ),
    "Glue 2.0": (job(GlueVersion="2.0"), "LAKE-GLUE-002", 'GlueVersion is "2.0", allowed is 4.0, 5.0, 5.1, 6.0'),
    "memory workers on an old Glue": (
        job(GlueVersion="3.0", WorkerType="R.1X", NumberOfWorkers=2),
        "LAKE-GLUE-004",
        'WorkerType is "R.1X", allowed is G.1X, G.2X, G.4X, G.8X',
    ),
    "DPUs and workers": (
        job(MaxCapacity=10, WorkerType="G.1X", NumberOfWorkers=2),
        "LAKE-GLUE-001",
        "MaxCapacity is 10, allowed is nothing beside WorkerType",
    ),
    "a database in upper case": (
        {"Database": ["AWS::Glue::Database", {"DatabaseInput": {"Name": "Flights"}}]},
        "LAKE-GLUE-013",
        'Name is "Flights", allowed is 1 to 255 of a-z, 0-9 and _',
    ),
    "a managed password and another one": (
        redshift("Namespace", ManageAdminPassword=True, AdminUserPassword="{{resolve:ssm:/lake}}"),
        "LAKE-REDSHIFT-004",
        "allowed is nothing with ManageAdminPassword",
    ),
    "a short password": (
        redshift("Namespace", AdminUsername="boss", AdminUserPassword="short"),
        "LAKE-REDSHIFT-005",
        "allowed is 8 to 64 characters",
    ),
    "a password without a digit": (
        redshift("Namespace", AdminUsername="boss", AdminUserPassword="NoDigitsHere"),
        "LAKE-REDSHIFT-005",
        "allowed is 8 to 64 characters with upper and lower case and a digit",
    ),
    "a namespace in upper case": (
        redshift("Namespace", NamespaceName="Lake"),
        "LAKE-REDSHIFT-003",
        "NamespaceName is \"Lake\", allowed is 3 to 64 of a-z, 0-9 and '-'",
    ),
    "a namespace of two letters": (
        redshift("Workgroup", NamespaceName="lk"),
        "LAKE-REDSHIFT-003",
        "NamespaceName is \"lk\", allowed is 3 to 64 of a-z, 0-9 and '-'",
    ),
    "seven RPUs": (
        redshift("Workgroup", BaseCapacity=7),
        "LAKE-REDSHIFT-001",
        "BaseCapacity is 7, allowed is 4, 8 to 512 in steps of 8",
    ),
    "port 1234": (
        redshift("Workgroup", Port=1234),
        "LAKE-REDSHIFT-002",
        "Port is 1234, allowed is 5431 to 5455 or 8191 to 8215",
    ),
    "one subnet": (
        redshift("Workgroup", SubnetIds=["subnet-1"]),
        "LAKE-REDSHIFT-006",
        "SubnetIds is 1 subnets, allowed is 2 or more, each in another zone",
    ),
    "Kinesis Analytics for SQL": (
        {"Application": ["AWS::KinesisAnalytics::Application", {}]},
        "LAKE-RETIRED-001",
        "allowed is AWS::KinesisAnalyticsV2::Application with Flink",
    ),
    "Timestream": (
        {"Series": ["AWS::Timestream::Database", {}]},
        "LAKE-RETIRED-001",
        "closed on 20 June 2025, allowed is AWS::Timestream::InfluxDBInstance",
    ),
    "Glue for Ray": (
        {"Job": ["AWS::Glue::Job", {"Command": {"Name": "glueray"}}]},
        "LAKE-RETIRED-002",
        'Command.Name is "glueray", allowed is glueetl, gluestreaming or pythonshell',
    ),
}


@pytest.mark.parametrize("bad", BAD)
def test_refuses(bad: str) -> None:
    resources, rule_id, message = BAD[bad]
    messages = [finding.message for finding in check(template(resources)) if finding.rule.id == rule_id]
    assert [one for one in messages if message in one], messages

"""DeliveryStream: records as they came or as Parquet, permissions, encryption and alarms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve
from aws_cdk import Duration, Size
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.catalog import ArrivalTime, ByPartitionKeys, Database, Table, Unpartitioned
from lake_blueprints.contracts import Column, Dataset, DatasetFormat
from lake_blueprints.foundation.access import Permission
from lake_blueprints.foundation.alarms import AlarmSpec
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.ingestion.firehose import (
    Buffer,
    BufferingHints,
    DeliveryStream,
    Destination,
    DestinationBindOptions,
    ParquetDestination,
    S3Destination,
    Transform,
)
from lake_blueprints.ingestion.firehose.delivery_alarms import delivery_alarm
from lake_blueprints.ingestion.firehose.permissions import write_to_zone
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.storage.s3 import Zone
from template_checks.core.limit import Limit, Span
from tests.support import properties, resources, template_of

SIZE = Limit("AWS::KinesisFirehose::DeliveryStream", "SizeInMBs", Span(1, 64), unit="MiB", source="")
INTERVAL = Limit("AWS::KinesisFirehose::DeliveryStream", "IntervalInSeconds", Span(0, 900), unit="seconds", source="")
COLON = cdk.ArnFormat.COLON_RESOURCE_NAME


def delivery(stack: cdk.Stack, dataset: Dataset, **options: Any) -> DeliveryStream:
    where = {name: options.pop(name) for name in ("prefix", "layout") if name in options}
    destination = S3Destination(zone=Zone(stack, "Zone"), dataset=dataset, **where)
    return DeliveryStream(stack, "Delivery", destination=destination, **options)


def table(stack: cdk.Stack, dataset: Dataset, **options: Any) -> Table:
    zone = Zone(stack, "TableZone")
    return Database(stack, "Database", zone=zone, database_name="lake").add_table(dataset, **options)


def to_s3(stack: cdk.Stack) -> dict[str, Any]:
    found = properties(template_of(stack), "AWS::KinesisFirehose::DeliveryStream")
    result: dict[str, Any] = found["ExtendedS3DestinationConfiguration"]
    return result


def statements(stack: cdk.Stack) -> list[dict[str, Any]]:
    policies = [policy["Properties"] for policy in resources(template_of(stack), "AWS::IAM::ManagedPolicy")]
    (ours,) = [policy for policy in policies if policy["Description"].startswith("Delivers")]
    found: list[dict[str, Any]] = ours["PolicyDocument"]["Statement"]
    return found


def statement(stack: cdk.Stack, action: str) -> dict[str, Any]:
    (found,) = [
        s for s in statements(stack) if action in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])
    ]
    return found


def processors(stack: cdk.Stack) -> list[tuple[str, dict[str, Any]]]:
    return [
        (found["Type"], {p["ParameterName"]: p["ParameterValue"] for p in found["Parameters"]})
        for found in to_s3(stack)["ProcessingConfiguration"]["Processors"]
    ]


def function(stack: cdk.Stack) -> lambda_.Function:
    return lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_14,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): ..."),
    )


def topic(stack: cdk.Stack, name: str = "Topic") -> sns.Topic:
    key = LakeKey(stack, f"{name}Key").key
    return sns.Topic(stack, name, master_key=key, enforce_ssl=True)


def test_writes_records_as_they_came_by_default(stack: cdk.Stack, flights: Dataset) -> None:
    delivery(stack, flights)
    found = to_s3(stack)
    assert found["CompressionFormat"] == "GZIP"
    assert found["Prefix"] == "flights/ingest_date=!{timestamp:yyyy-MM-dd}/"
    assert found["BufferingHints"] == {"SizeInMBs": 128, "IntervalInSeconds": 300}
    assert processors(stack) == [("AppendDelimiterToRecord", {"Delimiter": "\\n"})]
    assert not {"DynamicPartitioningConfiguration", "DataFormatConversionConfiguration"} & set(found)


@pytest.mark.parametrize("layout", [ArrivalTime(), ByPartitionKeys()])
def test_failures_go_below_an_error_prefix(stack: cdk.Stack, flights: Dataset, layout: object) -> None:
    delivery(stack, flights, layout=layout)
    expression = "errors/flights/!{firehose:error-output-type}/!{timestamp:yyyy-MM-dd}/"
    assert to_s3(stack)["ErrorOutputPrefix"] == expression


def test_lays_records_out_by_partition_keys_that_jq_finds(stack: cdk.Stack, flights: Dataset) -> None:
    delivery(stack, flights, layout=ByPartitionKeys(), prefix="raw/flights/")
    found = to_s3(stack)
    assert found["DynamicPartitioningConfiguration"] == {"Enabled": True}
    folders = "origin=!{partitionKeyFromQuery:origin}/month=!{partitionKeyFromQuery:month}/"
    assert found["Prefix"] == f"raw/flights/{folders}"
    assert [kind for kind, _ in processors(stack)] == ["MetadataExtraction", "AppendDelimiterToRecord"]
    assert processors(stack)[0][1]["JsonParsingEngine"] == "JQ-1.6"


def test_converts_to_parquet_by_the_table(stack: cdk.Stack, flights: Dataset) -> None:
    schema = table(stack, flights)
    DeliveryStream(stack, "Delivery", destination=ParquetDestination(table=schema))
    found = to_s3(stack)
    conversion = found["DataFormatConversionConfiguration"]
    assert found["CompressionFormat"] == "UNCOMPRESSED"
    assert [kind for kind, _ in processors(stack)] == ["MetadataExtraction"]
    assert conversion["InputFormatConfiguration"]["Deserializer"]["OpenXJsonSerDe"] == {
        "CaseInsensitive": True,
        "ColumnToJsonKeyMappings": {"carrier_code": "carrier-code"},
    }
    assert conversion["OutputFormatConfiguration"]["Serializer"]["ParquetSerDe"] == {"Compression": "SNAPPY"}
    assert conversion["SchemaConfiguration"]["DatabaseName"] == "lake"
    assert conversion["SchemaConfiguration"]["TableName"] == stack.resolve(schema.resource.ref)


def test_reads_the_schema_on_catalog_database_and_table(stack: cdk.Stack, flights: Dataset) -> None:
    schema = table(stack, flights)
    DeliveryStream(stack, "Delivery", destination=ParquetDestination(table=schema))
    found = statement(stack, "glue:GetTable")
    assert found["Action"] == ["glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"]
    ends = [arn["Fn::Join"][1][-1] for arn in found["Resource"]]
    assert ends == [":catalog", ":database/lake", ":table/lake/flights"]


def test_waits_for_lake_formation_to_show_the_schema(stack: cdk.Stack, flights: Dataset) -> None:
    zone = Zone(stack, "Zone")
    schema = Database(stack, "Database", zone=zone, lake_formation=True).add_table(flights)
    DeliveryStream(stack, "Delivery", destination=ParquetDestination(table=schema))
    template = template_of(stack)
    (found,) = resources(template, "AWS::KinesisFirehose::DeliveryStream")
    before = [template["Resources"][name] for name in found["DependsOn"]]
    assert [item["Properties"]["Permissions"] for item in before] == [["DESCRIBE", "SELECT"]]
    assert not [s for s in statements(stack) if s["Action"] == "lakeformation:GetDataAccess"]


def test_reads_its_stream_with_exact_permissions(stack: cdk.Stack, flights: Dataset) -> None:
    stream = Stream(stack, "Stream")
    delivery(stack, flights, source=stream)
    found = properties(template_of(stack), "AWS::KinesisFirehose::DeliveryStream")
    assert found["DeliveryStreamType"] == "KinesisStreamAsSource"
    assert "DeliveryStreamEncryptionConfigurationInput" not in found
    reading = statement(stack, "kinesis:GetRecords")
    assert reading["Resource"] == stack.resolve(stream.stream.stream_arn)
    assert {"kinesis:DescribeStream", "kinesis:ListShards"} < set(reading["Action"])
    assert [s["Resource"] for s in statements(stack) if s["Action"] == "kms:Decrypt"] == [
        stack.resolve(stream.key.key_arn)
    ]


def test_reads_a_stream_that_another_app_owns(stack: cdk.Stack, flights: Dataset) -> None:
    arn = stack.format_arn(service="kinesis", resource="stream", resource_name="theirs")
    delivery(stack, flights, source=kinesis.Stream.from_stream_arn(stack, "Theirs", arn))
    assert statement(stack, "kinesis:GetRecords")["Resource"]["Fn::Join"][1][-1] == ":stream/theirs"


def test_writes_to_its_prefixes_and_nowhere_else(stack: cdk.Stack, flights: Dataset) -> None:
    found = delivery(stack, flights)
    bucket = stack.resolve(found.zone.bucket.bucket_arn)
    objects = statement(stack, "s3:PutObject")
    assert objects["Action"] == ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"]
    assert objects["Resource"] == [
        {"Fn::Join": ["", [bucket, f"/{prefix}*"]]} for prefix in ("flights/", "errors/flights/")
    ]
    assert statement(stack, "s3:ListBucket") == {
        "Action": ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
        "Effect": "Allow",
        "Resource": bucket,
    }
    # No encryption context: with bucket keys it is the bucket's ARN, without them the object's.
    assert statement(stack, "kms:GenerateDataKey") == {
        "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
        "Effect": "Allow",
        "Resource": stack.resolve(found.zone.key.key_arn),
    }


def test_logs_to_one_encrypted_stream_that_exists(stack: cdk.Stack, flights: Dataset) -> None:
    found = delivery(stack, flights)
    template = template_of(stack)
    group = properties(template, "AWS::Logs::LogGroup")
    assert group["KmsKeyId"] == stack.resolve(found.zone.key.key_arn)
    assert group["RetentionInDays"] == 365
    (log_stream,) = [name for name, item in template["Resources"].items() if item["Type"] == "AWS::Logs::LogStream"]
    options = to_s3(stack)["CloudWatchLoggingOptions"]
    assert options["LogGroupName"] == stack.resolve(found.log_group.log_group_name)
    assert options["LogStreamName"] == {"Ref": log_stream}
    arn = statement(stack, "logs:PutLogEvents")["Resource"]["Fn::Join"][1]
    assert arn[-4:] == [":log-group:", options["LogGroupName"], ":log-stream:", {"Ref": log_stream}]


def test_its_role_has_its_permissions_before_it_exists(stack: cdk.Stack, flights: Dataset) -> None:
    delivery(stack, flights)
    template = template_of(stack)
    role = template["Resources"][to_s3(stack)["RoleARN"]["Fn::GetAtt"][0]]
    (policy,) = [arn["Ref"] for arn in role["Properties"]["ManagedPolicyArns"]]
    assert template["Resources"][policy]["Type"] == "AWS::IAM::ManagedPolicy"


def test_direct_put_is_encrypted_and_open_to_grantees(stack: cdk.Stack, flights: Dataset) -> None:
    found = delivery(stack, flights)
    found.grant_write(iam.Role(stack, "Producer", assumed_by=iam.AccountRootPrincipal()))
    resource = properties(template_of(stack), "AWS::KinesisFirehose::DeliveryStream")
    assert resource["DeliveryStreamType"] == "DirectPut"
    assert resource["DeliveryStreamEncryptionConfigurationInput"] == {
        "KeyType": "CUSTOMER_MANAGED_CMK",
        "KeyARN": stack.resolve(found.zone.key.key_arn),
    }
    (granted,) = properties(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    assert granted["Action"] == ["firehose:PutRecord", "firehose:PutRecordBatch"]
    assert granted["Resource"] == stack.resolve(found.delivery_stream_arn)


def test_refuses_direct_writers_when_it_reads_a_stream(stack: cdk.Stack, flights: Dataset) -> None:
    found = delivery(stack, flights, source=Stream(stack, "Stream"))
    with pytest.raises(ValueError, match="reads a stream; use grant_write of the stream"):
        found.grant_write(iam.Role(stack, "Producer", assumed_by=iam.AccountRootPrincipal()))


def test_transforms_records_before_anything_else(stack: cdk.Stack, flights: Dataset) -> None:
    called = function(stack)
    transform = Transform(
        function=called, buffer_size=Size.kibibytes(512), buffer_interval=Duration.seconds(90), retries=1
    )
    delivery(stack, flights, transform=transform, layout=ByPartitionKeys())
    arn = stack.resolve(called.function_arn)
    assert processors(stack)[0] == (
        "Lambda",
        {"LambdaArn": arn, "BufferSizeInMBs": "0.5", "BufferIntervalInSeconds": "90", "NumberOfRetries": "1"},
    )
    assert statement(stack, "lambda:InvokeFunction") == {
        "Action": ["lambda:InvokeFunction", "lambda:GetFunctionConfiguration"],
        "Effect": "Allow",
        "Resource": [arn, {"Fn::Join": ["", [arn, ":*"]]}],
    }


def test_invokes_one_version_when_it_is_given_one(stack: cdk.Stack, flights: Dataset) -> None:
    version = function(stack).current_version
    delivery(stack, flights, transform=Transform(function=version))
    assert statement(stack, "lambda:InvokeFunction")["Resource"] == stack.resolve(version.function_arn)


def test_alarms_are_about_this_delivery_and_tell_the_topic(stack: cdk.Stack, flights: Dataset) -> None:
    told, schema = topic(stack), table(stack, flights)
    found = DeliveryStream(stack, "Delivery", destination=ParquetDestination(table=schema), alarm_topic=told)
    alarms = [alarm["Properties"] for alarm in resources(template_of(stack), "AWS::CloudWatch::Alarm")]
    assert [(a["MetricName"], a["Statistic"], a["ComparisonOperator"], a["Threshold"]) for a in alarms] == [
        # Twice the buffer's 300 seconds and five minutes.
        ("DeliveryToS3.DataFreshness", "Maximum", "GreaterThanThreshold", 900),
        ("DeliveryToS3.Success", "Minimum", "LessThanThreshold", 1),
        ("PartitionCountExceeded", "Maximum", "GreaterThanThreshold", 0),
        ("FailedConversion.Records", "Sum", "GreaterThanThreshold", 0),
        ("ThrottledRecords", "Sum", "GreaterThanThreshold", 0),
    ]
    for alarm in alarms:
        assert alarm["Namespace"] == "AWS/Firehose"
        assert alarm["Dimensions"] == [
            {"Name": "DeliveryStreamName", "Value": stack.resolve(found.delivery_stream_name)}
        ]
        assert alarm["AlarmActions"] == [stack.resolve(told.topic_arn)]
        assert alarm["TreatMissingData"] == "notBreaching"


def test_no_conversion_means_no_alarm_for_it(stack: cdk.Stack, flights: Dataset) -> None:
    delivery(stack, flights, alarm_topic=topic(stack), freshness=Duration.minutes(10))
    alarms = [alarm["Properties"] for alarm in resources(template_of(stack), "AWS::CloudWatch::Alarm")]
    assert [(a["MetricName"], a["Threshold"]) for a in alarms] == [
        ("DeliveryToS3.DataFreshness", 600),
        ("DeliveryToS3.Success", 1),
        ("ThrottledRecords", 0),
    ]


def test_a_delivery_from_a_stream_is_throttled_by_the_stream(stack: cdk.Stack, flights: Dataset) -> None:
    delivery(stack, flights, source=Stream(stack, "Stream"), alarm_topic=topic(stack))
    alarms = [alarm["Properties"]["MetricName"] for alarm in resources(template_of(stack), "AWS::CloudWatch::Alarm")]
    assert alarms == ["DeliveryToS3.DataFreshness", "DeliveryToS3.Success", "ThrottledGetRecords"]


def test_refuses_a_freshness_that_the_stream_does_not_outlive(stack: cdk.Stack, flights: Dataset) -> None:
    with pytest.raises(ValueError, match="less than the 24 hours for which the stream keeps records, got 48 hours"):
        delivery(stack, flights, source=Stream(stack, "Stream"), alarm_topic=topic(stack), freshness=Duration.hours(48))


def test_refuses_a_freshness_that_the_buffer_cannot_meet(stack: cdk.Stack, flights: Dataset) -> None:
    with pytest.raises(ValueError, match="more than the 300 seconds that records wait in the buffer, got 300 seconds"):
        delivery(stack, flights, alarm_topic=topic(stack), freshness=Duration.minutes(5))


def test_refuses_a_freshness_that_nobody_is_told_of(stack: cdk.Stack, flights: Dataset) -> None:
    with pytest.raises(ValueError, match="give an 'alarm_topic'"):
        delivery(stack, flights, freshness=Duration.minutes(10))


def test_refuses_a_buffer_below_64_mb_with_conversion(stack: cdk.Stack, flights: Dataset) -> None:
    schema = table(stack, flights, layout=ArrivalTime())
    small = Buffer(size=Size.mebibytes(63))
    with pytest.raises(ValueError, match="'size' must be 64 to 128 MiB with conversion to Parquet, got 63 MiB"):
        DeliveryStream(stack, "Delivery", destination=ParquetDestination(table=schema), buffer=small)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prefix": "flights"}, "use 'flights/'"),
        ({"prefix": "a/!{timestamp:yyyy}/"}, "a prefix holds no expressions"),
        ({"prefix": "errors/flights/"}, "'errors/' is where failures go"),
        ({"prefix": f"{'x' * 500}/"}, "at most 512 characters, got 537"),
        ({"layout": Unpartitioned()}, "Firehose cannot write the layout Unpartitioned"),
        ({"layout": ByPartitionKeys(), "buffer": Buffer(size=Size.mebibytes(5))}, "with layout by partition keys"),
    ],
)
def test_refuses_what_firehose_refuses(
    stack: cdk.Stack, flights: Dataset, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        delivery(stack, flights, **options)


def test_refuses_partition_keys_of_records_that_are_not_json(stack: cdk.Stack, flights: Dataset) -> None:
    with pytest.raises(ValueError, match="finds partition keys in JSON records, but dataset 'flights' is csv"):
        delivery(stack, evolve(flights, format=DatasetFormat.CSV), layout=ByPartitionKeys())


def test_refuses_dates_that_would_not_be_folders_of_a_date(stack: cdk.Stack) -> None:
    day = Column(name="day", type="date", format="dd/MM/yyyy")
    dataset = Dataset(name="days", columns=[day, Column(name="n", type="int")], partition_keys=["day"])
    with pytest.raises(ValueError, match="partition key 'day' comes as 'dd/MM/yyyy'"):
        delivery(stack, dataset, layout=ByPartitionKeys())


def test_refuses_a_table_that_firehose_cannot_write(stack: cdk.Stack, flights: Dataset) -> None:
    database = table(stack, flights).database
    text = Table(stack, "Text", database=database, dataset=flights, table_name="text", format=DatasetFormat.JSON)
    csv = Table(stack, "Csv", database=database, dataset=evolve(flights, name="csv", format=DatasetFormat.CSV))
    flat = Table(stack, "Flat", database=database, dataset=flights, table_name="flat", layout=Unpartitioned())
    cases = (
        (text, "table 'text' reads json, but the delivery converts to Parquet"),
        (csv, "converts JSON records, but dataset 'csv' is csv"),
        (flat, "Firehose cannot write the layout Unpartitioned"),
    )
    for refused, message in cases:
        with pytest.raises(ValueError, match=message):
            ParquetDestination(table=refused)


def test_records_with_restricted_columns_are_out_of_reach_of_plain_readers(stack: cdk.Stack, flights: Dataset) -> None:
    secret = evolve(flights.column("delay"), classification="restricted")
    columns = [secret if column.name == "delay" else column for column in flights.columns]
    zone = Zone(stack, "Zone")
    zone.grant_read(iam.Role(stack, "Reader", assumed_by=iam.AccountRootPrincipal()))
    DeliveryStream(stack, "Delivery", destination=S3Destination(zone=zone, dataset=evolve(flights, columns=columns)))
    statements = properties(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    denied = [statement["Resource"] for statement in statements if statement["Effect"] == "Deny"]
    assert [arn["Fn::Join"][1][-1] for arn in denied] == ["/flights/*", "/errors/flights/*"]


def test_alarms_can_be_added_once_there_is_a_topic(stack: cdk.Stack, flights: Dataset) -> None:
    found = delivery(stack, flights)
    found.add_alarms(sns.Topic(stack, "Topic"), freshness=Duration.minutes(20))
    alarms = [alarm["Properties"] for alarm in resources(template_of(stack), "AWS::CloudWatch::Alarm")]
    late = next(alarm for alarm in alarms if alarm["MetricName"] == "DeliveryToS3.DataFreshness")
    assert late["Threshold"] == 1200
    assert late["Dimensions"] == [{"Name": "DeliveryStreamName", "Value": stack.resolve(found.delivery_stream_name)}]


def test_the_landing_is_where_the_records_lie(stack: cdk.Stack, flights: Dataset) -> None:
    found = delivery(stack, flights, prefix="raw/flights/").landing
    assert (found.prefix, found.format, found.layout) == ("raw/flights/", DatasetFormat.JSON, ArrivalTime())
    assert found.uri == f"s3://{found.zone.bucket.bucket_name}/raw/flights/"


def test_the_landing_of_converted_records_has_the_names_of_the_table(stack: cdk.Stack, flights: Dataset) -> None:
    schema = table(stack, flights)
    found = ParquetDestination(table=schema).landing
    assert (found.prefix, found.format, found.layout) == (schema.prefix, DatasetFormat.PARQUET, schema.layout)
    assert {column.source for column in found.dataset.columns} == {None}


def test_alarms_are_data_for_dashboards(stack: cdk.Stack, flights: Dataset) -> None:
    found = delivery(stack, flights, source=Stream(stack, "Stream"))
    assert [(spec.id, spec.metric, spec.statistic) for spec in found.alarm_specs] == [
        ("Late", "DeliveryToS3.DataFreshness", "Maximum"),
        ("WriteFailed", "DeliveryToS3.Success", "Minimum"),
        ("Throttled", "ThrottledGetRecords", "Sum"),
    ]
    assert {spec.dimensions["DeliveryStreamName"] for spec in found.alarm_specs} == {found.delivery_stream_name}


class HttpDestination(Destination):
    """A destination that is no zone, with all that one needs: records are sent to an HTTP endpoint."""

    receiver = "an HTTP endpoint"

    def buffering(self, buffer: Buffer) -> BufferingHints:
        return buffer.within(SIZE, INTERVAL, default=BufferingHints(megabytes=5, seconds=60))

    @property
    def permissions(self) -> tuple[Permission, ...]:
        return write_to_zone(self.zone, [self.error_prefix])

    def bind(self, scope: Construct, options: DestinationBindOptions) -> Mapping[str, Any]:
        ec2.SecurityGroup(scope, "SecurityGroup", vpc=ec2.Vpc(scope, "Vpc"))
        failed = firehose.CfnDeliveryStream.S3DestinationConfigurationProperty(
            bucket_arn=self.zone.bucket.bucket_arn,
            role_arn=options.role.role_arn,
            error_output_prefix=self.error_output_prefix,
        )
        configuration = firehose.CfnDeliveryStream.HttpEndpointDestinationConfigurationProperty(
            endpoint_configuration=firehose.CfnDeliveryStream.HttpEndpointConfigurationProperty(
                url="https://a.example"
            ),
            buffering_hints=firehose.CfnDeliveryStream.BufferingHintsProperty(
                size_in_m_bs=options.buffering.megabytes, interval_in_seconds=options.buffering.seconds
            ),
            cloud_watch_logging_options=options.logging,
            role_arn=options.role.role_arn,
            s3_configuration=failed,
        )
        return {"http_endpoint_destination_configuration": configuration}

    def alarm_specs(self, delivery_stream_name: str, late_after_seconds: float) -> tuple[AlarmSpec, ...]:
        metric = "DeliveryToHttpEndpoint.DataFreshness"
        late = delivery_alarm(delivery_stream_name, "Late", metric, "Late", threshold=late_after_seconds)
        return (late,)


def test_another_destination_brings_its_own_limits_permissions_prefix_and_metrics(
    stack: cdk.Stack, flights: Dataset
) -> None:
    destination = HttpDestination(zone=Zone(stack, "Zone"), dataset=flights)
    found = DeliveryStream(stack, "Delivery", destination=destination)
    assert [child.node.path for child in found.node.children if isinstance(child, ec2.SecurityGroup)] == [
        "Stack/Delivery/SecurityGroup"
    ]
    (role,) = [r for r in resources(template_of(stack), "AWS::IAM::Role") if "Description" in r["Properties"]]
    assert role["Properties"]["Description"] == "Delivers 'flights' to an HTTP endpoint"
    sent = properties(template_of(stack), "AWS::KinesisFirehose::DeliveryStream")
    assert sent["HttpEndpointDestinationConfiguration"]["BufferingHints"] == {"SizeInMBs": 5, "IntervalInSeconds": 60}
    assert "ExtendedS3DestinationConfiguration" not in sent
    assert statement(stack, "s3:PutObject")["Resource"]["Fn::Join"][1][-1] == "/errors/flights/*"
    assert [(spec.metric, spec.threshold) for spec in found.alarm_specs] == [
        ("DeliveryToHttpEndpoint.DataFreshness", 420),
        ("ThrottledRecords", 0),
    ]
    with pytest.raises(ValueError, match="delivery 'Stack/Delivery' is to a HttpDestination, which leaves no records"):
        _ = found.landing
    with pytest.raises(ValueError, match="a buffer's 'size' must be 1 to 64 MiB, got 65 MiB"):
        DeliveryStream(stack, "Large", destination=destination, buffer=Buffer(size=Size.mebibytes(65)))

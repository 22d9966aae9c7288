from __future__ import annotations

import base64
import gzip
import io
import json
import re
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pyarrow import orc, parquet

from local_cloud.engines.firehose import delivery
from local_cloud.engines.firehose.engine import FirehoseEngine
from local_cloud.engines.kinesis.engine import KinesisEngine
from local_cloud.engines.lambda_functions.engine import LambdaEngine
from local_cloud.errors import LocalCloudError
from local_cloud.server.runtime import Runtime
from template_checks.limits import firehose as limits
from tests.local_cloud.firehose.test_aggregation import AGGREGATED

REGION = "eu-west-1"
ROLE = "arn:aws:iam::123456789012:role/firehose"
BUCKET = "lake"
COLUMNS = [
    ("id", "bigint"),
    ("price", "decimal(9,2)"),
    ("at", "timestamp"),
    ("day", "date"),
    ("tags", "array<string>"),
    ("item", "struct<sku:string,qty:int>"),
]


@pytest.fixture(scope="module")
def engine(runtime: Runtime) -> Iterator[FirehoseEngine]:
    engine = FirehoseEngine(runtime)
    with engine.patches(), KinesisEngine(runtime).patches(), LambdaEngine(runtime).patches():
        engine.start()
        glue = runtime.client("glue", REGION)
        glue.create_database(DatabaseInput={"Name": "raw"})
        glue.create_table(
            DatabaseName="raw",
            TableInput={
                "Name": "orders",
                "StorageDescriptor": {"Columns": [{"Name": name, "Type": kind} for name, kind in COLUMNS]},
                "PartitionKeys": [{"Name": "dt", "Type": "string"}],
            },
        )
        yield engine


@pytest.fixture
def lake(runtime: Runtime, engine: FirehoseEngine) -> Iterator[Lake]:
    lake = Lake(runtime, engine)
    lake.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    yield lake
    lake.close()


class Lake:
    """A bucket and the delivery streams of one test."""

    def __init__(self, runtime: Runtime, engine: FirehoseEngine) -> None:
        self.engine = engine
        self.runtime = runtime
        self.s3 = runtime.client("s3", REGION)
        self.firehose = runtime.client("firehose", REGION)
        self.streams: list[str] = []

    def close(self) -> None:
        for name in self.streams:
            self.firehose.delete_delivery_stream(DeliveryStreamName=name)
        for key in self.objects():
            self.s3.delete_object(Bucket=BUCKET, Key=key)
        self.s3.delete_bucket(Bucket=BUCKET)

    def stream(self, name: str, *, source: str | None = None, **destination: Any) -> str:
        given: dict[str, Any] = {
            "RoleARN": ROLE,
            "BucketARN": f"arn:aws:s3:::{BUCKET}",
            "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 900},
            **destination,
        }
        arguments: dict[str, Any] = {"DeliveryStreamType": "DirectPut"}
        if source:
            configuration = {"KinesisStreamARN": source, "RoleARN": ROLE}
            arguments = {
                "DeliveryStreamType": "KinesisStreamAsSource",
                "KinesisStreamSourceConfiguration": configuration,
            }
        self.firehose.create_delivery_stream(
            DeliveryStreamName=name, ExtendedS3DestinationConfiguration=given, **arguments
        )
        self.streams.append(name)
        return name

    def put(self, stream: str, *records: bytes) -> None:
        for first in range(0, len(records), 500):
            batch = [{"Data": record} for record in records[first : first + 500]]
            answer = self.firehose.put_record_batch(DeliveryStreamName=stream, Records=batch)
            assert answer["FailedPutCount"] == 0

    def objects(self) -> list[str]:
        found = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return [item["Key"] for page in found for item in page.get("Contents", [])]

    def content(self, prefix: str = "") -> bytes:
        return b"".join(self.read(key) for key in self.objects() if key.startswith(prefix))

    def read(self, key: str) -> bytes:
        content: bytes = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return content

    def errors(self, prefix: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.content(prefix).splitlines()]


def processing(*processors: tuple[str, dict[str, str]]) -> dict[str, Any]:
    return {
        "Enabled": True,
        "Processors": [
            {
                "Type": kind,
                "Parameters": [{"ParameterName": n, "ParameterValue": v} for n, v in parameters.items()],
            }
            for kind, parameters in processors
        ],
    }


def conversion(deserializer: dict[str, Any] | None = None, serializer: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "Enabled": True,
        "SchemaConfiguration": {"DatabaseName": "raw", "TableName": "orders", "RoleARN": ROLE, "Region": REGION},
        "InputFormatConfiguration": {"Deserializer": deserializer or {"OpenXJsonSerDe": {}}},
        "OutputFormatConfiguration": {"Serializer": serializer or {"ParquetSerDe": {}}},
    }


def order(number: int, **changes: Any) -> bytes:
    values = {
        "ID": number,
        "price": "1.50",
        "at": "2026-01-02 03:04:05",
        "day": "2026-01-02",
        "tags": ["a"],
        "item": {"SKU": "x", "qty": 2},
        "dt": "2026-01-02",
        "unknown": 1,
    }
    return json.dumps({**values, **changes}).encode()


def test_records_wait_in_the_buffer_until_drained(lake: Lake) -> None:
    name = lake.stream("plain")
    lake.put(name, b"1", b"2")
    lake.firehose.put_record(DeliveryStreamName=name, Record={"Data": b"3"})
    assert lake.objects() == []

    lake.engine.drain()

    (key,) = lake.objects()
    assert lake.read(key) == b"123"
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\d\d/plain-1-\d{4}(-\d\d){5}-[0-9a-f-]{36}", key)
    lake.engine.drain()
    assert lake.objects() == [key]


def test_a_full_buffer_and_an_old_buffer_are_delivered_without_being_asked(lake: Lake) -> None:
    full = lake.stream("full", Prefix="full/", BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 900})
    old = lake.stream("old", Prefix="old/", BufferingHints={"SizeInMBs": 64, "IntervalInSeconds": 0})
    lake.put(full, b"x" * 600_000, b"x" * 600_000)
    lake.put(old, b"1")
    while len(lake.objects()) < 2:
        time.sleep(0.05)
    assert len(lake.content("full/")) == 1_200_000
    assert lake.content("old/") == b"1"


@pytest.mark.parametrize(
    ("compression", "extension", "content"),
    [
        ("GZIP", ".gz", gzip.decompress),
        ("ZIP", ".zip", lambda data: zipfile.ZipFile(io.BytesIO(data)).read("packed-1")),
        ("UNCOMPRESSED", "", lambda data: data),
    ],
)
def test_objects_are_compressed_and_named_for_it(lake: Lake, compression: str, extension: str, content: Any) -> None:
    name = lake.stream(
        "packed", CompressionFormat=compression, ProcessingConfiguration=processing(("AppendDelimiterToRecord", {}))
    )
    lake.put(name, b"1", b"2")
    lake.engine.drain()
    (key,) = lake.objects()
    assert content(lake.read(key)) == b"1\n2\n"
    assert key.endswith(extension)


def test_the_file_extension_and_the_time_zone_can_be_chosen(lake: Lake) -> None:
    prefix = "!{timestamp:yyyy-MM-dd}/"
    name = lake.stream(
        "named", FileExtension=".jsonl", CustomTimeZone="Pacific/Kiritimati", Prefix=prefix, ErrorOutputPrefix="e/"
    )
    before = datetime.now(UTC)
    lake.put(name, b"1")
    lake.engine.drain()
    (key,) = lake.objects()
    assert key.endswith(".jsonl")
    # Fourteen hours ahead of UTC all year.
    ahead = {
        datetime.fromtimestamp(before.timestamp() + 14 * 3600 + late, UTC).strftime("%Y-%m-%d") for late in (0, 60)
    }
    assert key.split("/")[0] in ahead


def test_partitions_by_what_the_records_say(lake: Lake) -> None:
    name = lake.stream(
        "partitioned",
        Prefix="t=!{partitionKeyFromQuery:type}/d=!{timestamp:yyyy}/",
        ErrorOutputPrefix="e/!{firehose:error-output-type}/",
        DynamicPartitioningConfiguration={"Enabled": True},
        ProcessingConfiguration=processing(
            ("AppendDelimiterToRecord", {"Delimiter": "\\n"}),
            ("MetadataExtraction", {"MetadataExtractionQuery": "{type: .type}", "JsonParsingEngine": "JQ-1.6"}),
            ("RecordDeAggregation", {"SubRecordType": "JSON"}),
        ),
    )
    lake.put(name, b'{"type":"a","n":1}', b"broken", b'{"type":"b","n":2}{"type":"a","n":3}')
    lake.engine.drain()
    year = f"{datetime.now(UTC):%Y}"
    assert lake.content(f"t=a/d={year}/") == b'{"type":"a","n":1}\n{"type":"a","n":3}\n'
    assert lake.content(f"t=b/d={year}/") == b'{"type":"b","n":2}\n'
    (error,) = lake.errors("e/metadata-extraction-failed/")
    assert error["errorCode"] == "DynamicPartitioning.MetadataExtractionFailed"
    assert base64.b64decode(error["rawData"]) == b"broken"
    assert len(lake.objects()) == 3


def test_records_beyond_the_active_partitions_go_to_the_error_prefix(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_ACTIVE_PARTITIONS", 2)
    name = lake.stream(
        "many",
        Prefix="!{partitionKeyFromQuery:k}/",
        ErrorOutputPrefix="e/",
        DynamicPartitioningConfiguration={"Enabled": True},
        ProcessingConfiguration=processing(
            ("MetadataExtraction", {"MetadataExtractionQuery": "{k: .k}", "JsonParsingEngine": "JQ-1.6"})
        ),
    )
    lake.put(name, *(b'{"k":"%d"}' % key for key in (1, 2, 3, 1)))
    lake.engine.drain()
    assert lake.content("1/") == b'{"k":"1"}{"k":"1"}'
    assert [error["errorCode"] for error in lake.errors("e/")] == ["DynamicPartitioning.ActivePartitionsLimitExceeded"]


def test_converts_to_parquet_by_the_columns_of_the_table(lake: Lake) -> None:
    name = lake.stream("converted", Prefix="good/", DataFormatConversionConfiguration=conversion())
    lake.put(name, order(1), order(2, price=2.005, at=1767323045) + order(3, tags=None, item=None))
    lake.engine.drain()
    (key,) = lake.objects()
    assert key.endswith(".parquet")
    file = parquet.ParquetFile(io.BytesIO(lake.read(key)))
    assert file.metadata.row_group(0).column(0).compression == "SNAPPY"
    rows = file.read().to_pylist()
    assert [list(row) for row in rows] == [[name for name, _ in COLUMNS]] * 3
    assert [row["id"] for row in rows] == [1, 2, 3]
    assert [str(row["price"]) for row in rows] == ["1.50", "2.01", "1.50"]
    assert {row["at"] for row in rows} == {datetime(2026, 1, 2, 3, 4, 5)}
    assert [row["item"] for row in rows] == [{"sku": "x", "qty": 2}, {"sku": "x", "qty": 2}, None]
    called = {(call.action, call.resource) for call in lake.runtime.recording.calls if call.role == ROLE}
    assert {("glue:GetTable", "raw/orders"), ("s3:PutObject", f"{BUCKET}/{key}")} <= called


@pytest.mark.parametrize("compression", ["GZIP", "UNCOMPRESSED"])
def test_parquet_is_compressed_as_deployed(lake: Lake, compression: str) -> None:
    given = conversion(serializer={"ParquetSerDe": {"Compression": compression}})
    name = lake.stream("compressed", DataFormatConversionConfiguration=given)
    lake.put(name, order(1))
    lake.engine.drain()
    (key,) = lake.objects()
    assert parquet.ParquetFile(io.BytesIO(lake.read(key))).metadata.row_group(0).column(0).compression == compression


def test_converts_to_orc(lake: Lake) -> None:
    given = conversion(serializer={"OrcSerDe": {"Compression": "ZLIB"}})
    name = lake.stream("orc", DataFormatConversionConfiguration=given)
    lake.put(name, order(1), order(2))
    lake.engine.drain()
    (key,) = lake.objects()
    assert key.endswith(".orc")
    assert orc.ORCFile(io.BytesIO(lake.read(key))).read().column("id").to_pylist() == [1, 2]


def test_digits_are_kept_inside_arrays_too(lake: Lake, runtime: Runtime) -> None:
    columns = [{"Name": "prices", "Type": "array<decimal(38,18)>"}, {"Name": "note", "Type": "string"}]
    table = {"Name": "prices", "StorageDescriptor": {"Columns": columns}}
    runtime.client("glue", REGION).create_table(DatabaseName="raw", TableInput=table)
    given = conversion()
    given["SchemaConfiguration"]["TableName"] = "prices"
    name = lake.stream("digits", DataFormatConversionConfiguration=given)
    digits = "12345678901234567890.123456789012345678"
    lake.put(name, f'{{"prices": [{digits}], "note": 1.50}}'.encode())
    lake.engine.drain()
    (row,) = parquet.read_table(io.BytesIO(lake.content())).to_pylist()
    assert ([str(price) for price in row["prices"]], row["note"]) == ([digits], "1.50")


def test_columns_can_take_another_key(lake: Lake) -> None:
    given = conversion({"OpenXJsonSerDe": {"ColumnToJsonKeyMappings": {"id": "orderNumber"}}})
    name = lake.stream("mapped", DataFormatConversionConfiguration=given)
    lake.put(name, order(1, orderNumber=42))
    lake.engine.drain()
    assert parquet.read_table(io.BytesIO(lake.content())).column("id").to_pylist() == [42]


def test_a_record_that_cannot_be_converted_does_not_take_its_neighbours_along(lake: Lake) -> None:
    name = lake.stream(
        "mixed",
        Prefix="good/!{timestamp:yyyy}/",
        ErrorOutputPrefix="bad/!{firehose:error-output-type}/",
        DataFormatConversionConfiguration=conversion(),
    )
    bad = [order(0, ID="seven"), b'{"id": 1', b"[]", b"", b"  ", order(0, price="1" * 9), order(0) + b"{"]
    lake.put(name, order(1), *bad, order(2))
    lake.engine.drain()
    rows = parquet.read_table(io.BytesIO(lake.content("good/"))).column("id").to_pylist()
    assert rows == [1, 2]
    errors = lake.errors("bad/format-conversion-failed/")
    assert [base64.b64decode(error["rawData"]) for error in errors] == bad
    assert [error["lastErrorCode"].split(".")[1] for error in errors] == [
        "MalformedData",
        "ParseError",
        "MalformedData",
        "MalformedData",
        "MalformedData",
        "MalformedData",
        "ParseError",
    ]
    assert errors[0]["attemptsMade"] == 1
    table = errors[0]["dataCatalogTable"]
    assert (table["databaseName"], table["tableName"], table["region"]) == ("raw", "orders", REGION)


def test_without_its_table_every_record_is_an_error(lake: Lake) -> None:
    given = conversion()
    given["SchemaConfiguration"]["TableName"] = "absent"
    name = lake.stream("tableless", ErrorOutputPrefix="bad/", DataFormatConversionConfiguration=given)
    lake.put(name, order(1), order(2))
    lake.engine.drain()
    assert len(lake.errors("bad/format-conversion-failed/")) == 2
    assert len(lake.objects()) == 1


def deployed(lake: Lake, name: str, code: str) -> str:
    """Return the ARN of a new function."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("index.py", code)
    role = lake.runtime.client("iam", REGION).create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    function = lake.runtime.client("lambda", REGION).create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": archive.getvalue()},
        Timeout=30,
    )
    return str(function["FunctionArn"])


def test_a_deployed_function_transforms_the_records_of_a_data_stream(lake: Lake) -> None:
    code = """
import base64, json
def handler(event, context):
    assert event["sourceKinesisStreamArn"].endswith("stream/clicks")
    answer = []
    for record in event["records"]:
        number = json.loads(base64.b64decode(record["data"]))["n"]
        if number % 4 == 3:
            answer.append({"recordId": record["recordId"], "result": "ProcessingFailed", "data": record["data"]})
        elif number % 4 == 2:
            answer.append({"recordId": record["recordId"], "result": "Dropped", "data": record["data"]})
        else:
            data = base64.b64encode(json.dumps({"double": number * 2}).encode()).decode()
            keys = {"half": str(number % 2)}
            answer.append(
                {"recordId": record["recordId"], "result": "Ok", "data": data, "metadata": {"partitionKeys": keys}}
            )
    return {"records": answer}
"""
    function = deployed(lake, "transform", code)
    kinesis = lake.runtime.client("kinesis", REGION)
    kinesis.create_stream(StreamName="clicks", ShardCount=2)
    source = kinesis.describe_stream(StreamName="clicks")["StreamDescription"]["StreamARN"]
    lake.stream(
        "clicks",
        source=source,
        Prefix="half=!{partitionKeyFromLambda:half}/!{timestamp:yyyy}/",
        ErrorOutputPrefix="e/!{firehose:error-output-type}/",
        DynamicPartitioningConfiguration={"Enabled": True},
        ProcessingConfiguration=processing(
            ("Lambda", {"LambdaArn": f"{function}:$LATEST", "BufferSizeInMBs": "1"}),
            ("AppendDelimiterToRecord", {}),
        ),
    )
    for first in range(0, 1000, 500):
        records = [{"Data": b'{"n":%d}' % n, "PartitionKey": str(n)} for n in range(first, first + 500)]
        kinesis.put_records(StreamName="clicks", Records=records)

    lake.engine.drain()
    lake.engine.drain()

    even = [json.loads(line)["double"] for line in lake.content("half=0/").splitlines()]
    odd = [json.loads(line)["double"] for line in lake.content("half=1/").splitlines()]
    assert sorted(even) == [n * 2 for n in range(1000) if n % 4 == 0]
    assert sorted(odd) == [n * 2 for n in range(1000) if n % 4 == 1]
    assert len(lake.errors("e/processing-failed/")) == 250
    with pytest.raises(ClientError, match="not permitted on KinesisStreamAsSource"):
        lake.put("clicks", b"1")
    called = {call.action for call in lake.runtime.recording.calls if call.role == ROLE}
    assert {"kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords", "lambda:InvokeFunction"} <= called


def test_nothing_is_lost_or_doubled_when_a_delivery_fails(lake: Lake, runtime: Runtime) -> None:
    kinesis = runtime.client("kinesis", REGION)
    kinesis.create_stream(StreamName="numbers", ShardCount=1)
    source = kinesis.describe_stream(StreamName="numbers")["StreamDescription"]["StreamARN"]
    lake.stream(
        "numbers",
        source=source,
        BucketARN="arn:aws:s3:::late",
        Prefix="!{partitionKeyFromQuery:k}/!{timestamp:yyyy}/",
        ErrorOutputPrefix="e/",
        DynamicPartitioningConfiguration={"Enabled": True},
        ProcessingConfiguration=processing(
            ("MetadataExtraction", {"MetadataExtractionQuery": "{k: .k}", "JsonParsingEngine": "JQ-1.6"}),
            ("AppendDelimiterToRecord", {}),
        ),
    )
    for number in range(4):
        kinesis.put_record(StreamName="numbers", Data=b'{"k":"%d"}' % (number % 2), PartitionKey="p")
    for _ in range(2):
        with pytest.raises(LocalCloudError, match="delivery stream numbers cannot deliver: MissingBucket"):
            lake.engine.drain()

    lake.s3.create_bucket(Bucket="late", CreateBucketConfiguration={"LocationConstraint": REGION})
    lake.engine.drain()
    lake.engine.drain()

    found = lake.s3.list_objects_v2(Bucket="late")["Contents"]
    lines = [lake.s3.get_object(Bucket="late", Key=item["Key"])["Body"].read().splitlines() for item in found]
    assert sorted(lines) == [[b'{"k":"0"}'] * 2, [b'{"k":"1"}'] * 2]


def data_stream(runtime: Runtime, name: str) -> tuple[Any, str]:
    kinesis = runtime.client("kinesis", REGION)
    kinesis.create_stream(StreamName=name, ShardCount=1)
    return kinesis, kinesis.describe_stream(StreamName=name)["StreamDescription"]["StreamARN"]


def test_reads_what_is_put_after_it_was_created_also_after_a_split(lake: Lake, runtime: Runtime) -> None:
    kinesis, source = data_stream(runtime, "split")
    kinesis.put_record(StreamName="split", Data=b"too early\n", PartitionKey="k")
    lake.stream("reader", source=source)
    kinesis.put_record(StreamName="split", Data=b"before\n", PartitionKey="k")
    (shard,) = kinesis.list_shards(StreamName="split")["Shards"]
    kinesis.split_shard(StreamName="split", ShardToSplit=shard["ShardId"], NewStartingHashKey=str(2**127))
    for number in range(20):
        kinesis.put_record(StreamName="split", Data=b"%d\n" % number, PartitionKey=str(number))
    lake.engine.drain()
    lines = lake.content().split()
    assert lines[0] == b"before"
    assert sorted(map(int, lines[1:])) == list(range(20))


def test_takes_apart_what_a_producer_has_aggregated(lake: Lake, runtime: Runtime) -> None:
    kinesis, source = data_stream(runtime, "aggregated")
    lake.stream("apart", source=source, Prefix="good/", ErrorOutputPrefix="e/")
    lake.stream("converted", source=source, ErrorOutputPrefix="e/", DataFormatConversionConfiguration=conversion())
    kinesis.put_record(StreamName="aggregated", Data=AGGREGATED, PartitionKey="k")
    kinesis.put_record(StreamName="aggregated", Data=b"alone", PartitionKey="k")
    lake.engine.drain()
    assert lake.content("good/") == b'{"i":1}\n{"i":2}\n' + b"x" * 130 + b"alone"
    errors = [(error["rawData"], error["subSequenceNumber"]) for error in lake.errors("e/format-conversion-failed/")]
    assert errors == [(base64.b64encode(b"x" * 130).decode(), 2), (base64.b64encode(b"alone").decode(), None)]


def test_a_record_has_a_thousand_kibibytes(lake: Lake) -> None:
    stream = lake.stream("large")
    lake.put(stream, b"x" * 1_024_000)
    with pytest.raises(ClientError, match=r"'data' failed .* less than or equal to 1024000"):
        lake.put(stream, b"y", b"x" * 1_024_001)
    lake.engine.drain()
    assert lake.content() == b"x" * 1_024_000


def test_a_hundred_thousand_records_arrive_once_each(lake: Lake) -> None:
    name = lake.stream(
        "many",
        Prefix="p=!{partitionKeyFromQuery:p}/!{timestamp:yyyy}/",
        ErrorOutputPrefix="e/",
        CompressionFormat="GZIP",
        DynamicPartitioningConfiguration={"Enabled": True},
        ProcessingConfiguration=processing(
            ("MetadataExtraction", {"MetadataExtractionQuery": "{p: .p}", "JsonParsingEngine": "JQ-1.6"}),
            ("AppendDelimiterToRecord", {}),
        ),
    )
    lake.put(name, *(b'{"n":%d,"p":"%d"}' % (number, number % 3) for number in range(100_000)))
    lake.engine.drain()
    numbers = [json.loads(line)["n"] for key in lake.objects() for line in gzip.decompress(lake.read(key)).splitlines()]
    assert sorted(numbers) == list(range(100_000))


@pytest.mark.parametrize(
    ("destination", "message"),
    [
        ({"CompressionFormat": "Snappy"}, "CompressionFormat Snappy cannot be written"),
        ({"Prefix": "!{timestamp:YYYY}/", "ErrorOutputPrefix": "e/"}, "'YYYY' in the timestamp pattern"),
        ({"ProcessingConfiguration": processing(("Decompression", {}))}, "processor Decompression is not run"),
        (
            {"DataFormatConversionConfiguration": conversion({"HiveJsonSerDe": {"TimestampFormats": ["yyyy"]}})},
            "TimestampFormats",
        ),
    ],
)
def test_what_cannot_be_run_is_refused_at_deployment(lake: Lake, destination: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        lake.stream("refused", **destination)


def test_an_update_changes_how_the_next_delivery_is_made(lake: Lake) -> None:
    name = lake.stream("updated", Prefix="one/")
    lake.put(name, b"1")
    lake.firehose.update_destination(
        DeliveryStreamName=name,
        CurrentDeliveryStreamVersionId="1",
        DestinationId="destinationId-000000000001",
        ExtendedS3DestinationUpdate={"Prefix": "two/"},
    )
    lake.engine.drain()
    (key,) = lake.objects()
    assert key.startswith("two/")
    assert "/updated-2-" in key


EXTRACTION = processing(("MetadataExtraction", {"MetadataExtractionQuery": "{k: .k}", "JsonParsingEngine": "JQ-1.6"}))
PARTITIONED = {
    "DynamicPartitioningConfiguration": {"Enabled": True},
    "ErrorOutputPrefix": "e/",
    "ProcessingConfiguration": EXTRACTION,
}


@pytest.mark.parametrize(
    ("destination", "message"),
    [
        ({"Prefix": "a/!{timestamp:yyyy}/"}, "ErrorOutputPrefix is missing"),
        ({"Prefix": "a/!{partitionKeyFromQuery:k}/", "ErrorOutputPrefix": "e/"}, "with dynamic partitioning enabled"),
        ({"Prefix": "a/", **PARTITIONED}, "a prefix with the keys"),
        ({"Prefix": "a/!{partitionKeyFromQuery:zz}/", **PARTITIONED}, "keys that the query yields: k"),
        (
            {
                "Prefix": "a/!{partitionKeyFromQuery:k}/",
                **PARTITIONED,
                "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60},
            },
            "SizeInMBs is 1, allowed is 64 to 128 MiB",
        ),
        ({"BufferingHints": {"SizeInMBs": 5}}, "IntervalInSeconds is missing"),
        ({"DataFormatConversionConfiguration": conversion(), "CompressionFormat": "GZIP"}, "UNCOMPRESSED"),
        ({"DataFormatConversionConfiguration": {"Enabled": True}}, "InputFormatConfiguration is missing"),
        ({"ProcessingConfiguration": processing(("Lambda", {"BufferSizeInMBs": "4", "LambdaArn": "a"}))}, "0.2 to 3"),
        ({"FileExtension": "PARQUET"}, "FileExtension"),
    ],
)
def test_what_aws_refuses_is_refused_at_creation_and_at_an_update(
    lake: Lake, destination: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=rf"InvalidArgumentException.*{message}"):
        lake.stream("refused", **destination)
    name = lake.stream("taken")
    with pytest.raises(ClientError, match=rf"InvalidArgumentException.*{message}"):
        lake.firehose.update_destination(
            DeliveryStreamName=name,
            CurrentDeliveryStreamVersionId="1",
            DestinationId="destinationId-000000000001",
            ExtendedS3DestinationUpdate=destination,
        )


def test_the_local_cloud_refuses_what_the_limits_of_the_checks_say(lake: Lake) -> None:
    least, most = limits.BUFFER_INTERVAL.ends
    for interval in (least, most):
        lake.stream(f"i{interval:.0f}", BufferingHints={"SizeInMBs": 5, "IntervalInSeconds": int(interval)})
    with pytest.raises(ClientError, match=f"allowed is {limits.BUFFER_INTERVAL}"):
        lake.stream("long", BufferingHints={"SizeInMBs": 5, "IntervalInSeconds": int(most) + 1})


def test_an_update_to_what_cannot_be_run_is_refused(lake: Lake) -> None:
    name = lake.stream("kept")
    with pytest.raises(ClientError, match="CompressionFormat Snappy cannot be written"):
        lake.firehose.update_destination(
            DeliveryStreamName=name,
            CurrentDeliveryStreamVersionId="1",
            DestinationId="destinationId-000000000001",
            ExtendedS3DestinationUpdate={"CompressionFormat": "Snappy"},
        )


def test_records_that_a_function_answers_wrongly_are_in_the_error_prefix(lake: Lake) -> None:
    code = "def handler(event, _):\n    return {'records': [{**event['records'][0], 'result': 'Ok', 'data': '!!!'}]}"
    function = deployed(lake, "wrong", code)
    processors = processing(("Lambda", {"LambdaArn": function}))
    name = lake.stream("answers", Prefix="ok/", ErrorOutputPrefix="bad/", ProcessingConfiguration=processors)
    lake.put(name, b"1", b"2")
    lake.engine.drain()
    assert lake.content("ok/") == b""
    errors = lake.errors("bad/processing-failed/")
    assert [(error["errorCode"], base64.b64decode(error["rawData"])) for error in errors] == [
        ("Lambda.FunctionError", b"1"),
        ("Lambda.FunctionError", b"2"),
    ]

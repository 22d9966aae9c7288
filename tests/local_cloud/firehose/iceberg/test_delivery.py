"""Deliveries into Iceberg tables of a whole local cloud: puts, buffers, commits and Athena."""

from __future__ import annotations

import base64
import gzip
import json
import random
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError
from tests import queries
from tests.local_cloud.firehose.test_engine import processing

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/firehose"
FIELDS = [("id", "long", True), ("name", "string", False), ("day", "date", False)]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as cloud:
        for bucket in ("lake", "results"):
            cloud.client("s3").create_bucket(Bucket=bucket)
        cloud.client("glue").create_database(DatabaseInput={"Name": "shop"})
        yield cloud


@pytest.fixture
def lake(cloud: LocalCloud, request: pytest.FixtureRequest) -> Lake:
    return Lake(cloud, re.sub(r"\W+", "_", request.node.name.removeprefix("test_"))[:60].rstrip("_"))


class Lake:
    """A table and the delivery stream of one test, which have its name."""

    def __init__(self, cloud: LocalCloud, name: str) -> None:
        self.cloud = cloud
        self.name = name
        self.firehose = cloud.client("firehose")
        self.table(name)

    def table(self, name: str, *, partition: str | None = None, identifiers: tuple[int, ...] = ()) -> None:
        fields = [
            {"Id": number, "Name": column, "Type": kind, "Required": required}
            for number, (column, kind, required) in enumerate(FIELDS, start=1)
        ]
        spec = {"SourceId": 3, "Transform": partition, "Name": "day_part", "FieldId": 1000}
        table = {
            "Location": f"s3://lake/tables/{name}/",
            "Schema": {"Type": "struct", "Fields": fields, "IdentifierFieldIds": list(identifiers)},
            **({"PartitionSpec": {"Fields": [spec]}} if partition else {}),
        }
        self.cloud.client("glue").create_table(
            DatabaseName="shop",
            Name=name,
            OpenTableFormatInput={"IcebergInput": {"MetadataOperation": "CREATE", "CreateIcebergTableInput": table}},
        )

    def stream(self, *tables: dict[str, Any], processors: tuple[Any, ...] = (), **changes: Any) -> None:
        listed = tables or ({"DestinationTableName": self.name},)
        self.firehose.create_delivery_stream(
            DeliveryStreamName=self.name,
            DeliveryStreamType="DirectPut",
            IcebergDestinationConfiguration={
                "RoleARN": ROLE,
                "CatalogConfiguration": {
                    "CatalogARN": f"arn:aws:glue:{self.firehose.meta.region_name}:{ACCOUNT}:catalog"
                },
                "DestinationTableConfigurationList": [{"DestinationDatabaseName": "shop", **one} for one in listed],
                "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 900},
                "S3Configuration": {
                    "RoleARN": ROLE,
                    "BucketARN": "arn:aws:s3:::lake",
                    "ErrorOutputPrefix": f"errors/{self.name}/",
                },
                **({"ProcessingConfiguration": processing(*processors)} if processors else {}),
                **changes,
            },
        )

    def put(self, *records: Any) -> None:
        data = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in records]
        for first in range(0, len(data), 500):
            batch = [{"Data": one} for one in data[first : first + 500]]
            answer = self.firehose.put_record_batch(DeliveryStreamName=self.name, Records=batch)
            assert answer["FailedPutCount"] == 0

    def rows(self, name: str | None = None) -> list[tuple[str | None, ...]]:
        return self.athena(f"select id, name, day from {name or self.name} order by id, name")

    def commits(self, name: str | None = None) -> int:
        ((count,),) = self.athena(f'select count(*) from "{name or self.name}$snapshots"')
        return int(count or 0)

    def athena(self, sql: str) -> list[tuple[str | None, ...]]:
        rows = queries.athena(
            self.cloud.client("athena"),
            sql,
            QueryExecutionContext={"Database": "shop"},
            ResultConfiguration={"OutputLocation": "s3://results/"},
        )
        return [tuple(row) for row in rows]

    def errors(self, prefix: str | None = None) -> list[dict[str, Any]]:
        s3 = self.cloud.client("s3")
        listed = s3.list_objects_v2(Bucket="lake", Prefix=prefix or f"errors/{self.name}/").get("Contents", [])
        bodies = (s3.get_object(Bucket="lake", Key=item["Key"])["Body"].read() for item in listed)
        plain = (gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body for body in bodies)
        return [json.loads(line) for body in plain for line in body.splitlines()]


def order(number: int, name: str | None = "a", day: str | None = "2026-01-02") -> dict[str, Any]:
    return {"id": number, "name": name, "day": day}


def row(number: int, name: str | None = "a", day: str | None = "2026-01-02") -> tuple[str | None, ...]:
    return (str(number), name, day)


def routing(query: str) -> tuple[Any, ...]:
    return (("MetadataExtraction", {"MetadataExtractionQuery": query, "JsonParsingEngine": "JQ-1.6"}),)


def test_records_wait_in_the_buffer_and_become_one_commit(lake: Lake) -> None:
    lake.stream()
    lake.put(*(order(number) for number in range(700)), order(0))
    assert lake.rows() == []

    lake.cloud.drain()

    # Without an operation each record is a new row, also one that has been there before.
    assert lake.rows() == sorted([row(0), *(row(number) for number in range(700))], key=lambda one: int(one[0] or 0))
    assert lake.commits() == 1
    lake.cloud.drain()
    assert lake.commits() == 1


def test_a_full_buffer_is_delivered_without_being_asked(lake: Lake) -> None:
    lake.stream(BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 900})
    lake.put(order(1, "x" * 600_000), order(2, "x" * 600_000))
    while len(lake.rows()) < 2:
        time.sleep(0.05)


@pytest.mark.parametrize("partition", [None, "month", "identity", "bucket[4]"])
def test_updates_and_deletes_leave_what_a_dictionary_would_hold(lake: Lake, partition: str | None) -> None:
    name = f"dictionary_{re.sub(r'[^a-z]', '', partition or '')}"
    lake.table(name, partition=partition)
    # An update finds its row in one partition only, so that the key has the column of the partitions.
    lake.stream(
        {"DestinationTableName": name, "UniqueKeys": ["id", "day"]},
        processors=routing(f'{{destinationDatabaseName: "shop", destinationTableName: "{name}", operation: .op}}'),
    )
    chosen = random.Random(7)
    expected: dict[tuple[int, str], str] = {}
    for delivery in range(3):
        records = []
        for number in range(60):
            key = (chosen.randrange(12), f"2026-0{chosen.randrange(1, 4)}-01")
            operation = chosen.choice(["update", "update", "delete"])
            records.append({**order(key[0], f"{delivery}-{number}", key[1]), "op": operation})
            if operation == "update":
                expected[key] = f"{delivery}-{number}"
            else:
                expected.pop(key, None)
        lake.put(*records)
        lake.cloud.drain()
        assert sorted(lake.rows(name)) == sorted(row(number, value, day) for (number, day), value in expected.items())
    assert lake.errors() == []
    assert lake.commits(name) == 3


def test_bad_records_go_to_the_error_prefix_and_every_record_is_accounted_for(lake: Lake) -> None:
    lake.stream({"DestinationTableName": lake.name, "UniqueKeys": ["id"]})
    bad = {
        b"broken": "Iceberg.InvalidRecord",
        b'{"id": 1}{"id": 2}': "Iceberg.InvalidRecord",
        b"[]": "Iceberg.InvalidRecord",
        b'{"id": "x", "name": "a", "day": null}': "Iceberg.InvalidRecord",
        b'{"id": null, "name": "a", "day": null}': "Iceberg.InvalidRecord",
        b'{"id": 1, "name": 2, "day": null}': "Iceberg.InvalidRecord",
        b'{"id": 1, "name": "a"}': "Iceberg.MissingColumnWithinRecord",
        b'{"ID": 1, "name": "a", "day": null}': "Iceberg.MissingColumnWithinRecord",
    }
    good = [order(number) for number in range(20)]
    # A member without a column is skipped.
    lake.put(*good, {**order(20), "more": 1}, order(21, None, None), *bad)
    lake.cloud.drain()

    assert len(lake.rows()) == len(good) + 2
    errors = lake.errors(f"errors/{lake.name}/iceberg-failed/")
    assert {base64.b64decode(error["rawData"]): error["errorCode"] for error in errors} == bad
    assert len(errors) == len(lake.errors()) == len(bad)
    assert set(errors[0]) == {
        *("attemptsMade", "arrivalTimestamp", "errorCode", "errorMessage", "attemptEndingTimestamp", "rawData")
    }
    assert lake.commits() == 1


def test_routes_records_by_jq_and_fails_those_without_a_table(lake: Lake) -> None:
    for name in ("routed_a", "routed_b"):
        lake.table(name)
    lake.stream(
        {"DestinationTableName": "routed_a"},
        {"DestinationTableName": "routed_b", "S3ErrorOutputPrefix": "errors_of_b/"},
        processors=routing('{destinationDatabaseName: "shop", destinationTableName: .to, operation: .op}'),
    )
    records = [
        {**order(1), "to": "routed_a"},
        {**order(2), "to": "routed_b", "op": "insert"},
        # Without keys there is no row to update.
        {**order(3), "to": "routed_b", "op": "update"},
        {**order(4), "to": "routed_c"},
        {**order(5), "to": None},
        {**order(6), "to": "routed_a", "op": "upsert"},
    ]
    lake.put(*records, b"broken")
    lake.cloud.drain()
    assert lake.rows("routed_a") == [row(1)]
    assert lake.rows("routed_b") == [row(2)]
    (of_b,) = lake.errors("errors_of_b/iceberg-failed/")
    assert of_b["errorCode"] == "Iceberg.InvalidUniqueKeys"
    assert sorted(error["errorCode"] for error in lake.errors()) == [
        "DynamicPartitioning.MetadataExtractionFailed",
        "Iceberg.InvalidOperation",
        "Iceberg.InvalidTableName",
        "Iceberg.NoSuchTable",
    ]


def test_a_table_of_its_own_may_have_its_identifier_fields_as_keys(lake: Lake) -> None:
    lake.table("identified", identifiers=(1,))
    lake.stream(
        {"DestinationTableName": "identified"},
        processors=routing(
            '{destinationDatabaseName: "shop", destinationTableName: "identified", operation: "update"}'
        ),
    )
    lake.put(order(1, "a"), order(2, "a"), order(1, "b"))
    lake.cloud.drain()
    lake.put(order(2, "c"))
    lake.cloud.drain()
    assert lake.rows("identified") == [row(1, "b"), row(2, "c")]


def test_an_update_finds_no_row_in_another_partition(lake: Lake) -> None:
    lake.table("elsewhere", partition="month")
    lake.stream(
        {"DestinationTableName": "elsewhere", "UniqueKeys": ["id"]},
        processors=routing('{destinationDatabaseName: "shop", destinationTableName: "elsewhere", operation: "update"}'),
    )
    lake.put(order(1, "old", "2026-01-02"))
    lake.cloud.drain()
    lake.put(order(1, "new", "2026-02-02"), order(1, "newer", "2026-02-03"))
    lake.cloud.drain()
    assert lake.rows("elsewhere") == [row(1, "newer", "2026-02-03"), row(1, "old", "2026-01-02")]


def test_deleting_what_is_not_there_commits_nothing(lake: Lake) -> None:
    table = f'destinationDatabaseName: "shop", destinationTableName: "{lake.name}"'
    lake.stream(
        {"DestinationTableName": lake.name, "UniqueKeys": ["id"]},
        processors=routing(f'{{{table}, operation: "delete"}}'),
    )
    # A delete needs no more than the keys.
    lake.put({"id": 1})
    lake.cloud.drain()
    assert (lake.commits(), lake.errors()) == (0, [])


def test_rows_that_athena_has_deleted_stay_deleted(lake: Lake) -> None:
    table = f'destinationDatabaseName: "shop", destinationTableName: "{lake.name}"'
    lake.stream(
        {"DestinationTableName": lake.name, "UniqueKeys": ["id"]},
        processors=routing(f'{{{table}, operation: "update"}}'),
    )
    lake.put(order(1), order(2), order(3))
    lake.cloud.drain()
    lake.athena(f"delete from {lake.name} where id = 2")
    lake.put(order(3, "b"))
    lake.cloud.drain()
    assert lake.rows() == [row(1), row(3, "b")]


def test_a_unique_key_without_a_column_fails_every_record(lake: Lake) -> None:
    lake.stream({"DestinationTableName": lake.name, "UniqueKeys": ["number"]})
    lake.put(order(1), order(2))
    lake.cloud.drain()
    assert [error["errorCode"] for error in lake.errors()] == ["Iceberg.InvalidUniqueKeys"] * 2


def test_a_commit_whose_answer_is_lost_is_not_made_twice(lake: Lake) -> None:
    lake.stream()
    lake.put(order(1))
    with lake.cloud.inject("glue", "UpdateTable", "InternalServiceException", after=True) as fault:
        with pytest.raises(LocalCloudError, match="cannot deliver"):
            lake.cloud.drain()
        assert fault.struck
    lake.cloud.drain()
    assert (lake.rows(), lake.commits()) == ([row(1)], 1)


def test_failed_records_are_compressed_as_the_configuration_says(lake: Lake) -> None:
    errors = {
        "RoleARN": ROLE,
        "BucketARN": "arn:aws:s3:::lake",
        "ErrorOutputPrefix": f"errors/{lake.name}/!{{firehose:error-output-type}}/",
        "CompressionFormat": "GZIP",
    }
    lake.stream(S3Configuration=errors)
    lake.put(b"broken")
    lake.cloud.drain()
    (item,) = lake.cloud.client("s3").list_objects_v2(Bucket="lake", Prefix=f"errors/{lake.name}/")["Contents"]
    assert item["Key"].startswith(f"errors/{lake.name}/iceberg-failed/") and item["Key"].endswith(".gz")
    assert len(lake.errors()) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"S3BackupMode": "AllData"}, "allowed is FailedDataOnly"),
        ({"BufferingHints": {"SizeInMBs": 64}}, "a number beside the other hint"),
        ({"RetryOptions": {"DurationInSeconds": 7201}}, "7200"),
        ({"TableCreationConfiguration": {"Enabled": True}}, "TableCreationConfiguration is not run by the local"),
        ({"SchemaEvolutionConfiguration": {"Enabled": True}}, "SchemaEvolutionConfiguration is not run by the local"),
        (
            {"CatalogConfiguration": {"CatalogARN": "arn:aws:glue:eu-west-1:123456789012:catalog/s3tablescatalog/b"}},
            "only the Glue catalog of account 123456789012",
        ),
        (
            {
                "DestinationTableConfigurationList": [
                    {"DestinationDatabaseName": "shop", "DestinationTableName": "nowhere"}
                ]
            },
            "glue:GetTable for the given table or the table does not exist",
        ),
    ],
)
def test_what_firehose_refuses_and_what_is_lacking_is_refused_at_creation(
    lake_without_stream: Lake, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=message) as refused:
        lake_without_stream.stream(**changes)
    assert refused.value.response["Error"]["Code"] == "InvalidArgumentException"


@pytest.fixture(scope="module")
def lake_without_stream(cloud: LocalCloud) -> Lake:
    return Lake(cloud, "refused")

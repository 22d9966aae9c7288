"""Inventories: lists of a bucket's objects, written when the cloud is drained and read by Athena."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from lake_blueprints.catalog import Database
from lake_blueprints.catalog.inventory import Inventory
from lake_blueprints.storage.s3 import Zone
from local_cloud.cloud import LocalCloud
from tests import queries


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path) as running:
        yield running


@pytest.fixture
def stack() -> cdk.Stack:
    app = cdk.App(analytics_reporting=False, builtin_cloud_formation_validation=False)
    return cdk.Stack(app, "Lake", synthesizer=cdk.BootstraplessSynthesizer())


def deployed(cloud: LocalCloud, stack: cdk.Stack) -> dict[str, str]:
    """Deploy a stack; return its outputs."""
    app = cdk.App.of(stack)
    assert app is not None
    template = app.synth().get_stack_by_name(stack.stack_name).template
    client = cloud.client("cloudformation")
    client.create_stack(StackName="Lake", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"])
    (found,) = client.describe_stacks(StackName="Lake")["Stacks"]
    return {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]}


def rows(cloud: LocalCloud, sql: str, database: str, results: str) -> list[list[str | None]]:
    return queries.athena(
        cloud.client("athena"),
        sql,
        QueryExecutionContext={"Database": database},
        ResultConfiguration={"OutputLocation": f"s3://{results}/results/"},
    )


def test_athena_reads_what_a_zone_holds_by_the_table_of_its_inventory(cloud: LocalCloud, stack: cdk.Stack) -> None:
    raw, reports = Zone(stack, "Raw"), Zone(stack, "Reports")
    database = Database(stack, "Database", zone=reports, database_name="reports")
    inventory = Inventory(stack, "Objects", zone=raw, database=database, table_name="objects")
    cdk.CfnOutput(stack, "Bucket", value=raw.bucket.bucket_name)
    cdk.CfnOutput(stack, "Results", value=reports.bucket.bucket_name)
    outputs = deployed(cloud, stack)
    s3 = cloud.client("s3")
    for key, body in (("flights/a.json", b"123"), ("flights/a.json", b"12345"), ("flights/b.json", b"1"), ("x", b"")):
        s3.put_object(Bucket=outputs["Bucket"], Key=key, Body=body)
    s3.delete_object(Bucket=outputs["Bucket"], Key="flights/b.json")
    cloud.drain()
    sql = f"""
        SELECT key, size, is_latest, is_delete_marker, encryption_status, bucket_key_status
        FROM {inventory.table_name} WHERE dt = (SELECT max(dt) FROM {inventory.table_name})
        ORDER BY key, is_latest, size
    """
    encrypted = ["SSE-KMS", "ENABLED"]
    assert rows(cloud, sql, "reports", outputs["Results"]) == [
        ["flights/a.json", "3", "false", "false", *encrypted],
        ["flights/a.json", "5", "true", "false", *encrypted],
        ["flights/b.json", "1", "false", "false", *encrypted],
        ["flights/b.json", None, "true", "true", None, None],
        ["x", "0", "true", "false", *encrypted],
    ]


def configuration(**changes: Any) -> dict[str, Any]:
    destination = {"Bucket": "arn:aws:s3:::reports", "Format": "Parquet", "Prefix": "inventories"}
    return {
        "Id": "all",
        "IsEnabled": True,
        "IncludedObjectVersions": "Current",
        "Schedule": {"Frequency": "Daily"},
        "Destination": {"S3BucketDestination": {**destination, **changes.pop("destination", {})}},
        **changes,
    }


@pytest.fixture
def s3(cloud: LocalCloud) -> Any:
    client = cloud.client("s3")
    for bucket in ("raw", "reports"):
        client.create_bucket(Bucket=bucket)
    for key in ("flights/a", "flights/b", "airports/c"):
        client.put_object(Bucket="raw", Key=key, Body=b"1")
    return client


def keys(s3: Any) -> list[str]:
    return [one["Key"] for one in s3.list_objects_v2(Bucket="reports").get("Contents", [])]


def test_a_report_is_a_file_its_manifest_and_a_list_for_hive(cloud: LocalCloud, s3: Any) -> None:
    wanted = configuration(Filter={"Prefix": "flights/"}, OptionalFields=["Size"])
    s3.put_bucket_inventory_configuration(Bucket="raw", Id="all", InventoryConfiguration=wanted)
    cloud.drain()
    read = {key: s3.get_object(Bucket="reports", Key=key)["Body"].read() for key in keys(s3)}
    assert [key for key in read if key.startswith("inventories/raw/all/hive/dt=")]
    (listed,) = [key for key in read if key.endswith(".parquet")]
    assert json.loads(read[next(key for key in read if key.endswith(".json"))])["files"][0]["key"] == listed
    assert read[next(key for key in read if "/hive/" in key)].decode().split() == [f"s3://reports/{listed}"]
    found = pq.read_table(io.BytesIO(read[listed])).to_pylist()
    assert found == [{"bucket": "raw", "key": f"flights/{name}", "size": 1} for name in "ab"]


def test_a_report_is_written_only_if_something_changed(cloud: LocalCloud, s3: Any) -> None:
    s3.put_bucket_inventory_configuration(Bucket="raw", Id="all", InventoryConfiguration=configuration())
    cloud.drain()
    first = keys(s3)
    cloud.drain()
    assert keys(s3) == first
    s3.put_object(Bucket="raw", Key="flights/z", Body=b"2")
    cloud.drain()
    assert len(keys(s3)) == len(first) + 1


def test_a_disabled_inventory_is_not_written(cloud: LocalCloud, s3: Any) -> None:
    wanted = configuration(IsEnabled=False)
    s3.put_bucket_inventory_configuration(Bucket="raw", Id="all", InventoryConfiguration=wanted)
    cloud.drain()
    assert keys(s3) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"destination": {"Format": "ORC"}}, "writes inventories in Parquet, not in ORC"),
        ({"OptionalFields": ["Size", "ObjectOwner"]}, "lists no ObjectOwner in inventories"),
    ],
)
def test_what_is_not_written_is_refused_by_name(s3: Any, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        s3.put_bucket_inventory_configuration(Bucket="raw", Id="all", InventoryConfiguration=configuration(**changes))

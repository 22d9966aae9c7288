"""Exports of a cluster: real rows as Parquet, in the folders that Aurora writes."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from tests.local_cloud.zero_etl.conftest import Shop, shop

ROLE = "arn:aws:iam::{account}:role/exporter"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A cluster with orders, a bucket, and the role of exports."""
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as cloud:
        found = Shop(cloud)
        parts = shop()
        assert found.deploy({name: parts[name] for name in ("Parameters", "Cluster", "Writer")}) == ""
        cloud.client("s3").create_bucket(Bucket="raw")
        cloud.client("iam").create_role(RoleName="exporter", AssumeRolePolicyDocument="{}")
        with found.source() as source:
            source.execute(
                "create table orders (id bigint primary key, price numeric(10, 2), at timestamp, ok boolean)"
            )
            source.execute("insert into orders values (1, 1.5, '2026-01-01 12:00', true), (2, null, null, null)")
            source.execute("create schema sales")
            source.execute("create table sales.lines (id int)")
            source.execute("insert into sales.lines select generate_series(1, 3)")
        yield found


def export(running: Shop, name: str, **options: Any) -> dict[str, Any]:
    """Export the cluster, and return how it ended."""
    client = running.cloud.client("rds")
    (cluster,) = client.describe_db_clusters()["DBClusters"]
    account = cluster["DBClusterArn"].split(":")[4]
    request = {
        "SourceArn": cluster["DBClusterArn"],
        "S3BucketName": "raw",
        "S3Prefix": "exports",
        "IamRoleArn": ROLE.format(account=account),
        "KmsKeyId": "alias/aws/s3",
        **options,
    }
    client.start_export_task(ExportTaskIdentifier=name, **request)
    while True:
        (task,) = client.describe_export_tasks(ExportTaskIdentifier=name)["ExportTasks"]
        if task["Status"] not in ("STARTING", "IN_PROGRESS"):
            return dict(task)
        time.sleep(0.01)


def objects(running: Shop, prefix: str) -> dict[str, bytes]:
    client = running.cloud.client("s3")
    listed = client.list_objects_v2(Bucket="raw", Prefix=prefix).get("Contents", [])
    return {one["Key"]: client.get_object(Bucket="raw", Key=one["Key"])["Body"].read() for one in listed}


def test_every_table_of_a_database_is_parquet_in_a_folder_of_its_own(running: Shop) -> None:
    ended = export(running, "all")
    assert (ended["Status"], ended["PercentProgress"], ended["SourceType"]) == ("COMPLETE", 100, "CLUSTER")
    found = objects(running, "exports/all/")
    part = re.compile(r"exports/all/shop/public\.orders/1/part-00000-[0-9a-f-]+-c000\.gz\.parquet")
    (orders,) = (content for key, content in found.items() if part.fullmatch(key))
    assert pq.read_table(io.BytesIO(orders)).to_pylist() == [
        {"id": 1, "price": Decimal("1.50"), "at": "2026-01-01 12:00:00", "ok": True},
        {"id": 2, "price": None, "at": None, "ok": None},
    ]
    assert sum("/sales.lines/" in key for key in found) == 1
    information = json.loads(found["exports/all/export_info_all.json"])
    assert information["status"] == "COMPLETE"
    assert "exports/all/export_tables_info_all_from_1_to_2.json" in found


def test_only_what_is_named_is_exported(running: Shop) -> None:
    export(running, "some", ExportOnly=["shop.sales.lines"])
    assert not [key for key in objects(running, "exports/some/shop/") if "sales.lines" not in key]


def test_an_export_that_fails_says_why(running: Shop) -> None:
    ended = export(running, "none", ExportOnly=["nowhere"])
    assert ended["Status"] == "FAILED"
    assert 'database "nowhere" does not exist' in ended["FailureCause"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"S3BucketName": "none"}, "InvalidS3BucketFault"),
        ({"IamRoleArn": "arn:aws:iam::123456789012:role/none"}, "IamRoleNotFound"),
        ({"SourceArn": "arn:aws:rds:us-east-1:123456789012:cluster:none"}, "DBClusterNotFoundFault"),
        ({"SourceArn": "arn:aws:rds:us-east-1:123456789012:snapshot:one"}, "InvalidParameterValue"),
    ],
)
def test_what_cannot_be_exported_is_refused_with_awss_code(running: Shop, options: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as raised:
        export(running, f"refused-{code}", **options)
    assert raised.value.response["Error"]["Code"] == code

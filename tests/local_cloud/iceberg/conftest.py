"""A whole local cloud, since Iceberg's REST API, Glue's catalog and S3 answer each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud

ROLE = "arn:aws:iam::123456789012:role/curate"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as cloud:
        cloud.client("s3").create_bucket(Bucket="lake")
        cloud.client("glue").create_database(DatabaseInput={"Name": "shop"})
        yield cloud


@pytest.fixture
def glue(cloud: LocalCloud) -> Any:
    return cloud.client("glue")


def orders(name: str, **changes: Any) -> dict[str, Any]:
    """Return the request that makes a table of orders, partitioned by month."""
    table: dict[str, Any] = {
        "Location": f"s3://lake/{name}/",
        "Schema": {
            "Type": "struct",
            "Fields": [
                {"Id": 41, "Name": "id", "Type": "long", "Required": True, "Doc": "Number of the order."},
                {"Id": 17, "Name": "day", "Type": "date", "Required": False},
                {"Id": 23, "Name": "amount", "Type": "decimal(9, 2)", "Required": False},
            ],
        },
        "PartitionSpec": {
            "Fields": [{"SourceId": 17, "Transform": "month", "Name": "day_month", "FieldId": 1217}],
        },
        "WriteOrder": {
            "OrderId": 1,
            "Fields": [{"SourceId": 41, "Transform": "identity", "Direction": "asc", "NullOrder": "nulls-first"}],
        },
        "Properties": {"write.parquet.compression-codec": "zstd"},
        **changes,
    }
    iceberg = {"MetadataOperation": "CREATE", "CreateIcebergTableInput": table}
    return {"DatabaseName": "shop", "Name": name, "OpenTableFormatInput": {"IcebergInput": iceberg}}

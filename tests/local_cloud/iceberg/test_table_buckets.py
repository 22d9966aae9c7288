"""S3 Tables: its API by boto3, templates by CloudFormation, and Iceberg's REST API by pyiceberg's own client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from botocore.exceptions import ClientError
from pyiceberg.catalog import load_catalog
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NamespaceNotEmptyError,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField, StringType

from local_cloud.cloud import LocalCloud

CUSTOMERS = Schema(
    NestedField(1, "id", LongType(), required=True), NestedField(2, "name", StringType(), required=False)
)
ROWS = pa.schema([pa.field("id", pa.int64(), nullable=False), pa.field("name", pa.string())])
LINES: dict[str, Any] = {
    "type": "list",
    "element-id": 91,
    "element-required": False,
    "element": {"type": "struct", "fields": [{"id": 92, "name": "sku", "required": False, "type": "string"}]},
}


@pytest.fixture(scope="module")
def s3tables(cloud: LocalCloud) -> Any:
    return cloud.client("s3tables")


@pytest.fixture(scope="module")
def bucket(s3tables: Any) -> str:
    arn: str = s3tables.create_table_bucket(name="the-lake")["arn"]
    s3tables.create_namespace(tableBucketARN=arn, namespace=["shop"])
    return arn


def connect(cloud: LocalCloud, warehouse: str, *, signing_name: str = "s3tables") -> Any:
    return load_catalog(
        "tables",
        type="rest",
        uri=f"{cloud.endpoint}/iceberg",
        warehouse=warehouse,
        **{
            "rest.sigv4-enabled": "true",
            "rest.signing-name": signing_name,
            "rest.signing-region": cloud.environment()["AWS_REGION"],
        },
    )


@pytest.fixture(scope="module")
def environment(cloud: LocalCloud) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cloud.environment().items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def catalog(cloud: LocalCloud, bucket: str, environment: None) -> RestCatalog:
    found = connect(cloud, bucket)
    assert isinstance(found, RestCatalog)
    return found


def rows(*found: tuple[int, str | None]) -> pa.Table:
    return pa.Table.from_pylist([{"id": number, "name": name} for number, name in found], schema=ROWS)


def test_a_client_creates_a_table_and_reads_back_what_it_appended(catalog: RestCatalog) -> None:
    table = catalog.create_table("shop.customers", CUSTOMERS)
    table.append(rows((1, "Ada"), (2, None)))
    table.append(rows((3, "Bob")))
    table.delete("id = 2")
    found = catalog.load_table("shop.customers").scan().to_arrow().sort_by("id").to_pylist()
    assert found == [{"id": 1, "name": "Ada"}, {"id": 3, "name": "Bob"}]


def test_the_api_of_s3_tables_has_the_same_table(catalog: RestCatalog, s3tables: Any, bucket: str) -> None:
    table = catalog.create_table("shop.shared", CUSTOMERS)
    found = s3tables.get_table(tableBucketARN=bucket, namespace="shop", name="shared")
    assert found["namespace"] == ["shop"]
    assert found["metadataLocation"] == table.metadata_location
    assert table.location() == found["warehouseLocation"]
    assert ("shop", "shared") in catalog.list_tables("shop")
    assert catalog.list_namespaces() == [("shop",)]


def test_a_table_is_made_with_the_ids_of_its_schema(catalog: RestCatalog, s3tables: Any, bucket: str) -> None:
    fields = [
        {"id": 41, "name": "id", "type": "long", "required": True},
        {"id": 17, "name": "day", "type": "date", "required": False},
        {"id": 23, "name": "lines", "type": LINES, "required": False, "doc": "What was sold."},
    ]
    iceberg = {
        "schemaV2": {"type": "struct", "fields": fields},
        "partitionSpec": {"fields": [{"sourceId": 17, "transform": "month", "name": "day_month", "fieldId": 1217}]},
        "writeOrder": {
            "orderId": 1,
            "fields": [{"sourceId": 41, "transform": "identity", "direction": "asc", "nullOrder": "nulls-first"}],
        },
        "properties": {"write.parquet.compression-codec": "zstd"},
    }
    metadata = {"iceberg": iceberg}
    s3tables.create_table(tableBucketARN=bucket, namespace="shop", name="made", format="ICEBERG", metadata=metadata)
    table = catalog.load_table("shop.made")
    assert [(field.field_id, field.name) for field in table.schema().fields] == [(41, "id"), (17, "day"), (23, "lines")]
    assert table.schema().find_field("lines.element.sku").field_id == 92
    assert [(one.source_id, one.field_id) for one in table.spec().fields] == [(17, 1217)]
    assert [one.source_id for one in table.sort_order().fields] == [41]
    assert table.properties["write.parquet.compression-codec"] == "zstd"


def test_a_schema_without_ids_is_numbered(catalog: RestCatalog, s3tables: Any, bucket: str) -> None:
    schema = {"fields": [{"name": "id", "type": "int"}, {"name": "name", "type": "string", "required": True}]}
    metadata = {"iceberg": {"schema": schema}}
    s3tables.create_table(tableBucketARN=bucket, namespace="shop", name="plain", format="ICEBERG", metadata=metadata)
    found = catalog.load_table("shop.plain").schema().fields
    assert [(one.field_id, one.name, one.required) for one in found] == [(1, "id", False), (2, "name", True)]


def test_a_schema_that_is_none_makes_no_table(s3tables: Any, bucket: str) -> None:
    metadata = {"iceberg": {"schema": {"fields": [{"name": "id", "type": "number"}]}}}
    with pytest.raises(ClientError, match="metadata is not valid"):
        s3tables.create_table(tableBucketARN=bucket, namespace="shop", name="bad", format="ICEBERG", metadata=metadata)
    assert "bad" not in [one["name"] for one in s3tables.list_tables(tableBucketARN=bucket)["tables"]]


def test_a_table_without_metadata_is_found_and_not_loaded(catalog: RestCatalog, s3tables: Any, bucket: str) -> None:
    s3tables.create_table(tableBucketARN=bucket, namespace="shop", name="bare", format="ICEBERG")
    assert catalog.table_exists("shop.bare")
    with pytest.raises(NoSuchTableError, match="has no metadata yet"):
        catalog.load_table("shop.bare")


def test_the_second_of_two_commits_to_one_state_is_refused(catalog: RestCatalog) -> None:
    catalog.create_table("shop.contended", CUSTOMERS)
    one, other = catalog.load_table("shop.contended"), catalog.load_table("shop.contended")
    with other.update_schema() as columns:
        columns.add_column("city", StringType())
    with pytest.raises(CommitFailedException), one.update_schema() as columns:
        columns.add_column("town", StringType())


def test_tables_are_renamed_and_deleted_with_their_files(catalog: RestCatalog) -> None:
    catalog.create_table("shop.old", CUSTOMERS)
    catalog.rename_table("shop.old", "shop.new")
    assert not catalog.table_exists("shop.old")
    with pytest.raises(Exception, match="purgeRequested=true"):
        catalog.drop_table("shop.new")
    catalog.purge_table("shop.new")
    assert not catalog.table_exists("shop.new")


def test_what_is_not_there_or_there_already_is_said(catalog: RestCatalog, cloud: LocalCloud, bucket: str) -> None:
    catalog.create_table("shop.once", CUSTOMERS)
    with pytest.raises(TableAlreadyExistsError):
        catalog.create_table("shop.once", CUSTOMERS)
    with pytest.raises(NoSuchTableError):
        catalog.load_table("shop.nothing")
    with pytest.raises(NoSuchNamespaceError):
        catalog.create_table("nowhere.customers", CUSTOMERS)
    with pytest.raises(NamespaceNotEmptyError):
        catalog.drop_namespace("shop")
    with pytest.raises(Exception, match="does not exist"):
        connect(cloud, bucket.replace("the-lake", "another-lake"))


def test_what_s3_tables_does_not_do_is_refused(catalog: RestCatalog) -> None:
    with pytest.raises(Exception, match="leave the location out"):
        catalog.create_table("shop.placed", CUSTOMERS, location="s3://lake/placed")
    with pytest.raises(Exception, match="does not support stage-create"):
        catalog.create_table_transaction("shop.staged", CUSTOMERS)


def test_a_warehouse_of_another_service_is_refused(cloud: LocalCloud, bucket: str, environment: None) -> None:
    with pytest.raises(Exception, match="must be the ARN of a table bucket"):
        connect(cloud, "123456789012")
    for warehouse in (bucket, "123456789012:s3tablescatalog/the-lake"):
        with pytest.raises(Exception, match="is not supported by the local cloud's Glue"):
            connect(cloud, warehouse, signing_name="glue")


@pytest.mark.parametrize("name", ["The-Lake", "the_lake", "sthree-lake", "the-lake--table-s3"])
def test_a_name_that_s3_does_not_take_is_refused(s3tables: Any, name: str) -> None:
    with pytest.raises(ClientError, match="not valid"):
        s3tables.create_table_bucket(name=name)


def test_what_is_not_empty_is_not_deleted(s3tables: Any) -> None:
    arn = s3tables.create_table_bucket(name="a-full-lake")["arn"]
    s3tables.create_namespace(tableBucketARN=arn, namespace=["shop"])
    s3tables.create_table(tableBucketARN=arn, namespace="shop", name="orders", format="ICEBERG")
    with pytest.raises(ClientError, match="not empty"):
        s3tables.delete_namespace(tableBucketARN=arn, namespace="shop")
    with pytest.raises(ClientError, match="not empty"):
        s3tables.delete_table_bucket(tableBucketARN=arn)


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("get_table_bucket_encryption", {}),
        ("get_table_maintenance_configuration", {"namespace": "shop", "name": "customers"}),
        ("put_table_bucket_policy", {"resourcePolicy": "{}"}),
    ],
)
def test_what_is_not_kept_is_refused_by_name(
    s3tables: Any, bucket: str, operation: str, arguments: dict[str, str]
) -> None:
    with pytest.raises(ClientError, match="of s3tables is not supported by the local cloud"):
        getattr(s3tables, operation)(tableBucketARN=bucket, **arguments)


def template(**changes: Any) -> str:
    table = {
        "TableBucketARN": {"Fn::GetAtt": ["Bucket", "TableBucketARN"]},
        "Namespace": "shop",
        "TableName": "orders",
        "OpenTableFormat": "ICEBERG",
        "IcebergMetadata": {
            "IcebergSchemaV2": {
                "SchemaV2FieldType": "struct",
                "SchemaV2FieldList": [
                    {"Id": "7", "Name": "id", "Type": "long", "Required": "false"},
                    {"Id": 9, "Name": "lines", "Type": LINES, "Required": False},
                ],
            },
            "IcebergPartitionSpec": {"Fields": [{"SourceId": 7, "Name": "id", "Transform": "identity"}]},
            "TableProperties": {"commit.retry.num-retries": 10},
        },
        "Compaction": {"Status": "enabled", "TargetFileSizeMB": 128},
        **changes,
    }
    return json.dumps(
        {
            "Resources": {
                "Bucket": {
                    "Type": "AWS::S3Tables::TableBucket",
                    "Properties": {"TableBucketName": "a-deployed-lake"},
                },
                "Namespace": {
                    "Type": "AWS::S3Tables::Namespace",
                    "Properties": {"TableBucketARN": {"Ref": "Bucket"}, "Namespace": "shop"},
                },
                "Table": {"Type": "AWS::S3Tables::Table", "Properties": table, "DependsOn": ["Namespace"]},
            },
            "Outputs": {name: {"Value": {"Fn::GetAtt": ["Table", name]}} for name in ("TableARN", "WarehouseLocation")},
        }
    )


def test_a_template_makes_a_table_and_keeps_or_renames_it(cloud: LocalCloud, environment: None) -> None:
    cloudformation = cloud.client("cloudformation")
    cloudformation.create_stack(StackName="tables", TemplateBody=template())
    (stack,) = cloudformation.describe_stacks(StackName="tables")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack.get("StackStatusReason")
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    bucket = outputs["TableARN"].partition("/table/")[0]
    catalog = connect(cloud, bucket)
    table = catalog.load_table("shop.orders")
    assert table.location() == outputs["WarehouseLocation"]
    assert {field.name: field.field_id for field in table.schema().fields} == {"id": 7, "lines": 9}
    table.append(pa.Table.from_pylist([{"id": 1, "lines": [{"sku": "a"}]}], schema=table.schema().as_arrow()))
    cloudformation.update_stack(
        StackName="tables", TemplateBody=template(Compaction={"Status": "disabled"}, TableName="sales")
    )
    assert catalog.load_table("shop.sales").scan().to_arrow().num_rows == 1
    assert not catalog.table_exists("shop.orders")


def test_a_template_with_another_schema_does_not_replace_a_table(cloud: LocalCloud, environment: None) -> None:
    """CloudFormation makes the new table first, and its name is taken."""
    cloudformation = cloud.client("cloudformation")
    changed = {"IcebergSchema": {"SchemaFieldList": [{"Name": "id", "Type": "long"}]}}
    text = template().replace("a-deployed-lake", "a-changed-lake")
    cloudformation.create_stack(StackName="changed", TemplateBody=text)
    text = template(IcebergMetadata=changed).replace("a-deployed-lake", "a-changed-lake")
    cloudformation.update_stack(StackName="changed", TemplateBody=text)
    (stack,) = cloudformation.describe_stacks(StackName="changed")["Stacks"]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    events = cloudformation.describe_stack_events(StackName="changed")["StackEvents"]
    assert any("already exists" in one.get("ResourceStatusReason", "") for one in events)

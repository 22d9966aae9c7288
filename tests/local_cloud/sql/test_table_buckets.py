"""Athena on tables of S3 Tables, by the catalog `s3tablescatalog/<table bucket>`; pyiceberg knows what they hold."""

from __future__ import annotations

from typing import Any

import pytest

from local_cloud.iceberg.table_bucket import TableBucketCatalog
from tests.local_cloud.sql.conftest import REGION, Lake

CATALOG = '"s3tablescatalog/the-lake"'
IN_BUCKET = {"QueryExecutionContext": {"Catalog": "s3tablescatalog/the-lake", "Database": "shop"}}
SCHEMA = {
    "fields": [
        {"name": "id", "type": "long", "required": True},
        {"name": "name", "type": "string"},
        {"name": "spent", "type": "decimal(9,2)"},
    ]
}


@pytest.fixture(scope="module")
def arn(tables: Lake) -> str:
    s3tables = tables.client("s3tables")
    arn: str = s3tables.create_table_bucket(name="the-lake")["arn"]
    s3tables.create_namespace(tableBucketARN=arn, namespace=["shop"])
    return arn


@pytest.fixture
def shop(tables: Lake, arn: str) -> Lake:
    """Two customers in a new table of S3 Tables, and their cities in Glue's own catalog."""
    s3tables = tables.client("s3tables")
    if any(one["name"] == "customers" for one in s3tables.list_tables(tableBucketARN=arn)["tables"]):
        s3tables.delete_table(tableBucketARN=arn, namespace="shop", name="customers")
    s3tables.create_table(
        tableBucketARN=arn,
        namespace="shop",
        name="customers",
        format="ICEBERG",
        metadata={"iceberg": {"schema": SCHEMA}},
    )
    tables.query(f"insert into {CATALOG}.shop.customers values (1, 'Ann', 1.50), (2, 'Ben', null)")
    return tables


def stored(lake: Lake, arn: str) -> list[dict[str, Any]]:
    table = TableBucketCatalog(lake.runtime, REGION, arn).load_table(("shop", "customers"))
    return sorted(table.scan().to_arrow().to_pylist(), key=lambda row: row["id"])


def test_a_query_reads_a_table_by_its_full_name(shop: Lake) -> None:
    sql = f'select c.id, c.name, spent from {CATALOG}."shop"."customers" c order by id'
    assert shop.query(sql) == [["1", "Ann", "1.50"], ["2", "Ben", None]]
    named = f"select {CATALOG}.shop.customers.name from {CATALOG}.shop.customers where id = 2"
    assert shop.query(named) == [["Ben"]]


def test_a_query_finds_tables_in_the_catalog_of_its_context(shop: Lake) -> None:
    assert shop.query("select count(*) from customers", **IN_BUCKET) == [["2"]]
    assert shop.query("select count(*) from shop.customers", **IN_BUCKET) == [["2"]]


def test_a_query_joins_a_table_with_one_of_the_other_catalog(shop: Lake) -> None:
    shop.query("create or replace view cities as select 2 as id, 'Bern' as city")
    joined = "select c.name, t.city from {} c join {} t on c.id = t.id"
    assert shop.query(joined.format(f"{CATALOG}.shop.customers", "cities")) == [["Ben", "Bern"]]
    assert shop.query(joined.format("customers", "AwsDataCatalog.lake.cities"), **IN_BUCKET) == [["Ben", "Bern"]]


def test_a_table_is_read_at_a_snapshot_and_by_its_metadata(shop: Lake) -> None:
    shop.query("insert into customers (id) select 3", **IN_BUCKET)
    snapshots = shop.query('select snapshot_id from "customers$snapshots" order by committed_at', **IN_BUCKET)
    assert len(snapshots) == 2
    sql = f"select count(*) from {CATALOG}.shop.customers for version as of {snapshots[0][0]}"
    assert shop.query(sql) == [["2"]]


def test_statements_change_the_rows_of_a_table(shop: Lake, arn: str) -> None:
    shop.query("update customers set spent = 2.0 where id = 2", **IN_BUCKET)
    shop.query(f"delete from {CATALOG}.shop.customers where id = 1")
    shop.query(
        f"merge into {CATALOG}.shop.customers c using (values (2, 'Bo'), (3, 'Cy')) n (id, name) on c.id = n.id "
        "when matched then update set name = n.name when not matched then insert (id, name) values (n.id, n.name)"
    )
    assert [(row["id"], row["name"], str(row["spent"])) for row in stored(shop, arn)] == [
        (2, "Bo", "2.00"),
        (3, "Cy", "None"),
    ]


def test_the_bytes_that_a_query_reads_are_counted(shop: Lake) -> None:
    assert shop.execution(f"select * from {CATALOG}.shop.customers")["Statistics"]["DataScannedInBytes"] > 0


def test_a_table_that_is_not_there_is_named_in_full(shop: Lake) -> None:
    reason = "TABLE_NOT_FOUND: Table 's3tablescatalog/the-lake.shop.orders' does not exist"
    assert shop.reason(f"select * from {CATALOG}.shop.orders") == reason
    assert shop.reason("select * from orders", **IN_BUCKET) == reason
    assert "'s3tablescatalog/other.shop.customers'" in shop.reason(
        'select * from "s3tablescatalog/other".shop.customers'
    )


@pytest.mark.parametrize(
    ("sql", "context", "what"),
    [
        ("show tables", IN_BUCKET, "SHOW"),
        ("create table t (id int) tblproperties ('table_type' = 'ICEBERG')", IN_BUCKET, "CREATE"),
        (f"create table {CATALOG}.shop.t as select 1 as id", {}, "CREATE TABLE AS"),
        (f"create view {CATALOG}.shop.v as select 1 as id", {}, "CREATE VIEW"),
        (f"create view v as select id from {CATALOG}.shop.customers", {}, "a view of tables"),
        (f"drop table {CATALOG}.shop.customers", {}, "a statement of Hive's"),
        (f"describe {CATALOG}.shop.customers", {}, "a statement of Hive's"),
        ("vacuum customers", IN_BUCKET, "VACUUM"),
        (f"optimize {CATALOG}.shop.customers rewrite data using bin_pack", {}, "a statement of Hive's"),
    ],
)
def test_what_else_athena_does_in_a_table_bucket_is_refused_by_name(
    shop: Lake, sql: str, context: dict[str, Any], what: str
) -> None:
    assert shop.reason(sql, **context).startswith(f"NOT_SUPPORTED: {what} in the catalog 's3tablescatalog/the-lake'")


def test_a_workgroup_that_encrypts_with_a_kms_key_does_not_write(shop: Lake) -> None:
    encryption = {"EncryptionOption": "SSE_KMS", "KmsKey": "arn:aws:kms:eu-central-1:123456789012:key/k"}
    encrypted = {"OutputLocation": "s3://results/", "EncryptionConfiguration": encryption}
    work_group = {"WorkGroup": "encrypted"}
    shop.client("athena").create_work_group(Name="encrypted", Configuration={"ResultConfiguration": encrypted})
    for sql in ("insert into {} (id) values (3)", "delete from {}"):
        reason = shop.reason(sql.format(f"{CATALOG}.shop.customers"), **work_group)
        assert "is a table of S3 Tables, which no workgroup writes that encrypts with SSE_KMS or CSE_KMS" in reason
    assert shop.query(f"select count(*) from {CATALOG}.shop.customers", **work_group) == [["2"]]

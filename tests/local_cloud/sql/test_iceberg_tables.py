"""DDL of Iceberg tables, and CREATE TABLE AS, whose results pyiceberg reads."""

from __future__ import annotations

import pytest

from local_cloud.iceberg.catalog import IcebergCatalog
from tests.local_cloud.sql.conftest import Lake

# As https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-creating-tables.html has it.
CREATE = """create table {} (
  id int comment 'Number of the order.', data string, category string, ts timestamp, price decimal(5, 2), rate float,
  place struct<city:string,codes:array<int>>)
PARTITIONED BY (category, bucket(16,id), day(ts))
LOCATION 's3://data/{}/'
TBLPROPERTIES ('table_type'='ICEBERG', 'format'='parquet', 'write_compression'='snappy',
  'optimize_rewrite_delete_file_threshold'='10')"""


def make(tables: Lake, name: str) -> None:
    tables.query(CREATE.format(name, name))


def test_a_table_is_created_described_and_shown(tables: Lake, catalog: IcebergCatalog) -> None:
    make(tables, "made")
    table = catalog.load_table("lake.made")
    assert [str(field.transform) for field in table.spec().fields] == ["identity", "bucket[16]", "day"]
    assert (table.format_version, table.properties["write.parquet.compression-codec"]) == (2, "snappy")
    assert table.schema().find_field("id").doc == "Number of the order."
    lines = [line for (line,) in tables.query("describe made")]
    assert lines[2:4] == ["id\tint\tNumber of the order.", "data\tstring\t"]
    assert lines[-3:] == ["category\tidentity\tcategory", "id_bucket\tbucket[16]\tid", "ts_day\tday\tts"]
    shown = "\n".join(str(line) for (line,) in tables.query("show create table made"))
    assert "PARTITIONED BY (`category`, bucket(16, `id`), day(`ts`))\nLOCATION 's3://data/made'" in shown
    tables.query("drop table made")
    # What is shown makes the same table.
    tables.query(shown)
    assert catalog.load_table("lake.made").spec() == table.spec()


def test_columns_change_and_older_rows_stay(tables: Lake, catalog: IcebergCatalog) -> None:
    make(tables, "evolving")
    tables.query(
        "insert into evolving select 1, 'a', 'x', timestamp '2026-01-01 00:00:00.5', 1.25, cast(0.5 as real), "
        "cast(row('Bonn', array[1]) as row(city varchar, codes array(integer)))"
    )
    for change in (
        "add columns (note string comment 'Free text.', place.street string)",
        "change column id id bigint",
        "change data text string after id",
        "change rate rate double first",
        "change price price decimal(9, 2)",
        "drop column place",
        "set tblproperties ('vacuum_min_snapshots_to_keep' = '3')",
    ):
        tables.query(f"alter table evolving {change}")
    assert tables.query("select * from evolving") == [
        ["0.5", "1", "a", "x", "2026-01-01 00:00:00.500000", "1.25", None]
    ]
    assert [name for (name,) in tables.query("show columns in evolving")] == [
        "rate",
        "id",
        "text",
        "category",
        "ts",
        "price",
        "note",
    ]
    first = catalog.load_table("lake.evolving").snapshots()[0].snapshot_id
    assert tables.query(f"select data, place.city, id from evolving for version as of {first}") == [["a", "Bonn", "1"]]
    tables.query("alter table evolving rename to lake.renamed")
    assert tables.query("select count(*) from renamed") == [["1"]]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("alter table stays change id id string", "NOT_SUPPORTED: Cannot change column type: id: int -> string"),
        ("alter table stays change price price decimal(9, 3)", "NOT_SUPPORTED: Cannot change column type: price"),
        ("alter table stays change rate rate int", "NOT_SUPPORTED: Cannot change column type: rate: float -> int"),
        ("alter table stays replace columns (id int)", "NOT_SUPPORTED: ALTER TABLE REPLACE COLUMNS is not supported"),
        ("alter table stays add columns (data string)", "COLUMN_ALREADY_EXISTS"),
        ("alter table stays drop column nothing", "COLUMN_NOT_FOUND"),
        ("alter table stays set tblproperties ('comment' = 'x')", "INVALID_TABLE_PROPERTY: Unsupported table property"),
        ("alter table stays add partition (category = 'x')", "NOT_SUPPORTED"),
        ("show partitions stays", "NOT_SUPPORTED"),
        (CREATE.format("stays", "other"), "TABLE_ALREADY_EXISTS"),
        (CREATE.replace("create table", "create external table").format("e", "e"), "FAILED: External keyword not"),
        ("create table n (id int) location 's3://data/n/'", "FAILED: CREATE TABLE without EXTERNAL makes Iceberg"),
        (CREATE.replace("id int", "id smallint").format("n", "n"), "NOT_SUPPORTED: Type not supported for Iceberg"),
        (CREATE.replace("day(ts)", "day(data)").format("n", "n"), "INVALID_TABLE_PROPERTY: Unable to parse"),
        (CREATE.replace("'parquet'", "'orc'").format("n", "n"), "NOT_SUPPORTED"),
    ],
)
def test_what_athena_refuses_is_refused(tables: Lake, catalog: IcebergCatalog, sql: str, reason: str) -> None:
    if not catalog.table_exists("lake.stays"):
        make(tables, "stays")
    assert tables.reason(sql).startswith(reason)


def test_a_query_makes_a_table_with_its_partitions(tables: Lake, catalog: IcebergCatalog) -> None:
    execution = tables.execution(
        "create table made_as with (table_type = 'ICEBERG', is_external = false, location = 's3://data/made_as/', "
        "partitioning = ARRAY['month(ts)', 'bucket(4, id)'], write_compression = 'zstd', "
        "vacuum_min_snapshots_to_keep = 2) as "
        "select * from (values (1, timestamp '2026-01-01 10:00:00.000001'), (2, timestamp '2026-02-01 00:00:00.000002')"
        ") t (id, ts)"
    )
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    assert tables.query('select count(*), count(distinct "$path"), max(ts) from made_as') == [
        ["2", "2", "2026-02-01 00:00:00.000002"]
    ]
    table = catalog.load_table("lake.made_as")
    assert [str(field.transform) for field in table.spec().fields] == ["month", "bucket[4]"]
    manifest = execution["Statistics"]["DataManifestLocation"]
    listed = tables.runtime.objects.read(manifest).decode().splitlines()
    assert sorted(listed) == sorted(task.file.file_path for task in table.scan().plan_files())


@pytest.mark.parametrize(
    ("select", "reason"),
    [
        ("select localtimestamp as at", 'NOT_SUPPORTED: Timestamp precision (3) not supported for Iceberg. Use "time'),
        ("select current_timestamp as at", "NOT_SUPPORTED"),
        ("select 1 as a, 2 as a", "DUPLICATE_COLUMN_NAME"),
        ("select 10 / (1 - a) as b from (values 1) t (a)", "DIVISION_BY_ZERO"),
    ],
)
def test_a_query_that_fails_leaves_no_table(tables: Lake, catalog: IcebergCatalog, select: str, reason: str) -> None:
    options = "table_type = 'ICEBERG', is_external = false, location = 's3://data/failed/'"
    assert tables.reason(f"create table failed with ({options}) as {select}").startswith(reason)
    assert not catalog.table_exists("lake.failed")
    assert tables.keys("failed/") == []


def test_dropping_a_table_deletes_its_files(tables: Lake, catalog: IcebergCatalog) -> None:
    make(tables, "dropped")
    tables.query("insert into dropped (id) values (1)")
    assert tables.keys("dropped/")
    tables.query("drop table if exists dropped")
    assert tables.keys("dropped/") == []
    assert tables.query("drop table if exists dropped") == []

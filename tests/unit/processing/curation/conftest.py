"""The shipped script as a module, and what it curates."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import duckdb
import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from pyspark.sql import SparkSession

import lake_blueprints.processing.curation
import local_cloud
from lake_blueprints.processing.curation.script_package import zipped
from local_cloud.engines.glue.spark import spark_configuration
from local_cloud.server.objects import Mirror, ObjectStore
from tests.unit.processing.conftest import QUICK_START

SCRIPTS = Path(lake_blueprints.processing.curation.__file__).parent / "scripts"
GLUE_RUNTIME = Path(local_cloud.__file__).parent / "engines" / "glue" / "runtime"


@pytest.fixture(scope="session")
def script(cloud: Path) -> ModuleType:
    """Load curate.py as Glue does: as a file of its own, with its package as a zip file and `awsglue` to import."""
    package = cloud / "lake_curation.zip"
    package.write_bytes(zipped(SCRIPTS / "lake_curation"))
    sys.path[:0] = [str(package), str(GLUE_RUNTIME)]
    # As --extra-py-files does, for Spark's workers as well.
    SparkSession.builder.getOrCreate().sparkContext.addPyFile(str(package))
    spec = importlib.util.spec_from_file_location("curate", SCRIPTS / "curate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class Lake:
    """A bucket with a source, a table, a quarantine and a state of its own for each test."""

    script: ModuleType
    objects: ObjectStore
    mirror: Mirror
    root: Path
    name: str
    plan: dict[str, Any] = field(default_factory=dict)
    joins: dict[str, dict[str, str]] = field(default_factory=dict)
    more: list[str] = field(default_factory=list)

    @property
    def s3(self) -> Any:
        return boto3.client("s3")

    def put(self, name: str, *records: Any, directly: bytes | None = None) -> None:
        """Put an object of the source: records as JSON lines, text as it is; `.gz` in its name compresses it."""
        lines = [item if isinstance(item, str) else json.dumps(item, ensure_ascii=False) for item in records]
        content = directly if directly is not None else ("\n".join(lines) + "\n").encode()
        if name.endswith(".gz"):
            content = gzip.compress(content, mtime=0)
        self.s3.put_object(Bucket="lake", Key=f"{self.name}/source/{name}", Body=content)

    def sibling(self, suffix: str, plan: dict[str, Any]) -> Lake:
        """Return a further lake of the same test."""
        return replace(self, name=f"{self.name}-{suffix}", plan=plan)

    def run(self, *more: str) -> dict[str, Any]:
        """Run the script as a job run of the local cloud does; return the report of the last batch."""
        arguments = [*self._arguments(), *more]
        self.mirror.pull()
        try:
            self.script.main(["curate.py", *arguments])
        finally:
            self.mirror.push()
        return self.reports()[-1]

    def run_and_kill(self, when: Callable[[], object]) -> None:
        """Run the script as a process, and kill it and its JVM at the moment."""
        arguments = self._arguments()
        self.mirror.pull()
        settings = spark_configuration({"lake": self.root / "lake"}, workdir=self.root, java_options=[QUICK_START])
        # One task after the other, each of which commits its own files: a kill can leave a part of them.
        settings |= {"spark.master": "local[1]", "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "2"}
        properties = self.root / "spark.properties"
        properties.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        environment = {
            **os.environ,
            "PYTHONPATH": f"{GLUE_RUNTIME}:{self.root / 'lake_curation.zip'}",
            "PYSPARK_SUBMIT_ARGS": f"--properties-file {properties} pyspark-shell",
        }
        environment.pop("PYSPARK_GATEWAY_PORT", None)
        command = [sys.executable, str(SCRIPTS / "curate.py"), *arguments]
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True)
        while not when():
            assert process.poll() is None, "the script ended before it could be killed"
            time.sleep(0.005)
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        self.mirror.push()

    def _arguments(self) -> list[str]:
        self.s3.put_object(Bucket="lake", Key=f"{self.name}/plan.json", Body=json.dumps(self.plan).encode())
        base = f"s3://lake/{self.name}"
        arguments = ["--JOB_NAME", "curate", "--plan", f"{base}/plan.json", "--database", "db", "--table", "t"]
        for part in ("source", "target", "quarantine", "state"):
            arguments += [f"--{part}", f"{base}/{part}/"]
        arguments += self.more
        return [*arguments, "--joins", json.dumps(self.joins)] if self.joins else arguments

    def define(self, table: str, folder: str, columns: dict[str, str], library: str, **more: Any) -> None:
        """Define a table of the Data Catalog, in place of the one that another test has defined."""
        glue = boto3.client("glue")
        if "db" not in {item["Name"] for item in glue.get_databases()["DatabaseList"]}:
            glue.create_database(DatabaseInput={"Name": "db"})
        if table in {item["Name"] for item in glue.get_tables(DatabaseName="db")["TableList"]}:
            glue.delete_table(DatabaseName="db", Name=table)
        storage = {
            "Location": f"s3://lake/{self.name}/{folder}/",
            "Columns": [{"Name": name, "Type": kind} for name, kind in columns.items()],
            "SerdeInfo": {"SerializationLibrary": library},
        }
        glue.create_table(DatabaseName="db", TableInput={"Name": table, "StorageDescriptor": storage, **more})

    def documents(self, prefix: str) -> list[dict[str, Any]]:
        """Return JSON documents of the bucket, the oldest first."""
        # Not by requests: long tests would make thousands.
        listed = list(self.objects.list(f"s3://lake/{self.name}/{prefix}", hidden=True))
        listed.sort(key=lambda item: (item.modified, item.key))
        return [json.loads(self.objects.read(item.uri)) for item in listed]

    def reports(self) -> list[dict[str, Any]]:
        return sorted(self.documents("state/runs/"), key=lambda report: report["batch"])

    def ledger(self) -> dict[str, Any]:
        return self.documents("state/ledger.json")[0]

    def rows(self, columns: str = "*") -> list[tuple[Any, ...]]:
        """Return the curated rows, sorted, as another engine reads them."""
        return self._query("target", columns)

    def copied(self, columns: str = "*") -> list[tuple[Any, ...]]:
        """Return the rows of the masked copy, sorted."""
        return self._query("masked", columns)

    def refused(self) -> list[tuple[str, list[str]]]:
        """Return the quarantined records with their reasons."""
        return self._query("quarantine", "record, reasons")

    def _query(self, part: str, columns: str) -> list[tuple[Any, ...]]:
        folder = self.root / "lake" / self.name / part
        if not list(folder.rglob("*.parquet")):
            return []
        connection = duckdb.connect()
        connection.execute("SET TimeZone = 'UTC'")
        query = f"SELECT {columns} FROM read_parquet('{folder}/**/*.parquet', union_by_name = true)"
        return sorted(connection.execute(query).fetchall(), key=repr)

    def files(self) -> list[Path]:
        """Return the files of the table, without what a task is still writing."""
        found = (self.root / "lake" / self.name / "target").rglob("*.parquet")
        return sorted(file for file in found if "_temporary" not in file.parts)


@pytest.fixture
def lake(cloud: Path, script: ModuleType, request: pytest.FixtureRequest) -> Iterator[Lake]:
    # Other tests of this process may have emptied moto in the meantime.
    s3 = boto3.client("s3")
    if not any(bucket["Name"] == "lake" for bucket in s3.list_buckets()["Buckets"]):
        s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    objects = ObjectStore(DEFAULT_ACCOUNT_ID)
    name = f"t{abs(hash(request.node.nodeid)):x}"
    yield Lake(script=script, objects=objects, mirror=Mirror(objects, cloud), root=cloud, name=name)

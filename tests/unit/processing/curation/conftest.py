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
from collections.abc import Callable, Iterator, Sequence
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
from lake_blueprints.catalog.iceberg.table_properties import writer_defaults
from lake_blueprints.processing.curation.script_package import zipped
from local_cloud.engines.glue.spark import spark_configuration
from local_cloud.server.objects import Mirror, ObjectStore
from tests.spark import iceberg_jars
from tests.unit.processing.conftest import ICEBERG, QUICK_START

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
    # Whether the tests define the table, and not this class as the template would by the plan.
    defined: bool = False

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
        return replace(self, name=f"{self.name}_{suffix}", plan=plan)

    def run(self, *more: str) -> dict[str, Any]:
        """Run the script as a job run of the local cloud does; return the report of the last batch."""
        if not self.defined:
            self._deploy()
        arguments = [*self._arguments(), *more]
        self.mirror.pull()
        try:
            self.script.main(["curate.py", *arguments])
        finally:
            self.mirror.push()
        return self.reports()[-1]

    def run_and_kill(self, when: Callable[[], object]) -> None:
        """Run the script as a process, and kill it and its JVM at the moment."""
        self._deploy()
        arguments = self._arguments()
        self.mirror.pull()
        settings = spark_configuration(
            {"lake": self.root / "lake"}, workdir=self.root, java_options=[QUICK_START], jars=iceberg_jars()
        )
        # One task after the other, so that a kill can leave a part of the files.
        settings |= {**ICEBERG, "spark.master": "local[1]"}
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

    def written(self) -> list[Path]:
        """Return the data files that are there, those of no snapshot included."""
        return list((self.root / "lake" / "warehouse" / "db" / self.name / "data").rglob("*.parquet"))

    @property
    def table(self) -> str:
        """The name of the table in SQL."""
        return f"glue_catalog.db.{self.name}"

    @property
    def copy(self) -> str:
        """The name of the masked copy in SQL."""
        return f"{self.table}_copy"

    def drop(self) -> None:
        """Remove the table and its copy."""
        for table in (self.table, self.copy):
            SparkSession.builder.getOrCreate().sql(f"DROP TABLE IF EXISTS {table} PURGE")

    def _deploy(self) -> None:
        """Give the tables the columns of the plan, as a deployment does."""
        columns = self._columns()
        deploy(self.table, columns, self.plan.get("partition_keys", []))
        if "--masked_table" in self.more:
            kept = {item["name"]: item for item in self.plan["masked"] if item.get("masking") != "drop"}
            kinds = {name: "string" if item.get("masking") == "hash" else item["type"] for name, item in kept.items()}
            deploy(self.copy, kinds, self.plan.get("partition_keys", []))

    def _columns(self) -> dict[str, str]:
        plan = self.plan
        kinds = {item["name"]: item["type"] for item in plan["columns"]}
        for join in plan.get("joins", []):
            described = boto3.client("glue").get_table(DatabaseName="db", Name=self.joins[join["name"]]["table"])
            found = {item["Name"]: item["Type"] for item in described["Table"]["StorageDescriptor"]["Columns"]}
            kinds |= {name: found[name] for name in join["columns"]}
        kinds |= {name: item["type"] for name, item in plan.get("derive", {}).items()}
        return {name: kind for name, kind in kinds.items() if name not in plan.get("drop", [])}

    def _arguments(self) -> list[str]:
        self.s3.put_object(Bucket="lake", Key=f"{self.name}/plan.json", Body=json.dumps(self.plan).encode())
        base = f"s3://lake/{self.name}"
        arguments = ["--JOB_NAME", "curate", "--plan", f"{base}/plan.json", "--database", "db"]
        arguments += ["--table", self.name]
        for part in ("source", "quarantine", "state"):
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
        return _query(self.files(), columns)

    def copied(self, columns: str = "*") -> list[tuple[Any, ...]]:
        """Return the rows of the masked copy, sorted."""
        return _query(self.files(self.copy), columns)

    def refused(self, columns: str = "record, reasons") -> list[tuple[Any, ...]]:
        """Return the quarantined records with their reasons."""
        return _query(sorted((self.root / "lake" / self.name / "quarantine").rglob("*.parquet")), columns)

    def files(self, table: str | None = None) -> list[Path]:
        """Return the data files of the current snapshot, of the table unless its copy is named."""
        spark = SparkSession.builder.getOrCreate()
        if not spark.catalog.tableExists(table or self.table):
            return []
        found = spark.sql(f"SELECT file_path FROM {table or self.table}.files").collect()
        return sorted(self.root / str(row[0]).removeprefix("s3://") for row in found)


def deploy(table: str, columns: dict[str, str], partitioned: Sequence[str]) -> None:
    """Create a table, or add columns that it lacks and widen their types."""
    spark = SparkSession.builder.getOrCreate()
    if spark.catalog.tableExists(table):
        found = {item.name: item.dataType.simpleString() for item in spark.table(table).schema}
        for name, kind in columns.items():
            if name not in found:
                spark.sql(f"ALTER TABLE {table} ADD COLUMN `{name}` {kind}")
            elif found[name] != kind:
                spark.sql(f"ALTER TABLE {table} ALTER COLUMN `{name}` TYPE {kind}")
        return
    text = ", ".join(f"`{name}` {kind}" for name, kind in columns.items())
    by = f"PARTITIONED BY ({', '.join(f'`{name}`' for name in partitioned)})" if partitioned else ""
    properties = ", ".join(
        f"'{name}' = '{value}'" for name, value in writer_defaults({}, partitioned=bool(by), sorted_=False).items()
    )
    spark.sql(f"CREATE TABLE {table} ({text}) USING iceberg {by} TBLPROPERTIES ({properties})")


def _query(files: Sequence[Path], columns: str) -> list[tuple[Any, ...]]:
    if not files:
        return []
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    read = f"read_parquet({[str(file) for file in files]}, union_by_name = true)"
    return sorted(connection.execute(f"SELECT {columns} FROM {read}").fetchall(), key=repr)


@pytest.fixture
def lake(cloud: Path, script: ModuleType, request: pytest.FixtureRequest) -> Iterator[Lake]:
    # Other tests of this process may have emptied moto in the meantime.
    s3 = boto3.client("s3")
    if not any(bucket["Name"] == "lake" for bucket in s3.list_buckets()["Buckets"]):
        s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    objects = ObjectStore(DEFAULT_ACCOUNT_ID)
    name = f"t{abs(hash(request.node.nodeid)):x}"
    found = Lake(script=script, objects=objects, mirror=Mirror(objects, cloud), root=cloud, name=name)
    yield found
    found.drop()

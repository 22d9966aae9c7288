"""Runs of jobs, one after the other in one JVM: none sees what another left."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.engines.glue.spark import ClassArchive, spark_configuration, spark_environment
from local_cloud.engines.glue.spark_jvm import SparkJvm, start_settings
from local_cloud.engines.glue.spark_jvms import SparkJvms
from local_cloud.errors import LocalCloudError
from local_cloud.server.objects import ObjectStore
from local_cloud.server.runtime import Runtime

SEEN = """
import json, os
from pyspark.sql import SparkSession
from pyspark.sql.functions import udf

spark = SparkSession.builder.getOrCreate()
java = spark._jvm.java.lang
key = udf(lambda _: os.environ["AWS_ACCESS_KEY_ID"])
print(json.dumps({
    "jvm": java.ProcessHandle.current().pid(),
    "settings": [spark.conf.get(f"spark.sql.{name}") for name in ("ansi.enabled", "shuffle.partitions")],
    "property": java.System.getProperty("left"),
    "view": spark.catalog.tableExists("left"),
    "key": spark.range(1).select(key("id")).first()[0] == os.environ["AWS_ACCESS_KEY_ID"],
}))
java.System.out.println(f"output of {os.environ['AWS_ACCESS_KEY_ID']}")
java.System.err.println(f"errors of {os.environ['AWS_ACCESS_KEY_ID']}")
"""
START = start_settings({"spark.driver.memory": "1g", "spark.master": "local[1]"})
LEAVES = """
spark.range(1).createOrReplaceTempView("left")
java.System.setProperty("left", "something")
spark.conf.set("spark.sql.ansi.enabled", "true")
"""


class Jobs:
    """Jobs of Spark on a cloud of their own."""

    def __init__(self, cloud: LocalCloud, folder: Path) -> None:
        self._folder = folder
        self._glue = cloud.client("glue")
        self._s3 = cloud.client("s3")
        self._s3.create_bucket(Bucket="code")

    def run(self, name: str, script: str, **arguments: str) -> tuple[str, str, str]:
        """Run a script under a role of its own; return the run's state, output and errors."""
        self._s3.put_object(Bucket="code", Key=f"{name}.py", Body=script.encode())
        self._glue.create_job(
            Name=name,
            Role=f"arn:aws:iam::123456789012:role/{name}",
            Command={"Name": "glueetl", "ScriptLocation": f"s3://code/{name}.py"},
            DefaultArguments={f"--{argument.replace('_', '-')}": value for argument, value in arguments.items()},
            GlueVersion="5.1",
        )
        run = self._glue.start_job_run(JobName=name)["JobRunId"]
        while (state := self._state(name, run)) in ("STARTING", "RUNNING"):
            time.sleep(0.05)
        logs = self._folder / "logs" / "glue" / name / run
        return state, logs.with_suffix(".out").read_text(), logs.with_suffix(".err").read_text()

    def seen(self, name: str, script: str = SEEN, **arguments: str) -> dict[str, Any]:
        """Run a script that prints what it sees."""
        state, output, errors = self.run(name, script, **arguments)
        assert state == "SUCCEEDED", errors
        found: dict[str, Any] = json.loads(output.splitlines()[0])
        return found

    def wait_for_archive(self) -> None:
        """Let a first run write the archive of classes when it ends, which its JVM does not outlive."""
        self.seen("archive")
        while not ClassArchive(Path.home() / ".cache" / "lake-blueprints").path.exists():
            time.sleep(0.05)

    def _state(self, name: str, run: str) -> str:
        return str(self._glue.get_job_run(JobName=name, RunId=run)["JobRun"]["JobRunState"])


def has_ended(process: int) -> bool:
    return not psutil.pid_exists(process) or psutil.Process(process).status() == psutil.STATUS_ZOMBIE


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    folder = tmp_path_factory.mktemp("cloud")
    with LocalCloud(workdir=folder) as cloud:
        jobs = Jobs(cloud, folder)
        jobs.wait_for_archive()
        yield jobs


def test_a_run_sees_nothing_of_the_one_before_in_its_jvm(jobs: Jobs) -> None:
    first = jobs.seen("first", SEEN + LEAVES, conf="spark.sql.shuffle.partitions=3")
    assert (first["settings"], first["key"]) == (["false", "3"], True)
    second = {"jvm": first["jvm"], "settings": ["false", "4"], "property": None, "view": False, "key": True}
    assert jobs.seen("second") == second


def test_output_and_errors_of_the_jvm_are_in_the_logs_of_the_run(jobs: Jobs) -> None:
    for name in ("one", "two"):
        state, output, errors = jobs.run(name, SEEN)
        assert state == "SUCCEEDED"
        assert (output.count("output of"), errors.count("errors of")) == (1, 1)


def test_a_run_that_failed_ends_its_jvm(jobs: Jobs) -> None:
    state, output, errors = jobs.run("failing", SEEN + "raise ValueError('no')")
    assert (state, "ValueError: no" in errors) == ("FAILED", True)
    ended = json.loads(output.splitlines()[0])["jvm"]
    assert has_ended(ended)
    assert jobs.seen("after")["jvm"] != ended


def test_a_run_with_other_settings_of_the_jvm_has_another(jobs: Jobs) -> None:
    plain = jobs.seen("plain")["jvm"]
    assert jobs.seen("large", conf="spark.driver.memory=2g")["jvm"] != plain
    assert jobs.seen("plain again")["jvm"] == plain


def test_a_script_may_stop_its_session_or_not(jobs: Jobs) -> None:
    stopping = SEEN + "spark.stop()"
    assert jobs.seen("stops", stopping)["jvm"] == jobs.seen("stops again", stopping)["jvm"]


def test_a_jvm_that_does_not_start_is_reported(tmp_path: Path) -> None:
    settings = {**start_settings(spark_configuration({}, workdir=tmp_path)), "spark.driver.memory": "nonsense"}
    jvm = SparkJvm(
        tmp_path / "jvm",
        settings=settings,
        archive=ClassArchive(tmp_path / "cache"),
        environment=spark_environment(tmp_path / "cache"),
    )
    with pytest.raises(LocalCloudError, match=r"the JVM of Spark did not start: .*nonsense"):
        jvm.begin({}, environment={}, log_settings=tmp_path, output=tmp_path / "out", errors=tmp_path / "err")
    jvm.kill()


def test_settings_of_the_start_are_those_that_a_running_jvm_does_not_take() -> None:
    given = {"spark.driver.memory": "2g", "spark.driver.host": "a", "spark.sql.ansi.enabled": "true"}
    assert start_settings(given) == {"spark.driver.memory": "2g"}


def test_jvms_end_with_their_cloud(jobs: Jobs, tmp_path: Path) -> None:
    cache = Path.home() / ".cache" / "lake-blueprints"
    runtime = Runtime(endpoint="", account="", workdir=tmp_path, cache=cache, objects=ObjectStore(""))
    jvms = SparkJvms(runtime)
    waiting, busy = (jvms.take(START, jars=[], environment=spark_environment(cache)) for _ in range(2))
    jvms.give_back(waiting)
    assert not has_ended(waiting.pid)
    runtime.cleanup.close()
    assert (has_ended(waiting.pid), has_ended(busy.pid)) == (True, False)
    jvms.give_back(busy)
    assert has_ended(busy.pid)


def test_three_jvms_wait_for_runs_and_no_more(jobs: Jobs, tmp_path: Path) -> None:
    cache = Path.home() / ".cache" / "lake-blueprints"
    runtime = Runtime(endpoint="", account="", workdir=tmp_path, cache=cache, objects=ObjectStore(""))
    jvms = SparkJvms(runtime)
    taken = [jvms.take(START, jars=[], environment=spark_environment(cache)) for _ in range(4)]
    for jvm in taken:
        jvms.give_back(jvm)
    assert [has_ended(jvm.pid) for jvm in taken] == [True, False, False, False]
    runtime.cleanup.close()

from __future__ import annotations

import inspect
import io
import textwrap
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud.engines.glue import execution as glue_execution
from local_cloud.engines.glue.execution import error_message
from local_cloud.engines.glue.jobs import GlueJobEngine
from local_cloud.server.runtime import Runtime

REGION = "eu-west-1"
PREFIX = {"--custom-logGroup-prefix": "/lake"}
ENDED = ("SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED")


@pytest.fixture(scope="module", autouse=True)
def engine(runtime: Runtime) -> Iterator[GlueJobEngine]:
    engine = GlueJobEngine(runtime)
    with engine.patches():
        s3 = runtime.client("s3", REGION)
        for bucket in ("code", "raw", "curated"):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield engine


@pytest.fixture
def s3(runtime: Runtime) -> Any:
    return runtime.client("s3", REGION)


@pytest.fixture
def glue(runtime: Runtime) -> Any:
    return runtime.client("glue", REGION)


@pytest.fixture(scope="module")
def security_configurations(runtime: Runtime) -> None:
    encrypted = {"CloudWatchEncryptionMode": "SSE-KMS", "KmsKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/lake"}
    for name, encryption in (("encrypted", encrypted), ("plain", {"CloudWatchEncryptionMode": "DISABLED"})):
        runtime.client("glue", REGION).create_security_configuration(
            Name=name, EncryptionConfiguration={"CloudWatchEncryption": encryption}
        )


class Job:
    """A job whose script is `source`, and what its runs are seen to do through the API."""

    def __init__(self, runtime: Runtime, name: str, source: str, **properties: Any) -> None:
        self.name = name
        self.glue = runtime.client("glue", REGION)
        key = f"scripts/{name}.py"
        runtime.client("s3", REGION).put_object(Bucket="code", Key=key, Body=textwrap.dedent(source).encode())
        kind = properties.pop("kind", "pythonshell")
        self.glue.create_job(
            Name=name,
            Role=properties.pop("role", "arn:aws:iam::123456789012:role/job"),
            Command={"Name": kind, "ScriptLocation": f"s3://code/{key}"},
            **{"GlueVersion": "5.1", **properties},
        )

    def start(self, **arguments: Any) -> str:
        return str(self.glue.start_job_run(JobName=self.name, **arguments)["JobRunId"])

    def describe(self, run_id: str) -> dict[str, Any]:
        run: dict[str, Any] = self.glue.get_job_run(JobName=self.name, RunId=run_id)["JobRun"]
        return run

    def wait(self, run_id: str, *states: str) -> dict[str, Any]:
        while (run := self.describe(run_id))["JobRunState"] not in (states or ENDED):
            time.sleep(0.05)
        return run

    def run(self, **arguments: Any) -> dict[str, Any]:
        return self.wait(self.start(**arguments))


def keys(s3: Any, bucket: str) -> set[str]:
    return {item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}


def test_runs_the_deployed_spark_script_on_the_objects_of_s3(runtime: Runtime, s3: Any) -> None:
    s3.put_object(Bucket="raw", Key="orders/1.json", Body=b'{"id": 1, "day": "a"}\n{"id": 2, "day": "b"}\n')
    s3.put_object(Bucket="raw", Key="orders/2.json", Body=b'{"id": 2, "day": "b"}\n')
    s3.put_object(Bucket="curated", Key="orders/day=old/part.parquet", Body=b"old")
    job = Job(
        runtime,
        "orders",
        """
        import sys
        from awsglue.context import GlueContext
        from awsglue.job import Job
        from awsglue.utils import getResolvedOptions
        from pyspark.sql import SparkSession
        from helper import shout

        args = getResolvedOptions(sys.argv, ["JOB_NAME", "source", "target"])
        spark = SparkSession.builder.getOrCreate()
        job = Job(GlueContext(spark.sparkContext))
        job.init(args["JOB_NAME"], args)
        rows = spark.read.json(args["source"]).dropDuplicates(["id"])
        rows.write.mode("overwrite").partitionBy("day").parquet(args["target"])
        print(shout(args["JOB_NAME"]), rows.count(), spark.conf.get("spark.sql.ansi.enabled"))
        job.commit()
        """,
        kind="glueetl",
        DefaultArguments={
            "--source": "s3://raw/nothing/",
            "--target": "s3://curated/orders/",
            "--extra-py-files": "s3://code/helper.zip",
            "--conf": "spark.sql.ansi.enabled=true --conf spark.sql.shuffle.partitions=2",
        },
    )
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("helper.py", "def shout(text): return text.upper()")
    s3.put_object(Bucket="code", Key="helper.zip", Body=archive.getvalue())

    run = job.run(Arguments={"--source": "s3://raw/orders/"})

    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    assert run["GlueVersion"] == "5.1"
    assert run["Arguments"]["--source"] == "s3://raw/orders/"
    written = {key.rsplit("/", 1)[0] for key in keys(s3, "curated") if key.endswith(".parquet")}
    assert written == {"orders/day=a", "orders/day=b"}
    assert keys(s3, "raw") == {"orders/1.json", "orders/2.json"}
    events = runtime.client("logs", REGION).get_log_events(
        logGroupName="/aws-glue/jobs/output", logStreamName=run["Id"]
    )["events"]
    assert [event["message"] for event in events] == ["ORDERS 2 true"]
    assert (runtime.workdir / "logs" / "glue" / "orders" / f"{run['Id']}.out").read_text() == "ORDERS 2 true\n"


READ_ORDERS = """
from pyspark.sql import SparkSession

print(SparkSession.builder.getOrCreate().read.json("s3://raw/read/").count())
"""


def test_what_spark_lists_and_reads_is_recorded_under_the_role(runtime: Runtime, s3: Any) -> None:
    for name in ("read/day=1/a b.json", "unread/1.json"):
        s3.put_object(Bucket="raw", Key=name, Body=b'{"id": 1}\n')
    role = "arn:aws:iam::123456789012:role/reader"
    run = Job(runtime, "reader", READ_ORDERS, kind="glueetl", role=role).run()
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    called = {(call.action, call.resource) for call in runtime.recording.calls if call.role == role}
    assert {
        ("s3:GetObject", "code/scripts/reader.py"),
        ("s3:ListBucket", "raw/read/"),
        ("s3:GetObject", "raw/read/day=1/a b.json"),
        ("logs:PutLogEvents", f"/aws-glue/jobs/output/{run['Id']}"),
    } <= called
    assert not [resource for _, resource in called if "unread" in resource]
    assert not [action for action, _ in called if action.startswith("glue:")]


def test_a_session_with_the_data_catalog_looks_for_the_default_database_and_makes_it(
    runtime: Runtime, glue: Any
) -> None:
    """Of an account that begins without one."""
    assert "default" not in [database["Name"] for database in glue.get_databases()["DatabaseList"]]
    role = "arn:aws:iam::123456789012:role/session"
    arguments = {"--enable-glue-datacatalog": "true"}
    job = Job(runtime, "session", READ_ORDERS, kind="glueetl", role=role, DefaultArguments=arguments)
    job.run()
    called = {(call.action, call.resource) for call in runtime.recording.calls if call.role == role}
    assert {("glue:GetDatabase", "default"), ("glue:CreateDatabase", "default")} <= called
    assert glue.get_database(Name="default")["Database"]["Name"] == "default"


@pytest.mark.parametrize(
    ("options", "group"),
    [
        ({}, "/aws-glue/jobs"),
        ({"DefaultArguments": PREFIX}, "/lake"),
        ({"SecurityConfiguration": "encrypted"}, "/aws-glue/jobs/encrypted-role/job"),
        ({"SecurityConfiguration": "encrypted", "DefaultArguments": PREFIX}, "/lake/encrypted-role/job"),
        ({"SecurityConfiguration": "plain"}, "/aws-glue/jobs"),
        ({"SecurityConfiguration": "encrypted", "GlueVersion": "4.0"}, "/aws-glue/jobs-job-encrypted"),
    ],
)
def test_logs_are_in_the_groups_that_glue_documents(
    runtime: Runtime, security_configurations: None, options: dict[str, Any], group: str
) -> None:
    """https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html."""
    run = Job(runtime, f"logging{len(str(options))}", "print('seen')", **options).run()
    logs = runtime.client("logs", REGION)
    events = logs.get_log_events(logGroupName=f"{group}/output", logStreamName=run["Id"])["events"]
    assert [event["message"] for event in events] == ["seen"]


def test_what_a_failed_script_has_written_stays_and_its_exception_is_told(runtime: Runtime, s3: Any) -> None:
    job = Job(
        runtime,
        "half",
        """
        from pyspark.sql import SparkSession

        spark = SparkSession.builder.getOrCreate()
        spark.range(3).write.mode("overwrite").json("s3://curated/half/")
        spark.read.json("s3://raw/absent/")
        """,
        kind="glueetl",
    )
    run = job.run()
    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"].startswith("AnalysisException: [PATH_NOT_FOUND] Path does not exist: s3://raw/absent")
    numbers = b"".join(
        s3.get_object(Bucket="curated", Key=key)["Body"].read()
        for key in keys(s3, "curated")
        if key.startswith("half/part")
    )
    assert sorted(numbers.decode().splitlines()) == ['{"id":0}', '{"id":1}', '{"id":2}']


def test_objects_that_others_change_during_a_run_keep_their_change(runtime: Runtime, s3: Any) -> None:
    s3.put_object(Bucket="raw", Key="during/changed", Body=b"old")
    s3.put_object(Bucket="raw", Key="during/deleted", Body=b"old")
    job = Job(
        runtime,
        "during",
        """
        import boto3
        from pyspark.sql import SparkSession

        spark = SparkSession.builder.getOrCreate()
        s3 = boto3.client("s3")
        s3.put_object(Bucket="raw", Key="during/changed", Body=b"new")
        s3.delete_object(Bucket="raw", Key="during/deleted")
        s3.put_object(Bucket="raw", Key="during/added", Body=b"new")
        """,
        kind="glueetl",
    )
    assert job.run()["JobRunState"] == "SUCCEEDED"
    assert {key for key in keys(s3, "raw") if key.startswith("during/")} == {"during/added", "during/changed"}
    assert s3.get_object(Bucket="raw", Key="during/changed")["Body"].read() == b"new"


def test_what_a_script_lists_spark_reads_even_if_it_came_during_the_run(runtime: Runtime, s3: Any) -> None:
    s3.put_object(Bucket="raw", Key="late/1.json", Body=b'{"id": 1}\n')
    job = Job(
        runtime,
        "late",
        """
        import boto3
        from pyspark.sql import SparkSession

        spark = SparkSession.builder.getOrCreate()
        s3 = boto3.client("s3")
        s3.put_object(Bucket="raw", Key="late/2.json", Body=b'{"id": 2}\\n')
        found = s3.list_objects_v2(Bucket="raw", Prefix="late/")["Contents"]
        assert spark.read.json([f"s3://raw/{item['Key']}" for item in found]).count() == 2
        """,
        kind="glueetl",
    )
    run = job.run()
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")


def test_a_missing_argument_fails_the_run_as_in_glue(runtime: Runtime) -> None:
    job = Job(
        runtime,
        "arguments",
        """
        import sys
        from awsglue.utils import getResolvedOptions
        getResolvedOptions(sys.argv, ["JOB_NAME", "needed"])
        """,
    )
    assert job.run()["ErrorMessage"] == "GlueArgumentError: the following arguments are required: --needed"


def test_a_run_beyond_its_timeout_is_killed(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glue_execution, "_SECONDS_PER_MINUTE", 0.5)
    job = Job(runtime, "endless", "while True: pass", Timeout=1)
    run = job.run()
    assert (run["JobRunState"], run["Timeout"]) == ("TIMEOUT", 1)


def test_a_run_can_be_stopped_and_a_second_one_waits_for_its_turn(runtime: Runtime, glue: Any) -> None:
    job = Job(runtime, "sleeper", "import time; time.sleep(600)")
    run_id = job.start()
    job.wait(run_id, "RUNNING")
    with pytest.raises(ClientError, match="ConcurrentRunsExceededException"):
        job.start()

    answer = glue.batch_stop_job_run(JobName="sleeper", JobRunIds=[run_id, "jr_absent"])

    assert answer["SuccessfulSubmissions"] == [{"JobName": "sleeper", "JobRunId": run_id}]
    assert [error["ErrorDetail"]["ErrorCode"] for error in answer["Errors"]] == ["EntityNotFoundException"]
    assert job.wait(run_id)["JobRunState"] == "STOPPED"
    job.start()
    second = glue.get_job_runs(JobName="sleeper")["JobRuns"][-1]
    glue.batch_stop_job_run(JobName="sleeper", JobRunIds=[second["Id"]])
    assert job.wait(second["Id"])["JobRunState"] == "STOPPED"


def test_as_many_runs_as_the_job_allows_run_at_once(runtime: Runtime, glue: Any) -> None:
    job = Job(runtime, "pair", "import time; time.sleep(600)", ExecutionProperty={"MaxConcurrentRuns": 2})
    started = [job.start(), job.start()]
    for run_id in started:
        job.wait(run_id, "RUNNING")
    with pytest.raises(ClientError, match="ConcurrentRunsExceededException"):
        job.start()
    glue.batch_stop_job_run(JobName="pair", JobRunIds=started)
    assert [job.wait(run_id)["JobRunState"] for run_id in started] == ["STOPPED", "STOPPED"]


def test_a_failed_run_is_retried_as_often_as_the_job_says(runtime: Runtime, glue: Any) -> None:
    job = Job(runtime, "retried", "raise ValueError('no')", MaxRetries=1)
    run_id = job.start()
    assert job.wait(run_id)["ErrorMessage"] == "ValueError: no"
    retry = f"{run_id}_attempt_1"
    while retry not in [run["Id"] for run in glue.get_job_runs(JobName="retried")["JobRuns"]]:
        time.sleep(0.05)
    again = job.wait(retry)
    assert (again["JobRunState"], again["Attempt"], again["PreviousRunId"]) == ("FAILED", 1, run_id)
    assert len(glue.get_job_runs(JobName="retried")["JobRuns"]) == 2


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"kind": "gluestreaming"}, "job type 'gluestreaming' cannot be run, only glueetl and pythonshell"),
        ({"DefaultArguments": {"--extra-jars": "s3://code/x.jar"}}, "job argument --extra-jars is not supported"),
        ({"DefaultArguments": {"--datalake-formats": "hudi"}}, "--datalake-formats 'hudi' is not supported"),
        ({"DefaultArguments": {"--extra-py-files": "s3://code/no.zip"}}, "s3://code/no.zip, which does not exist"),
    ],
)
def test_refuses_what_it_cannot_run(runtime: Runtime, properties: dict[str, Any], message: str) -> None:
    run = Job(runtime, f"refused-{abs(hash(message))}", "", **properties).run()
    assert run["JobRunState"] == "FAILED"
    assert message in run["ErrorMessage"]


def test_a_script_without_exception_is_told_by_its_exit_code(runtime: Runtime) -> None:
    assert Job(runtime, "exit", "import sys; sys.exit(3)").run()["ErrorMessage"] == "Command failed with exit code 3"


def test_the_error_message_joins_the_python_and_the_java_exception() -> None:
    errors = inspect.cleandoc(
        """
        Traceback (most recent call last):
          File "a.py", line 1, in <module>
        KeyError: 'first'

        During handling of the above exception, another exception occurred:

        Traceback (most recent call last):
          File "a.py", line 2, in <module>
            spark.stop()
        py4j.protocol.Py4JJavaError: An error occurred while calling o1.parquet.
        : org.apache.spark.SparkException: Job aborted.
        """
    )
    assert error_message(errors, 1) == (
        "Py4JJavaError: An error occurred while calling o1.parquet.: org.apache.spark.SparkException: Job aborted."
    )

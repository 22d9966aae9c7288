"""Applications that do not start, and jobs that fail."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_cloud.cloud import LocalCloud
from tests.local_cloud.flink.applications import STREAM, Application, put, records, until

_COPY = f"""
def stream(name):
    given = f"'connector'='kinesis', 'stream.arn'='{STREAM}{{name}}', 'aws.region'='us-east-1', 'format'='json'"
    return f"WITH ({{given}})"

table.execute_sql(f"CREATE TABLE here (n INT) {{stream('here')}}")
table.execute_sql(f"CREATE TABLE there (n INT) {{stream('there')}}")
table.execute_sql("INSERT INTO there SELECT n FROM here").wait()
"""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as running:
        for name in ("here", "there"):
            running.client("kinesis").create_stream(StreamName=name, ShardCount=1)
        running.client("s3").create_bucket(Bucket="code")
        yield running


def _metric(cloud: LocalCloud, application: str, name: str, **further: str) -> float:
    found = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/KinesisAnalytics",
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in {"Application": application, **further}.items()],
        StartTime="2020-01-01",
        EndTime="2040-01-01",
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    return max((point["Maximum"] for point in found), default=0.0)


@pytest.mark.parametrize(
    ("name", "main", "reason"),
    [
        ("raises", "raise ValueError('no such property')", "ValueError: no such property"),
        ("idle", "print('nothing to do')", "main.py has ended without a job"),
        ("wrong", "table.execute_sql('INSERT INTO nowhere SELECT 1')", "Cannot find table"),
        (
            "kafka",
            "table.execute_sql(\"CREATE TABLE t (n INT) WITH ('connector'='kafka')\")",
            "connectors blackhole, datagen, filesystem, firehose, kinesis, print, and not 'kafka'",
        ),
    ],
)
def test_code_that_ends_without_a_job_leaves_the_application_ready_with_the_reason_in_its_log(
    cloud: LocalCloud, name: str, main: str, reason: str
) -> None:
    application = Application(cloud, name)
    application.create(main)

    started = application.flink.start_application(ApplicationName=name)["OperationId"]
    application.reaches("READY")

    assert reason in "\n".join(application.log)
    told = application.flink.describe_application_operation(ApplicationName=name, OperationId=started)
    operation = told["ApplicationOperationInfoDetails"]
    assert (operation["Operation"], operation["OperationStatus"]) == ("StartApplication", "FAILED")
    assert reason in operation["OperationFailureDetails"]["ErrorInfo"]["ErrorString"]


def test_a_job_that_fails_is_started_again_until_it_is_stopped_by_force(cloud: LocalCloud) -> None:
    application = Application(cloud, "copy")
    application.create(_COPY)
    application.start()
    put(cloud, "here", [b'{"n": 1}'])
    cloud.drain()
    assert [content for _, content in records(cloud, "there")] == [{"n": 1}]

    put(cloud, "here", [b'{"n": "no number"}', b'{"n": 2}'])
    until(lambda: _metric(cloud, "copy", "numRestarts") >= 2)

    assert application.detail["ApplicationStatus"] in ("RUNNING", "STARTING")
    until(lambda: _metric(cloud, "copy", "millisBehindLatest", Id="here", Flow="Input") > 0)
    assert [content for _, content in records(cloud, "there")] == [{"n": 1}]
    until(lambda: "Failed to deserialize" in "\n".join(application.log))

    application.stop(force=True)
    assert application.flink.list_application_snapshots(ApplicationName="copy")["SnapshotSummaries"] == []


def test_a_role_that_may_not_read_the_stream_fails_the_job(cloud: LocalCloud) -> None:
    application = Application(cloud, "denied")
    application.create(_COPY)
    with cloud.inject("kinesis", "GetRecords", "AccessDeniedException", times=2) as fault:
        application.flink.start_application(ApplicationName="denied")
        until(lambda: fault.struck == 2)
        assert "AccessDeniedException" in "\n".join(application.log)

    application.reaches("RUNNING")
    put(cloud, "here", [b'{"n": 3}'])
    cloud.drain()
    assert {"n": 3} in [content for _, content in records(cloud, "there")]
    application.stop()

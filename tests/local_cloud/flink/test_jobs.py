"""A job that reads two streams and writes four, through all that can happen to it.

The tests go on from each other, since every start of Flink takes seconds: one application lives through them all.
"""

from __future__ import annotations

import gzip
import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from local_cloud.cloud import LocalCloud
from tests.local_cloud.flink.applications import ROLE, STREAM, Application, put, records, until

_FIRST = 1_700_000_040_000
_MINUTE = 60
_MAIN = """
path = os.environ["APPLICATION_PROPERTIES_FILE"]
with open(path) as file:
    own = {group["PropertyGroupId"]: group["PropertyMap"] for group in json.load(file)}["app"]
table.get_config().set("table.local-time-zone", "UTC")

def stream(name, **options):
    given = {"connector": "kinesis", "stream.arn": own["streams"] + name, "aws.region": "us-east-1", **options}
    return "WITH (" + ", ".join(f"'{key}'='{value}'" for key, value in given.items()) + ")"

source = {"source.init.position": "TRIM_HORIZON", "format": "json", "json.ignore-parse-errors": "true"}
table.execute_sql(f\"\"\"
CREATE TABLE rides (  -- it's the source; one (
  car STRING, fare DOUBLE, ts BIGINT,
  rowtime AS TO_TIMESTAMP_LTZ(ts, 3),
  WATERMARK FOR rowtime AS rowtime - INTERVAL '1' SECOND
) {stream("rides", **source)}\"\"\")
table.execute_sql(f\"\"\"
CREATE TABLE counts (car STRING, `minute` TIMESTAMP(3), n BIGINT) PARTITIONED BY (car) {stream("counts", format="json")}
\"\"\")
table.execute_sql(f"CREATE TABLE late (car STRING, ts BIGINT) {stream('late', format='json')}")
table.execute_sql(f"CREATE TABLE notes (line STRING) {stream('notes', format='raw')}")
table.execute_sql(f"CREATE TABLE lengths (line STRING, n INT) {stream('lengths', format='json')}")
table.execute_sql(\"\"\"
CREATE TABLE files (car STRING, fare DOUBLE)
WITH ('connector'='firehose', 'delivery-stream'='files', 'aws.region'='us-east-1', 'format'='json')\"\"\")
table.execute_sql("CREATE TEMPORARY VIEW dear AS SELECT car, fare FROM rides WHERE fare > 99")
job = table.create_statement_set()
job.add_insert_sql(\"\"\"INSERT INTO counts SELECT car, window_start, COUNT(*)
FROM TABLE(TUMBLE(TABLE rides, DESCRIPTOR(rowtime), INTERVAL '1' MINUTE)) GROUP BY car, window_start, window_end\"\"\")
job.add_insert_sql("INSERT INTO late SELECT car, ts FROM rides WHERE rowtime <= CURRENT_WATERMARK(rowtime)")
job.add_insert_sql("INSERT INTO lengths SELECT line, CHAR_LENGTH(line) FROM notes;")
job.add_insert_sql("INSERT INTO files SELECT * FROM dear")
print("submitted", job.execute().get_job_client().get_job_id())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("flink cloud")


@pytest.fixture(scope="module")
def cloud(folder: Path) -> Iterator[LocalCloud]:
    running = LocalCloud(workdir=folder)
    running.start()
    try:
        kinesis = running.client("kinesis")
        for name in ("rides", "counts", "late", "notes", "lengths"):
            kinesis.create_stream(StreamName=name, ShardCount=2)
        for bucket in ("code", "files"):
            running.client("s3").create_bucket(Bucket=bucket)
        running.client("firehose").create_delivery_stream(
            DeliveryStreamName="files",
            ExtendedS3DestinationConfiguration={
                "BucketARN": "arn:aws:s3:::files",
                "RoleARN": ROLE,
                "CompressionFormat": "GZIP",
            },
        )
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def application(cloud: LocalCloud) -> Application:
    made = Application(cloud, "rides")
    made.create(_MAIN, properties={"app": {"streams": STREAM}})
    return made


def _ride(second: int, fare: float = 1.0) -> bytes:
    return json.dumps({"car": f"c{second % 3}", "fare": fare, "ts": _FIRST + second * 1000}).encode()


def _counts(cloud: LocalCloud) -> dict[tuple[str, str], int]:
    found = records(cloud, "counts")
    assert all(key == content["car"] for key, content in found)
    counted = Counter((content["car"], content["minute"]) for _, content in found)
    assert set(counted.values()) <= {1}, "a window came twice"
    return {(content["car"], content["minute"]): content["n"] for _, content in found}


def _expected(seconds: Iterable[int]) -> dict[tuple[str, str], int]:
    """Count what a batch over the same records would."""
    counted = Counter((f"c{second % 3}", f"2023-11-14 22:{14 + second // _MINUTE}:00") for second in seconds)
    return dict(counted)


def test_windows_count_what_a_batch_over_the_same_records_does(cloud: LocalCloud, application: Application) -> None:
    put(cloud, "rides", map(_ride, range(100)))
    put(cloud, "notes", [b"put before the start, which LATEST leaves out"])

    application.start()
    put(cloud, "rides", [b"no JSON", b"[", *map(_ride, range(100, 125))])
    cloud.drain()

    assert _counts(cloud) == _expected(range(120))


def test_late_rows_go_to_their_own_sink_and_into_no_window(cloud: LocalCloud, application: Application) -> None:
    put(cloud, "rides", [_ride(3), _ride(7)])
    cloud.drain()

    assert sorted(content["ts"] for _, content in records(cloud, "late")) == [_FIRST + 3000, _FIRST + 7000]
    assert _counts(cloud) == _expected(range(120))


def test_raw_records_keep_their_line_feeds(cloud: LocalCloud, application: Application) -> None:
    put(cloud, "notes", [b"two\nlines", 'a "quoted" word, a \\ and ü'.encode(), b'{"a":\n1}'])
    cloud.drain()

    lines = {content["line"]: content["n"] for _, content in records(cloud, "lengths")}
    assert lines == {"two\nlines": 9, 'a "quoted" word, a \\ and ü': 26, '{"a":\n1}': 8}


def test_a_record_of_json_may_have_line_feeds_within_a_text_too(cloud: LocalCloud, application: Application) -> None:
    good = json.dumps(json.loads(_ride(124, fare=100)), indent=2).encode()
    put(cloud, "rides", [good, _ride(124, fare=101).replace(b"c1", b"c\n1\\\\"), b'{"car": "c\\\n1", "fare": 102}'])
    cloud.drain()

    bucket = cloud.client("s3")
    keys = [item["Key"] for item in bucket.list_objects_v2(Bucket="files")["Contents"]]
    found = b"".join(gzip.decompress(bucket.get_object(Bucket="files", Key=key)["Body"].read()) for key in keys)
    assert found == rb'{"car":"c1","fare":100.0}{"car":"c\n1\\","fare":101.0}'


def test_calls_are_made_under_the_role_of_the_application(cloud: LocalCloud, application: Application) -> None:
    actions = {call.action for call in cloud.calls if call.role == ROLE}
    assert actions >= {
        *("s3:GetObject", "kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:GetShardIterator"),
        *("kinesis:GetRecords", "kinesis:PutRecords", "firehose:PutRecordBatch", "logs:PutLogEvents"),
    }


def test_a_killed_job_goes_on_from_its_last_checkpoint_without_loss(
    cloud: LocalCloud, application: Application, has_ended: Callable[[int], bool]
) -> None:
    put(cloud, "rides", map(_ride, range(125, 170)))
    killed = application.pid
    os.kill(killed, signal.SIGKILL)
    put(cloud, "rides", map(_ride, range(170, 250)))
    put(cloud, "notes", [b"put while nothing ran"])
    cloud.drain()

    odd = {("c1", "2023-11-14 22:16:00"): 21, ("c\n1\\", "2023-11-14 22:16:00"): 1}
    assert _counts(cloud) == {**_expected(range(240)), **odd}
    assert "put while nothing ran" in [content["line"] for _, content in records(cloud, "lengths")]
    assert has_ended(killed)
    assert application.detail["ApplicationStatus"] == "RUNNING"
    restarts = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/KinesisAnalytics",
        MetricName="numRestarts",
        Dimensions=[{"Name": "Application", "Value": "rides"}],
        StartTime="2020-01-01",
        EndTime="2040-01-01",
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    assert max(point["Maximum"] for point in restarts) == 1


def test_a_stop_makes_a_snapshot_from_which_a_start_goes_on(cloud: LocalCloud, application: Application) -> None:
    application.stop()
    put(cloud, "rides", map(_ride, range(250, 310)))
    put(cloud, "notes", [b"put while it was stopped"])

    application.start()
    cloud.drain()

    assert len(application.flink.list_application_snapshots(ApplicationName="rides")["SnapshotSummaries"]) == 1
    counts = _counts(cloud)
    assert counts[("c0", "2023-11-14 22:18:00")] == 20, "the window was open at the stop, and lost nothing"
    assert "put while it was stopped" in [content["line"] for _, content in records(cloud, "lengths")]


def test_an_older_snapshot_brings_back_its_state_and_its_place_in_the_stream(
    cloud: LocalCloud, application: Application
) -> None:
    application.flink.create_application_snapshot(ApplicationName="rides", SnapshotName="before")
    put(cloud, "rides", map(_ride, range(310, 365)))
    cloud.drain()
    once = _counts(cloud)
    application.stop(force=True)

    application.start(ApplicationRestoreType="RESTORE_FROM_CUSTOM_SNAPSHOT", SnapshotName="before")
    cloud.drain()

    twice = Counter((content["car"], content["minute"], content["n"]) for _, content in records(cloud, "counts"))
    repeated = {(car, minute) for (car, minute, _), times in twice.items() if times == 2}
    assert repeated == {(f"c{car}", "2023-11-14 22:19:00") for car in range(3)}
    assert once == {(car, minute): n for car, minute, n in twice}


def test_a_cloud_that_was_kept_goes_on_with_the_application(
    cloud: LocalCloud, application: Application, has_ended: Callable[[int], bool]
) -> None:
    process = application.pid
    cloud.stop(keep=True)
    assert has_ended(process)

    cloud.start()
    put(cloud, "rides", map(_ride, range(365, 425)))
    cloud.drain()

    minutes = {content["minute"]: content["n"] for _, content in records(cloud, "counts")}
    assert minutes["2023-11-14 22:20:00"] == 20


def test_an_update_starts_the_application_again_with_what_has_changed(
    cloud: LocalCloud, application: Application
) -> None:
    version = application.detail["ApplicationVersionId"]
    application.flink.update_application(
        ApplicationName="rides",
        CurrentApplicationVersionId=version,
        ApplicationConfigurationUpdate={
            "FlinkApplicationConfigurationUpdate": {
                "MonitoringConfigurationUpdate": {"ConfigurationTypeUpdate": "CUSTOM", "LogLevelUpdate": "ERROR"}
            }
        },
    )
    until(lambda: application.detail["ApplicationVersionId"] == version + 1)
    application.reaches("RUNNING")
    put(cloud, "rides", map(_ride, range(425, 485)))
    cloud.drain()

    minutes = {content["minute"]: content["n"] for _, content in records(cloud, "counts")}
    assert minutes["2023-11-14 22:21:00"] == 20
    described: dict[str, Any] = application.detail["ApplicationConfigurationDescription"]
    monitoring = described["FlinkApplicationConfigurationDescription"]["MonitoringConfigurationDescription"]
    assert monitoring["LogLevel"] == "ERROR"


def test_no_process_is_left_when_a_running_application_is_deleted_and_the_cloud_stops(
    cloud: LocalCloud, application: Application, folder: Path
) -> None:
    def processes() -> list[str]:
        lines = (" ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"]))
        return [line for line in lines if str(folder) in line]

    assert processes()
    application.flink.delete_application(ApplicationName="rides", CreateTimestamp=application.detail["CreateTimestamp"])
    assert application.flink.list_applications()["ApplicationSummaries"] == []
    assert not list((folder / "flink").glob("us-east-1-*"))

    cloud.stop()
    assert processes() == []

"""Faults, survived: after each, every record is accounted for once, and who is to know has been told.

That a curation killed at any of its steps is repaired by the next is shown in tests/unit/etl/test_curate.py; that
Firehose neither loses nor doubles what it fails to write, in tests/unit/local/test_faults.py.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from examples.demo.queries import Athena
from examples.flights.account import Account, quarantined, reported
from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError

APPS = Path(__file__).parent / "apps"
_POLL_SECONDS = 0.02


class Orders:
    """The deployed lake, to which orders are sent, each with an id of its own."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud
        self.outputs = cloud.deploy(directory=APPS, app="python faults_lake.py")["Faults"]
        self._queue = cloud.client("sqs").create_queue(QueueName="messages")["QueueUrl"]
        cloud.client("sns").subscribe(
            TopicArn=self.outputs["Topic"], Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:messages"
        )
        self.s3 = cloud.client("s3")
        self.sent = 0
        self._made = 0

    def orders(self, count: int, **values: Any) -> list[dict[str, Any]]:
        """Return new orders."""
        self._made += count
        return [{"id": self._made - number, "day": "2026-01-01", "amount": 1} | values for number in range(count)]

    def send(self, orders: list[dict[str, Any]]) -> None:
        """Put orders to the data stream, from which Firehose takes them."""
        records = [{"Data": json.dumps(order).encode(), "PartitionKey": "any"} for order in orders]
        self.cloud.client("kinesis").put_records(StreamName=self.outputs["Stream"], Records=records)
        self.sent += len(orders)

    def run(self) -> None:
        self.cloud.execute(self.outputs["StateMachine"])

    def check(self) -> None:
        """Refuse an account of all orders that were ever sent that is not exact."""
        reports = reported(self.s3, self.outputs["CuratedBucket"], "orders")
        refused, reasons = quarantined(self.s3, self.outputs["RawBucket"], "orders")
        athena = Athena(self.cloud.client("athena"), self.outputs["Workgroup"])
        table = f'"{self.outputs["CuratedDatabase"]}".orders'
        ((rows, keys),) = athena.ask(f"select count(*), count(distinct id) from {table}").rows
        assert rows == keys
        Account(
            dataset="orders",
            sent=self.sent,
            curated=int(str(rows)),
            quarantined=refused,
            duplicates=reports["duplicates"],
            filtered=reports["filtered"],
            reports=reports,
            reasons=reasons,
        ).check()

    def reports(self) -> list[dict[str, Any]]:
        """Return the reports of all batches, the oldest first."""
        return [json.loads(self.read(key)) for key in self.keys("CuratedBucket", "_state/orders/runs/")]

    def keys(self, bucket: str, prefix: str) -> list[str]:
        listed = self.s3.list_objects_v2(Bucket=self.outputs[bucket], Prefix=prefix).get("Contents", [])
        return sorted(item["Key"] for item in listed)

    def read(self, key: str, bucket: str = "CuratedBucket") -> bytes:
        content: bytes = self.s3.get_object(Bucket=self.outputs[bucket], Key=key)["Body"].read()
        return content

    def heard(self) -> list[dict[str, Any]]:
        """Return what the topic has said since this was asked last."""
        sqs = self.cloud.client("sqs")
        found = sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in found:
            sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(json.loads(message["Body"])["Message"]) for message in found]

    def is_at_work(self) -> bool:
        """Tell whether a run has noted the batch that it works on."""
        with suppress(ClientError):
            return json.loads(self.read("_state/orders/ledger.json"))["pending"] is not None
        return False


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orders]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("faults"), longest_wait=1) as cloud:
        yield Orders(cloud)


@pytest.fixture(autouse=True)
def balanced(orders: Orders) -> Iterator[None]:
    """After every fault, the account is balanced and nothing is left to say."""
    yield
    orders.check()
    assert orders.heard() == []


def wait_until(happened: Callable[[], bool]) -> None:
    while not happened():
        time.sleep(_POLL_SECONDS)


def the_run() -> psutil.Process:
    """Return the process of the job's script, once it runs."""
    while True:
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if "--JOB_RUN_ID" in process.cmdline():
                    return process
        time.sleep(_POLL_SECONDS)


def the_jvm() -> psutil.Process:
    """Return the process of Spark to which the run is connected."""
    port = int(the_run().environ()["PYSPARK_GATEWAY_PORT"])
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if port in [at.laddr.port for at in process.net_connections() if at.status == psutil.CONN_LISTEN]:
                return process
    raise AssertionError(f"nothing listens on port {port}")


def test_an_empty_day_is_a_run_that_reports_zeros(orders: Orders) -> None:
    before = len(orders.reports())
    orders.run()
    (report,) = orders.reports()[before:]
    assert (report["read"], report["input_objects"]) == (0, 0)


def test_a_job_killed_half_way_is_repaired_by_the_next_run(orders: Orders) -> None:
    orders.send(orders.orders(100))
    orders.cloud.drain()
    with ThreadPoolExecutor() as threads:
        execution = threads.submit(orders.run)
        wait_until(orders.is_at_work)
        the_run().kill()
        with pytest.raises(LocalCloudError, match="Command failed with exit code -9"):
            execution.result()
    (message,) = orders.heard()
    assert message["state"] == "Curate Curate orders"
    assert "Command failed with exit code -9" in message["cause"]
    assert orders.is_at_work()

    orders.run()
    report = orders.reports()[-1]
    assert (report["redone"], report["read"], report["curated"]) == (True, 100, 100)


def test_a_delivery_that_is_interrupted_between_read_and_write_is_made_good(orders: Orders) -> None:
    fault = orders.cloud.inject("s3", "PutObject", "InternalError")
    orders.send(orders.orders(30))
    with pytest.raises(LocalCloudError, match="cannot deliver"):
        orders.cloud.drain()
    assert fault.struck == 1
    # Read from the stream, but not written; more come meanwhile.
    orders.send(orders.orders(20))
    orders.cloud.drain()
    orders.run()
    assert orders.reports()[-1]["curated"] == 50


def test_what_is_delivered_twice_is_counted_twice_and_kept_once(orders: Orders) -> None:
    """Both ways: a producer that heard no answer sends again, and Firehose writes the same records once more."""
    batch = orders.orders(10)
    fault = orders.cloud.inject("kinesis", "PutRecords", "InternalFailure", after=True)
    with pytest.raises(ClientError, match="InternalFailure"):
        orders.send(batch)
    orders.sent += len(batch)
    orders.send(batch)
    assert fault.struck == 1
    known = set(orders.keys("RawBucket", "orders/"))
    orders.cloud.drain()
    (delivered,) = set(orders.keys("RawBucket", "orders/")) - known
    bucket = orders.outputs["RawBucket"]
    again = delivered.replace("orders/", "orders/again-", 1)
    orders.s3.copy_object(Bucket=bucket, Key=again, CopySource={"Bucket": bucket, "Key": delivered})
    orders.sent += 20
    orders.run()
    report = orders.reports()[-1]
    assert (report["read"], report["curated"], report["duplicates"]) == (40, 10, 30)


def test_throttled_calls_are_made_again(orders: Orders) -> None:
    faults = [
        orders.cloud.inject("glue", "StartJobRun", "ThrottlingException"),
        orders.cloud.inject("stepfunctions", "ListExecutions", "ThrottlingException"),
        orders.cloud.inject("s3", "ListObjectsV2", "SlowDown", times=2),
    ]
    orders.send(orders.orders(10, day="2026-02-01"))
    orders.cloud.drain()
    # Not before: the delivery writes objects as well.
    faults.append(orders.cloud.inject("s3", "PutObject", "SlowDown"))
    orders.run()
    assert [fault.struck for fault in faults] == [1, 1, 2, 1]
    assert orders.reports()[-1]["curated"] == 10


def test_a_call_that_fails_for_good_fails_the_run_which_the_next_makes_good(orders: Orders) -> None:
    orders.send(orders.orders(10, day="2026-02-02"))
    orders.cloud.drain()
    # The batch is in the ledger by then. The message about it is throttled, too.
    orders.cloud.inject("s3", "PutObject", "AccessDenied", after=True)
    fault = orders.cloud.inject("sns", "Publish", "Throttled")
    with pytest.raises(LocalCloudError, match="AccessDenied"):
        orders.run()
    assert fault.struck == 1
    (message,) = orders.heard()
    assert "a fault was injected into PutObject" in message["cause"]

    orders.run()
    report = orders.reports()[-1]
    assert (report["redone"], report["curated"]) == (True, 10)


def test_a_schema_that_changes_in_mid_stream_costs_no_record(orders: Orders) -> None:
    known = orders.orders(10)
    more = orders.orders(10, discount=0.5)
    renamed = [{"order_id": order["id"], "day": order["day"]} for order in orders.orders(3)]
    texts = orders.orders(4, amount="1 EUR")
    orders.send([*known, *more, *renamed, *texts])
    orders.cloud.drain()
    orders.run()
    report = orders.reports()[-1]
    assert (report["read"], report["curated"], report["quarantined"]) == (27, 20, 7)
    assert report["reasons"] == {"key": 3, "type": 4}


def test_a_record_of_ten_megabytes_is_refused_where_it_is_sent_and_curated_from_a_file(orders: Orders) -> None:
    (large,) = orders.orders(1, note="x" * 10_000_000)
    content = json.dumps(large).encode()
    with pytest.raises(ClientError, match="less than or equal to 1048576"):
        orders.cloud.client("kinesis").put_record(
            StreamName=orders.outputs["Stream"], Data=content, PartitionKey="large"
        )
    with pytest.raises(ClientError, match="less than or equal to 1024000"):
        orders.cloud.client("firehose").put_record(
            DeliveryStreamName=orders.outputs["Delivery"], Record={"Data": content}
        )
    orders.s3.put_object(Bucket=orders.outputs["RawBucket"], Key="orders/large.json", Body=content)
    orders.sent += 1
    orders.run()
    assert orders.reports()[-1]["curated"] == 1


def test_late_records_find_their_own_day(orders: Orders) -> None:
    orders.send(orders.orders(5, day="2026-03-02"))
    orders.cloud.drain()
    orders.run()
    late = orders.orders(7, day="2026-03-01")
    orders.send([*late, *late[:2]])
    orders.cloud.drain()
    orders.run()
    report = orders.reports()[-1]
    assert (report["curated"], report["duplicates"]) == (7, 2)
    # Of the first of March there is a file, which the second has not got.
    assert len(orders.keys("CuratedBucket", "orders/data/day=2026-03-01/")) == 1


def test_two_executions_at_once_curate_each_record_once(orders: Orders) -> None:
    orders.send(orders.orders(50))
    orders.cloud.drain()
    # Of the first one, the job starts, but that is not heard: it is started again while it runs.
    fault = orders.cloud.inject("glue", "StartJobRun", "InternalServiceException", after=True)
    with ThreadPoolExecutor() as threads:
        executions = [threads.submit(orders.run) for _ in range(2)]
        orders.send(orders.orders(20))
        orders.cloud.drain()
        for execution in executions:
            execution.result()
    assert fault.struck == 1


def test_a_full_disk_fails_the_run_which_the_next_makes_good(orders: Orders) -> None:
    """Full for the files of Spark: none may outgrow 512 KiB, beyond which a write fails as on a full disk.

    Less would already refuse the native libraries that Spark unpacks.
    """
    # Nothing that compression could make small.
    orders.send([order | {"note": random.Random(order["id"]).randbytes(2_000).hex()} for order in orders.orders(300)])
    orders.cloud.drain()
    with ThreadPoolExecutor() as threads:
        execution = threads.submit(orders.run)
        the_jvm().rlimit(psutil.RLIMIT_FSIZE, (524_288, 524_288))
        with pytest.raises(LocalCloudError, match="File too large"):
            execution.result()
    (message,) = orders.heard()
    assert "File too large" in message["cause"]

    orders.run()
    report = orders.reports()[-1]
    assert (report["redone"], report["curated"]) == (True, 300)

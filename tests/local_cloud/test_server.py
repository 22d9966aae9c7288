"""The server: its addresses, its meter, and what it leaves behind."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local_cloud.client import controls
from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError


def call(cloud: LocalCloud, method: str, name: str) -> Any:
    return controls.call(cloud.endpoint, cloud.access_key, method, name)


def test_says_that_it_runs_and_where(tmp_path: Path) -> None:
    with LocalCloud(workdir=tmp_path) as cloud:
        assert call(cloud, "GET", "health") == {"status": "running"}
        status = call(cloud, "GET", "status")
        assert status["endpoint"] == cloud.endpoint
        assert status["pid"] == os.getpid()
        assert call(cloud, "POST", "drain") == {"status": "drained"}
        with pytest.raises(LocalCloudError, match=r"none failed: .*no GET /_local/none"):
            call(cloud, "GET", "none")


def test_listens_on_localhost_only(tmp_path: Path) -> None:
    with LocalCloud(workdir=tmp_path) as cloud:
        assert cloud.endpoint.startswith("http://localhost:")
        port = int(cloud.endpoint.rsplit(":", 1)[1])
        with socket.socket() as probe:
            # Every address of 127.0.0.0/8 is this machine's; the server has only the first.
            assert probe.connect_ex(("127.0.0.2", port)) != 0


def test_counts_the_bytes_of_objects_per_reader(tmp_path: Path) -> None:
    with LocalCloud(workdir=tmp_path) as cloud:
        cloud.client("s3").create_bucket(Bucket="metered")
        cloud.client("s3").put_object(Bucket="metered", Key="k", Body=b"x" * 1000)
        reader = boto3.client(
            "s3",
            region_name="us-east-1",
            endpoint_url=cloud.endpoint,
            **cloud._running.runtime.keys.alias("reader").arguments,
            config=Config(s3={"addressing_style": "path"}),
        )
        reader.list_objects_v2(Bucket="metered")
        reader.get_object(Bucket="metered", Key="k")["Body"].read()
        reader.get_object(Bucket="metered", Key="k", Range="bytes=0-99")["Body"].read()
        reader.head_object(Bucket="metered", Key="k")
        assert cloud._running.runtime.meter.read("reader") == 1100
        assert cloud._running.runtime.meter.read("someone") == 0


def test_a_busy_port_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LocalCloudError, match=f"^port {port} is in use on localhost; stop what uses it"):
            LocalCloud(workdir=tmp_path, port=port).start()


def test_a_second_cloud_in_one_process_is_refused(tmp_path: Path) -> None:
    with LocalCloud(workdir=tmp_path / "one") as cloud:
        with pytest.raises(LocalCloudError, match="a local cloud runs in this process already"):
            LocalCloud(workdir=tmp_path / "two").start()
        assert call(cloud, "GET", "health") == {"status": "running"}


def test_leaves_no_thread_port_or_setting_behind(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    cloud = LocalCloud(workdir=tmp_path / "own")
    cloud.start()
    port = int(cloud.endpoint.rsplit(":", 1)[1])
    cloud.client("s3").create_bucket(Bucket="forgotten")
    cloud.stop()
    cloud.stop()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    # The last answer's thread may be about to end.
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=30)
    assert set(threading.enumerate()) <= before
    assert os.environ.get("MOTO_PORT") != str(port)


def test_a_new_cloud_is_empty(tmp_path: Path) -> None:
    for _ in range(2):
        with LocalCloud(workdir=tmp_path) as cloud:
            assert cloud.client("s3").list_buckets()["Buckets"] == []
            cloud.client("s3").create_bucket(Bucket="once")


def test_executions_end_with_the_cloud(tmp_path: Path) -> None:
    definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}}
    before = set(threading.enumerate())
    with LocalCloud(workdir=tmp_path) as cloud:
        client = cloud.client("stepfunctions")
        role = "arn:aws:iam::123456789012:role/states"
        machine = client.create_state_machine(name="waits", definition=json.dumps(definition), roleArn=role)
        started = client.start_execution(stateMachineArn=machine["stateMachineArn"])
        while len(client.get_execution_history(executionArn=started["executionArn"])["events"]) < 2:
            time.sleep(0.05)
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=30)
    assert set(threading.enumerate()) <= before


def test_long_waits_of_state_machines_can_be_cut_short(tmp_path: Path) -> None:
    day = {"StartAt": "Day", "States": {"Day": {"Type": "Wait", "Seconds": 86_400, "End": True}}}
    with LocalCloud(workdir=tmp_path, longest_wait=1) as cloud:
        states = cloud.client("stepfunctions")
        machine = states.create_state_machine(
            name="waits", definition=json.dumps(day), roleArn="arn:aws:iam::123456789012:role/states"
        )
        execution = threading.Thread(target=cloud.execute, args=[machine["stateMachineArn"]], daemon=True)
        execution.start()
        execution.join(30)
        assert not execution.is_alive()


def test_a_wait_is_cut_less_short_each_time_that_an_execution_comes_to_it(tmp_path: Path) -> None:
    day = {"Type": "Wait", "Seconds": 86_400, "Next": "Again"}
    add = {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Day"}
    over = {"Variable": "$.n", "NumericEquals": 2, "Next": "Done"}
    states = {
        "Day": day,
        "Again": {"Type": "Choice", "Choices": [over], "Default": "Add"},
        "Add": add,
        "Done": {"Type": "Succeed"},
    }
    with LocalCloud(workdir=tmp_path, longest_wait=1) as cloud:
        client = cloud.client("stepfunctions")
        machine = client.create_state_machine(
            name="waits",
            definition=json.dumps({"StartAt": "Day", "States": states}),
            roleArn="arn:aws:iam::123456789012:role/states",
        )
        arn = client.start_execution(stateMachineArn=machine["stateMachineArn"], input='{"n": 0}')["executionArn"]
        while client.describe_execution(executionArn=arn)["status"] == "RUNNING":
            time.sleep(0.2)
        events = client.get_execution_history(executionArn=arn)["events"]
    times = [event["timestamp"] for event in events if event["type"].startswith("WaitState")]
    waits = [exited - entered for entered, exited in zip(times[::2], times[1::2], strict=True)]
    assert len(waits) == 3
    assert waits == sorted(waits)


def test_a_wait_of_no_time_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LocalCloudError, match="longest_wait must be at least 1 second, got 0"):
        LocalCloud(workdir=tmp_path, longest_wait=0)

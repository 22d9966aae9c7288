"""The example's HTTP endpoint: deployed, signed, refused, stopped and delivered after the next start."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from tests.conformance.examples import path_of, synthesised
from tests.local_cloud.firehose.endpoints.receiver import HOST, Receiver, Reply, Request, accepted, receiving

ORDERS = [json.dumps({"id": number, "total": 9.5}).encode() for number in range(3)]
_SECONDS = 60


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with receiving(tmp_path) as running:
        yield running


def deployed(cloud: LocalCloud) -> tuple[str, str]:
    """Deploy the example and return the secret and the delivery to the endpoint."""
    cloud.client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String")
    (template,) = synthesised(path_of("ingestion/firehose")).templates
    client: Any = cloud.client("cloudformation")
    client.create_stack(
        StackName=template.name, TemplateBody=template.path.read_text(), Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    (stack,) = client.describe_stacks(StackName=template.name)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack.get("StackStatusReason")
    found = {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for one in client.describe_stack_resources(StackName=template.name)["StackResources"]
    }
    (secret,) = (name for logical, name in found.items() if logical.startswith("ApiKey"))
    (delivery,) = (name for logical, name in found.items() if logical.startswith("OrdersDelivery"))
    return secret, delivery


def deliver_at_once(firehose: Any, stream: str) -> None:
    """Set the interval of the buffer to nothing."""
    found = firehose.describe_delivery_stream(DeliveryStreamName=stream)["DeliveryStreamDescription"]
    firehose.update_destination(
        DeliveryStreamName=stream,
        CurrentDeliveryStreamVersionId=found["VersionId"],
        DestinationId=found["Destinations"][0]["DestinationId"],
        HttpEndpointDestinationUpdate={"BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0}},
    )


def test_a_request_outlives_the_cloud_and_keeps_its_id(tmp_path: Path, receiver: Receiver) -> None:
    asked = threading.Event()

    def busy(request: Request) -> Reply:
        asked.set()
        return Reply(status=503, content={"requestId": request.content["requestId"], "timestamp": 1})

    options: dict[str, Any] = {
        "workdir": tmp_path / "work",
        "receivers": {HOST: receiver.port},
        "receiver_authority": receiver.authority,
    }
    receiver.answer = busy
    cloud = LocalCloud(**options)
    cloud.start()
    try:
        secret, delivery = deployed(cloud)
        key = json.dumps({"api_key": "given later"})
        cloud.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=key)
        firehose: Any = cloud.client("firehose")
        deliver_at_once(firehose, delivery)
        records = [{"Data": order} for order in ORDERS]
        firehose.put_record_batch(DeliveryStreamName=delivery, Records=records)
        assert asked.wait(_SECONDS)
        cloud.stop(keep=True)
    finally:
        cloud.stop()
    receiver.answer = accepted
    with LocalCloud(**options) as again:
        again.drain()
        read = {call.action for call in again.calls if "Orders" in call.role}
    first, last = receiver.requests[0], receiver.requests[-1]
    assert first.content["requestId"] == last.content["requestId"]
    assert [base64.b64decode(record["data"]) for record in last.content["records"]] == ORDERS
    assert last.headers["x-amz-firehose-access-key"] == "given later"
    assert {"secretsmanager:GetSecretValue", "kms:Decrypt"} <= read
    # Nothing was given up.
    assert "s3:PutObject" not in read

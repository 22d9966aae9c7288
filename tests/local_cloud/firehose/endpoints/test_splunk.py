"""Deliveries to Splunk: events count as delivered once they are acknowledged."""

from __future__ import annotations

import base64
import json
from collections import Counter
from typing import Any

import pytest

from local_cloud.engines.firehose.endpoints import shipment
from local_cloud.engines.firehose.endpoints.settings import EndpointDestination
from tests.local_cloud.firehose.endpoints.conftest import ROLE, Outside
from tests.local_cloud.firehose.endpoints.receiver import HOST, Receiver, Reply, Request

KIND = "splunk-failed"
URL = f"https://{HOST}:8088"


class Collector:
    """An HTTP Event Collector, which acknowledges when it is asked for the second time.

    Parameters
    ----------
    refuses: list of Reply
        Answers to the first deliveries, in place of its own.
    acknowledges: bool
        Whether it acknowledges at all.
    """

    def __init__(self, *refuses: Reply, acknowledges: bool = True) -> None:
        self.indexed: list[bytes] = []
        self._refuses = list(refuses)
        self._acknowledges = acknowledges
        self._asked: Counter[int] = Counter()

    def __call__(self, request: Request) -> Reply:
        if request.path.endswith("/ack"):
            numbers = request.content["acks"]
            self._asked.update(numbers)
            found = {str(number): self._acknowledges and self._asked[number] > 1 for number in numbers}
            return Reply(content={"acks": found})
        if self._refuses:
            return self._refuses.pop(0)
        self.indexed.append(request.body)
        return Reply(content={"text": "Success", "code": 0, "ackId": len(self.indexed) - 1})


def to_splunk(outside: Outside, **destination: Any) -> str:
    given = {"HECEndpoint": URL, "HECEndpointType": "Event", "HECToken": "of-the-stream", **destination}
    return outside.stream("Splunk", **given)


def refusal(status: int, code: int) -> Reply:
    return Reply(status=status, content={"text": "no", "code": code})


@pytest.mark.parametrize("kind", ["Event", "Raw"])
def test_events_go_to_the_collector_and_are_acknowledged_by_the_same_channel(
    outside: Outside, receiver: Receiver, kind: str
) -> None:
    receiver.answer = collector = Collector()
    secret = outside.secrets.create_secret(Name=kind, SecretString=json.dumps({"hec_token": "of-the-secret"}))
    configuration = {"Enabled": True, "SecretARN": secret["ARN"], "RoleARN": ROLE}
    outside.put(to_splunk(outside, HECEndpointType=kind, SecretsManagerConfiguration=configuration), b"one\n", b"two\n")
    outside.engine.drain()
    assert collector.indexed == [b"one\ntwo\n"]
    paths = [request.path for request in receiver.requests]
    assert paths == [f"/services/collector/{kind.lower()}", *["/services/collector/ack"] * 2]
    assert {request.headers["authorization"] for request in receiver.requests} == {"Splunk of-the-secret"}
    assert len({request.headers["x-splunk-request-channel"] for request in receiver.requests}) == 1
    assert outside.objects() == []


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (refusal(403, 1), "DisabledToken"),
        (refusal(403, 4), "InvalidToken"),
        (refusal(400, 6), "InvalidDataFormat"),
        (refusal(400, 7), "InvalidIndex"),
        (refusal(503, 9), "ServerError"),
        (Reply(status=500, content=b"down"), "ServerError"),
        (Reply(content={"text": "Success", "code": 0}), "DisabledAck"),
        (Reply(status=None), "ConnectionClosed"),
    ],
)
def test_what_splunk_refuses_is_backed_up_with_its_code(
    outside: Outside, receiver: Receiver, reply: Reply, code: str
) -> None:
    receiver.answer = Collector(reply)
    outside.put(to_splunk(outside), b"one")
    outside.engine.drain()
    (failure,) = outside.failures(KIND)
    assert (failure["errorCode"], failure["rawData"]) == (f"Splunk.{code}", "b25l")
    assert failure["EventId"].endswith(".0")


def test_a_refusal_is_followed_by_another_attempt(
    outside: Outside, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipment, "_FIRST_WAIT", 0.01)
    receiver.answer = collector = Collector(refusal(503, 9), refusal(503, 9))
    outside.put(to_splunk(outside, RetryOptions={"DurationInSeconds": 10}), b"one")
    outside.engine.drain()
    assert collector.indexed == [b"one"]
    assert outside.objects() == []


def test_events_without_acknowledgment_are_backed_up_though_they_may_be_indexed(
    outside: Outside, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    # AWS waits three minutes at least.
    read = EndpointDestination.of_endpoint
    monkeypatch.setattr(
        EndpointDestination,
        "of_endpoint",
        lambda kind, given: read(kind, {**given, "HECAcknowledgmentTimeoutInSeconds": 1}),
    )
    receiver.answer = collector = Collector(acknowledges=False)
    outside.put(to_splunk(outside), b"one")
    outside.engine.drain()
    assert collector.indexed == [b"one"]
    assert [one["errorCode"] for one in outside.failures(KIND)] == ["Splunk.AckTimeout"]


def test_of_10_000_events_each_is_indexed_or_backed_up_once(outside: Outside, receiver: Receiver) -> None:
    # Refused before anything is indexed, so that another attempt indexes nothing twice.
    receiver.answer = collector = Collector(refusal(503, 9), refusal(403, 4))
    sent = [json.dumps({"event": f"{number:06}", "pad": "x" * 300}).encode() + b"\n" for number in range(10_000)]
    hints = {"SizeInMBs": 1, "IntervalInSeconds": 60}
    stream = to_splunk(outside, BufferingHints=hints, RetryOptions={"DurationInSeconds": 0})
    outside.put(stream, *sent)
    outside.engine.drain()
    indexed = [line + b"\n" for body in collector.indexed for line in body.splitlines()]
    backed_up = [base64.b64decode(one["rawData"]) for one in outside.failures(KIND)]
    assert sorted([*indexed, *backed_up]) == sent
    assert indexed
    assert backed_up


def test_size_and_interval_of_the_buffer_are_those_of_splunk_by_default(outside: Outside) -> None:
    to_splunk(outside)
    (buffered,) = outside.engine.buffered()
    assert (buffered.limit_size, buffered.limit_seconds) == (5 * 1024 * 1024, 60)

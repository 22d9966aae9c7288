"""Deliveries to HTTP endpoints: each record arrives, or is backed up, whatever the endpoint answers."""

from __future__ import annotations

import base64
import json
import re
import time
from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud.engines.firehose.endpoints import http_endpoint, shipment
from tests.local_cloud.firehose.endpoints.conftest import ROLE, Outside
from tests.local_cloud.firehose.endpoints.receiver import Receiver, Reply, Request, accepted

KIND = "http-endpoint-failed"


@pytest.fixture(autouse=True)
def _takes_everything(receiver: Receiver) -> None:
    receiver.answer = accepted


def records_of(request: Request) -> list[bytes]:
    return [base64.b64decode(record["data"]) for record in request.content["records"]]


def test_a_request_is_what_aws_documents(outside: Outside, receiver: Receiver) -> None:
    secret = outside.secrets.create_secret(Name="endpoint", SecretString=json.dumps({"api_key": "of-the-secret"}))
    stream = outside.to_endpoint(
        RequestConfiguration={
            "ContentEncoding": "GZIP",
            "CommonAttributes": [{"AttributeName": "stage", "AttributeValue": "prod"}],
        },
        SecretsManagerConfiguration={"Enabled": True, "SecretARN": secret["ARN"], "RoleARN": ROLE},
    )
    before = int(time.time() * 1000)
    outside.put(stream, b"one", b"", b"two")
    outside.engine.drain()
    (request,) = receiver.requests
    assert records_of(request) == [b"one", b"", b"two"]
    assert request.path == "/in"
    assert before <= request.content["timestamp"] <= int(time.time() * 1000)
    names = {name: value for name, value in request.headers.items() if name.startswith(("x-amz", "content-"))}
    length = names.pop("content-length")
    assert int(length) != len(request.body)
    assert json.loads(names.pop("x-amz-firehose-common-attributes")) == {"commonAttributes": {"stage": "prod"}}
    assert names == {
        "content-type": "application/json",
        "content-encoding": "gzip",
        "x-amz-firehose-protocol-version": "1.0",
        "x-amz-firehose-request-id": request.content["requestId"],
        "x-amz-firehose-source-arn": f"arn:aws:firehose:eu-west-1:123456789012:deliverystream/{stream}",
        "x-amz-firehose-access-key": "of-the-secret",
    }
    assert request.headers["host"] == "collector.example.com"
    assert outside.objects() == []


def test_a_request_without_options_has_no_headers_for_them(outside: Outside, receiver: Receiver) -> None:
    outside.put(outside.to_endpoint(), b"one")
    outside.engine.drain()
    (request,) = receiver.requests
    assert {"content-encoding", "x-amz-firehose-access-key", "x-amz-firehose-common-attributes"}.isdisjoint(
        request.headers
    )


def test_an_access_key_of_the_configuration_is_sent(outside: Outside, receiver: Receiver) -> None:
    url = "https://collector.example.com/in?a=b"
    outside.put(outside.to_endpoint(EndpointConfiguration={"Url": url, "AccessKey": "plain"}), b"one")
    outside.engine.drain()
    (request,) = receiver.requests
    assert (request.path, request.headers["x-amz-firehose-access-key"]) == ("/in?a=b", "plain")


class Faulty:
    """An endpoint that keeps what it takes by the id of the request, and fails in every way that there is.

    Of each six requests it takes one at once, one after 429 and 500, one that it has taken already but did not
    confirm, by silence or with the wrong id; one is refused for good, and one is closed at first.
    """

    def __init__(self) -> None:
        self.taken: dict[str, list[bytes]] = {}
        self.attempts: Counter[str] = Counter()
        self._plans: dict[str, int] = {}

    def __call__(self, request: Request) -> Reply:
        name = request.content["requestId"]
        plan = self._plans.setdefault(name, len(self._plans) % 6)
        self.attempts[name] += 1
        attempt = self.attempts[name]
        if plan == 1 and attempt < 3:
            return Reply(status=429 if attempt == 1 else 500, content={"requestId": name, "timestamp": 1})
        if plan == 4:
            return Reply(status=500, content={"requestId": name, "timestamp": 1, "errorMessage": "never"})
        if plan == 5 and attempt == 1:
            return Reply(status=None)
        self.taken[name] = records_of(request)
        if plan == 2 and attempt == 1:
            return Reply(content={"requestId": name, "timestamp": 1}, after_seconds=0.8)
        if plan == 3 and attempt == 1:
            return Reply(content={"requestId": "another", "timestamp": 1})
        return accepted(request)


def test_of_10_000_records_each_is_delivered_or_backed_up_once(
    outside: Outside, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_endpoint, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(shipment, "_FIRST_WAIT", 0.1)
    receiver.answer = endpoint = Faulty()
    sent = [b"%06d" % number + b"x" * 1200 for number in range(10_000)]
    stream = outside.to_endpoint(
        BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 900}, RetryOptions={"DurationInSeconds": 1}
    )
    outside.put(stream, *sent)
    outside.engine.drain()
    assert len(endpoint.attempts) == 12
    assert all(sum(map(len, records)) <= 1024 * 1024 for records in endpoint.taken.values())
    # A request that comes again has its id: the endpoint, which keeps one of each, has no record twice.
    delivered = [record for records in endpoint.taken.values() for record in records]
    failed = outside.failures(KIND)
    backed_up = [base64.b64decode(one["rawData"]) for one in failed]
    assert sorted([*delivered, *backed_up]) == sent
    assert len(backed_up) > 1000
    assert {(one["errorCode"], one["attemptsMade"] > 2) for one in failed} == {
        ("HttpEndpoint.DestinationException", True)
    }
    assert max(endpoint.attempts.values()) > 2


def test_a_record_that_is_given_up_is_documented_as_in_aws(outside: Outside, receiver: Receiver) -> None:
    receiver.answer = lambda request: Reply(
        status=401, content={"requestId": request.content["requestId"], "timestamp": 1, "errorMessage": "Unauthorized"}
    )
    outside.put(outside.to_endpoint(), b"one")
    outside.engine.drain()
    (failure,) = outside.failures(KIND)
    assert failure.keys() == {
        "attemptsMade",
        "arrivalTimestamp",
        "errorCode",
        "errorMessage",
        "attemptEndingTimestamp",
        "rawData",
        "subsequenceNumber",
        "dataId",
    }
    assert (failure["attemptsMade"], failure["rawData"], failure["subsequenceNumber"]) == (1, "b25l", 0)
    assert re.fullmatch(r"\d{56}\.0", failure["dataId"])
    assert "Unauthorized" in failure["errorMessage"]
    assert all(key.startswith(f"errors/{KIND}/") and key.endswith(".gz") for key in outside.objects())


GOOD = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(status=201, content={"requestId": "ID", "timestamp": 1}), "DestinationException"),
        (Reply(status=302, content={}, headers={"Location": "https://collector.example.com/"}), "DestinationException"),
        (Reply(content={"requestId": "another", "timestamp": 1}), "InvalidResponseFromDestination"),
        (Reply(content={"timestamp": 1}), "InvalidResponseFromDestination"),
        (Reply(content={"requestId": "ID"}), "InvalidResponseFromDestination"),
        (Reply(content={"requestId": "ID", "timestamp": "1"}), "InvalidResponseFromDestination"),
        (Reply(content=["ID"]), "InvalidResponseFromDestination"),
        (Reply(content=b"thanks"), "InvalidResponseFromDestination"),
        (Reply(content={"requestId": "ID", "timestamp": 1}, headers={}), "InvalidResponseFromDestination"),
        (
            Reply(content={"requestId": "ID", "timestamp": 1}, headers={**GOOD, "Content-Encoding": "identity"}),
            "InvalidResponseFromDestination",
        ),
        (Reply(content=b" " * (1024 * 1024 + 1)), "ResponseTooLarge"),
        (Reply(status=None), "ConnectionReset"),
    ],
)
def test_only_an_answer_by_the_rules_is_a_delivery(
    outside: Outside, receiver: Receiver, reply: Reply, code: str
) -> None:
    def answer(request: Request) -> Reply:
        content: Any = reply.content
        if isinstance(content, dict) and content.get("requestId") == "ID":
            content = {**content, "requestId": request.content["requestId"]}
        return Reply(status=reply.status, content=content, headers=reply.headers)

    receiver.answer = answer
    outside.put(outside.to_endpoint(), b"one")
    outside.engine.drain()
    assert [one["errorCode"] for one in outside.failures(KIND)] == [f"HttpEndpoint.{code}"]


def test_a_batch_that_is_too_large_for_the_endpoint_is_lost_as_aws_says(outside: Outside, receiver: Receiver) -> None:
    receiver.answer = lambda _: Reply(status=413, content={})
    stream = outside.to_endpoint(RetryOptions={"DurationInSeconds": 60})
    outside.put(stream, b"one", b"two")
    outside.engine.drain()
    assert len(receiver.requests) == 1
    assert outside.objects() == []
    assert "2 records are lost, as in AWS" in outside.log(stream)


def test_a_silent_endpoint_has_a_time(outside: Outside, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_endpoint, "ANSWER_SECONDS", 0.2)
    receiver.answer = lambda request: Reply(content={}, after_seconds=0.6)
    outside.put(outside.to_endpoint(), b"one")
    outside.engine.drain()
    assert [one["errorCode"] for one in outside.failures(KIND)] == ["HttpEndpoint.RequestTimeout"]


@pytest.mark.parametrize(
    ("host", "code"),
    [("untrusted.example.com", "SSLHandshakeFailure"), ("elsewhere.example.com", "ConnectionFailed")],
)
def test_no_other_machine_is_reached_and_no_other_certificate_taken(
    outside: Outside, receiver: Receiver, host: str, code: str
) -> None:
    # A host without a receiver is given up at once, however long retries are.
    retry = 0 if code == "SSLHandshakeFailure" else 7200
    outside.put(outside.to_endpoint(f"https://{host}/in", RetryOptions={"DurationInSeconds": retry}), b"one")
    outside.engine.drain()
    assert receiver.requests == []
    (failure,) = outside.failures(KIND)
    assert failure["errorCode"] == f"HttpEndpoint.{code}"
    if code == "ConnectionFailed":
        assert failure["errorMessage"].endswith(f"start it with --receiver {host}=PORT")


def test_a_secret_without_the_key_is_a_failed_attempt(outside: Outside, receiver: Receiver) -> None:
    secret = outside.secrets.create_secret(Name="wrong", SecretString=json.dumps({"password": "hidden"}))
    configuration = {"Enabled": True, "SecretARN": secret["ARN"], "RoleARN": ROLE}
    outside.put(outside.to_endpoint(SecretsManagerConfiguration=configuration), b"one")
    outside.engine.drain()
    assert receiver.requests == []
    (failure,) = outside.failures(KIND)
    assert failure["errorCode"] == "HttpEndpoint.InvalidSecret"
    assert "hidden" not in failure["errorMessage"]


def test_all_records_are_backed_up_as_they_came_if_that_is_wanted(outside: Outside, receiver: Receiver) -> None:
    delimiter = {
        "Type": "AppendDelimiterToRecord",
        "Parameters": [{"ParameterName": "Delimiter", "ParameterValue": "\\n"}],
    }
    processing = {"Enabled": True, "Processors": [delimiter]}
    outside.put(outside.to_endpoint(S3BackupMode="AllData", ProcessingConfiguration=processing), b"one", b"two")
    outside.engine.drain()
    assert records_of(receiver.requests[0]) == [b"one\n", b"two\n"]
    assert outside.content("backup/") == b"onetwo"


def test_what_cannot_be_backed_up_waits_and_is_not_sent_again(outside: Outside, receiver: Receiver) -> None:
    receiver.answer = lambda _: Reply(status=500, content={})
    stream = outside.to_endpoint()
    outside.put(stream, b"one")
    outside.s3.delete_bucket(Bucket="outside")
    with pytest.raises(Exception, match="cannot deliver"):
        outside.engine.drain()
    outside.s3.create_bucket(Bucket="outside", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    outside.engine.drain()
    assert len(receiver.requests) == 1
    assert [one["rawData"] for one in outside.failures(KIND)] == ["b25l"]


def test_an_address_changes_for_requests_that_are_on_their_way(outside: Outside, receiver: Receiver) -> None:
    stream = outside.to_endpoint()
    outside.put(stream, b"one")
    description = outside.firehose.describe_delivery_stream(DeliveryStreamName=stream)["DeliveryStreamDescription"]
    outside.firehose.update_destination(
        DeliveryStreamName=stream,
        CurrentDeliveryStreamVersionId=description["VersionId"],
        DestinationId=description["Destinations"][0]["DestinationId"],
        HttpEndpointDestinationUpdate={"EndpointConfiguration": {"Url": "https://collector.example.com/other"}},
    )
    outside.engine.drain()
    assert [request.path for request in receiver.requests] == ["/other"]
    with pytest.raises(ClientError, match="DurationInSeconds is 7201, allowed is 0 to 7200 seconds"):
        outside.firehose.update_destination(
            DeliveryStreamName=stream,
            CurrentDeliveryStreamVersionId="2",
            DestinationId=description["Destinations"][0]["DestinationId"],
            HttpEndpointDestinationUpdate={"RetryOptions": {"DurationInSeconds": 7201}},
        )


@pytest.mark.parametrize("kind", ["Redshift", "Snowflake"])
def test_destinations_without_an_engine_are_refused_by_name(outside: Outside, kind: str) -> None:
    own: dict[str, Any] = {
        "Redshift": {
            "ClusterJDBCURL": "jdbc:redshift://w.1.eu-west-1.redshift-serverless.amazonaws.com:5439/dev",
            "CopyCommand": {"DataTableName": "t"},
            "Username": "u",
            "Password": "secret",
        },
        "Snowflake": {
            "AccountUrl": "https://account.snowflakecomputing.com",
            "Database": "d",
            "Schema": "s",
            "Table": "t",
            "User": "u",
            "PrivateKey": "a" * 256,
        },
    }
    backup = {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::outside"}
    with pytest.raises(ClientError, match=f"destination {kind} is not run by the local cloud, only S3, Iceberg tables"):
        outside.stream(kind, RoleARN=ROLE, S3Configuration=backup, **own[kind])

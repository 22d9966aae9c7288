"""Deliveries into indexes: each record is a document, or is backed up with the reason."""

from __future__ import annotations

import base64
import json
import random
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud.engines.firehose.endpoints import shipment
from local_cloud.engines.firehose.indexes.settings import IndexDestination
from tests.local_cloud.firehose.indexes.conftest import MAPPING, ROLE, Indexing

_ARRIVED = int(datetime(2026, 1, 2, 23, 30, tzinfo=UTC).timestamp() * 1000)


def record(number: int, delay: Any = 1) -> bytes:
    return json.dumps({"id": number, "carrier": "UA", "delay": delay}).encode()


def test_records_become_documents_and_mapping_conflicts_are_backed_up(indexing: Indexing) -> None:
    indexing.search.indices.create(index="strict", body=MAPPING)
    stream = indexing.to_domain("strict")
    unknown = json.dumps({"id": 4, "gate": "B2"}).encode()
    indexing.put(stream, record(1), record(2, "late"), record(3), unknown, b"no json", b'{\n"id": 5\n}\n', b"[1]")
    indexing.drain()
    found = indexing.search.search(index="strict", body={"sort": "id"})["hits"]["hits"]
    assert [hit["_source"]["id"] for hit in found] == [1, 3, 5]
    failures = {base64.b64decode(one["rawData"]): one for one in indexing.failures("strict")}
    assert {content: one["errorCode"] for content, one in failures.items()} == {
        record(2, "late"): "400",
        unknown: "400",
        b"no json": "OS.MalformedData",
        b"[1]": "OS.MalformedData",
    }
    refused = failures[unknown]
    assert json.loads(refused["errorMessage"])["type"] == "strict_dynamic_mapping_exception"
    assert set(refused) == {
        *("attemptsMade", "arrivalTimestamp", "errorCode", "errorMessage", "attemptEndingTimestamp", "rawData"),
        *("esDocumentId", "esIndexName", "esTypeName"),
    }
    assert (refused["attemptsMade"], refused["esIndexName"]) == (1, "strict")
    assert re.fullmatch(r"\d{56}\.0", refused["esDocumentId"])


def test_all_records_are_backed_up_as_they_came_if_that_is_asked_for(indexing: Indexing) -> None:
    stream = indexing.to_domain("all", S3BackupMode="AllDocuments")
    indexing.put(stream, record(1), b"no json")
    indexing.drain()
    assert indexing.count("all") == 1
    assert list(indexing.objects("backup/all/").values()) == [record(1) + b"no json"]
    assert len(indexing.failures("all")) == 1


@pytest.mark.parametrize(
    ("rotation", "name"),
    [
        ("NoRotation", "flights"),
        ("OneHour", "flights-2026-01-02-23"),
        ("OneDay", "flights-2026-01-02"),
        ("OneWeek", "flights-2026-w01"),
        ("OneMonth", "flights-2026-01"),
    ],
)
def test_an_index_is_named_by_the_time_of_arrival(indexing: Indexing, rotation: str, name: str) -> None:
    given = indexing.configuration("flights", IndexRotationPeriod=rotation)
    assert IndexDestination.of_index("Amazonopensearchservice", given).index_at(_ARRIVED) == name


def test_a_day_has_an_index_by_default(indexing: Indexing) -> None:
    configuration = indexing.configuration("daily", DomainARN=indexing.domain_arn)
    indexing.firehose.create_delivery_stream(
        DeliveryStreamName="daily", AmazonopensearchserviceDestinationConfiguration=configuration
    )
    before = datetime.now(UTC)
    indexing.put("daily", record(1))
    indexing.drain()
    days = {f"daily-{moment:%Y-%m-%d}" for moment in (before, datetime.now(UTC))}
    assert set(indexing.search.indices.get(index="daily-*")) <= days


class Trouble:
    """Answers that come between the gate and the server, some of them lost after the request was carried out."""

    def __init__(self, forward: Callable[..., Any], seed: int) -> None:
        self._random = random.Random(seed)
        self._forward = forward
        self.requests = 0

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Any:
        if not target.endswith("_bulk"):
            return self._forward(method, target, headers, body)
        self.requests += 1
        kind = self._random.choice(["refused", "lost", "busy", "taken", "taken"])
        if kind == "refused":
            return 503, [], b'{"message": "unavailable"}'
        answered = self._forward(method, target, headers, body)
        if kind == "lost":
            return 504, [], b"{}"
        if kind == "busy":
            content = json.loads(answered[2])
            busy = {"status": 429, "error": {"type": "rejected_execution_exception", "reason": "busy"}}
            for item in content["items"][::7]:
                item["index"] = busy
            return 200, [("Content-Type", "application/json")], json.dumps(content).encode()
        return answered


def test_of_ten_thousand_records_none_is_lost_or_indexed_twice_whatever_fails(
    indexing: Indexing, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexing.search.indices.create(index="many", body=MAPPING)
    stream = indexing.to_domain(
        "many", RetryOptions={"DurationInSeconds": 60}, BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 900}
    )
    trouble = Trouble(indexing.gate._forward, seed=7)
    monkeypatch.setattr(indexing.gate, "_forward", trouble.answer)
    monkeypatch.setattr(shipment, "_FIRST_WAIT", 0.001)
    monkeypatch.setattr(shipment, "_LONGEST_WAIT", 0.01)
    padding = "x" * 500
    for first in range(0, 10_000, 2_500):
        numbers = range(first, first + 2_500)
        records = [
            json.dumps({"id": n, "carrier": padding, "delay": "late" if n % 10 == 0 else n}).encode() for n in numbers
        ]
        indexing.put(stream, *records)
        indexing.cloud._running.drain()
    indexing.search.indices.refresh(index="many")
    backed_up = [json.loads(base64.b64decode(one["rawData"]))["id"] for one in indexing.failures("many")]
    assert sorted(backed_up) == list(range(0, 10_000, 10))
    assert indexing.count("many") == 9_000
    distinct = indexing.search.search(
        index="many", body={"size": 0, "aggs": {"ids": {"cardinality": {"field": "id", "precision_threshold": 40_000}}}}
    )
    assert distinct["aggregations"]["ids"]["value"] == 9_000
    assert trouble.requests > 10


def test_what_stays_refused_is_backed_up_after_its_attempts(
    indexing: Indexing, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = indexing.to_domain("down", RetryOptions={"DurationInSeconds": 1})
    monkeypatch.setattr(shipment, "_FIRST_WAIT", 0.2)
    monkeypatch.setattr(indexing.gate, "_forward", lambda *_: (503, [], b'{"message": "unavailable"}'))
    indexing.put(stream, record(1), record(2))
    indexing.cloud._running.drain()
    failures = indexing.failures("down")
    assert [one["errorCode"] for one in failures] == ["503", "503"]
    assert all(one["attemptsMade"] > 1 for one in failures)


def test_a_collection_takes_documents_from_a_role_that_its_policy_names(indexing: Indexing) -> None:
    serverless = indexing.cloud.client("opensearchserverless")
    created = serverless.create_collection(name="flights", type="TIMESERIES", encryptionConfig={"aWSOwnedKey": True})
    (found,) = serverless.batch_get_collection(ids=[created["createCollectionDetail"]["id"]])["collectionDetails"]
    configuration = indexing.configuration("late", CollectionEndpoint=found["collectionEndpoint"])
    indexing.firehose.create_delivery_stream(
        DeliveryStreamName="serverless", AmazonOpenSearchServerlessDestinationConfiguration=configuration
    )
    indexing.put("serverless", record(1))
    indexing.cloud._running.drain()
    (refused,) = indexing.failures("late", "AmazonOpenSearchServerless-failed")
    assert (refused["errorCode"], "Forbidden" in refused["errorMessage"]) == ("403", True)
    permissions = ["aoss:CreateIndex", "aoss:UpdateIndex", "aoss:WriteDocument"]
    rules = [{"ResourceType": "index", "Resource": ["index/flights/late"], "Permission": permissions}]
    policy = json.dumps([{"Principal": [ROLE], "Rules": rules}])
    serverless.create_access_policy(name="flights", type="data", policy=policy)
    indexing.put("serverless", record(2))
    indexing.cloud._running.drain()
    hits = indexing.connect(found["collectionEndpoint"], "aoss").search(index="late")["hits"]["hits"]
    assert [hit["_source"]["id"] for hit in hits] == [2]


def test_requests_are_made_and_recorded_under_the_role_of_the_stream(indexing: Indexing) -> None:
    indexing.put(indexing.to_domain("signed"), record(1))
    indexing.drain()
    calls = {(call.action, call.resource) for call in indexing.cloud._running.runtime.recording.calls}
    assert {("es:ESHttpPost", "domain/flights/_bulk")} <= calls
    assert ("es:DescribeDomain", "/2021-01-01/opensearch/domain/flights") in calls


def test_a_stream_is_described_and_updated_as_it_was_asked_for(indexing: Indexing) -> None:
    stream = indexing.to_domain("before")

    def described() -> dict[str, Any]:
        found = indexing.firehose.describe_delivery_stream(DeliveryStreamName=stream)["DeliveryStreamDescription"]
        return dict(found, **found["Destinations"][0]["AmazonopensearchserviceDestinationDescription"])

    first = described()
    assert (first["IndexName"], first["VersionId"]) == ("before", "1")
    update = {
        "DeliveryStreamName": stream,
        "DestinationId": first["Destinations"][0]["DestinationId"],
        "AmazonopensearchserviceDestinationUpdate": {"IndexName": "after", "S3Update": {"Prefix": "other/"}},
    }
    with pytest.raises(ClientError, match="do not match"):
        indexing.firehose.update_destination(**update, CurrentDeliveryStreamVersionId="7")
    indexing.firehose.update_destination(**update, CurrentDeliveryStreamVersionId="1")
    second = described()
    assert (second["IndexName"], second["VersionId"]) == ("after", "2")
    assert second["S3DestinationDescription"]["Prefix"] == "other/"
    assert second["S3DestinationDescription"]["BucketARN"] == "arn:aws:s3:::failures"
    indexing.put(stream, record(1))
    indexing.drain()
    assert indexing.count("after") == 1


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ({"DomainARN": "arn:aws:es:us-east-1:123456789012:domain/nobody"}, "there is no domain"),
        ({"ClusterEndpoint": "https://search.example.com"}, "the local cloud reaches no other machine"),
        ({"TypeName": "old", "ClusterEndpoint": "https://localhost:1"}, "Elasticsearch before version 7"),
    ],
)
def test_an_index_that_is_not_here_is_refused_at_creation(
    indexing: Indexing, address: dict[str, str], message: str
) -> None:
    with pytest.raises(ClientError, match=message):
        indexing.firehose.create_delivery_stream(
            DeliveryStreamName="nowhere",
            AmazonopensearchserviceDestinationConfiguration=indexing.configuration("nowhere", **address),
        )

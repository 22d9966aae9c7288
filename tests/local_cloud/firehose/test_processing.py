from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from local_cloud.engines.firehose.processing import extract_keys, split, transform
from local_cloud.engines.firehose.records import Record
from local_cloud.engines.firehose.settings import Processor

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:transform"


def record(data: bytes) -> Record:
    return Record(data=data, arrived=1_000)


def processor(kind: str, **parameters: str) -> Processor:
    return Processor(kind=kind, parameters=parameters)


class Function:
    """A function that answers at once, with the protocol of boto3's Lambda client."""

    def __init__(self, handler: Callable[[dict[str, Any]], Any], error: str | None = None) -> None:
        self.handler = handler
        self.error = error
        self.events: list[dict[str, Any]] = []

    def invoke(self, *, FunctionName: str, Payload: bytes) -> Mapping[str, Any]:
        self.events.append(json.loads(Payload))
        answer = self.handler(self.events[-1])
        response: dict[str, Any] = {"Payload": io.BytesIO(json.dumps(answer).encode())}
        return response | ({"FunctionError": self.error} if self.error else {})


def all_ok(event: dict[str, Any]) -> Any:
    return {"records": [{**entry, "result": "Ok"} for entry in event["records"]]}


def run(function: Function, data: list[bytes], **parameters: str) -> Any:
    context = {"deliveryStreamArn": "arn:stream", "region": "eu-west-1"}
    given = processor("Lambda", LambdaArn=ARN, **parameters)
    return transform([record(item) for item in data], given, client=function, context=context)


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (b'{"a": 1}{"a": 2}\n {"a": 3}\n', [b'{"a": 1}', b'{"a": 2}', b'{"a": 3}']),
        (b'{"a": 1}', [b'{"a": 1}']),
        (b'{"a": 1}{"a"', [b'{"a": 1}{"a"']),
        (b"{}" * 501, [b"{}" * 501]),
    ],
)
def test_splits_json_documents(data: bytes, parts: list[bytes]) -> None:
    found = split(record(data), processor("RecordDeAggregation", SubRecordType="JSON"))
    assert [part.data for part in found] == parts


def test_splits_at_a_delimiter() -> None:
    delimiter = base64.b64encode(b"####").decode()
    given = processor("RecordDeAggregation", SubRecordType="DELIMITED", Delimiter=delimiter)
    assert [part.data for part in split(record(b"a####b####"), given)] == [b"a", b"b"]


def test_records_are_transformed_dropped_or_failed_each_by_itself() -> None:
    def handler(event: dict[str, Any]) -> Any:
        first, second, third, _ = event["records"]
        changed = base64.b64encode(base64.b64decode(first["data"]).upper()).decode()
        keys = {"partitionKeys": {"tenant": "acme"}}
        return {
            "records": [
                {"recordId": first["recordId"], "result": "Ok", "data": changed, "metadata": keys},
                {"recordId": second["recordId"], "result": "Dropped"},
                {"recordId": third["recordId"], "result": "ProcessingFailed", "data": third["data"]},
            ]
        }

    passed, failures = run(Function(handler), [b"a", b"b", b"c", b"d"])

    assert [(item.data, item.lambda_keys) for item in passed] == [(b"A", {"tenant": "acme"})]
    assert [(item.record.data, item.code) for item in failures] == [
        (b"c", "Lambda.ProcessingFailedStatus"),
        (b"d", "Lambda.MissingRecordId"),
    ]


def test_batches_keep_below_the_buffer_size() -> None:
    function = Function(all_ok)
    passed, _ = run(function, [b"x" * 100_000] * 5, BufferSizeInMBs="0.2")
    assert [len(event["records"]) for event in function.events] == [2, 2, 1]
    assert len(passed) == 5
    event = function.events[0]
    assert (event["deliveryStreamArn"], event["region"]) == ("arn:stream", "eu-west-1")
    assert event["records"][0]["approximateArrivalTimestamp"] == 1_000


def test_a_function_that_fails_is_tried_again_and_then_its_batch_fails() -> None:
    function = Function(lambda event: {"errorMessage": "no"}, error="Unhandled")
    passed, failures = run(function, [b"a", b"b"], NumberOfRetries="2")
    assert (len(function.events), passed) == (3, [])
    assert [(item.record.data, item.code, item.attempts) for item in failures] == [
        (b"a", "Lambda.FunctionError", 3),
        (b"b", "Lambda.FunctionError", 3),
    ]
    document = json.loads(failures[0].document())
    assert document["lambdaArn"] == ARN
    assert base64.b64decode(document["rawData"]) == b"a"


def test_an_answer_of_another_shape_fails_the_batch() -> None:
    _, failures = run(Function(lambda event: ["no"]), [b"a"], NumberOfRetries="0")
    assert [item.code for item in failures] == ["Lambda.JsonProcessingException"]


def answer(event: dict[str, Any], **second: Any) -> Any:
    first, other = event["records"]
    return {"records": [{**first, "result": "Ok"}, {**other, "result": "Ok", **second}]}


# By captures of the real service, save for the partition keys.
@pytest.mark.parametrize(
    ("change", "failed"),
    [
        ({"data": "!!!"}, {b"a": "Lambda.FunctionError", b"b": "Lambda.FunctionError"}),
        ({"data": "YQ"}, {b"a": "Lambda.FunctionError", b"b": "Lambda.FunctionError"}),
        ({"data": 1}, {b"a": "Lambda.FunctionError", b"b": "Lambda.FunctionError"}),
        ({"result": "OK"}, {b"a": "Lambda.FunctionError", b"b": "Lambda.FunctionError"}),
        ({"result": None}, {b"a": "Lambda.FunctionError", b"b": "Lambda.FunctionError"}),
        ({"metadata": {"partitionKeys": ["k"]}}, {b"a": "Lambda.FunctionError", b"b": "Lambda.FunctionError"}),
        ({"data": None}, {b"b": "Lambda.InvalidReturnFormat"}),
        ({"recordId": "unknown"}, {b"b": "Lambda.MissingRecordId"}),
        ({"recordId": "0"}, {b"a": "Lambda.DuplicatedRecordId", b"b": "Lambda.MissingRecordId"}),
        ({"result": "ProcessingFailed"}, {b"b": "Lambda.ProcessingFailedStatus"}),
        ({"result": "Dropped"}, {}),
    ],
)
def test_no_record_vanishes_when_a_function_answers_wrongly(change: dict[str, Any], failed: dict[bytes, str]) -> None:
    function = Function(lambda event: answer(event, **change))
    passed, failures = run(function, [b"a", b"b"])
    assert {item.record.data: item.code for item in failures} == failed
    assert [item.data for item in passed] == [b"a"] * (b"a" not in failed)
    assert len(function.events) == 1
    assert {item.attempts for item in failures} <= {1}


def test_finds_the_keys_of_a_record() -> None:
    query = "{type: .type, day: .at[0:10], customer: .customer.id}"
    good = b'{"type": "click", "at": "2026-03-07T15:04:05Z", "customer": {"id": 17}}'
    passed, failures = extract_keys([record(good)], processor("MetadataExtraction", MetadataExtractionQuery=query))
    assert passed[0].query_keys == {"type": "click", "day": "2026-03-07", "customer": "17"}
    assert failures == []


@pytest.mark.parametrize(
    "data",
    [
        b"not json",
        b'{"type": null}',
        b"{}",
        b'{"type": ""}',
        b'{"type": [1]}',
        b"[1]",
        b'{"type":"a"}{"type":"b"}',
        b"\xff",
    ],
)
def test_a_record_without_its_keys_fails_alone(data: bytes) -> None:
    given = processor("MetadataExtraction", MetadataExtractionQuery="{type: .type}")
    passed, failures = extract_keys([record(b'{"type": "ok"}'), record(data)], given)
    assert [item.query_keys for item in passed] == [{"type": "ok"}]
    assert [(item.kind, item.code) for item in failures] == [
        ("metadata-extraction-failed", "DynamicPartitioning.MetadataExtractionFailed")
    ]

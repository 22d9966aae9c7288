"""Record processing before delivery, processor by processor.

Above 200 lines: each way in which the answer of a function can be wrong, with its error code.
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import jq

from local_cloud.engines.firehose.records import METADATA_EXTRACTION, PROCESSING, Failure, Record
from local_cloud.engines.firehose.settings import MEBIBYTE, Destination, Processor

# Firehose hands a record on whole if it holds more.
_MOST_SUBRECORDS = 500
_DEFAULT_LAMBDA_MB = 1.0
_DEFAULT_RETRIES = 3
# https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html
_MESSAGES = {
    "Lambda.FunctionError": "The Lambda function was successfully invoked but it returned an error result.",
    "Lambda.JsonProcessingException": (
        "There was an error parsing returned records from the Lambda function. Ensure that the returned records follow "
        "the status model required by Amazon Data Firehose."
    ),
    "Lambda.InvalidReturnFormat": (
        "The data field cannot be null for a record with result Ok. Ensure that the Lambda function returns data."
    ),
    "Lambda.DuplicatedRecordId": (
        "Multiple records were returned with the same record Id. Ensure that the Lambda function returns a unique "
        "record Id for each record."
    ),
    "Lambda.MissingRecordId": (
        "One or more record Ids were not returned. Ensure that the Lambda function returns all received record Ids."
    ),
    "Lambda.ProcessingFailedStatus": "ProcessingFailed status set for record",
}
_RESULTS = ("Ok", "Dropped", "ProcessingFailed")

Outcome = tuple[list[Record], list[Failure]]


class LambdaClient(Protocol):
    def invoke(self, *, FunctionName: str, Payload: bytes) -> Mapping[str, Any]: ...


def process(
    records: Sequence[Record], destination: Destination, *, client: LambdaClient, context: Mapping[str, str]
) -> Outcome:
    """Run the destination's processors; return what came through and what failed. Dropped records are in neither."""
    passed, failures = list(records), list[Failure]()
    for processor in destination.processors:
        if processor.kind == "RecordDeAggregation":
            passed = [part for record in passed for part in split(record, processor)]
        elif processor.kind == "Lambda":
            passed, failed = transform(passed, processor, client=client, context=context)
            failures += failed
        elif processor.kind == "MetadataExtraction":
            passed, failed = (extract_routing if destination.routes_records else extract_keys)(passed, processor)
            failures += failed
        else:
            delimiter = processor.parameters.get("Delimiter", "\\n").encode().decode("unicode_escape").encode()
            passed = [replace(record, data=record.data + delimiter) for record in passed]
    return passed, failures


def split(record: Record, processor: Processor) -> list[Record]:
    """Split a record into the JSON documents, or the delimited parts, that it holds."""
    if processor.parameters.get("SubRecordType") == "DELIMITED":
        delimiter = base64.b64decode(processor.parameters["Delimiter"])
        parts = [part for part in record.data.split(delimiter) if part]
    else:
        parts = _documents(record.data)
    if not 1 < len(parts) <= _MOST_SUBRECORDS:
        return [record]
    return [replace(record, data=part) for part in parts]


def _documents(data: bytes) -> list[bytes]:
    decoder = json.JSONDecoder()
    found = []
    position = 0
    try:
        text = data.decode()
        while position < len(text.rstrip()):
            start = position + len(text[position:]) - len(text[position:].lstrip())
            _, position = decoder.raw_decode(text, start)
            found.append(text[start:position].encode())
    except ValueError:
        return [data]
    return found


def transform(
    records: Sequence[Record], processor: Processor, *, client: LambdaClient, context: Mapping[str, str]
) -> Outcome:
    """Let the Lambda function transform, drop or refuse records, a batch at a time."""
    passed, failures = list[Record](), list[Failure]()
    size = float(processor.parameters.get("BufferSizeInMBs", _DEFAULT_LAMBDA_MB)) * MEBIBYTE
    for batch in _batches(records, size):
        done, failed = _transform_batch(batch, processor, client, context)
        passed += done
        failures += failed
    return passed, failures


def _batches(records: Sequence[Record], size: float) -> Iterator[list[Record]]:
    batch, filled = list[Record](), 0
    for record in records:
        if batch and filled + len(record.data) > size:
            yield batch
            batch, filled = [], 0
        batch.append(record)
        filled += len(record.data)
    if batch:
        yield batch


def _transform_batch(
    batch: Sequence[Record], processor: Processor, client: LambdaClient, context: Mapping[str, str]
) -> Outcome:
    arn = processor.parameters["LambdaArn"]
    event = {
        "invocationId": str(uuid.uuid4()),
        **context,
        "records": [
            {
                "recordId": str(number),
                "approximateArrivalTimestamp": record.arrived,
                "data": base64.b64encode(record.data).decode(),
            }
            for number, record in enumerate(batch)
        ],
    }
    payload = json.dumps(event).encode()
    attempts = 1 + int(processor.parameters.get("NumberOfRetries", _DEFAULT_RETRIES))
    problem = ""
    for attempt in range(1, attempts + 1):
        body, problem = _invoke(client, arn, payload)
        if body is not None:
            return _read_answer(batch, body, arn, attempt)
    code, _, message = problem.partition(" ")
    return [], [_lambda_failure(record, code, message, arn=arn, attempts=attempts) for record in batch]


def _invoke(client: LambdaClient, arn: str, payload: bytes) -> tuple[bytes | None, str]:
    """Return what the function answers, or the code and message of why it does not."""
    try:
        response = client.invoke(FunctionName=arn, Payload=payload)
        body: bytes = response["Payload"].read()
    except Exception as error:  # whatever keeps the function from answering counts as a failed attempt
        return None, f"Lambda.InvokeFailed {error}"
    if response.get("FunctionError"):
        code = "Lambda.FunctionError"
        return None, f"{code} {_MESSAGES[code]} {body.decode(errors='replace')}"
    return body, ""


def _read_answer(batch: Sequence[Record], body: bytes, arn: str, attempts: int) -> Outcome:
    """Pass on what the function has transformed, record by record; what it returned twice or not at all fails.

    An answer that Firehose cannot read fails all records of the batch, and is not asked for again: AWS was seen to
    write Lambda.FunctionError for data that is not base64 and for a result that is none of the three.
    """

    def failed(record: Record, code: str) -> Failure:
        return _lambda_failure(record, code, _MESSAGES[code], arn=arn, attempts=attempts)

    try:
        entries = json.loads(body)["records"]
        ids = Counter(entry["recordId"] for entry in entries)
    except (ValueError, KeyError, TypeError):
        return [], [failed(record, "Lambda.JsonProcessingException") for record in batch]
    answers = {entry["recordId"]: entry for entry in entries}
    if not all(_is_readable(entry) for entry in entries):
        return [], [failed(record, "Lambda.FunctionError") for record in batch]
    passed, failures = list[Record](), list[Failure]()
    for number, record in enumerate(batch):
        entry = answers.get(str(number), {})
        if not entry:
            failures.append(failed(record, "Lambda.MissingRecordId"))
        elif ids[str(number)] > 1:
            failures.append(failed(record, "Lambda.DuplicatedRecordId"))
        elif entry["result"] == "ProcessingFailed":
            failures.append(failed(record, "Lambda.ProcessingFailedStatus"))
        elif entry["result"] == "Ok" and entry.get("data") is None:
            failures.append(failed(record, "Lambda.InvalidReturnFormat"))
        elif entry["result"] == "Ok":
            metadata = entry.get("metadata") or {}
            keys, routing = metadata.get("partitionKeys") or {}, metadata.get("otfMetadata") or {}
            passed.append(replace(record, data=base64.b64decode(entry["data"]), lambda_keys=keys, routing=routing))
    return passed, failures


def _is_readable(entry: dict[str, Any]) -> bool:
    data, metadata = entry.get("data"), entry.get("metadata") or {}
    try:
        base64.b64decode(data or "", validate=True)
    except (binascii.Error, TypeError, ValueError):
        return False
    if not isinstance(metadata, dict):
        return False
    sections = (metadata.get(name) or {} for name in ("partitionKeys", "otfMetadata"))
    return all(isinstance(section, dict) for section in sections) and entry.get("result") in _RESULTS


def _lambda_failure(record: Record, code: str, message: str, *, arn: str, attempts: int = 1) -> Failure:
    return Failure(
        kind=PROCESSING, code=code, message=message, record=record, attempts=attempts, details={"lambdaArn": arn}
    )


def extract_keys(records: Iterable[Record], processor: Processor) -> Outcome:
    """Find each record's partition keys with the jq query; a record without all of them fails."""

    def with_keys(record: Record, found: Mapping[str, Any]) -> Record:
        return replace(record, query_keys={name: _key(name, value) for name, value in found.items()})

    return _extract(records, processor, with_keys)


def extract_routing(records: Iterable[Record], processor: Processor) -> Outcome:
    """Find each record's table and operation with the jq query, as far as no function has said them."""

    def routed(record: Record, found: Mapping[str, Any]) -> Record:
        said = {name: value for name, value in record.routing.items() if value is not None}
        return replace(record, routing={**found, **said})

    return _extract(records, processor, routed)


def _extract(
    records: Iterable[Record], processor: Processor, extracted: Callable[[Record, Mapping[str, Any]], Record]
) -> Outcome:
    program = jq.compile(processor.parameters["MetadataExtractionQuery"])
    passed, failures = list[Record](), list[Failure]()
    for record in records:
        try:
            passed.append(extracted(record, _single(program.input_text(record.data.decode()).all())))
        except ValueError as error:
            code = "DynamicPartitioning.MetadataExtractionFailed"
            failures.append(Failure(kind=METADATA_EXTRACTION, code=code, message=str(error), record=record))
    return passed, failures


def _single(found: list[Any]) -> Mapping[str, Any]:
    if len(found) != 1:
        raise ValueError("Non JSON record provided")
    if not isinstance(found[0], dict):
        raise ValueError("the query must return one JSON object")
    return found[0]


def _key(name: str, value: Any) -> str:
    if value is None or value == "" or isinstance(value, dict | list):
        raise ValueError(f"partition key {name} has no value that can be part of a prefix: {value!r}")
    return value if isinstance(value, str) else json.dumps(value)

"""Record processing before delivery, processor by processor."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import jq

from local_cloud.engines.firehose.records import METADATA_EXTRACTION, PROCESSING, Failure, Record
from local_cloud.engines.firehose.settings import MEBIBYTE, Destination, Processor

# Firehose hands a record on whole if it holds more.
_MOST_SUBRECORDS = 500
_DEFAULT_LAMBDA_MB = 1.0
_DEFAULT_RETRIES = 3
_LARGEST_RESPONSE = 6 * MEBIBYTE

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
            passed, failed = extract_keys(passed, processor)
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
    problem = ("", "")
    for _ in range(attempts):
        answer, problem = _invoke(client, arn, payload)
        if answer is not None:
            return _read_answer(batch, answer, arn)
    failed = [_lambda_failure(record, *problem, arn=arn, attempts=attempts) for record in batch]
    return [], failed


def _invoke(client: LambdaClient, arn: str, payload: bytes) -> tuple[dict[str, Any] | None, tuple[str, str]]:
    try:
        response = client.invoke(FunctionName=arn, Payload=payload)
        body = response["Payload"].read()
    except Exception as error:  # whatever keeps the function from answering counts as a failed attempt
        return None, ("Lambda.InvokeFailed", str(error))
    if response.get("FunctionError"):
        message = "The Lambda function was successfully invoked but it returned an error result."
        return None, ("Lambda.FunctionError", f"{message} {body.decode(errors='replace')}")
    if len(body) > _LARGEST_RESPONSE:
        return None, ("Lambda.ResponseTooLarge", f"the response of {len(body)} bytes is larger than 6 MB")
    try:
        answers = {entry["recordId"]: entry for entry in json.loads(body)["records"]}
    except (ValueError, KeyError, TypeError) as error:
        return None, ("Lambda.JsonProcessingException", f"the response is not what Firehose expects: {error!r}")
    return answers, ("", "")


def _read_answer(batch: Sequence[Record], answers: Mapping[str, Any], arn: str) -> Outcome:
    passed, failures = list[Record](), list[Failure]()
    for number, record in enumerate(batch):
        entry = answers.get(str(number))
        if entry is None:
            message = "One or more record Ids were not returned by the Lambda function."
            failures.append(_lambda_failure(record, "Lambda.MissingRecordId", message, arn=arn))
        elif entry["result"] == "Ok":
            keys = (entry.get("metadata") or {}).get("partitionKeys") or {}
            passed.append(replace(record, data=base64.b64decode(entry["data"]), lambda_keys=keys))
        elif entry["result"] != "Dropped":
            message = "ProcessingFailed status set for record"
            failures.append(_lambda_failure(record, "Lambda.ProcessingFailedStatus", message, arn=arn))
    return passed, failures


def _lambda_failure(record: Record, code: str, message: str, *, arn: str, attempts: int = 1) -> Failure:
    return Failure(
        kind=PROCESSING, code=code, message=message, record=record, attempts=attempts, details={"lambdaArn": arn}
    )


def extract_keys(records: Iterable[Record], processor: Processor) -> Outcome:
    """Find each record's partition keys with the jq query; a record without all of them fails."""
    program = jq.compile(processor.parameters["MetadataExtractionQuery"])
    passed, failures = list[Record](), list[Failure]()
    for record in records:
        try:
            found = program.input_text(record.data.decode()).all()
            keys = {name: _key(name, value) for name, value in _single(found).items()}
        except ValueError as error:
            code = "DynamicPartitioning.MetadataExtractionFailed"
            failures.append(Failure(kind=METADATA_EXTRACTION, code=code, message=str(error), record=record))
        else:
            passed.append(replace(record, query_keys=keys))
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

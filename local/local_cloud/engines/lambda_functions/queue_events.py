"""Messages of a queue as the events of a function, and the function's answer."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any

from moto.sqs.models import Message, Queue

_LARGEST_EVENT_BYTES = 6_000_000


def parts(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """Yield messages in parts whose event Lambda could take."""
    part: list[Message] = []
    size = 0
    for message in messages:
        length = len(message.body.encode())
        if part and size + length > _LARGEST_EVENT_BYTES:
            yield part
            part, size = [], 0
        part.append(message)
        size += length
    if part:
        yield part


def record(message: Message, queue: Queue, region: str) -> dict[str, Any]:
    """Return a message as https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html shows it."""
    attributes = {
        "ApproximateReceiveCount": str(message.approximate_receive_count),
        "SentTimestamp": str(message.sent_timestamp),
        "SenderId": message.sender_id,
        "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
        "SequenceNumber": message.sequence_number,
        "MessageGroupId": message.group_id,
        "MessageDeduplicationId": message.deduplication_id,
        **{name: value["StringValue"] for name, value in message.system_attributes.items()},
    }
    said = {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": {name: value for name, value in attributes.items() if value is not None},
        "messageAttributes": {name: _attribute(value) for name, value in message.message_attributes.items()},
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.queue_arn,
        "awsRegion": region,
    }
    return said | ({"md5OfMessageAttributes": message.attribute_md5} if message.message_attributes else {})


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    content = value.get("BinaryValue")
    if content is not None:
        binary = content if isinstance(content, bytes) else str(content).encode()
        given: dict[str, Any] = {"binaryValue": base64.b64encode(binary).decode()}
    else:
        given = {"stringValue": value.get("StringValue")}
    return {**given, "stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}

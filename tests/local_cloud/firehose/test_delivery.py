from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

from local_cloud.engines.firehose.delivery import Delivery
from local_cloud.engines.firehose.records import Record
from local_cloud.engines.firehose.settings import Destination


class NoFunction:
    """The client of a stream that transforms nothing."""

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        return {"Payload": io.BytesIO()}


def milliseconds(day: int, hour: int) -> int:
    return int(datetime(2026, 1, day, hour, tzinfo=UTC).timestamp() * 1000)


def test_an_object_is_dated_by_its_oldest_record() -> None:
    configuration = {"BucketARN": "arn:aws:s3:::lake", "Prefix": "!{timestamp:yyyy-MM-dd/HH}/"}
    delivery = Delivery(
        name="stream-1",
        destination=Destination.of(configuration),
        conversion=None,
        client=NoFunction(),
        context={},
    )
    late = Record(data=b"late", arrived=milliseconds(day=2, hour=1))
    early = Record(data=b"early", arrived=milliseconds(day=1, hour=23))

    (found,) = delivery.objects([late, early])

    assert found.uri.startswith("s3://lake/2026-01-01/23/stream-1-2026-01-01-23-00-00-")
    assert found.content == b"lateearly"

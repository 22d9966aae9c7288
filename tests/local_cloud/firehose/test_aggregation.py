from __future__ import annotations

import base64
import hashlib

import pytest

from local_cloud.engines.firehose.aggregation import deaggregate
from tests.unit.ingestion.kinesis.recorded import RECORDED

# Written by AWS's aws-kinesis-agg 1.2.3, with two partition keys and a hash key: not by our own reading of the format.
AGGREGATED = base64.b64decode(
    "84mawgoCcDEKAnAyEgUxMjM0NRoMCAAaCHsiaSI6MX0KGg4IARAAGgh7ImkiOjJ9ChqHAQgAGoIBeHh4eHh4eHh4eHh4eHh4eHh4"
    "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4"
    "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eEATvGkFqmivXkN2/MiQRRE="
)


def sealed(body: bytes) -> bytes:
    return b"\xf3\x89\x9a\xc2" + body + hashlib.md5(body, usedforsecurity=False).digest()


@pytest.mark.parametrize(("data", "records"), RECORDED)
def test_takes_apart_what_the_producer_library_has_put(data: bytes, records: list[bytes]) -> None:
    assert deaggregate(data) == records


def test_takes_an_aggregated_record_apart() -> None:
    assert deaggregate(AGGREGATED) == [b'{"i":1}\n', b'{"i":2}\n', b"x" * 130]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"plain",
        AGGREGATED[4:],
        AGGREGATED[:-1] + b"?",
        AGGREGATED[:4],
        sealed(b"\x1a\x7fcut"),
        sealed(b"\x1b"),
        sealed(b"\xff\xff"),
        sealed(b"\x1a\x02\x08\x00"),
    ],
)
def test_what_is_not_aggregated_stays_whole(data: bytes) -> None:
    assert deaggregate(data) is None


def test_fields_that_the_format_may_gain_are_passed_over() -> None:
    body = b"\x21" + bytes(8) + b"\x2d" + bytes(4) + b"\x1a\x05\x1a\x01a\x30\x01"
    assert deaggregate(sealed(body)) == [b"a"]

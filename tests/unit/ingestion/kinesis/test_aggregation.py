"""Aggregated records: those of the real KPL are taken apart, and ours are what AWS's own library writes."""

from __future__ import annotations

import base64
import random
from typing import Any

import pytest
from lake_aggregation import aggregated, user_records

from tests.unit.ingestion.kinesis.recorded import RECORDED, WITHOUT_HASH_KEYS

# Written by AWS's aws-kinesis-agg 1.2.3, of three records of one key.
REFERENCE = base64.b64decode(
    "84mawgoIZGV2aWNlLTcaDQgAGgl7ImlkIjogMH0aDQgAGgl7ImlkIjogMX0ahwEIABqCAXh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eH"
    "h4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4"
    "eHh4eHh4eHh4eHh4eHh4eHhjL3vvCfls09uklg1jbSex"
)


@pytest.mark.parametrize(("data", "records"), RECORDED)
def test_takes_apart_what_the_kpl_has_put(data: bytes, records: list[bytes]) -> None:
    assert user_records(data) == records


@pytest.mark.parametrize("data", [b"", b"plain", WITHOUT_HASH_KEYS[4:], WITHOUT_HASH_KEYS[:-1] + b"?"])
def test_what_is_not_aggregated_stays_whole(data: bytes) -> None:
    assert user_records(data) == [data]


def test_packs_records_as_the_library_of_aws_does() -> None:
    given = [*(("device-7", b'{"id": %d}' % n) for n in range(2)), ("device-7", b"x" * 130)]
    assert list(aggregated(given)) == [("device-7", REFERENCE)]
    assert user_records(REFERENCE) == [data for _, data in given]


def test_each_key_keeps_its_order_and_its_records() -> None:
    chance = random.Random(7)
    given = [(f"k{chance.randrange(5)}", chance.randbytes(chance.choice([0, 1, 130, 20_000]))) for _ in range(2_000)]
    # Too large to be packed.
    given.insert(900, ("k1", bytes(60_000)))
    packed = list(aggregated(given))
    for key in {key for key, _ in given}:
        found = [part for one, data in packed if one == key for part in user_records(data)]
        assert found == [data for one, data in given if one == key]
    assert ("k1", bytes(60_000)) in packed
    assert len(packed) < len(given) / 4
    assert max(len(data) for _, data in packed if len(data) != 60_000) <= 51_200 + 32


def test_records_of_many_keys_do_not_wait_without_end() -> None:
    read = 0

    def records() -> Any:
        nonlocal read
        for read in range(1_000):
            yield f"k{read}", bytes(20_000)

    next(aggregated(records()))
    # 10 MB of them.
    assert 500 < read < 560


def test_a_record_that_is_alone_stays_as_it_is() -> None:
    assert list(aggregated([("a", b"1"), ("b", b"2")])) == [("a", b"1"), ("b", b"2")]

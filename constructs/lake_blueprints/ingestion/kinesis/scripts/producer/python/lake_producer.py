"""Records put into a Kinesis data stream, all of them, though the stream refuses some at a time.

PutRecords succeeds even if it has put a part only; the others must be put again. Runs wherever Python and boto3 do: in
a Lambda function, in a container.
https://docs.aws.amazon.com/streams/latest/dev/developing-producers-with-sdk.html
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

# Of one request, with partition keys; https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
MOST_RECORDS = 500
MOST_BYTES = 10 * 1024 * 1024
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 10.0

Record = tuple[str, bytes]
"""Partition key and data."""


class RecordsNotPut(Exception):
    """The stream has taken none of some records for too long.

    Parameters
    ----------
    records: list of Record
        Those that are not in the stream, in their order; further ones of the iterable were not read.
    reasons: mapping of str to int
        Error codes of the last request, with how many records each was for.
    """

    def __init__(self, records: list[Record], reasons: dict[str, int]) -> None:
        self.records, self.reasons = records, reasons
        said = ", ".join(f"{number} of {code}" for code, number in sorted(reasons.items()))
        super().__init__(f"{len(records)} records are not in the stream; the last request had {said}")


def put_all(client: Any, stream: str, records: Iterable[Record], *, in_order: bool = False, attempts: int = 10) -> int:
    """Put records into a stream, in as few requests as they fit into; what is refused is put again, after a while.

    A record may be in the stream twice if an answer was lost, as with any producer of Kinesis.

    Parameters
    ----------
    client:
        boto3's client of Kinesis.
    stream: str
        ARN of the stream.
    records: iterable of (str, bytes)
        Partition key and data of each; they are read as they are put.
    in_order: bool
        Whether records of one partition key arrive in their order, which takes a request for each of them. By default
        one that is refused may come after one that was given later.
    attempts: int
        Requests in a row that put nothing, after which it gives up. By default 10, which takes about 20 seconds.

    Returns
    -------
    int
        How many were put.

    Raises
    ------
    RecordsNotPut
        With those that are not in the stream.
    ValueError
        If a record is too large for any request, or has no partition key.
    """
    waiting: deque[Record] = deque()
    unread = iter(records)
    put = futile = 0
    while batch := _next_batch(waiting, unread, in_order=in_order):
        answer = client.put_records(
            StreamARN=stream, Records=[{"PartitionKey": key, "Data": data} for key, data in batch]
        )
        refused = [
            (record, each["ErrorCode"])
            for record, each in zip(batch, answer["Records"], strict=True)
            if "ErrorCode" in each
        ]
        put += len(batch) - len(refused)
        # What was refused comes first again, so that each key keeps its order.
        waiting.extendleft(record for record, _ in reversed(refused))
        futile = futile + 1 if len(refused) == len(batch) else 0
        if futile >= attempts:
            raise RecordsNotPut(list(waiting), _counted(code for _, code in refused))
        if refused:
            # At random, so that many producers do not come back at once.
            time.sleep(random.uniform(0, min(_LONGEST_WAIT, _FIRST_WAIT * 2**futile)))
    return put


def _next_batch(waiting: deque[Record], unread: Iterator[Record], *, in_order: bool) -> list[Record]:
    """Return the records of the next request; those that must wait for one of it go back to the front."""
    batch: list[Record] = []
    postponed: list[Record] = []
    keys: set[str] = set()
    size = 0
    while len(batch) < MOST_RECORDS and len(postponed) < MOST_RECORDS:
        record = waiting.popleft() if waiting else next(unread, None)
        if record is None:
            break
        length = _size(record)
        if in_order and record[0] in keys:
            postponed.append(record)
            continue
        if size + length > MOST_BYTES:
            postponed.append(record)
            break
        batch.append(record)
        keys.add(record[0])
        size += length
    waiting.extendleft(reversed(postponed))
    return batch


def _size(record: Record) -> int:
    key, data = record
    length = len(key.encode()) + len(data)
    if not key or length > MOST_BYTES:
        raise ValueError(
            f"a record must have a partition key and at most {MOST_BYTES:,} bytes with it, got {length:,} bytes with "
            f"the key '{key[:50]}'"
        )
    return length


def _counted(codes: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for code in codes:
        found[code] = found.get(code, 0) + 1
    return found

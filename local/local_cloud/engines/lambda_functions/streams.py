"""Streams that functions are mapped to, polled in batches as Lambda does: shard by shard, in order.

A batch that fails is tried again until it succeeds or is discarded, and the records behind it wait:
https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html

Above 200 lines: one batch's way from its records to its end.
"""

from __future__ import annotations

import json
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.awslambda.exceptions import LambdaClientError

from local_cloud.engines.lambda_functions.answers import PARTIAL_FAILURES, failures
from local_cloud.engines.lambda_functions.filters import passes
from local_cloud.engines.lambda_functions.pollers import Invoke, Poller
from local_cloud.engines.lambda_functions.stream_sources import StreamRecord, StreamSource
from local_cloud.errors import LocalCloudError

_LARGEST_EVENT_BYTES = 6_000_000
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0
_EXHAUSTED, _TOO_OLD = "RetryAttemptsExhausted", "RecordAgeExceeded"


@dataclass
class Batch:
    """Records that a function gets together.

    Parameters
    ----------
    records: Sequence of StreamRecord
        At least one, in order.
    retries: int
        How often it has failed.
    calls: int
        How often the function was invoked with it.
    """

    records: Sequence[StreamRecord]
    retries: int = 0
    calls: int = 0

    def halves(self) -> list[Batch]:
        """Return it in two; a split takes no retry."""
        middle = len(self.records) // 2
        return [Batch(part, self.retries, self.calls) for part in (self.records[:middle], self.records[middle:])]


@dataclass
class ShardProgress:
    """Progress in one shard.

    Parameters
    ----------
    next: int
        Sequence number of the first record that is in no batch yet.
    batches: deque of Batch
        What was read and is not done.
    since: float, optional
        When the first record of the next batch was seen.
    resume: float
        When the first batch may be tried again.
    """

    next: int
    batches: deque[Batch] = field(default_factory=deque)
    since: float | None = None
    resume: float = 0.0


Progress = dict[str, ShardProgress]


class StreamPoller(Poller):
    """The shards of one mapping, of each of which a batch is handed on at a time."""

    def __init__(
        self,
        mapping: Any,
        source: StreamSource,
        progress: Progress,
        *,
        invoke: Invoke,
        send: Callable[[str, str, str], None],
    ) -> None:
        super().__init__(mapping)
        self._source = source
        self._progress = progress
        self._invoke = invoke
        self._send = send

    def source_exists(self) -> bool:
        return self._source.exists()

    def waits(self) -> bool:
        """Tell whether there are records that could be handed on; not those behind a batch that is tried forever."""
        return any(self._waits(shard, progress) for shard, progress in self._readable())

    def poll(self, *, at_once: bool) -> None:
        for shard, progress in self._readable():
            if not progress.batches:
                self._read(shard, progress, at_once=at_once)
            if progress.batches and (time.time() >= progress.resume or (at_once and not self._is_stuck(progress))):
                self._hand_on(shard, progress)

    def _readable(self) -> list[tuple[str, ShardProgress]]:
        """Return the shards whose parents were read to their ends."""
        parents = self._source.shards()
        for shard in parents:
            self._progress.setdefault(shard, ShardProgress(self._source.first(shard)))
        return [
            (shard, self._progress[shard])
            for shard, before in parents.items()
            if all(self._is_read(parent, self._progress[parent]) for parent in before)
        ]

    def _is_read(self, shard: str, progress: ShardProgress) -> bool:
        return not progress.batches and progress.next >= self._source.end(shard)

    def _is_stuck(self, progress: ShardProgress) -> bool:
        """Tell whether the first batch has failed and nothing limits how often it is tried."""
        limits = (self.mapping.max_retry_attempts, self.mapping.max_record_age)
        return progress.batches[0].retries > 0 and all(limit in (None, -1) for limit in limits)

    def _waits(self, shard: str, progress: ShardProgress) -> bool:
        if progress.batches:
            return not self._is_stuck(progress)
        return not self._is_read(shard, progress)

    def _read(self, shard: str, progress: ShardProgress, *, at_once: bool) -> None:
        """Make a batch if it is full, or its window has passed since its first record was seen."""
        found: list[StreamRecord] = []
        size, number = 0, progress.next
        full = False
        for record in self._source.records(shard, progress.next):
            if passes(self.mapping.filter_criteria, record.filtered):
                length = len(json.dumps(record.event))
                if found and size + length > _LARGEST_EVENT_BYTES:
                    full = True
                    break
                found.append(record)
                size += length
            number = record.number + 1
            if len(found) >= self.mapping.batch_size:
                full = True
                break
        if not found:
            # All that there was is filtered out.
            progress.next, progress.since = number, None
            return
        now = time.time()
        progress.since = progress.since or now
        if full or at_once or now - progress.since >= (self.mapping.max_batch_window or 0):
            progress.batches.append(Batch(found))
            progress.next, progress.since = number, None

    def _hand_on(self, shard: str, progress: ShardProgress) -> None:
        self._discard_old(shard, progress)
        if not progress.batches:
            return
        batch = progress.batches[0]
        request_id = str(uuid.uuid4())
        batch.calls += 1
        try:
            answer = self._invoke(
                self.mapping.function_arn, {"Records": [record.event for record in batch.records]}, self.mapping.region
            )
            failed = self._first_failed(answer, batch)
        except (LocalCloudError, LambdaClientError):
            # It failed, as its log says, or is gone.
            failed = 0
        if failed is None:
            progress.batches.popleft()
            progress.resume = 0.0
            return
        self._retry(shard, progress, failed, request_id)

    def _first_failed(self, answer: Any, batch: Batch) -> int | None:
        """Return where the function begins again, as it says; None if all is done."""
        if PARTIAL_FAILURES not in (self.mapping.function_response_types or ()):
            return None
        numbers = [str(record.number) for record in batch.records]
        failed = failures(answer, numbers)
        return min(map(numbers.index, failed)) if failed else None

    def _retry(self, shard: str, progress: ShardProgress, failed: int, request_id: str) -> None:
        batch = progress.batches.popleft()
        rest = Batch(batch.records[failed:], batch.retries, batch.calls)
        splits = bool(self.mapping.bisect_on_error) and len(batch.records) > 1
        if splits:
            # Where the function says so, else in the middle.
            progress.batches.extendleft(reversed([rest] if failed else rest.halves()))
            return
        rest.retries += 1
        most = self.mapping.max_retry_attempts
        if most is not None and most != -1 and rest.retries > most:
            self._discard(shard, rest, _EXHAUSTED, request_id)
            progress.resume = 0.0
            return
        progress.batches.appendleft(rest)
        progress.resume = time.time() + min(_SHORTEST_PAUSE * 2 ** min(rest.retries, 10), _LONGEST_PAUSE)

    def _discard_old(self, shard: str, progress: ShardProgress) -> None:
        age = self.mapping.max_record_age
        if age in (None, -1):
            return
        batch = progress.batches[0]
        fresh = [record for record in batch.records if time.time() - record.arrived <= age]
        if len(fresh) == len(batch.records):
            return
        old = [record for record in batch.records if record not in fresh]
        progress.batches.popleft()
        if fresh:
            progress.batches.appendleft(Batch(fresh, batch.retries, batch.calls))
        self._discard(shard, Batch(old, batch.retries, batch.calls), _TOO_OLD, str(uuid.uuid4()))

    def _discard(self, shard: str, batch: Batch, condition: str, request_id: str) -> None:
        """Tell the destination of failures which records the function never took."""
        target = ((self.mapping.destination_config or {}).get("OnFailure") or {}).get("Destination")
        if not target:
            return
        first, last = batch.records[0], batch.records[-1]
        said = {
            "requestContext": {
                "requestId": request_id,
                "functionArn": self.mapping.function_arn,
                "condition": condition,
                "approximateInvokeCount": batch.calls,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "version": "1.0",
            "timestamp": _moment(time.time()),
            self._source.info: {
                "shardId": shard,
                "startSequenceNumber": str(first.number),
                "endSequenceNumber": str(last.number),
                "approximateArrivalOfFirstRecord": _moment(first.arrived),
                "approximateArrivalOfLastRecord": _moment(last.arrived),
                "batchSize": len(batch.records),
                "streamArn": self.mapping.event_source_arn,
            },
        }
        if not batch.calls:
            del said["responseContext"]
        if ":s3:" in target:
            # No other destination gets the records themselves.
            said["payload"] = {"Records": [record.event for record in batch.records]}
        now = datetime.now(tz=UTC)
        key = f"aws/lambda/{self.mapping.uuid}/{shard}/{now:%Y/%m/%d}/{now:%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
        self._send(target, key, json.dumps(said))


def progress_from(mapping: Any, source: StreamSource) -> Progress:
    """Return where a new mapping begins in each shard."""
    return {shard: ShardProgress(_start(mapping, source, shard)) for shard in source.shards()}


def _start(mapping: Any, source: StreamSource, shard: str) -> int:
    first, end = source.first(shard), source.end(shard)
    if mapping.starting_position == "LATEST":
        return end
    if mapping.starting_position == "AT_TIMESTAMP":
        moment = float(mapping.starting_position_timestamp)
        return next((record.number for record in source.records(shard, first) if record.arrived >= moment), end)
    return first


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

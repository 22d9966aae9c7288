"""The function of a replay: the records of a stream between two times, as lines of gzipped objects.

A call reads until its time is nearly over and answers how far it has come in each shard, which the next call is given.
What an object holds follows from the records alone, not from the calls: it ends with an hour of arrival, or when it is
full. So a call that is repeated writes the same objects again, and what was not complete is read again.

Above 200 lines: a range's way from its shards to its objects.
"""

from __future__ import annotations

import gzip
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config
from lake_aggregation import user_records

# Of an object, before it is compressed.
_MOST_RECORDS, _MOST_BYTES = 10_000, 8 * 1024 * 1024
_HOUR = 3_600_000
# Arrival is approximate, and a record can be read a while after it has arrived.
_SLACK = 5_000
# A shard answers five times a second, to all of its readers.
_PAUSE_SECONDS = 0.5
# Of a call's time, for what is being read and written.
_REST = 60_000
_SHARDS_AT_ONCE = 8


class RangeError(Exception):
    """The stream does not have the range."""


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Read on from where the call before has ended, or from the beginning."""
    reader = RangeReader(
        kinesis=boto3.client("kinesis", config=Config(retries={"mode": "standard", "max_attempts": 10})),
        s3=boto3.client("s3", config=Config(retries={"mode": "standard", "max_attempts": 10})),
        stream=os.environ["STREAM"],
        bucket=os.environ["BUCKET"],
        prefix=os.environ["PREFIX"],
        reports=os.environ["REPORTS"],
        has_time=lambda: context.get_remaining_time_in_millis() > _REST,
    )
    return reader.go_on(event if "positions" in event else reader.begin(event))


@dataclass
class _Lines:
    """Records of one hour of arrival that become an object."""

    first: str
    hour: int
    lines: list[bytes] = field(default_factory=list)
    records: int = 0
    bytes: int = 0
    newest: int = 0
    last: str = ""

    def ends_before(self, hour: int) -> bool:
        return hour != self.hour or self.records >= _MOST_RECORDS or self.bytes >= _MOST_BYTES


@dataclass
class _Progress:
    """Progress of a call in a shard: where the next one begins, unless the shard is read, and what was written."""

    position: dict[str, Any] | None
    records: int = 0
    objects: int = 0


@dataclass(frozen=True, kw_only=True)
class RangeReader:
    """Reader of ranges of one stream.

    Parameters
    ----------
    kinesis, s3: client
        Clients of the services.
    stream: str
        ARN of the stream.
    bucket, prefix, reports: str
        Where objects and reports are written.
    has_time: callable
        Tells whether the call may read more.
    """

    kinesis: Any
    s3: Any
    stream: str
    bucket: str
    prefix: str
    reports: str
    has_time: Callable[[], bool]

    def begin(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return the state before the first record.

        Raises
        ------
        RangeError
            If the range is none, or has not ended.
        """
        since, until = _moment(asked, "since"), _moment(asked, "until")
        if not since < until <= _now():
            raise RangeError(
                f"the range must begin before it ends, and have ended, got {_text(since)} to {_text(until)} at "
                f"{_text(_now())}"
            )
        positions = {shard: {"time": since} for shard in self._shards(since)}
        return {"since": since, "until": until, "positions": positions, "records": 0, "objects": 0}

    def go_on(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Read each shard on, and return the state after it; with a report once all are read."""
        positions, since, until = state["positions"], state["since"], state["until"]
        self._check_kept(since, min((one["time"] for one in positions.values()), default=until))
        folder = f"{_compact(since)}-{_compact(until)}"

        def read(shard: str) -> _Progress:
            return self._read(shard, positions[shard], since, until, f"{self.prefix}{folder}/{shard}/")

        with ThreadPoolExecutor(_SHARDS_AT_ONCE) as pool:
            done = dict(zip(positions, pool.map(read, positions), strict=True))
        after = {
            "since": since,
            "until": until,
            "positions": {shard: one.position for shard, one in done.items() if one.position},
            "records": state["records"] + sum(one.records for one in done.values()),
            "objects": state["objects"] + sum(one.objects for one in done.values()),
            "report": f"s3://{self.bucket}/{self.reports}{folder}.json",
        }
        if not after["positions"]:
            self._report(f"{self.reports}{folder}.json", after, f"s3://{self.bucket}/{self.prefix}{folder}/")
        return {**after, "done": not after["positions"]}

    def _report(self, key: str, state: Mapping[str, Any], place: str) -> None:
        report = {
            "stream": self.stream,
            "since": _text(state["since"]),
            "until": _text(state["until"]),
            "objects_below": place,
            **{name: state[name] for name in ("records", "objects")},
        }
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=json.dumps(report, indent=1).encode())

    def _shards(self, since: int) -> Iterator[str]:
        """Yield the shards that were open at a time or opened after it, parents and children of a split alike."""
        at = datetime.fromtimestamp(since / 1000, tz=UTC)
        asked: dict[str, Any] = {
            "StreamARN": self.stream,
            "ShardFilter": {"Type": "FROM_TIMESTAMP", "Timestamp": at},
        }
        while True:
            answer = self.kinesis.list_shards(**asked)
            yield from (shard["ShardId"] for shard in answer["Shards"])
            if not (token := answer.get("NextToken")):
                return
            asked = {"NextToken": token}

    def _check_kept(self, since: int, oldest: int) -> None:
        """Refuse what the stream has no more of; Kinesis itself would begin with its oldest record, and not say so."""
        summary = self.kinesis.describe_stream_summary(StreamARN=self.stream)["StreamDescriptionSummary"]
        hours = summary["RetentionPeriodHours"]
        lost = _now() - hours * _HOUR
        # A new stream has lost nothing.
        if oldest < lost and _milliseconds(summary["StreamCreationTimestamp"]) < lost:
            raise RangeError(
                f"the range begins at {_text(since)} and is to be read from {_text(oldest)} on, and the stream has no "
                f"record before {_text(lost)}, of the {hours} hours that it keeps; begin later"
            )

    def _read(self, shard: str, position: dict[str, Any], since: int, until: int, prefix: str) -> _Progress:
        progress, lines = _Progress(position), None
        iterator = self._iterator(shard, position)
        while self.has_time():
            answer = self.kinesis.get_records(StreamARN=self.stream, ShardIterator=iterator)
            passed = _now() - answer["MillisBehindLatest"]
            for record in answer["Records"]:
                arrived = _milliseconds(record["ApproximateArrivalTimestamp"])
                if arrived >= until + _SLACK:
                    return self._end(progress, lines, prefix)
                if not since <= arrived < until:
                    continue
                if lines and lines.ends_before(arrived // _HOUR):
                    self._write(progress, lines, prefix)
                    lines = None
                number = record["SequenceNumber"]
                lines = lines or _Lines(first=number, hour=arrived // _HOUR)
                _add(lines, number, arrived, record["Data"])
            iterator = answer.get("NextShardIterator")
            if not iterator or (not answer["Records"] and passed >= until + _SLACK):
                return self._end(progress, lines, prefix)
            if not answer["Records"]:
                # Hours without records are not read again by the next call.
                passed -= _SLACK
                if lines and passed >= (lines.hour + 1) * _HOUR:
                    self._write(progress, lines, prefix)
                    lines = None
                if not lines and progress.position and passed > progress.position["time"]:
                    progress.position = {"time": passed}
            time.sleep(_PAUSE_SECONDS)
        return progress

    def _iterator(self, shard: str, position: Mapping[str, Any]) -> str:
        if "after" in position:
            begin = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": position["after"]}
        else:
            at = datetime.fromtimestamp(position["time"] / 1000, tz=UTC)
            begin = {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": at}
        found: str = self.kinesis.get_shard_iterator(StreamARN=self.stream, ShardId=shard, **begin)["ShardIterator"]
        return found

    def _end(self, progress: _Progress, lines: _Lines | None, prefix: str) -> _Progress:
        if lines:
            self._write(progress, lines, prefix)
        progress.position = None
        return progress

    def _write(self, progress: _Progress, lines: _Lines, prefix: str) -> None:
        # Numbers of one length, so that objects are listed in the order of the shard.
        key = f"{prefix}{lines.first.zfill(56)}.gz"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=gzip.compress(b"".join(lines.lines), mtime=0))
        progress.position = {"time": lines.newest, "after": lines.last}
        progress.records += len(lines.lines)
        progress.objects += 1


def _add(lines: _Lines, number: str, arrived: int, data: bytes) -> None:
    lines.lines += (part if part.endswith(b"\n") else part + b"\n" for part in user_records(data))
    lines.records += 1
    lines.bytes += len(data)
    lines.newest, lines.last = max(lines.newest, arrived), number


def _moment(asked: Mapping[str, Any], name: str) -> int:
    """Return a time of the range in milliseconds since 1970."""
    text = asked.get(name)
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        moment = datetime.min
    if moment.tzinfo is None:
        raise RangeError(
            f"'{name}' must be a time with its zone, as '2026-01-01T00:00:00Z', in the execution's input or the step, "
            f"got {text!r}"
        )
    return _milliseconds(moment)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _now() -> int:
    return int(time.time() * 1000)


def _text(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000, tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _compact(moment: int) -> str:
    # Hadoop takes no colon in a path.
    return _text(moment).replace("-", "").replace(":", "")

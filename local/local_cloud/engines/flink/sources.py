"""Streams that a job reads: records of Kinesis as files, one after the other, in the folder that Flink watches.

Flink reads the files of a folder in no order, so it gets the next one only when it has read the one before. Every file
is kept: a job that goes on from a checkpoint or an older snapshot gets again, in order, what that does not know.

Above 200 lines: a record's way from its shard to the reader of its file.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from local_cloud.engines.kinesis.reading import arrivals

_MOST_RECORDS: Final = 10_000
# Errors that the connector waits out.
_LATER: Final = ("ProvisionedThroughputExceededException", "LimitExceededException", "KMSThrottlingException")
_PARENTS: Final = ("ParentShardId", "AdjacentParentShardId")
_SETTLED_SECONDS: Final = 2.0
# A record that is being put is given its time before it can be read.
_ARRIVING_SECONDS: Final = 0.05
_TEXT: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_ESCAPE: Final = re.compile(rb"\\.|\n", re.DOTALL)
_ADDED: Final = re.compile(r"FileSourceSplit: file:.*?/tables/(\w+)/files/(\d+)\.jsonl \[.*? ID=(\d+) ")
_FINISHED: Final = re.compile(r"Finished reading split\(s\) \[([\d, ]*)\]")


class Splits:
    """Flink's own log of the files that its sources have begun and ended.

    Parameters
    ----------
    log: Path
        The log.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        # Jobs before this one have written to it.
        self._offset = log.stat().st_size if log.exists() else 0
        self._open: dict[tuple[str, str], tuple[str, int]] = {}
        self._ended: dict[tuple[str, int], int] = {}

    def refresh(self) -> None:
        """Read what is new."""
        if not self._log.exists():
            return
        with self._log.open("rb") as log:
            log.seek(self._offset)
            new = log.read()
        new = new[: new.rfind(b"\n") + 1]
        self._offset += len(new)
        for line in new.decode(errors="replace").splitlines():
            reader = line.partition("] ")[0]
            if ended := _FINISHED.search(line):
                for number in ended[1].split(", "):
                    if file := self._open.pop((reader, number), None):
                        self._ended[file] = self._ended.get(file, 0) + 1
            elif "Adding split(s) to reader" in line:
                for table, name, number in _ADDED.findall(line):
                    self._open[(reader, number)] = (table, int(name))

    def ended(self, table: str, number: int) -> int:
        """Return how many readers have read a file to its end."""
        return self._ended.get((table, number), 0)

    def is_open(self, table: str, number: int) -> bool:
        """Tell whether a reader is in a file."""
        return (table, number) in self._open.values()


@dataclass(frozen=True, kw_only=True)
class _Record:
    data: bytes
    number: str
    arrived: float


@dataclass(frozen=True, kw_only=True)
class _Batch:
    """Answer of one call for a shard."""

    shard: str
    records: Sequence[_Record]
    next: str | None
    behind: int


class Source:
    """One table that reads a stream.

    Parameters
    ----------
    kinesis: client
        Client of Kinesis, under the role of the application.
    name: str
        The table's own folder.
    given: mapping
        Its options.
    raw: str, optional
        Column of a table of the format raw.
    folder: Path
        Folder of all tables.
    """

    def __init__(self, kinesis: Any, name: str, given: Mapping[str, str], raw: str | None, folder: Path) -> None:
        self._kinesis, self._name, self._raw = kinesis, name, raw
        self._arn = given["stream.arn"]
        self._position = given.get("source.init.position", "LATEST")
        self._store, self._files = folder / name / "store", folder / name / "files"
        self._readers = 1
        # Of each shard the iterator of what comes next, which does not expire here; None at its end.
        self._iterators: dict[str, str | None] = {}
        self._parents: dict[str, set[str]] = {}
        self._next = 1
        self._pending: list[int] = []
        self._current: int | None = None
        self._is_recovered = False
        self._begun = 0.0
        self._arrivals: dict[int, float] = {}
        self._behind = 0
        self._has_more = True

    @property
    def stream(self) -> str:
        """Name of the stream."""
        return self._arn.partition("/")[2]

    def prepare(self, state: bytes) -> None:
        """Leave in the folder only what a state of Flink's may be in the middle of, before the job starts.

        Parameters
        ----------
        state: bytes
            Metadata of the checkpoint or savepoint from which the job goes on; empty if there is none.
        """
        for folder in (self._store, self._files):
            folder.mkdir(parents=True, exist_ok=True)
        for file in self._files.iterdir():
            file.unlink()
        self._stored = sorted(int(file.stem) for file in self._store.glob("*.jsonl"))
        self._known = {number: state.count(self._key(number)) for number in self._stored}
        self._pending = [number for number in self._stored if not self._known[number]]
        self._current = max((number for number in self._stored if self._known[number]), default=None)
        if self._current is not None:
            self._link(self._current)
        waiting = [*self._pending, *([self._current] if self._current else ())]
        stats = {number: (self._store / _file(number)).stat() for number in waiting}
        self._arrivals = {number: found.st_mtime for number, found in stats.items() if found.st_size}

    def begin(self, *, readers: int) -> None:
        """Take up the stream once the job runs, in which so many operators read the table."""
        self._readers, self._begun = readers, time.monotonic()
        # Of one reader, a state names each file once, and the one that it is in once more.
        if self._current is not None and readers == 1 and self._known[self._current] == 1:
            self._arrivals.pop(self._current, None)
            self._current = None
        self._is_recovered = self._current is not None
        self._kinesis.describe_stream_summary(StreamARN=self._arn)
        self._next = (self._stored[-1] if self._stored else 0) + 1
        if self._stored:
            self._iterators = json.loads((self._store / _positions(self._stored[-1])).read_text())
            self._discover("TRIM_HORIZON")
        else:
            self._discover(self._position)
            # What LATEST means is settled, also for a job that fails before its first record.
            self._write([], 0.0)

    def read(self) -> None:
        """Keep the records that are new."""
        batches: list[_Batch] = []
        # What comes to one shard after another was read must wait: the stream's order is that of arrival.
        until = time.time() - _ARRIVING_SECONDS
        for shard, iterator in self._iterators.items():
            if iterator and not any(self._iterators.get(parent) for parent in self._parents.get(shard, ())):
                batch = self._batch(shard, iterator)
                batches.append(batch)
                if batch.records and (batch.behind or len(batch.records) == _MOST_RECORDS):
                    until = min(until, batch.records[-1].arrived)
        found: list[_Record] = []
        for batch in batches:
            taken = [record for record in batch.records if record.arrived <= until]
            found += taken
            if len(taken) == len(batch.records):
                self._iterators[batch.shard] = batch.next
            elif taken:
                self._iterators[batch.shard] = self._iterator(
                    batch.shard, ShardIteratorType="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=taken[-1].number
                )
        self._behind = max((batch.behind for batch in batches), default=0)
        self._has_more = any(batch.records for batch in batches)
        if any(batch.next is None for batch in batches):
            self._discover("TRIM_HORIZON")
        if found:
            found.sort(key=lambda record: record.arrived)
            # Aggregated ones as they are: the connector takes none apart since 5.0 (FLINK-32097).
            self._write([self._line(record.data) for record in found], found[0].arrived)

    def _batch(self, shard: str, iterator: str) -> _Batch:
        try:
            answer = self._kinesis.get_records(StreamARN=self._arn, ShardIterator=iterator, Limit=_MOST_RECORDS)
        except ClientError as error:
            if error.response["Error"]["Code"] in _LATER:
                return _Batch(shard=shard, records=(), next=iterator, behind=0)
            raise
        arrived = arrivals(self._arn, shard)
        records = [
            _Record(data=one["Data"], number=one["SequenceNumber"], arrived=arrived(one["SequenceNumber"]))
            for one in answer["Records"]
        ]
        behind, following = answer["MillisBehindLatest"], answer.get("NextShardIterator")
        return _Batch(shard=shard, records=records, next=following, behind=behind)

    def feed(self, splits: Splits) -> None:
        """Give Flink the next file, if it has read the one before."""
        if self._current is not None:
            if not self._is_read(self._current, splits):
                return
            (self._files / _file(self._current)).unlink(missing_ok=True)
            self._arrivals.pop(self._current, None)
            self._current, self._is_recovered = None, False
        while self._pending and self._current is None:
            number = self._pending.pop(0)
            if (self._store / _file(number)).stat().st_size:
                self._link(number)
                self._current = number

    @property
    def is_idle(self) -> bool:
        """Whether Flink has read all that was read of the stream, and that all there is."""
        return self._current is None and not self._pending and not self._has_more

    @property
    def milliseconds_behind(self) -> int:
        """Age of the oldest record that Flink has not read."""
        waiting = min(self._arrivals.values(), default=None)
        return self._behind if waiting is None else max(self._behind, int((time.time() - waiting) * 1000))

    def _is_read(self, number: int, splits: Splits) -> bool:
        if not self._is_recovered:
            return splits.ended(self._name, number) >= self._readers
        if self._readers == 1:
            return splits.ended(self._name, number) > 0
        # Which of several readers have it, a state does not say: those that do not will find it in this time.
        return time.monotonic() - self._begun > _SETTLED_SECONDS and not splits.is_open(self._name, number)

    def _key(self, number: int) -> bytes:
        return f"/tables/{self._name}/files/{_file(number)}".encode()

    def _link(self, number: int) -> None:
        draft = self._files / f".{number}"
        draft.unlink(missing_ok=True)
        os.link(self._store / _file(number), draft)
        draft.replace(self._files / _file(number))

    def _write(self, lines: Sequence[bytes], arrived: float) -> None:
        number = self._next
        (self._store / _positions(number)).write_text(json.dumps(self._iterators))
        draft = self._store / f".{number}"
        draft.write_bytes(b"".join(line + b"\n" for line in lines))
        # With the file its positions count, and not before.
        draft.replace(self._store / _file(number))
        self._pending.append(number)
        if lines:
            self._arrivals[number] = arrived
        self._next = number + 1

    def _discover(self, kind: str) -> None:
        """Begin the shards that are new."""
        request: dict[str, Any] = {"StreamARN": self._arn}
        while request:
            listed = self._kinesis.list_shards(**request)
            for shard in listed["Shards"]:
                name = shard["ShardId"]
                self._parents[name] = {shard[one] for one in _PARENTS if shard.get(one)}
                if name not in self._iterators:
                    self._iterators[name] = self._iterator(name, ShardIteratorType=kind)
            request = {"NextToken": listed["NextToken"]} if listed.get("NextToken") else {}

    def _iterator(self, shard: str, **start: str) -> str:
        return str(self._kinesis.get_shard_iterator(StreamARN=self._arn, ShardId=shard, **start)["ShardIterator"])

    def _line(self, data: bytes) -> bytes:
        """Return a record as one line of JSON."""
        if self._raw is not None:
            return json.dumps({self._raw: data.decode(errors="replace")}).encode()
        if b"\n" not in data:
            return data
        return _TEXT.sub(lambda text: _ESCAPE.sub(_escaped, text[0]), data).replace(b"\n", b" ")


def _escaped(found: re.Match[bytes]) -> bytes:
    """Return a line feed within a text of JSON, which Flink takes as it is, as its escape; others as they are."""
    return {b"\n": b"\\n", b"\\\n": b"\\ "}.get(found[0], found[0])


def _file(number: int) -> str:
    return f"{number:012d}.jsonl"


def _positions(number: int) -> str:
    return f"{number:012d}.positions"

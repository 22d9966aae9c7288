"""Streams that a job writes: what Flink has committed to a folder, put into Kinesis or Firehose.

At least once, as the sinks of AWS. What was put is noted after each call, so that a record comes twice only if the
local cloud ends between a call and its note, or if the job goes on from an older snapshot.
"""

from __future__ import annotations

import json
import re
import shutil
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from local_cloud.engines.flink.errors import JobError

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html, and PutRecordBatch of Firehose.
_MOST_RECORDS: Final = 500
_MOST_BYTES: Final = 4_000_000
_TRIES: Final = 10
_PAUSE_SECONDS: Final = 0.2
_IN_PROGRESS: Final = re.compile(rb"\.(part-[0-9a-f-]+-\d+-\d+)\.inprogress\.[0-9a-f-]+")
_LATER: Final = ("ProvisionedThroughputExceededException", "ServiceUnavailableException", "InternalFailure")


class Sink:
    """One table that writes to a stream.

    Parameters
    ----------
    client: callable
        Returns a client of a service, under the role of the application.
    name: str
        The table's own folder.
    facts: mapping
        What its statement says: `connector`, options `given`, `keys` and the column `raw`.
    folder: Path
        Folder of all tables.
    """

    def __init__(self, client: Callable[[str], Any], name: str, facts: Mapping[str, Any], folder: Path) -> None:
        self._given: Mapping[str, str] = facts["given"]
        self._is_stream = facts["connector"] == "kinesis"
        self._client = client(facts["connector"])
        self._keys: Sequence[str] = facts["keys"]
        self._raw: str | None = facts["raw"]
        self._files, self._sent, self._kept = (folder / name / one for one in ("files", "sent", "kept"))
        self._resumed: dict[str, bytes] = {}

    def prepare(self, state: bytes) -> None:
        """Give Flink back the files that a state goes on with, and that were put in the meantime."""
        for folder in (self._files, self._sent, self._kept):
            folder.mkdir(parents=True, exist_ok=True)
        needed = {found[0].decode(): found[1].decode() for found in _IN_PROGRESS.finditer(state)}
        for file in self._files.glob(".part-*"):
            if file.name not in needed:
                # Another state may go on with it.
                file.replace(self._kept / file.name)
        for draft, name in needed.items():
            if (self._kept / draft).exists():
                (self._kept / draft).replace(self._files / draft)
            elif not (self._files / draft).exists() and (self._sent / name).exists():
                shutil.copy(self._sent / name, self._files / draft)
                self._resumed[name] = (self._sent / name).read_bytes()

    def deliver(self) -> None:
        """Put what has been committed.

        Raises
        ------
        JobError
            If a record is refused again and again.
        ClientError
            If a call is.
        """
        for file in sorted(self._files.glob("part-*"), key=_order):
            self._put(file)
            file.replace(self._sent / file.name)

    @property
    def has_uncommitted(self) -> bool:
        """Whether Flink has written what it has not committed."""
        return any(self._files.glob(".part-*")) or any(self._files.glob("part-*"))

    def _put(self, file: Path) -> None:
        lines = file.read_bytes().splitlines(keepends=True)
        ledger = self._sent / f".{file.name}"
        done = int(ledger.read_text()) if ledger.exists() else self._known(file.name, lines)
        while done < len(lines):
            batch: list[bytes] = []
            size = 0
            while done + len(batch) < len(lines) and len(batch) < _MOST_RECORDS and size < _MOST_BYTES:
                batch.append(lines[done + len(batch)])
                size += len(batch[-1])
            self._call([self._record(line.rstrip(b"\n")) for line in batch])
            done += len(batch)
            draft = self._sent / f"..{file.name}"
            draft.write_text(str(done))
            draft.replace(ledger)

    def _known(self, name: str, lines: Sequence[bytes]) -> int:
        """Return how many lines of a file were put before it was given back to Flink."""
        before = self._resumed.pop(name, b"").splitlines(keepends=True)
        pairs = zip(before, lines, strict=False)
        return next((n for n, (old, new) in enumerate(pairs) if old != new), min(len(before), len(lines)))

    def _record(self, line: bytes) -> dict[str, Any]:
        content = json.loads(line)
        data = line if self._raw is None else str(content[self._raw]).encode()
        if not self._is_stream:
            return {"Data": data}
        return {"Data": data, "PartitionKey": self._key(content)}

    def _key(self, content: Mapping[str, Any]) -> str:
        if not self._keys:
            return uuid.uuid4().hex
        values = (content.get(key) for key in self._keys)
        texts = [str(value).lower() if isinstance(value, bool | None) else str(value) for value in values]
        return self._given.get("sink.partitioner-field-delimiter", "|").join(texts)

    def _call(self, records: list[dict[str, Any]]) -> None:
        for _ in range(_TRIES):
            records, problem = self._refused(records)
            if not records:
                return
            time.sleep(_PAUSE_SECONDS)
        raise JobError(f"{len(records)} records were refused {_TRIES} times: {problem}")

    def _refused(self, records: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], str]:
        """Put records; return those that were not taken, and why."""
        try:
            if self._is_stream:
                answer = self._client.put_records(StreamARN=self._given["stream.arn"], Records=records)
                answers = answer["Records"]
            else:
                name = self._given["delivery-stream"]
                answers = self._client.put_record_batch(DeliveryStreamName=name, Records=records)["RequestResponses"]
        except ClientError as error:
            if error.response["Error"]["Code"] in _LATER:
                return records, str(error)
            raise
        refused = [record for record, answer in zip(records, answers, strict=True) if answer.get("ErrorCode")]
        return refused, next((str(answer["ErrorMessage"]) for answer in answers if answer.get("ErrorCode")), "")


def _order(file: Path) -> tuple[int, int]:
    return file.stat().st_mtime_ns, int(file.name.rpartition("-")[2])

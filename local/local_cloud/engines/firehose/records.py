"""Records of a delivery stream, delivered and failed."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One record: its content, when it arrived (milliseconds), and the partition keys and table that processors found.

    A record of a data stream has its number, and one that was aggregated its place in that record.
    """

    data: bytes
    arrived: int
    query_keys: Mapping[str, str] = field(default_factory=dict)
    lambda_keys: Mapping[str, str] = field(default_factory=dict)
    routing: Mapping[str, Any] = field(default_factory=dict)
    sequence_number: str | None = None
    subsequence_number: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A record that cannot be delivered, and what Firehose writes of it below the error prefix.

    `kind` is what `!{firehose:error-output-type}` becomes.
    """

    kind: str
    code: str
    message: str
    record: Record
    attempts: int = 1
    details: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> str:
        # Conversion errors name their fields differently from all others.
        converting = self.kind == FORMAT_CONVERSION
        content = {
            "attemptsMade": self.attempts,
            "arrivalTimestamp": self.record.arrived,
            "lastErrorCode" if converting else "errorCode": self.code,
            "lastErrorMessage" if converting else "errorMessage": self.message,
            "attemptEndingTimestamp": int(time.time() * 1000),
            "rawData": base64.b64encode(self.record.data).decode(),
            **self.details,
        }
        if converting:
            content |= {
                "sequenceNumber": self.record.sequence_number,
                "subSequenceNumber": self.record.subsequence_number,
            }
        return json.dumps(content) + "\n"


PROCESSING = "processing-failed"
METADATA_EXTRACTION = "metadata-extraction-failed"
FORMAT_CONVERSION = "format-conversion-failed"

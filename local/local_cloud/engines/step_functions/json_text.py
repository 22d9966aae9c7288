"""Answers of boto3 as the plain JSON that flows through a state machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any


def plain(value: Any, timestamp: Callable[[datetime], Any]) -> Any:
    def convert(other: Any) -> Any:
        if isinstance(other, datetime):
            return timestamp(other.astimezone(UTC))
        if isinstance(other, date):
            return other.isoformat()
        if isinstance(other, bytes):
            return other.decode(errors="replace")
        return str(other)

    return json.loads(json.dumps(value, default=convert))


def iso_8601(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def epoch_milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)

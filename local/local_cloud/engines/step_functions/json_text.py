"""JSON that flows through a state machine: of the answers of boto3, and as text."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any


def compact(value: Any) -> str:
    """Return JSON without spaces and without escapes that it does not need."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def kind_of(value: Any) -> str:
    """Return the name of a value's JSON type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


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

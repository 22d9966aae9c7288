"""Timestamps of RFC 3339, with an uppercase T between date and time and an uppercase Z if there is no offset."""

from __future__ import annotations

import re
from datetime import datetime

_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")
_MICROSECOND_DIGITS = 7


def timestamp_of(text: object) -> datetime | None:
    """Return the moment, None if that is no timestamp."""
    found = _TIMESTAMP.fullmatch(text) if isinstance(text, str) else None
    if not found:
        return None
    fraction = (found[2] or ".0")[:_MICROSECOND_DIGITS]
    try:
        return datetime.fromisoformat(
            f"{found[1]}{fraction.ljust(_MICROSECOND_DIGITS, '0')}{found[3].replace('Z', '+00:00')}"
        )
    except ValueError:
        return None

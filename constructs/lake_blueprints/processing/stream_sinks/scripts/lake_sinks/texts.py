"""Values of records as JSON and as text."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any


def plain(value: Any) -> Any:
    """Return a value that JSON lacks as one that it has."""
    if isinstance(value, Decimal):
        return float(value)
    return value.hex() if isinstance(value, bytes) else str(value)


def shown(value: Any) -> str:
    """Return a value as text: numbers with all their digits, truth and what has parts as JSON."""
    match value:
        case None:
            return "-"
        case Decimal():
            return f"{value:f}"
        case bool():
            return json.dumps(value)
        case str() | int():
            return str(value)
    return json.dumps(value, default=plain)

"""Records that were set aside, with the reasons: by jobs in a location named so, by Firehose below its error prefix.

The local cloud knows nothing of an app but its templates. A quarantine is what they call so: a location in S3 among a
job's arguments, if the argument or the location has one of WORDS in its name.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from local_cloud.console.locations import Location, locations
from local_cloud.console.request import Request

WORDS = ("quarantine", "reject", "error", "dead-letter", "deadletter")
# Members that say why, the most general first: that is counted.
_REASONS = ("kinds", "errorCode", "reasons", "reason", "errorMessage", "error")
_FILES = 50
_RECORDS = 10_000
_SHOWN = 50


def show(request: Request) -> dict[str, Any]:
    """Return each quarantine: how many records, for which reasons, and some of them."""
    named = [place for place in locations(request) if any(word in _name(place) for word in WORDS)]
    return {"places": [_place(request, place) for place in named], "words": WORDS, "files_read": _FILES}


def _name(location: Location) -> str:
    return f"{location.argument} {location.uri.partition('://')[2].partition('/')[2]}".lower()


def _place(request: Request, location: Location) -> dict[str, Any]:
    found = list(request.runtime.objects.list(location.uri))
    records: list[dict[str, Any]] = []
    unread = []
    for item in found[-_FILES:]:
        try:
            records += _records(item.key, request.runtime.objects.read(item.uri))[: _RECORDS - len(records)]
        except (ValueError, OSError, pa.ArrowException):
            unread.append(item.uri)
    reason = next((name for name in _REASONS if any(name in record for record in records)), "")
    counts = Counter(each for record in records for each in _listed(record.get(reason, ())))
    shown = [{name: _text(value) for name, value in record.items()} for record in records[:_SHOWN]]
    return {
        "location": location,
        "files": len(found),
        "size": sum(item.size for item in found),
        "records": len(records),
        "complete": len(found) <= _FILES and len(records) < _RECORDS,
        "reason": reason,
        "counts": counts.most_common(),
        "columns": list(dict.fromkeys(name for record in shown for name in record)),
        "shown": shown,
        "unread": unread,
    }


def _records(key: str, content: bytes) -> list[dict[str, Any]]:
    """Return the records of a file: Parquet, or JSON lines."""
    if content.startswith(b"PAR1"):
        rows: list[dict[str, Any]] = pq.read_table(io.BytesIO(content)).to_pylist()
        return rows
    text = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
    parsed = [json.loads(line) for line in text.splitlines() if line.strip()]
    return [_decoded(record) if isinstance(record, dict) else {"record": record} for record in parsed]


def _decoded(record: dict[str, Any]) -> dict[str, Any]:
    """Return an error document of Firehose with its data as text."""
    if not isinstance(record.get("rawData"), str):
        return record
    data = base64.b64decode(record["rawData"]).decode(errors="replace")
    return {"record": data, **{name: value for name, value in record.items() if name != "rawData"}}


def _listed(value: Any) -> Iterable[str]:
    return map(str, value) if isinstance(value, list | tuple) else (str(value),)


def _text(value: Any) -> str:
    return "; ".join(_listed(value)) if value is not None else ""

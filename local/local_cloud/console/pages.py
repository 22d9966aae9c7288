"""Pages as HTML: everything that a page shows is escaped, and a page needs nothing but itself."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from jinja2 import Environment, PackageLoader

_KIBI = 1024
_MINUTE = 60


def _when(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if moment else ""


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(seconds, _MINUTE)
    return f"{minutes:.0f} min {rest:.0f} s" if minutes else f"{rest:.1f} s"


def _size(count: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if count < _KIBI:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= _KIBI
    return f"{count:.1f} GiB"


def _pretty(text: str | None) -> str:
    """Return JSON with a line for each member, and any other text as it is."""
    try:
        return json.dumps(json.loads(text or ""), indent=2, ensure_ascii=False)
    except ValueError:
        return text or ""


def _tone(status: str | None) -> str:
    """Return the class by which a status of any service is coloured."""
    words = (status or "").upper()
    if "FAIL" in words or "ROLLBACK" in words or words in ("TIMED_OUT", "TIMEOUT", "ERROR"):
        return "failed"
    if words.endswith(("PROGRESS", "ING", "QUEUED")):
        return "running"
    if words in ("ABORTED", "STOPPED", "CANCELLED", "CAUGHT"):
        return "caught"
    return "succeeded" if words else "idle"


def elapsed(started: datetime | None, ended: datetime | None) -> float | None:
    """Return the seconds between two moments; up to now if the second has not come."""
    if started is None:
        return None
    return max(0.0, (ended.timestamp() if ended else time.time()) - started.timestamp())


ENVIRONMENT = Environment(
    loader=PackageLoader("local_cloud.console"),
    # Always, and not by the name of the template.
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters |= {
    "when": _when,
    "duration": _duration,
    "size": _size,
    "pretty": _pretty,
    "tone": _tone,
    "number": lambda count: f"{count:,}",
}


def render(template: str, values: Mapping[str, Any]) -> str:
    """Return the page of a view."""
    return ENVIRONMENT.get_template(f"{template}.html").render(values)

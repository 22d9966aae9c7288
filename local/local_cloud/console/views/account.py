"""The account of records: reports that jobs have left in S3, added up for each dataset.

The local cloud knows nothing of an app but its templates. A report is a JSON object, in a file `.json` below an S3
location among a job's arguments, with the integer `read` and at least one of OUTCOMES, which must add up to it.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from local_cloud.console.locations import locations
from local_cloud.console.request import Request

OUTCOMES = ("curated", "duplicates", "filtered", "quarantined")
_COUNTS = ("read", *OUTCOMES)
_LARGEST = 64 * 1024
_FILES = 2000


@dataclass
class Account:
    """The reports of one dataset, and their sums; `reasons` are quarantined records by reason, if reports say so."""

    dataset: str
    reports: list[dict[str, Any]] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def counts(self) -> dict[str, int]:
        return {name: sum(report[name] for report in self.reports) for name in _COUNTS}

    @property
    def missing(self) -> int:
        """Records that were read, and of which no report says where they went."""
        counts = self.counts
        return counts["read"] - sum(counts[name] for name in OUTCOMES)

    def add(self, report: dict[str, Any], uri: str) -> None:
        counted = {name: report.get(name, 0) for name in _COUNTS}
        seconds, reasons = report.get("seconds"), report.get("reasons")
        self.reports.append({"uri": uri, "seconds": seconds, **counted})
        self.seconds += seconds if isinstance(seconds, int | float) else 0
        self.reasons.update(
            {name: n for name, n in reasons.items() if _is_count(n)} if isinstance(reasons, dict) else {}
        )


def show(request: Request) -> dict[str, Any]:
    """Return the account of each dataset that a report names."""
    found: dict[str, Account] = {}
    uris, complete = _uris(request)
    for uri in uris:
        report = _report(request.runtime.objects.read(uri))
        if report:
            name = str(report.get("dataset") or uri.rpartition("/")[0])
            found.setdefault(name, Account(name)).add(report, uri)
    return {
        "accounts": [found[name] for name in sorted(found)],
        "counts": _COUNTS,
        "complete": complete,
        "most": _FILES,
    }


def _uris(request: Request) -> tuple[list[str], bool]:
    """Return the small JSON files where jobs work, and whether these are all."""
    found: dict[str, None] = {}
    for location in locations(request):
        for item in request.runtime.objects.list(location.uri):
            if item.key.endswith(".json") and item.size <= _LARGEST:
                found[item.uri] = None
            if len(found) == _FILES:
                return sorted(found), False
    return sorted(found), True


def _report(content: bytes) -> dict[str, Any] | None:
    try:
        report = json.loads(content)
    except ValueError:
        return None
    if not isinstance(report, dict) or not any(name in report for name in OUTCOMES):
        return None
    counted = [report.get("read"), *(report.get(name, 0) for name in OUTCOMES)]
    return report if all(map(_is_count, counted)) else None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)

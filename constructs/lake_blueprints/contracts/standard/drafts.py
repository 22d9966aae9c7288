"""Drafts that were not filled in: marks of `lake contract infer`, and words that stand for a value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lake_blueprints.contracts.governance import Note

_DECISION = re.compile(r"#.*\bdecide:")
_PLACEHOLDER = re.compile(
    r"<[^<>]*>|\{\{.*\}\}|(?:todo|tbd|tba|fixme|changeme|change me|xxx|\?\?\?)\b.*|\?+", re.IGNORECASE
)
# Words of people; SQL, patterns and sample values may hold anything.
_NAMED = frozenset({"id", "name", "physicalName", "businessName", "description", "purpose", "domain", "dataProduct"})
_LISTED = 5
_MOST = 20


def draft_notes(text: str) -> Iterator[Note]:
    """Return a note if a contract's comments say that something is to be decided."""
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if _DECISION.search(line)]
    if lines:
        more = ", …" if len(lines) > _LISTED else ""
        listed = ", ".join(map(str, lines[:_LISTED]))
        what = "decision is" if len(lines) == 1 else "decisions are"
        yield Note(
            place="contract",
            text=f"{len(lines)} {what} left to you, in the comments of line {listed}{more}; remove each that is taken",
            warning=True,
        )


def placeholders(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the texts that only stand for one, such as `TODO` or `<name>`, with their places."""
    found = _placeholders(document, "")
    return [one for _, one in zip(range(_MOST), found, strict=False)]


def _placeholders(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            here = f"{place}.{key}".lstrip(".")
            if key in _NAMED and isinstance(part, str) and _PLACEHOLDER.fullmatch(part.strip()):
                yield here, part
            yield from _placeholders(part, here)
    if isinstance(value, list):
        for number, part in enumerate(value):
            yield from _placeholders(part, f"{place}[{number}]")

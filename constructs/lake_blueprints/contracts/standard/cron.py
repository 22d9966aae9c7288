"""Cron expressions."""

from __future__ import annotations

import re

# Minute, hour, day of month, month, day of week: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/crontab.html
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_WORDS: tuple[tuple[str, ...], ...] = ((), (), (), _MONTHS, _DAYS)
_LONGEST = 200
_PART = re.compile(r"(\*|\?|\w{1,3}(?:-\w{1,3})?)(?:/([1-9]\d?))?", re.ASCII)


def is_cron(text: str) -> bool:
    """Tell whether a text is a cron expression of five fields, each inside its range."""
    fields = text.lower().split()
    if len(fields) != len(_RANGES) or len(text) > _LONGEST:
        return False
    return all(
        _fits(part, lowest, highest, words)
        for field, (lowest, highest), words in zip(fields, _RANGES, _WORDS, strict=True)
        for part in field.split(",")
    )


def _fits(part: str, lowest: int, highest: int, words: tuple[str, ...]) -> bool:
    found = _PART.fullmatch(part)
    if not found:
        return False
    if found[1] in "*?":
        return True
    # Months count from 1, days of the week from 0, as their ranges do.
    bounds = [
        words.index(end) + lowest if end in words else int(end) if end.isdecimal() else -1
        for end in found[1].split("-")
    ]
    return all(lowest <= bound <= highest for bound in bounds) and bounds == sorted(bounds)

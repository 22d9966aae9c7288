"""Times by patterns of Joda-Time, of those letters whose texts do not depend on a language."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_PART = re.compile(r"'(?P<quoted>(?:[^']|'')*)'|(?P<letters>([A-Za-z])\3*)|(?P<other>[^A-Za-z']+)")
# By the letter: the text of a time, for so many letters.
_LETTERS: Mapping[str, Callable[[datetime, int], str]] = {
    "y": lambda time, count: f"{time.year % 100:02}" if count == 2 else f"{time.year:0{count}}",
    "M": lambda time, count: f"{time.month:0{count}}",
    "d": lambda time, count: f"{time.day:0{count}}",
    "H": lambda time, count: f"{time.hour:0{count}}",
    "m": lambda time, count: f"{time.minute:0{count}}",
    "s": lambda time, count: f"{time.second:0{count}}",
    "S": lambda time, count: f"{time.microsecond:06}"[:count].ljust(count, "0"),
    "G": lambda time, count: "AD",
    "z": lambda time, count: time.tzname() or "",
}
# More of these letters stand for names of months and zones.
_MOST = {"M": 2, "z": 3}


class UnknownPattern(Exception):
    """A pattern with a letter that is not known here."""


def formatted(pattern: str, milliseconds: int, zone: str) -> str:
    """Return a time as a text: https://www.joda.org/joda-time/apidocs/org/joda/time/format/DateTimeFormat.html.

    Raises
    ------
    UnknownPattern
        If the pattern has a letter that is not known here.
    """
    time = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)).astimezone(ZoneInfo(zone))
    return "".join(_part(part, time) for part in _PART.finditer(pattern))


def _part(part: re.Match[str], time: datetime) -> str:
    if part["quoted"] is not None:
        return part["quoted"].replace("''", "'") or "'"
    if part["other"] is not None:
        return part["other"]
    letter, count = part["letters"][0], len(part["letters"])
    if letter not in _LETTERS or count > _MOST.get(letter, count):
        raise UnknownPattern(f"the pattern {part['letters']!r} of a time")
    return _LETTERS[letter](time, count)

"""Schedules as Glue takes them."""

from __future__ import annotations

import re

from aws_cdk import Token

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_EXAMPLE = "use for instance 'cron(15 2 * * ? *)'"
# Name, smallest and largest number, and words that stand for numbers, in the order of the expression.
_FIELDS: tuple[tuple[str, int, int, list[str]], ...] = (
    ("minutes", 0, 59, []),
    ("hours", 0, 23, []),
    ("day of month", 1, 31, []),
    ("month", 1, 12, _MONTHS),
    ("day of week", 1, 7, _DAYS),
    ("year", 1970, 2199, []),
)
_SHORTEST_MINUTES = 5


def check_schedule(schedule: str) -> str:
    """Return a cron expression if Glue would take it.

    Notes
    -----
    https://docs.aws.amazon.com/glue/latest/dg/monitor-data-warehouse-schedule.html
    """
    if Token.is_unresolved(schedule):
        return schedule
    found = re.fullmatch(r"cron\((.*)\)", schedule)
    fields = found[1].split() if found else []
    if len(fields) != len(_FIELDS):
        names = ", ".join(name for name, *_ in _FIELDS)
        raise ValueError(f"a schedule is a cron expression of six fields ({names}), got '{schedule}'; {_EXAMPLE}")
    for text, (name, least, most, words) in zip(fields, _FIELDS, strict=True):
        if not all(_valid(part, name, least, most, words) for part in text.split(",")):
            raise ValueError(f"the {name} of a schedule must be {least} to {most}, got '{text}'; {_EXAMPLE}")
    if (fields[2] == "?") == (fields[4] == "?"):
        raise ValueError(
            f"a schedule has a '?' for either the day of month or the day of week, got '{schedule}'; {_EXAMPLE}"
        )
    if fields[0] == "*" or (re.search(r"/(\d+)", fields[0]) and int(fields[0].rpartition("/")[2]) < _SHORTEST_MINUTES):
        raise ValueError(f"a schedule runs every {_SHORTEST_MINUTES} minutes at most, got '{schedule}'; {_EXAMPLE}")
    return schedule


def _valid(part: str, name: str, least: int, most: int, words: list[str]) -> bool:
    if name.startswith("day") and re.fullmatch(r"\?|L|\d+[WL]|LW|\d#\d", part):
        return True
    start, _, step = part.partition("/")
    if step and not step.isdecimal():
        return False
    ends = start.split("-")
    return start == "*" or (len(ends) <= 2 and all(_in_range(end, least, most, words) for end in ends))


def _in_range(text: str, least: int, most: int, words: list[str]) -> bool:
    return text in words or (text.isdecimal() and least <= int(text) <= most)

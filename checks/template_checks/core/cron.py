"""Schedules as EventBridge, its scheduler and Glue read them."""

from __future__ import annotations

import re
from typing import Final

_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
# Name, smallest and largest number, and words that stand for numbers, in the order of the expression.
_FIELDS: Final[tuple[tuple[str, int, int, tuple[str, ...]], ...]] = (
    ("minutes", 0, 59, ()),
    ("hours", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 1, 7, _DAYS),
    ("year", 1970, 2199, ()),
)
_SPECIAL: Final = {"day of month": r"\?|L|LW|\d{1,2}W", "day of week": r"\?|L|[1-7A-Z]{1,3}L|[1-7A-Z]{1,3}#[1-5]"}
EXAMPLE: Final = "for instance cron(15 2 * * ? *)"


def cron_problem(expression: str) -> str | None:
    """Return what is wrong with a cron expression, in a few words."""
    found = re.fullmatch(r"cron\((.*)\)", expression)
    fields = found[1].split() if found else []
    if len(fields) != len(_FIELDS):
        return f"six fields in cron(...), {EXAMPLE}"
    for text, (name, least, most, words) in zip(fields, _FIELDS, strict=True):
        if not all(_valid(part, name, least, most, words) for part in text.upper().split(",")):
            return f"{name} of {least} to {most}, {EXAMPLE}"
    if (fields[2] == "?") == (fields[4] == "?"):
        return f"a '?' for either the day of month or the day of week, {EXAMPLE}"
    return None


def rate_problem(expression: str) -> str | None:
    """Return what is wrong with a rate expression, in a few words."""
    found = re.fullmatch(r"rate\((\d+) (minutes?|hours?|days?)\)", expression)
    if not found or int(found[1]) < 1:
        return "a rate of a whole number, for instance rate(5 minutes)"
    if (found[1] == "1") == found[2].endswith("s"):
        return "a singular unit for 1 and a plural one above, for instance rate(1 hour)"
    return None


def schedule_problem(expression: str, *, once: bool = False) -> str | None:
    """Return what is wrong with a schedule of EventBridge, or of its scheduler, which also starts things `once`."""
    if expression.startswith("cron("):
        return cron_problem(expression)
    if expression.startswith("rate("):
        return rate_problem(expression)
    if once and re.fullmatch(r"at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)", expression):
        return None
    return "cron(...) or rate(...)" + (" or at(yyyy-mm-ddThh:mm:ss)" if once else "")


def _valid(part: str, name: str, least: int, most: int, words: tuple[str, ...]) -> bool:
    if name in _SPECIAL and re.fullmatch(_SPECIAL[name], part):
        return True
    start, slash, step = part.partition("/")
    if slash and not (step.isdecimal() and int(step) >= 1):
        return False
    ends = start.split("-")
    return start == "*" or (len(ends) <= 2 and all(_in_range(end, least, most, words) for end in ends))


def _in_range(text: str, least: int, most: int, words: tuple[str, ...]) -> bool:
    return text in words or (text.isdecimal() and least <= int(text) <= most)

"""Schedules: cron expressions of contracts, EventBridge and Glue, and rates, read in one place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_DAY_NAME: Final = "|".join(_DAYS)
_DAY_OF_MONTH: Final = r"L|LW|([1-9]|[12]\d|3[01])W"
_SHORTEST_OF_GLUE: Final = 5


class ScheduleError(ValueError):
    """An expression that a service would not take; the text says what it takes."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of a cron expression.

    Parameters
    ----------
    name: str
        Name of the field.
    least, most: int
        Smallest and largest number.
    words: tuple of str
        Words for numbers, from the smallest number on. By default none.
    special: str
        Pattern of parts that mean days only a calendar knows, such as `L`. By default there are none.
    wraps: bool
        Whether a range may go past the largest number: FRI-MON. By default it may not.
    """

    name: str
    least: int
    most: int
    words: tuple[str, ...] = ()
    special: str = "(?!)"
    wraps: bool = False

    def numbers(self, text: str) -> tuple[int, ...] | None:
        """Return what a field's text stands for, in order; None if it holds something special."""
        parts = text.split(",")
        plain = [part for part in parts if not re.fullmatch(self.special, part)]
        numbers = {number for part in plain for number in self._part(part)}
        return tuple(sorted(numbers)) if len(plain) == len(parts) else None

    def _part(self, part: str) -> list[int]:
        span, slash, step = part.partition("/")
        every = span == "*" or (span == "?" and self.name.startswith("day"))
        first, dash, last = span.partition("-")
        start = self.least if every else self._number(first)
        # A step without an end goes on to the end: 5/15 is 5-59/15.
        end = self._number(last) if dash else (self.most if every or slash else start)
        numbers = [*range(start, end + 1)] or [*range(start, self.most + 1), *range(self.least, end + 1)]
        if (start > end and not self.wraps) or (slash and not (step.isdecimal() and int(step) >= 1)):
            raise ValueError(part)
        return numbers[:: int(step or 1)]

    def _number(self, text: str) -> int:
        if text in self.words:
            return self.words.index(text) + self.least
        if not (text.isascii() and text.isdecimal() and self.least <= int(text) <= self.most):
            raise ValueError(text)
        return int(text)


@dataclass(frozen=True, kw_only=True)
class Grammar:
    """The cron expressions that a service takes: their fields, and an example."""

    fields: tuple[Field, ...]
    example: str


_MINUTES: Final = Field(name="minutes", least=0, most=59)
_HOURS: Final = Field(name="hours", least=0, most=23)
_MONTH: Final = Field(name="month", least=1, most=12, words=_MONTHS)
_YEAR: Final = Field(name="year", least=1970, most=2199)


def _of_six_fields(day_of_week: str) -> Grammar:
    return Grammar(
        fields=(
            _MINUTES,
            _HOURS,
            Field(name="day of month", least=1, most=31, special=_DAY_OF_MONTH, wraps=True),
            _MONTH,
            Field(name="day of week", least=1, most=7, words=_DAYS, special=day_of_week, wraps=True),
            _YEAR,
        ),
        example="for instance cron(15 2 * * ? *)",
    )


# https://pubs.opengroup.org/onlinepubs/9799919799/utilities/crontab.html; 7 is a second Sunday.
UNIX: Final = Grammar(
    fields=(
        _MINUTES,
        _HOURS,
        Field(name="day of month", least=1, most=31),
        _MONTH,
        Field(name="day of week", least=0, most=7, words=_DAYS),
    ),
    example="for instance '0 3 * * *'",
)
# https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
EVENTBRIDGE: Final = _of_six_fields(rf"L|([1-7]|{_DAY_NAME})(L|#[1-5])")
# https://docs.aws.amazon.com/glue/latest/dg/monitor-data-warehouse-schedule.html
GLUE: Final = _of_six_fields(rf"L|([1-7]|{_DAY_NAME})L")


@dataclass(frozen=True, kw_only=True)
class Cron:
    """The numbers of a cron expression's fields, None for days that only a calendar knows."""

    texts: tuple[str, ...]
    numbers: tuple[tuple[int, ...] | None, ...]


def parse_cron(expression: str, grammar: Grammar) -> Cron:
    """Read a cron expression.

    Raises
    ------
    ScheduleError
        If the service would refuse it.
    """
    text = expression.upper()
    if grammar is not UNIX:
        found = re.fullmatch(r"CRON\((.*)\)", text) if expression.startswith("cron(") else None
        text = found[1] if found else ""
    fields = tuple(text.split())
    if len(fields) != len(grammar.fields):
        count = "five fields" if grammar is UNIX else "six fields in cron(...)"
        raise ScheduleError(f"{count}, {grammar.example}")
    numbers = tuple(_numbers(field, text, grammar) for field, text in zip(grammar.fields, fields, strict=True))
    if grammar is not UNIX and (fields[2] == "?") == (fields[4] == "?"):
        raise ScheduleError(f"a '?' for either the day of month or the day of week, {grammar.example}")
    return Cron(texts=fields, numbers=numbers)


def glue_schedule_problem(expression: str) -> str | None:
    """Return what Glue takes instead of a schedule; None if it takes it."""
    try:
        cron = parse_cron(expression, GLUE)
    except ScheduleError as error:
        return str(error)
    minutes, hours = cron.numbers[0] or (), cron.numbers[1] or ()
    # From the last start of an hour to the first of the next one, if there is one.
    pauses = [later - earlier for earlier, later in pairwise(minutes)]
    if any((hour + 1) % 24 in hours for hour in hours):
        pauses.append(60 - minutes[-1] + minutes[0])
    if min(pauses, default=60) < _SHORTEST_OF_GLUE:
        return f"every {_SHORTEST_OF_GLUE} minutes at most"
    return None


def schedule_problem(expression: str, *, once: bool = False) -> str | None:
    """Return what EventBridge takes instead of a schedule; its scheduler also starts targets `once`."""
    if expression.startswith("cron("):
        try:
            parse_cron(expression, EVENTBRIDGE)
        except ScheduleError as error:
            return str(error)
        return None
    if expression.startswith("rate("):
        return _rate_problem(expression)
    if once and re.fullmatch(r"at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)", expression):
        return None
    return "cron(...) or rate(...)" + (" or at(yyyy-mm-ddThh:mm:ss)" if once else "")


def _rate_problem(expression: str) -> str | None:
    found = re.fullmatch(r"rate\((\d+) (minutes?|hours?|days?)\)", expression)
    if not found or int(found[1]) < 1:
        return "a rate of a whole number, for instance rate(5 minutes)"
    if (found[1] == "1") == found[2].endswith("s"):
        return "a singular unit for 1 and a plural one above, for instance rate(1 hour)"
    return None


def _numbers(field: Field, text: str, grammar: Grammar) -> tuple[int, ...] | None:
    try:
        return field.numbers(text)
    except ValueError:
        raise ScheduleError(f"{field.name} of {field.least} to {field.most}, {grammar.example}") from None

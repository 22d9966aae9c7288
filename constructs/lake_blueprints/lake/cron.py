"""Cron expressions of five fields, as contracts write them, for EventBridge, whose have six."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class _Field(NamedTuple):
    """The meaning of a field: its smallest and largest number, and words for numbers from the smallest on."""

    name: str
    least: int
    most: int
    words: Sequence[str] = ()

    def number(self, text: str) -> int:
        return self.words.index(text) + self.least if text in self.words else int(text)


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    # 7 is a second Sunday.
    _Field("day of week", 0, 7, _DAYS),
)
# Four years have every day there is.
_FIRST, _LAST = date(2025, 1, 1), date(2029, 12, 31)


@dataclass(frozen=True, kw_only=True)
class Cron:
    """A daily or weekly start time in UTC; None means every day.

    Parameters
    ----------
    minutes, hours, months: sequence of int
        Numbers, in order.
    days, weekdays: sequence of int, optional
        Days of the month, and of the week from Sunday, 0. At most one of them is given.
    """

    minutes: Sequence[int]
    hours: Sequence[int]
    days: Sequence[int] | None
    months: Sequence[int]
    weekdays: Sequence[int] | None

    @classmethod
    def parse(cls, text: str) -> Cron:
        """Read an expression.

        Raises
        ------
        ValueError
            If it has not five fields of numbers in their range, or names days of the month and of the week: cron
            starts at either, and EventBridge cannot.
        """
        fields = text.split()
        if len(fields) != len(_FIELDS):
            raise ValueError(f"a schedule has five fields, for instance '0 3 * * *', got '{text}'")
        try:
            minutes, hours, days, months, weekdays = map(_numbers, fields, _FIELDS)
        except ValueError as error:
            raise ValueError(f"schedule '{text}': {error}") from None
        every_day, every_weekday = fields[2] in "*?", fields[4] in "*?"
        if not every_day and not every_weekday:
            raise ValueError(
                f"schedule '{text}' starts on days of the month and on days of the week; EventBridge takes one of "
                "them, replace the other by '*'"
            )
        return cls(
            minutes=minutes,
            hours=hours,
            days=None if every_day else days,
            months=months,
            weekdays=None if every_weekday else sorted({number % 7 for number in weekdays}),
        )

    def expression(self) -> str:
        """Return the expression of six fields, one of whose days is `?`.

        https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
        """
        days = "*" if self.days is None else _listed(self.days)
        weekdays = "?" if self.weekdays is None else ",".join(_DAYS[number].upper() for number in self.weekdays)
        fields = (
            _listed(self.minutes, 60),
            _listed(self.hours, 24),
            days if self.weekdays is None else "?",
            _listed(self.months, 12),
            weekdays,
            "*",
        )
        return f"cron({' '.join(fields)})"

    def longest_pause(self) -> timedelta:
        """Return the longest time between two starts."""
        return max(self._pauses())

    def shortest_pause(self) -> timedelta:
        """Return the shortest time between two starts."""
        return min(self._pauses())

    def _pauses(self) -> list[timedelta]:
        times = [60 * hour + minute for hour in self.hours for minute in self.minutes]
        days = [day for day in range(_FIRST.toordinal(), _LAST.toordinal() + 1) if self._starts_on(day)]
        within = [later - earlier for earlier, later in pairwise(times)]
        between = [(later - earlier) * 24 * 60 + times[0] - times[-1] for earlier, later in pairwise(days)]
        return [timedelta(minutes=minutes) for minutes in {*within, *between} or {4 * 366 * 24 * 60}]

    def _starts_on(self, ordinal: int) -> bool:
        day = date.fromordinal(ordinal)
        return (
            day.month in self.months
            and (self.days is None or day.day in self.days)
            and (self.weekdays is None or day.isoweekday() % 7 in self.weekdays)
        )


def _numbers(field: str, meaning: _Field) -> list[int]:
    found: set[int] = set()
    for part in field.lower().split(","):
        span, _, step = part.partition("/")
        first, dash, last = ("", "", "") if span in ("*", "?") else span.partition("-")
        try:
            start = meaning.number(first) if first else meaning.least
            # A step without an end goes on to the end: 5/15 is 5-59/15.
            end = meaning.number(last) if dash else (meaning.most if step or not first else start)
            numbers = range(start, end + 1, int(step or 1))
        except ValueError:
            numbers = range(0)
        if not numbers or numbers[0] < meaning.least or numbers[-1] > meaning.most:
            raise ValueError(f"the {meaning.name} must be {meaning.least} to {meaning.most}, got '{field}'")
        found.update(numbers)
    return sorted(found)


def _listed(numbers: Sequence[int], all_of: int | None = None) -> str:
    return "*" if len(numbers) == all_of else ",".join(map(str, numbers))

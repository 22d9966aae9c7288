"""Recurring start times, from the cron expressions of contracts and of EventBridge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from template_checks.core.schedules import EVENTBRIDGE, UNIX, ScheduleError, parse_cron

_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
# Four years have every day there is.
_FIRST, _LAST = date(2025, 1, 1), date(2029, 12, 31)


@dataclass(frozen=True, kw_only=True)
class Recurrence:
    """Start times in UTC that recur by minutes, hours and days; None means every day.

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
    def of_contract(cls, text: str) -> Recurrence:
        """Read an expression of five fields.

        Raises
        ------
        ValueError
            If it has not five fields of numbers in their range, or names days of the month and of the week: cron
            starts at either, and EventBridge cannot.
        """
        try:
            cron = parse_cron(text, UNIX)
        except ScheduleError as error:
            raise ValueError(f"a schedule has {error}, got '{text}'") from None
        every_day, every_weekday = cron.texts[2] in "*?", cron.texts[4] in "*?"
        if not every_day and not every_weekday:
            raise ValueError(
                f"schedule '{text}' starts on days of the month and on days of the week; EventBridge takes one of "
                "them, replace the other by '*'"
            )
        minutes, hours, days, months, weekdays = (numbers or () for numbers in cron.numbers)
        return cls(
            minutes=minutes,
            hours=hours,
            days=None if every_day else days,
            months=months,
            weekdays=None if every_weekday else sorted({number % 7 for number in weekdays}),
        )

    @classmethod
    def of_eventbridge(cls, expression: str) -> Recurrence | None:
        """Read an expression of six fields; None if a calendar is needed for it, or a single year is named."""
        try:
            cron = parse_cron(expression, EVENTBRIDGE)
        except ScheduleError:
            return None
        minutes, hours, days, months, weekdays, _ = cron.numbers
        if minutes is None or hours is None or months is None or None in (days, weekdays) or cron.texts[5] != "*":
            return None
        return cls(
            minutes=minutes,
            hours=hours,
            days=None if cron.texts[2] in "*?" else days,
            months=months,
            # EventBridge counts days of the week from 1.
            weekdays=None if cron.texts[4] in "*?" else [number - 1 for number in weekdays or ()],
        )

    def expression(self) -> str:
        """Return the expression of six fields, one of whose days is `?`.

        https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
        """
        days = "*" if self.days is None else _listed(self.days)
        weekdays = "?" if self.weekdays is None else ",".join(_DAYS[number] for number in self.weekdays)
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


def _listed(numbers: Sequence[int], all_of: int | None = None) -> str:
    return "*" if len(numbers) == all_of else ",".join(map(str, numbers))

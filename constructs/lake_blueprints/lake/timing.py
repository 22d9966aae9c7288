"""When the pipeline of a lake starts, from what the contracts promise or the caller decides."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from aws_cdk import Duration, Token
from aws_cdk import aws_events as events

from lake_blueprints.contracts import Dataset
from lake_blueprints.lake.cron import Cron

_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


@dataclass(frozen=True, kw_only=True)
class Timing:
    """When a pipeline starts.

    Parameters
    ----------
    schedule: events.Schedule, optional
        By default at no time of its own.
    pause: timedelta, optional
        The longest time between two starts. By default it is not known.
    """

    schedule: events.Schedule | None = None
    pause: timedelta | None = None


def promised_timing(datasets: Iterable[Dataset]) -> Timing:
    """Return the timing that keeps the promises of every dataset: that with the shortest pause.

    Raises
    ------
    ValueError
        If a dataset's schedule has no form in EventBridge.
    """
    found = [timing for dataset in datasets if (timing := _promise(dataset))]
    return min(found, key=lambda timing: timing.pause or timedelta.max, default=Timing())


def given_timing(schedule: events.Schedule) -> Timing:
    """Return the timing of a schedule that the caller has given."""
    return Timing(schedule=schedule, pause=_pause(schedule.expression_string))


def _promise(dataset: Dataset) -> Timing | None:
    levels = dataset.service_levels
    if levels.schedule:
        try:
            cron = Cron.parse(levels.schedule)
        except ValueError as error:
            raise ValueError(f"dataset '{dataset.name}': {error}") from None
        return Timing(schedule=events.Schedule.expression(cron.expression()), pause=cron.longest_pause())
    if levels.frequency:
        # EventBridge starts nothing more often than once a minute.
        minutes = max(1, int(levels.frequency.total_seconds() // 60))
        return Timing(schedule=events.Schedule.rate(Duration.minutes(minutes)), pause=timedelta(minutes=minutes))
    return None


def _pause(expression: str) -> timedelta | None:
    if Token.is_unresolved(expression):
        return None
    if rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression):
        return int(rate[1]) * _UNITS[rate[2]]
    fields = expression.removeprefix("cron(").removesuffix(")").split()
    # Days such as the last Friday, and single years, are beyond a rule of thumb.
    if len(fields) != 6 or fields[5] != "*" or re.search(r"[L#]|\dW", " ".join(fields)):
        return None
    # EventBridge counts days of the week from 1.
    span, slash, step = fields[4].partition("/")
    fields[4] = re.sub(r"\d+", lambda number: str(int(number[0]) - 1), span) + slash + step
    try:
        return Cron.parse(" ".join(fields[:5])).longest_pause()
    except ValueError:
        return None

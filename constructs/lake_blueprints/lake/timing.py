"""Schedule of a lake's pipeline, from service levels or the caller's choice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from aws_cdk import Token
from aws_cdk import aws_events as events

from lake_blueprints.contracts import Dataset
from lake_blueprints.contracts.lake_checks import check_schedule
from lake_blueprints.contracts.recurrence import Recurrence

_IN_MINUTES = (("day", 24 * 60), ("hour", 60), ("minute", 1))
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Schedule of a pipeline.

    Parameters
    ----------
    expression: str, optional
        As EventBridge writes it. By default it starts at no time of its own.
    pause, busiest: timedelta, optional
        The longest and the shortest time between two starts. By default they are not known.
    """

    expression: str | None = None
    pause: timedelta | None = None
    busiest: timedelta | None = None

    @property
    def schedule(self) -> events.Schedule | None:
        """The schedule, if there is one."""
        return events.Schedule.expression(self.expression) if self.expression else None


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
    expression = schedule.expression_string
    if not Token.is_unresolved(expression):
        if rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression):
            every = int(rate[1]) * _UNITS[rate[2]]
            return Timing(expression=expression, pause=every, busiest=every)
        if recurrence := Recurrence.of_eventbridge(expression):
            return Timing(expression=expression, pause=recurrence.longest_pause(), busiest=recurrence.shortest_pause())
    return Timing(expression=expression)


def is_slower(timing: Timing, dataset: Dataset) -> bool:
    """Tell whether a pipeline is known to start less often than a dataset's contract says."""
    promise = _promise(dataset)
    if promise is None or timing.pause is None or timing.busiest is None:
        return False
    if dataset.service_levels.schedule:
        return timing.busiest > (promise.busiest or timing.busiest)
    return timing.pause > (promise.pause or timing.pause)


def _promise(dataset: Dataset) -> Timing | None:
    levels = dataset.service_levels
    if levels.schedule:
        check_schedule(dataset)
        recurrence = Recurrence.of_contract(levels.schedule)
        return Timing(
            expression=recurrence.expression(), pause=recurrence.longest_pause(), busiest=recurrence.shortest_pause()
        )
    if levels.frequency:
        # EventBridge starts nothing more often than once a minute.
        minutes = max(1, int(levels.frequency.total_seconds() // 60))
        every = timedelta(minutes=minutes)
        return Timing(expression=f"rate({_counted(minutes)})", pause=every, busiest=every)
    return None


def _counted(minutes: int) -> str:
    """Return minutes in the largest unit of which they are a whole number, as EventBridge writes it."""
    unit, size = next((unit, size) for unit, size in _IN_MINUTES if not minutes % size)
    return f"{minutes // size} {unit}{'' if minutes == size else 's'}"

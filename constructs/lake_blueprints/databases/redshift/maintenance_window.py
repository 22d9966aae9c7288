"""Part of a week in which Redshift may patch and restart a cluster."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from aws_cdk import Duration

from lake_blueprints.databases.redshift.pause_resume import Weekday, check_time
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInMinutes

_SHORTEST_MINUTES, _LONGEST_MINUTES = 30, 23 * 60
_MONDAY = datetime.date(2001, 1, 1)


@checked
@dataclass(frozen=True, kw_only=True)
class MaintenanceWindow:
    """A time of the week.

    Parameters
    ----------
    day: Weekday
        Day on which it begins.
    begins_at: datetime.time
        When it begins, in UTC, to the minute.
    lasts: Duration
        How long it is, 30 minutes to 23 hours. By default 30 minutes.

    Raises
    ------
    ValueError
        If it is too short or too long, or the time has seconds.

    Notes
    -----
    https://docs.aws.amazon.com/redshift/latest/APIReference/API_CreateCluster.html

    Example
    -------
        >>> MaintenanceWindow(day=Weekday.SUNDAY, begins_at=datetime.time(3))
    """

    day: Weekday
    begins_at: datetime.time
    lasts: KnownDurationInMinutes = field(default_factory=lambda: Duration.minutes(_SHORTEST_MINUTES))

    def __post_init__(self) -> None:
        check_time("begins_at", self.begins_at)
        minutes = self.lasts.to_minutes()
        if not _SHORTEST_MINUTES <= minutes <= _LONGEST_MINUTES:
            raise ValueError(f"'lasts' must be {_SHORTEST_MINUTES} to {_LONGEST_MINUTES} minutes, got {minutes:g}")

    def render(self) -> str:
        """Return it as Redshift spells it: `sun:03:00-sun:03:30`."""
        days = [*Weekday]
        begin = datetime.datetime.combine(_MONDAY + datetime.timedelta(days.index(self.day)), self.begins_at)
        ends = (begin, begin + datetime.timedelta(minutes=self.lasts.to_minutes()))
        return "-".join(f"{days[at.weekday()].value.lower()}:{at:%H:%M}" for at in ends)

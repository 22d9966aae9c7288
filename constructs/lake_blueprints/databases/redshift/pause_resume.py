"""Hours of a week outside of which a cluster is paused."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lake_blueprints.foundation.arguments import checked

# https://docs.aws.amazon.com/redshift/latest/APIReference/API_ScheduledAction.html
_LEAST_APART = datetime.timedelta(hours=1)
_ANY_DATE = datetime.date(2000, 1, 1)


class Weekday(StrEnum):
    """Day of the week, in UTC."""

    MONDAY = "MON"
    TUESDAY = "TUE"
    WEDNESDAY = "WED"
    THURSDAY = "THU"
    FRIDAY = "FRI"
    SATURDAY = "SAT"
    SUNDAY = "SUN"


_WORKING_DAYS = (Weekday.MONDAY, Weekday.TUESDAY, Weekday.WEDNESDAY, Weekday.THURSDAY, Weekday.FRIDAY)


@checked
@dataclass(frozen=True, kw_only=True)
class PauseResume:
    """Resume a cluster in the morning and pause it in the evening, of some days of the week.

    Parameters
    ----------
    resume_at: datetime.time
        When it is resumed, in UTC, to the minute. By default 07:00.
    pause_at: datetime.time
        When it is paused, in UTC, to the minute, at least one hour later on the same day. By default 19:00.
    days: sequence of Weekday
        Days on which both happen. By default Monday to Friday.

    Raises
    ------
    ValueError
        If it would be paused less than one hour after it was resumed, a time has seconds, or there is no day.

    Notes
    -----
    https://docs.aws.amazon.com/redshift/latest/mgmt/rs-mgmt-pause-resume-cluster.html

    Example
    -------
        >>> PauseResume(resume_at=datetime.time(6, 30), pause_at=datetime.time(20))
    """

    resume_at: datetime.time = datetime.time(7)
    pause_at: datetime.time = datetime.time(19)
    days: Sequence[Weekday] = _WORKING_DAYS

    def __post_init__(self) -> None:
        check_time("resume_at", self.resume_at)
        check_time("pause_at", self.pause_at)
        resumed, paused = (datetime.datetime.combine(_ANY_DATE, at) for at in (self.resume_at, self.pause_at))
        if paused - resumed < _LEAST_APART:
            raise ValueError(
                f"'pause_at' must be at least one hour after 'resume_at', {self.resume_at:%H:%M}, got "
                f"{self.pause_at:%H:%M}"
            )
        if not self.days:
            raise ValueError("'days' must have at least one Weekday, got none")

    def crons(self) -> dict[str, str]:
        """Return when it is resumed and when paused, as Redshift's scheduler spells it."""
        days = ",".join(day.value for day in dict.fromkeys(self.days))
        return {
            action: f"cron({at.minute} {at.hour} ? * {days} *)"
            for action, at in (("resume", self.resume_at), ("pause", self.pause_at))
        }


def check_time(option: str, at: datetime.time) -> None:
    """Refuse a time that is not one of UTC in hours and minutes.

    Raises
    ------
    ValueError
        With the option and the value.
    """
    if at.second or at.microsecond or at.tzinfo:
        raise ValueError(f"'{option}' must be a time of UTC in hours and minutes, without a zone, got {at}")

"""Service levels (`slaProperties`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from lake_blueprints.contracts.governance import ServiceLevels
from lake_blueprints.contracts.standard.report import Report
from template_checks.core.schedules import UNIX, ScheduleError, parse_cron

# The standard's synonyms, and `freshness`, to which it prefers `latency`.
_NAMES = {
    **dict.fromkeys(("latency", "ly", "freshness"), "latency"),
    **dict.fromkeys(("retention", "re"), "retention"),
    **dict.fromkeys(("frequency", "fy"), "frequency"),
}
_DAY = 86_400.0
_SECONDS = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "minute", "minutes", "mins"), 60.0),
    **dict.fromkeys(("h", "hr", "hour", "hours", "hrs"), 3_600.0),
    **dict.fromkeys(("d", "day", "days"), _DAY),
    **dict.fromkeys(("w", "wk", "week", "weeks"), 7 * _DAY),
    **dict.fromkeys(("mo", "mon", "month", "months"), 30 * _DAY),
    **dict.fromkeys(("q", "quarter", "quarters"), 91 * _DAY),
    **dict.fromkeys(("y", "yr", "year", "years", "yrs"), 365 * _DAY),
}
_OFTEN = {"hourly": 3_600.0, "daily": _DAY, "weekly": 7 * _DAY, "monthly": 30 * _DAY, "yearly": 365 * _DAY}
_AMOUNT = re.compile(r"\s*(\d{1,12}(?:\.\d{1,6})?)\s*([a-zA-Z]*)\s*")
_ISO = re.compile(
    r"P(?=.)(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})W)?(?:(\d{1,9})D)?"
    r"(?:T(?=.)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,6})?)S)?)?",
    re.IGNORECASE,
)
_ISO_UNITS = ("y", "mo", "w", "d", "h", "m", "s")

_EXTRAS = ("valueExt", "element", "driver", "schedule")

Promise = Mapping[str, Any]


def read_service_levels(
    promises: Iterable[tuple[str, Promise]], report: Report, columns: Mapping[str, str] = MappingProxyType({})
) -> ServiceLevels:
    """Return the promises that are made about one dataset.

    Parameters
    ----------
    promises: iterable of (str, mapping)
        Each with its place.
    report: Report
        Receives what cannot be kept.
    columns: mapping of str to str
        Columns of the dataset by the elements that promises name them by. By default none is named.
    """
    durations: dict[str, timedelta] = {}
    schedule: str | None = None
    retention_by: str | None = None
    others = []
    for place, promise in promises:
        given = str(promise["property"])
        name = _NAMES.get(given.strip().lower())
        duration = _read_duration(promise, place, report) if name else None
        if name is None or duration is None:
            others.append((given, _text(promise)))
        elif durations.setdefault(name, duration) != duration:
            report.warn(place, f"{given} is promised twice; the first, {durations[name]}, is kept")
        if name == "retention" and duration == durations.get(name):
            retention_by = retention_by or columns.get(str(promise.get("element")).strip())
        if name == "frequency":
            schedule = schedule or _read_schedule(promise, place, report)
    return ServiceLevels(**durations, retention_by=retention_by, schedule=schedule, others=tuple(others))


def parse_duration(value: Any, unit: str | None = None) -> timedelta | None:
    """Return a length of time: a number and a unit in words or symbols, or ISO 8601; None if it is neither.

    A month is 30 days and a year 365; `m` is a minute, `M` a month.
    """
    text = str(value).strip()
    if text.lower() in _OFTEN:
        return timedelta(seconds=_OFTEN[text.lower()])
    if iso := _ISO.fullmatch(text):
        amounts = zip(_ISO_UNITS, iso.groups(), strict=True)
        return _duration(sum(float(amount) * _SECONDS[unit] for unit, amount in amounts if amount))
    amount = _AMOUNT.fullmatch(text)
    word = (amount[2] if amount else "") or (unit or "").strip()
    seconds = _SECONDS["mo" if word == "M" else word.lower()] if word.lower() in _SECONDS else None
    return _duration(float(amount[1]) * seconds) if amount and seconds else None


def _duration(seconds: float) -> timedelta | None:
    try:
        return timedelta(seconds=seconds) or None
    except OverflowError:
        return None


def _read_duration(promise: Promise, place: str, report: Report) -> timedelta | None:
    duration = parse_duration(promise["value"], promise.get("unit"))
    if duration is None:
        report.warn(
            place,
            f"{promise['property']}: '{_amount(promise)}' is not a length of time such as 4 hours or P3D; "
            "it is kept for people only",
        )
    return duration


def _read_schedule(promise: Promise, place: str, report: Report) -> str | None:
    schedule = promise.get("schedule")
    if not schedule or str(promise.get("scheduler") or "cron").lower() != "cron":
        return None
    try:
        parse_cron(schedule, UNIX)
    except ScheduleError:
        report.warn(f"{place}.schedule", f"'{schedule}' is not a cron expression of five fields; it is ignored")
        return None
    return " ".join(schedule.split())


def _amount(promise: Promise) -> str:
    return " ".join(str(promise[key]) for key in ("value", "unit") if promise.get(key) is not None)


def _text(promise: Promise) -> str:
    extras = ", ".join(f"{key} {promise[key]}" for key in _EXTRAS if promise.get(key))
    parts = (_amount(promise), extras and f"({extras})", promise.get("description") or "")
    return " ".join(" ".join(parts).split())

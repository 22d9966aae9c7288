"""Athena's partition projection: which partitions a table has, by rule instead of by registration.

See https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html.

A partition without objects has no rows, so it is enough to look at the folders that exist: those whose
values lie in the projected domain are read, all others are invisible, as in Athena.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product

from local_cloud.errors import LocalCloudError

# Java letters of a date format: their strptime directive and what they match.
_DATE_LETTERS = {
    "yyyy": ("%Y", r"\d{4}"),
    "MM": ("%m", r"\d{2}"),
    "dd": ("%d", r"\d{2}"),
    "HH": ("%H", r"\d{2}"),
    "mm": ("%M", r"\d{2}"),
    "ss": ("%S", r"\d{2}"),
}
_UNITS = ("YEARS", "MONTHS", "WEEKS", "DAYS", "HOURS", "MINUTES", "SECONDS")
_SECONDS = {"WEEKS": 604800, "DAYS": 86400, "HOURS": 3600, "MINUTES": 60, "SECONDS": 1}
_NOW = re.compile(r"\s*NOW\s*(?:([+-])\s*(\d+)\s*([A-Z]+?)S?)?\s*")


@dataclass(frozen=True, kw_only=True)
class Domain:
    """The values that one projected partition column can have."""

    pattern: str
    contains: Callable[[str], bool]


def is_projected(parameters: Mapping[str, str]) -> bool:
    return parameters.get("projection.enabled", "").lower() == "true"


def domain(column: str, parameters: Mapping[str, str], *, now: datetime | None = None) -> Domain:
    """Return the domain that a table's parameters give to a partition column.

    Raises
    ------
    LocalCloudError
        If the parameters are missing or wrong.
    """

    def value(name: str, default: str | None = None) -> str:
        found = parameters.get(f"projection.{column}.{name}", default)
        if found is None:
            raise LocalCloudError(f"table property 'projection.{column}.{name}' is missing")
        return found

    match value("type").lower():
        case "enum":
            values = [item.strip() for item in value("values").split(",")]
            return Domain(pattern="|".join(map(re.escape, values)), contains=values.__contains__)
        case "integer":
            return _integers(value("range"), int(value("interval", "1")), int(value("digits", "0")))
        case "date":
            return _dates(value, now or datetime.now(UTC).replace(tzinfo=None))
        case "injected":
            return Domain(pattern=r"[^/]+", contains=lambda text: True)
        case other:
            raise LocalCloudError(
                f"table property 'projection.{column}.type' must be one of enum, integer, date, injected, got {other!r}"
            )


def _integers(bounds: str, interval: int, digits: int) -> Domain:
    first, last = (int(bound) for bound in bounds.split(","))

    def contains(text: str) -> bool:
        number = int(text)
        written = f"{number:0{digits}d}" if digits else str(number)
        return first <= number <= last and (number - first) % interval == 0 and text == written

    return Domain(pattern=r"-?\d+", contains=contains)


def _dates(value: Callable[..., str], now: datetime) -> Domain:
    directives, pattern, finest = _date_format(value("format"))
    first, last = (_moment(bound, directives, now) for bound in value("range").split(","))
    unit = value("interval.unit", finest if finest in ("MONTHS", "DAYS") else None).upper()
    interval = int(value("interval", "1" if finest in ("MONTHS", "DAYS") else None))
    if unit not in _UNITS:
        raise LocalCloudError(f"'interval.unit' must be one of {', '.join(_UNITS)}, got {unit!r}")
    # Athena writes the values of a range from its first one on, at the format's precision.
    start = datetime.strptime(first.strftime(directives), directives)

    def contains(text: str) -> bool:
        try:
            moment = datetime.strptime(text, directives)
        except ValueError:
            return False
        return start <= moment <= last and _distance(start, moment, unit) % interval == 0

    return Domain(pattern=pattern, contains=contains)


def _date_format(java: str) -> tuple[str, str, str]:
    """Return strptime directives, pattern and finest unit of a Java date format."""
    directives = pattern = ""
    units = dict(zip(("yyyy", "MM", "dd", "HH", "mm", "ss"), ("YEARS", "MONTHS", *_UNITS[3:]), strict=True))
    finest = "YEARS"
    for quoted, letters, literal in re.findall(r"'([^']*)'|([A-Za-z]+)|(.)", java):
        for run in re.findall(r"((.)\2*)", letters):
            if run[0] not in _DATE_LETTERS:
                raise LocalCloudError(f"date format {java!r} uses {run[0]!r}; known are {', '.join(_DATE_LETTERS)}")
            directives += _DATE_LETTERS[run[0]][0]
            pattern += _DATE_LETTERS[run[0]][1]
            finest = max(finest, units[run[0]], key=_UNITS.index)
        directives += (quoted + literal).replace("%", "%%")
        pattern += re.escape(quoted + literal)
    return directives, pattern, finest


def _moment(bound: str, directives: str, now: datetime) -> datetime:
    relative = _NOW.fullmatch(bound.upper())
    if relative is None:
        return datetime.strptime(bound.strip(), directives)
    sign, count, unit = relative.groups()
    return _shift(now, int(f"{sign}{count}"), f"{unit}S") if unit else now


def _shift(moment: datetime, count: int, unit: str) -> datetime:
    if unit in _SECONDS:
        return moment + timedelta(seconds=count * _SECONDS[unit])
    months = moment.year * 12 + moment.month - 1 + count * (12 if unit == "YEARS" else 1)
    first = moment.replace(year=months // 12, month=months % 12 + 1, day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return first.replace(day=min(moment.day, (following - timedelta(days=1)).day))


def _distance(start: datetime, moment: datetime, unit: str) -> float:
    if unit in _SECONDS:
        return (moment - start).total_seconds() / _SECONDS[unit]
    months = (moment.year - start.year) * 12 + moment.month - start.month
    return months / 12 if unit == "YEARS" else months


def projected(
    *,
    location: str,
    columns: Sequence[str],
    parameters: Mapping[str, str],
    folders: Sequence[str],
    injected: Mapping[str, Sequence[str]],
) -> dict[tuple[str, ...], str]:
    """Return the location of every projected partition that has objects.

    Parameters
    ----------
    location: str
        The table's location.
    columns: Sequence[str]
        The partition columns, in order.
    parameters: Mapping[str, str]
        The table's properties.
    folders: Sequence[str]
        URIs, ending in `/`, of the folders that hold objects.
    injected: Mapping[str, Sequence[str]]
        Values that the query's filter gives to each injected column.
    """
    domains = {column: domain(column, parameters) for column in columns}
    default = "".join([location.rstrip("/"), *(f"/{column}=${{{column}}}" for column in columns), "/"])
    template = parameters.get("storage.location.template", default).rstrip("/") + "/"
    for column in columns:
        if f"${{{column}}}" not in template:
            raise LocalCloudError(f"'storage.location.template' lacks ${{{column}}}: {template}")
    wanted = [column for column in columns if parameters.get(f"projection.{column}.type", "").lower() == "injected"]
    for column in wanted:
        if not injected.get(column):
            raise LocalCloudError(
                f"CONSTRAINT_VIOLATION: For the injected projected partition column {column}, the WHERE clause must "
                "contain only static equality conditions, and at least one such condition must be present"
            )
    allowed = set(product(*(injected[column] for column in wanted)))
    pattern = re.escape(template)
    for column in columns:
        marker = re.escape(f"${{{column}}}")
        pattern = pattern.replace(marker, f"(?P<{column}>{domains[column].pattern})", 1)
        pattern = pattern.replace(marker, f"(?P={column})")
    found = {}
    for folder in folders:
        matched = re.match(pattern, folder)
        if matched is None or not all(domains[column].contains(matched[column]) for column in columns):
            continue
        if tuple(matched[column] for column in wanted) in allowed:
            found[tuple(matched[column] for column in columns)] = matched[0]
    return found

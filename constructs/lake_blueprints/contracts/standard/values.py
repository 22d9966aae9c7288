"""Constraints on values (`logicalTypeOptions`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jsonschema_rs import Draft201909Validator

from lake_blueprints.contracts.column import Constraints
from lake_blueprints.contracts.contradictions import contradiction
from lake_blueprints.contracts.standard.elements import Element
from lake_blueprints.contracts.standard.report import Report
from lake_blueprints.contracts.types import DataType

_BOUNDS = {
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusiveMinimum": "exclusive_minimum",
    "exclusiveMaximum": "exclusive_maximum",
}
_OTHERS = {"multipleOf": "multiple_of", "minLength": "min_length", "maxLength": "max_length", "pattern": "pattern"}
# Of arrays and objects, whose insides are not looked at.
_UNCHECKED = ("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "required")
# In v3.0 these were flags beside the bound.
_FLAGS = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
_ISO_WORDS = frozenset({"date", "date-time", "datetime", "timestamp", "iso", "iso8601", "iso-8601", "iso 8601"})
_REGEX = Draft201909Validator({"format": "regex"}, validate_formats=True)
_LOOKS_ISO = re.compile(r"\d{4}-\d{2}-\d{2}.*")
_UTC = frozenset({"utc", "etc/utc", "gmt", "etc/gmt", "z", "+00:00", "zulu", "etc/zulu", "etc/uct", "uct"})
# Those of https://spark.apache.org/docs/latest/sql-ref-datetime-pattern.html that parse.
_JAVA_PATTERN = re.compile(r"[GyMLdDEaHhkKmsSVzOXxZ\[\]\s\d.,:/_-]*")


def read_constraints(prop: Element, kind: DataType, place: str, report: Report) -> Constraints:
    """Return the constraints of a property that becomes a column of a type."""
    place = f"{place}.logicalTypeOptions"
    options = {key: value for key, value in (prop.get("logicalTypeOptions") or {}).items() if value is not None}
    for flag, bound in _FLAGS.items():
        if isinstance(options.get(flag), bool) and options.pop(flag) and bound in options:
            options[flag] = options.pop(bound)
    found: dict[str, Any] = {ours: options[theirs] for theirs, ours in _OTHERS.items() if theirs in options}
    if "pattern" in found and not _REGEX.is_valid(found["pattern"]):
        report.fail(f"{place}.pattern", f"'{found['pattern']}' is not a regular expression")
    for theirs, ours in _BOUNDS.items():
        if theirs in options and _is_comparable(options[theirs], prop, kind, f"{place}.{theirs}", report):
            found[ours] = options[theirs]
    if problem := contradiction(found):
        report.fail(place, problem)
        return Constraints()
    if unchecked := [option for option in _UNCHECKED if option in options]:
        report.inform(place, f"{', '.join(unchecked)}: not checked")
    if prop.get("logicalType") == "string" and "format" in options:
        report.inform(f"{place}.format", f"that the text is of the format '{options['format']}' is not checked")
    # Whether there may be no value is said by `required`.
    enum = tuple(entry["value"] for entry in prop.get("enum") or [] if entry["value"] is not None)
    return Constraints(**found, enum=enum or None)


def read_format(prop: Element, kind: DataType, place: str, report: Report) -> str | None:
    """Return the pattern of a date or timestamp as Spark reads it, None for ISO 8601."""
    options = prop.get("logicalTypeOptions") or {}
    text = options.get("format")
    if text is None or kind.glue not in _MOMENTS or text.strip().lower() in _ISO_WORDS:
        return None
    place = f"{place}.logicalTypeOptions.format"
    # Week-based years and days of the year are what nobody means beside a month.
    pattern = text.replace("Y", "y").replace("DD", "dd") if "M" in text else text
    pattern = re.sub(r"(?<=d)T(?=[Hh])", "'T'", pattern)
    if not _JAVA_PATTERN.fullmatch(re.sub(r"'[^']*'", "", pattern)):
        report.warn(place, f"'{text}' is not a pattern of Java's DateTimeFormatter; values are read as ISO 8601")
        return None
    if pattern != text:
        report.inform(place, f"'{text}' is read as {pattern}")
    return str(pattern)


def read_time_zone(prop: Element, kind: DataType, place: str, report: Report) -> str | None:
    """Return the zone of timestamps that say none, None for UTC."""
    zone = (prop.get("logicalTypeOptions") or {}).get("defaultTimezone")
    if kind.glue != "timestamp" or not zone or zone.lower() in _UTC:
        return None
    try:
        return ZoneInfo(zone).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        report.warn(
            f"{place}.logicalTypeOptions.defaultTimezone",
            f"'{zone}' is no time zone such as 'Europe/Berlin'; times without an offset are read as UTC",
        )
        return None


def _is_comparable(bound: Any, prop: Element, kind: DataType, place: str, report: Report) -> bool:
    if prop.get("logicalType") == "time":
        report.inform(place, "a time of day is kept as text, so it is not compared")
        return False
    if kind.glue not in _MOMENTS:
        return True
    try:
        _MOMENTS[kind.glue](str(bound))
    except ValueError:
        if _LOOKS_ISO.fullmatch(str(bound)):
            report.fail(place, f"'{bound}' is not in the calendar")
        else:
            report.warn(place, f"'{bound}' is not an ISO 8601 {kind}, so values are not compared with it")
        return False
    return True


def _check_date(text: str) -> None:
    date.fromisoformat(text[:10] if "T" in text else text)


def _check_timestamp(text: str) -> None:
    datetime.fromisoformat(text)


_MOMENTS: Mapping[str, Callable[[str], None]] = {"date": _check_date, "timestamp": _check_timestamp}

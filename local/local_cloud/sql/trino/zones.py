"""Timestamps with time zone: DuckDB keeps the instant, Trino the zone too.

Each expression that makes such a value has two faces here: its instant, and the local time that its zone shows. What
asks for a part of the local time (`hour`, a cast to date) gets that, what compares instants gets those. Anywhere else
the zone must be UTC: at run time another one is refused, so that none is lost.
"""

from __future__ import annotations

import re
from typing import Any

from sqlglot import exp

from local_cloud.sql.trino.nodes import call, refuse

_PATTERN = r"\d{4}-\d\d-\d\d(T\d\d(:\d\d(:\d\d([.,]\d+)?)?)?(Z|[+-]\d\d(:?\d\d)?)?)?"
_LITERAL = re.compile(r"(\s*[+-]?\d{4,}-\d{1,2}-\d{1,2}(?: \d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d+)?)?)?)\s*(\S.*?)?\s*")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)?")
_UTC = ("utc", "z", "+00:00", "-00:00")

_ISO_LOCAL = r"regexp_replace(regexp_replace(s, '(T.*)(Z|[+-]\d\d(:?\d\d)?)$', '\1'), 'T(\d\d)$', 'T\1:00')"
_ISO_ZONE = r"regexp_extract(s, 'T.*(Z|[+-]\d\d(:?\d\d)?)$', 1)"
_ISO_MINUTES = f"""coalesce(try_cast(regexp_extract({_ISO_ZONE}, '^[+-]\\d\\d') as integer) * 60
    + case when {_ISO_ZONE} like '-%' then -1 else 1 end
    * coalesce(try_cast(regexp_extract({_ISO_ZONE}, '^...?:?(\\d\\d)$', 1) as integer), 0), 0)"""
MACROS = (
    f"""trino_iso_local(s VARCHAR) as case when s is null then null
        when regexp_full_match(s, '{_PATTERN}') then cast({_ISO_LOCAL} as timestamp)
        when regexp_full_match(s, '\\d{{4}}(-\\d\\d)?|\\d{{4}}-(W\\d\\d(-\\d)?|\\d{{3}})(T.*)?')
        then error('NOT_SUPPORTED: ' || s || ' is a form of ISO 8601 that is not reproduced locally')
        else error('INVALID_FUNCTION_ARGUMENT: Invalid format: "' || s || '"') end""",
    f"trino_iso_instant(s VARCHAR) as timezone('UTC', trino_iso_local(s) - to_minutes({_ISO_MINUTES}))",
    f"""trino_iso_utc(s VARCHAR) as case
        when {_ISO_ZONE} in ('', 'Z', '+00:00', '+0000', '+00') then trino_iso_instant(s)
        else error('NOT_SUPPORTED: the time zone of ' || s || ' is not kept locally; '
            || 'convert it with AT TIME ZONE ''UTC''') end""",
    "trino_instant(x TIMESTAMPTZ) as x, (x TIMESTAMP) as timezone('UTC', x), "
    "(x DATE) as timezone('UTC', cast(x as timestamp))",
)

# What asks for parts of the local time.
_LOCAL = (
    exp.Year,
    exp.Quarter,
    exp.Month,
    exp.Day,
    exp.DayOfMonth,
    exp.DayOfWeekIso,
    exp.DayOfYear,
    exp.WeekOfYear,
    exp.YearOfWeek,
    exp.Hour,
    exp.Minute,
    exp.Second,
    exp.Extract,
    exp.Date,
    exp.LastDay,
    exp.TimeToStr,
)
_LOCAL_NAMES = ("format_datetime", "millisecond", "yow")
_LOCAL_TYPES = (exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.TIME)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.In)


def rewrite(tree: exp.Expr) -> None:
    """Put the face that is asked for in place of each timestamp with time zone; the innermost first."""
    for node in reversed(list(tree.walk(bfs=True))):
        if _makes_a_zone(node):
            node.replace(_face(node, _asked(node)))


def _makes_a_zone(node: Any) -> bool:
    if isinstance(node, (exp.AtTimeZone, exp.FromISO8601Timestamp)):
        return True
    if isinstance(node, exp.UnixToTime):
        return node.args.get("zone") is not None or node.args.get("hours") is not None
    if isinstance(node, exp.Anonymous):
        return node.name.lower() in ("at_timezone", "with_timezone")
    return isinstance(node, exp.Cast) and node.to.this == exp.DType.TIMESTAMPTZ


def _asked(node: Any) -> str:
    """Return which face of a value its surroundings ask for."""
    parent = node.parent
    if isinstance(parent, exp.Paren):
        return _asked(parent)
    if isinstance(parent, (exp.TimestampTrunc, exp.DateTrunc)):
        return "local" if _asked(parent) == "local" else "utc"
    name = parent.name.lower() if isinstance(parent, exp.Anonymous) else ""
    into_local = isinstance(parent, exp.Cast) and parent.to.this in _LOCAL_TYPES
    if isinstance(parent, _LOCAL) or name in _LOCAL_NAMES or into_local:
        return "local"
    into_zone = isinstance(parent, exp.AtTimeZone) and parent.this is node
    if into_zone or name in ("at_timezone", "trino_instant") or isinstance(parent, (exp.TimeToUnix, *_COMPARISONS)):
        return "instant"
    return "utc"


def _face(node: Any, face: str) -> Any:
    if isinstance(node, exp.FromISO8601Timestamp):
        return call(f"trino_iso_{face}", node.this)
    if isinstance(node, exp.Cast):
        return _of_cast(node, face)
    if isinstance(node, exp.UnixToTime):
        zone = node.args.get("zone") or refuse("from_unixtime() with hours and minutes is not reproduced locally")(node)
        return _of_instant(exp.UnixToTime(this=node.this), zone, face)
    if isinstance(node, exp.AtTimeZone):
        return _of_instant(call("trino_instant", node.this), node.args["zone"], face)
    value, region = node.expressions
    of_instant = node.name.lower() == "at_timezone"
    return _of_instant(call("trino_instant", value), region, face) if of_instant else _of_local(value, region, face)


def _of_cast(node: Any, face: str) -> Any:
    literal = node.this
    if not (isinstance(literal, exp.Literal) and literal.is_string):
        # Texts have their own zones; timestamps and dates are taken to be in the session's, which is UTC.
        return call("trino_instant", literal)
    matched = _LITERAL.fullmatch(literal.name)
    if matched is None:
        return refuse(f"{literal.name!r} is no timestamp with time zone")(node)
    digits = [size.copy() for size in node.to.expressions]
    local = exp.Cast(this=exp.Literal.string(matched[1]), to=exp.DataType(this=exp.DType.TIMESTAMP, expressions=digits))
    return _of_local(local, exp.Literal.string(matched[2] or "UTC"), face)


def _of_instant(instant: Any, zone: Any, face: str) -> Any:
    if face == "instant":
        return instant
    if face == "utc":
        return instant if _is_utc(zone) else _lost(zone)
    minutes = _minutes(zone)
    if minutes is None:
        return call("timezone", _region(zone), instant)
    return exp.Add(this=call("timezone", exp.Literal.string("UTC"), instant), expression=call("to_minutes", minutes))


def _of_local(local: Any, zone: Any, face: str) -> Any:
    if face == "local":
        return local
    if face == "utc" and not _is_utc(zone):
        return _lost(zone)
    minutes = _minutes(zone)
    if minutes is None:
        return call("timezone", _region(zone), local)
    shifted = exp.Sub(this=local, expression=call("to_minutes", minutes))
    return call("timezone", exp.Literal.string("UTC"), exp.Paren(this=shifted))


def _is_utc(zone: Any) -> bool:
    return isinstance(zone, exp.Literal) and zone.name.lower() in _UTC


def _minutes(zone: Any) -> Any:
    """Return the minutes of a zone that is written as an offset."""
    matched = _OFFSET.fullmatch(zone.name) if isinstance(zone, exp.Literal) else None
    if matched is None:
        return None
    minutes = 60 * int(matched[2]) + int(matched[3] or 0)
    return exp.Literal.number(minutes) if matched[1] == "+" else exp.Neg(this=exp.Literal.number(minutes))


def _region(zone: Any) -> Any:
    return exp.Literal.string("UTC") if isinstance(zone, exp.Literal) and zone.name.lower() == "z" else zone


def _lost(zone: Any) -> Any:
    return refuse(
        f"the time zone {zone.sql(dialect='trino')} would be lost locally: take parts of the time in it, cast it to "
        "date or timestamp, or convert it with AT TIME ZONE 'UTC'"
    )(zone)

"""Types of values as curation reads them: of text in a CSV field, and of a value of JSON.

Above 200 lines: one function for each family of values, which fall back on one another.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from attrs import evolve, frozen

# As many digits as a decimal of the lake has, and as a double keeps.
_DECIMAL_DIGITS, _DOUBLE_DIGITS = 38, 15
_BIGINT = 2**63
# A column of money has room for as many at least.
_USUAL_DIGITS = 18
# Objects with as many different keys, of which each record has few, are maps.
_MAP_KEYS, _MAP_SHARE = 40, 0.25
DEEPEST = 20
# Words that stand for no value in files, and are text to curation.
_MARKERS = frozenset(
    {"na", "n/a", "#n/a", "null", "none", "nil", "nan", "-", "--", "?", ".", "\\n", "missing", "unknown"}
)
# As many of a hundred values may differ from the others, and the owner is asked.
_FEW = 10
_SHOWN = 3

_INTEGER = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_PADDED = re.compile(r"[+-]?0\d+.*")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?")
# Of Java's DateTimeFormatter, by the strptime pattern that reads the same. Where two fit, the first one is taken.
_DATES = {
    "%d.%m.%Y": "dd.MM.yyyy",
    "%d/%m/%Y": "dd/MM/yyyy",
    "%m/%d/%Y": "MM/dd/yyyy",
    "%d-%m-%Y": "dd-MM-yyyy",
    "%m-%d-%Y": "MM-dd-yyyy",
    "%Y/%m/%d": "yyyy/MM/dd",
    "%Y%m%d": "yyyyMMdd",
}
_TIMES = {" %H:%M": " HH:mm", " %H:%M:%S": " HH:mm:ss", "T%H:%M:%S": "'T'HH:mm:ss"}
_WIDTHS = {"%d": 2, "%m": 2, "%Y": 4, "%H": 2, "%M": 2, "%S": 2}
STRING_FORMATS = {
    "uuid": re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    "email": re.compile(r"[^@\s]+@[^@\s]+[.][^@\s]+"),
    "uri": re.compile(r"[a-z][a-z0-9+.-]*://\S+"),
}


@frozen(kw_only=True)
class Kind:
    """A type of the standard: its logical and physical name, and its parts.

    Parameters
    ----------
    logical: str
        As the standard calls it.
    physical: str, optional
        Where it says more. By default the logical type says all.
    format: str, optional
        Of text, or of dates and times that are not in ISO 8601. By default none.
    notes: tuple of str
        What the owner must decide. By default nothing.
    parts: tuple of (str, Kind)
        Fields of an object, the item of an array, key and value of a map. By default none.
    """

    logical: str
    physical: str | None = None
    format: str | None = None
    notes: tuple[str, ...] = ()
    parts: tuple[tuple[str, Kind], ...] = ()

    def noting(self, *notes: str) -> Kind:
        """Return the kind with further notes."""
        return evolve(self, notes=(*self.notes, *notes))


STRING = Kind(logical="string")


def kind_of_texts(values: Sequence[str], *, name: str = "") -> Kind:
    """Return the kind of CSV fields; the empty ones are left out.

    Parameters
    ----------
    values: sequence of str
        At least one.
    name: str
        The column's, which tells prices from other numbers.
    """
    times = Counter(value.strip() for value in values)
    kind = _plain(times, name)
    if kind is None and (odd := _odd_ones(times, name)):
        rest = _plain([value for value in times if value not in odd], name)
        broken = sum(times[value] for value in odd)
        if rest and (broken * 100 <= _FEW * len(values) or _all_markers(odd)):
            listed = ", ".join(f"'{value[:20]}'" for value in odd[:_SHOWN]) + (", …" if len(odd) > _SHOWN else "")
            rows = "1 row" if broken == 1 else f"{broken:,} rows"
            kind = STRING.noting(
                f"{_named(rest)} but for {rows} with {listed}; 'logicalType: {rest.logical}' quarantines "
                f"{'it' if broken == 1 else 'them'}"
            )
    return kind or evolve(STRING, format=_string_format(times))


def _odd_ones(values: Iterable[str], name: str) -> list[str]:
    """Return the texts without which the others may be of one kind: words for no value, else what is no number."""
    markers = [value for value in values if value.casefold() in _MARKERS]
    rest = [value for value in values if value not in markers]
    if markers and rest and _plain(rest, name):
        return markers
    odd = [value for value in values if not _simple(value)]
    return odd if any(map(_simple, values)) else []


def kind_of_json(values: Sequence[Any], depth: int = 0) -> Kind:
    """Return the kind of values of JSON, of which None is none; numbers with a fraction are their texts as Decimal."""
    found = [value for value in values if value is not None]
    kinds = {_JSON_TYPES[type(value)] for value in found}
    match sorted(kinds):
        case []:
            kind = STRING.noting("the sample has no value, so the type is a guess")
        case ["integer"] | ["number"] | ["integer", "number"]:
            kind = _number([str(value) for value in found], "")
        case ["boolean"]:
            kind = Kind(logical="boolean")
        case ["text"]:
            kind = _moment(found) or evolve(STRING, format=_string_format(found))
        case ["array"] | ["object"] if depth == DEEPEST:
            kind = STRING.noting(f"it is nested more than {DEEPEST} levels deep, so it is kept as text")
        case ["array"]:
            items = [item for value in found for item in value]
            kind = Kind(logical="array", parts=(("", kind_of_json(items, depth + 1)),))
        case ["object"]:
            kind = _object(found, depth)
        case _:
            kind = STRING.noting("its values are of several types, so they are kept as text")
    return kind


def _object(found: Sequence[Mapping[str, Any]], depth: int) -> Kind:
    fields: dict[str, list[Any]] = {}
    for value in found:
        for name, part in value.items():
            fields.setdefault(name, []).append(part)
    if not fields:
        return STRING.noting("its objects have no fields, so it is kept as its JSON text")
    filled = sum(map(len, fields.values())) / (len(fields) * len(found))
    if len(fields) >= _MAP_KEYS and filled <= _MAP_SHARE:
        item = kind_of_json([part for parts in fields.values() for part in parts], depth + 1)
        note = f"its objects have {len(fields):,} different keys, so it is a map"
        return Kind(logical="map", notes=(note,), parts=(("key", STRING), ("value", item)))
    folded = Counter(name.strip().casefold() for name in fields)
    if clash := next((name for name in fields if folded[name.strip().casefold()] > 1), None):
        return STRING.noting(f"it has fields that differ from '{clash}' by case alone, so it is kept as its JSON text")
    return Kind(logical="object", parts=tuple((name, kind_of_json(parts, depth + 1)) for name, parts in fields.items()))


_JSON_TYPES = {
    bool: "boolean",
    int: "integer",
    float: "number",
    Decimal: "number",
    str: "text",
    list: "array",
    dict: "object",
}


def _plain(values: Iterable[str], name: str) -> Kind | None:
    """Return the kind of texts that are all booleans, numbers, dates or times; None of others."""
    values = list(values)
    if all(value.lower() in ("true", "false") for value in values):
        return Kind(logical="boolean")
    if any(map(_PADDED.fullmatch, values)) and not _moment(values):
        return None
    if values and all(map(_NUMBER.fullmatch, values)):
        moment = _moment(values)
        return moment if moment and moment.logical != "time" else _number(values, name)
    return _moment(values)


def _simple(value: str) -> bool:
    return bool(_NUMBER.fullmatch(value) or _DATE.fullmatch(value) or _TIMESTAMP.fullmatch(value))


def _all_markers(values: Iterable[str]) -> bool:
    return all(value.casefold() in _MARKERS for value in values)


def _number(values: Sequence[str], name: str) -> Kind:
    if all(map(_INTEGER.fullmatch, values)):
        largest = max(abs(int(value)) for value in values)
        if all(-_BIGINT <= int(value) < _BIGINT for value in values):
            return Kind(logical="integer", physical="BIGINT")
        if len(str(largest)) <= _DECIMAL_DIGITS:
            note = "numbers of more than 64 bits: 'logicalType: string' if they are labels"
            return Kind(logical="number", physical=f"DECIMAL({_DECIMAL_DIGITS},0)", notes=(note,))
        return STRING.noting(f"numbers of more than {_DECIMAL_DIGITS} digits, which no type holds")
    if any("e" in value.lower() for value in values):
        return Kind(logical="number", physical="DOUBLE")
    scales = {len(value.partition(".")[2]) for value in values}
    whole = max(len(value.partition(".")[0].strip("+-").lstrip("0")) for value in values)
    scale = max(scales)
    exact = whole + scale > _DOUBLE_DIGITS
    money = (len(scales) == 1 and scale > 1) or (scale <= 4 and _MONEY.search(name))
    if (exact or money) and whole + scale <= _DECIMAL_DIGITS:
        digits = max(_USUAL_DIGITS, whole + scale) if scale < _USUAL_DIGITS else whole + scale
        why = "more digits than a double keeps" if exact else f"{scale} digits after the point, as prices have"
        return Kind(logical="number", physical=f"DECIMAL({digits},{scale})", notes=(f"a decimal: {why}",))
    return Kind(logical="number", physical="DOUBLE")


_MONEY = re.compile(r"price|amount|cost|fee|salary|balance|revenue", re.IGNORECASE)


def _moment(values: Sequence[str]) -> Kind | None:
    """Return the kind of texts that are all dates, timestamps or times of day."""
    some = list(values)
    if all(map(_DATE.fullmatch, some)) and _in_calendar(some, date.fromisoformat):
        return Kind(logical="date")
    if all(map(_TIMESTAMP.fullmatch, some)) and _in_calendar(some, lambda text: date.fromisoformat(text[:10])):
        return Kind(logical="timestamp")
    if all(map(_TIME.fullmatch, some)):
        return Kind(logical="time")
    fitting = [
        Kind(logical=logical, format=java)
        for logical, patterns in (("date", _DATES), ("timestamp", _TIMESTAMPS))
        for pattern, java in patterns.items()
        if _all_read(some, pattern)
    ]
    if not fitting:
        return None
    if len(fitting) > 1:
        read, other = fitting[0].format, fitting[1].format
        return fitting[0].noting(f"day and month: the sample fits {read} and {other}; it is read as {read}")
    return fitting[0]


def _all_read(values: Sequence[str], pattern: str) -> bool:
    length = len(pattern) + sum(pattern.count(part) * (width - 2) for part, width in _WIDTHS.items())
    if any(len(value) != length for value in values):
        return False
    return _in_calendar(values, lambda text: datetime.strptime(text, pattern).date())


def _in_calendar(values: Iterable[str], read: Any) -> bool:
    try:
        for value in values:
            # What is read as no date of a calendar that people keep is a number.
            if not 1500 <= read(value).year <= 2500:
                return False
    except ValueError:
        return False
    return True


_TIMESTAMPS = {f"{day}{time}": f"{java}{hour}" for day, java in _DATES.items() for time, hour in _TIMES.items()}


def _string_format(values: Iterable[str]) -> str | None:
    some = list(values)
    return next((name for name, pattern in STRING_FORMATS.items() if all(map(pattern.fullmatch, some))), None)


def _named(kind: Kind) -> str:
    return f"{'an' if kind.logical[0] in 'aeiou' else 'a'} {kind.logical}"

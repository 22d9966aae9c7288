"""Expressions of Flink's SQL over a record's text: its parts, the values of each type, and why one is rejected.

They accept what `values.py` accepts; tests hold both against each other, value by value.

Above 200 lines: each type, and each rule for a value, once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lake_stream import values
from lake_stream.plan import INTEGERS, NUMBERS, Field, Plan

# The record's text, its event time, the same in milliseconds, and whether the text is one JSON object.
TEXT, TIME, MS, ONLY = "X", "T", "M", "J"
_SQL_TYPES = {
    **dict.fromkeys(("string", "binary", "date", "timestamp"), "STRING"),
    **{name: name.upper() for name in (*INTEGERS, "boolean")},
    **dict.fromkeys(("float", "double"), "DOUBLE"),
}


def quoted(name: str) -> str:
    """Return a name that may also be a word of SQL."""
    return f"`{name}`"


def literal(text: str) -> str:
    """Return a text as SQL has it."""
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


def sql_type(column: Field) -> str:
    """Return the type that a column has in every output."""
    if column.family == "decimal":
        return "DECIMAL({}, {})".format(*column.digits)
    return _SQL_TYPES[column.family]


def _path(column: Field) -> str:
    return literal(f"$['{column.source}']")


def _token_of(column: Field) -> str:
    """Return the value as JSON spells it, by which a number and its text differ; null if there is none."""
    wrapped = f"JSON_QUERY(`{TEXT}`, {_path(column)} WITH UNCONDITIONAL ARRAY WRAPPER)"
    return f"REGEXP_EXTRACT({wrapped}, '(?s)^.(.*).$', 1)"


def _plain_of(column: Field) -> str:
    """Return the value as text; null if there is none, or if it is an object or an array."""
    return f"JSON_VALUE(`{TEXT}`, {_path(column)})"


def part_of(column: Field) -> str:
    """Return what the value is made from: to read a record's JSON is what takes the time."""
    return _plain_of(column) if column.family == "string" else _token_of(column)


def part(column: Field) -> str:
    """Return the name that a column's part has."""
    return quoted(f"V {column.name}")


def plain(column: Field) -> str:
    """Return a good value as text; only strings have quotes of their own."""
    return part(column) if column.family == "string" else f"TRIM(BOTH '\"' FROM {part(column)})"


def _is_missing(column: Field) -> str:
    missing = f"{part(column)} IS NULL"
    return f"{missing} AND {_token_of(column)} IS NULL" if column.family == "string" else missing


def _is_text(column: Field, pattern: str) -> str:
    return _is_whole(part(column), f'"({pattern})"')


def _is_whole(text: str, pattern: str) -> str:
    # A $ of Java's also matches before the end of the last line.
    return f"REGEXP({text}, " + literal(f"^({pattern})\\z") + ")"


def _is_number(column: Field) -> str:
    return f"REGEXP({part(column)}, '^-?[0-9]')"


def value(column: Field, plan: Plan) -> str:
    """Return the expression of a column's value, null if it is not of the type."""
    family, text = column.family, plain(column)
    if family in NUMBERS:
        number = _number(column)
        return f"CASE WHEN `{MS}` IS NOT NULL THEN {number} END" if column.name == plan.event_time else number
    if family == "boolean":
        return f"CASE {part(column)} WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END"
    if family == "string":
        # Half of a pair of UTF-16 becomes a question mark of its own.
        return text
    if column.name == plan.event_time:
        return f"CASE WHEN `{MS}` IS NOT NULL THEN {text} END"
    pattern = {"binary": values.BASE64, "date": values.DATE, "timestamp": values.TIMESTAMP}[family]
    is_day = "" if family == "binary" else f" AND {_day(text)} IS NOT NULL"
    return f"CASE WHEN {_is_text(column, pattern)}{is_day} THEN {text} END"


def _number(column: Field) -> str:
    if column.family == "decimal":
        return _decimal(column)
    if column.family in INTEGERS:
        number = f"TRY_CAST({part(column)} AS {sql_type(column)})"
        return f"CASE WHEN REGEXP({part(column)}, '^-?[0-9]+$') THEN {number} END"
    most = values.FLOAT_MAX if column.family == "float" else values.DOUBLE_MAX
    number = f"TRY_CAST({part(column)} AS DOUBLE)"
    return f"CASE WHEN {_is_number(column)} AND ABS({number}) <= CAST('{most!r}' AS DOUBLE) THEN {number} END"


def _decimal(column: Field) -> str:
    precision, scale = column.digits
    text = f"CASE WHEN {_is_number(column)} OR {_is_text(column, values.DECIMAL_TEXT)} THEN {plain(column)} END"
    # One digit more than it may have: Flink rounds 9.995 up to 10.00 and calls it a DECIMAL(3, 2).
    wide = f"TRY_CAST({text} AS DECIMAL({min(precision + 1, 38)}, {scale}))"
    within = f"ABS({wide}) < CAST('1{'0' * (precision - scale)}' AS DECIMAL({min(precision - scale + 1, 38)}, 0))"
    return f"CASE WHEN {within} THEN CAST({wide} AS {sql_type(column)}) END"


def _day(text: str) -> str:
    # A cast to a timestamp takes the 30th of February for the 29th; one to a date does not.
    return f"TRY_CAST(SUBSTRING({text} FROM 1 FOR 10) AS DATE)"


def event_time(column: Field) -> str:
    """Return the expression of a record's event time; of one that has none it is before all others.

    The latter moves no watermark: rowtimes cannot be null. The spelling that most producers have is read at once.
    """
    cases = {f"NOT COALESCE({is_only_object()}, FALSE)": "NULL"}
    found = f"TO_TIMESTAMP_LTZ({_event_ms(column)}, 3)"
    if column.family == "timestamp":
        text = _plain_of(column)
        common = f"{_is_whole(text, values.UTC_TIME)} AND {_day(text)} IS NOT NULL"
        time = f"TRY_CAST(REPLACE(REPLACE({text}, 'T', ' '), 'Z', '') AS TIMESTAMP(3))"
        cases[common] = f"CAST({time} AS TIMESTAMP_LTZ(3))"
    whens = " ".join(f"WHEN {condition} THEN {time}" for condition, time in cases.items())
    return f"COALESCE(CASE {whens} ELSE {found} END, TO_TIMESTAMP_LTZ({values.EARLIEST - 1}, 3))"


def milliseconds() -> str:
    """Return the expression of a record's event time in milliseconds since 1970, null if there is none."""
    found = f"EXTRACT(EPOCH FROM `{TIME}`) * 1000 + EXTRACT(MILLISECOND FROM `{TIME}`)"
    return f"CASE WHEN `{TIME}` >= TO_TIMESTAMP_LTZ({values.EARLIEST}, 3) THEN {found} END"


def _event_ms(column: Field) -> str:
    """Return the same, made from the record's text."""
    text = _plain_of(column)
    if column.family != "timestamp":
        found = f"CASE WHEN REGEXP({_token_of(column)}, '^-?[0-9]+$') THEN TRY_CAST({text} AS BIGINT) END"
        return f"CASE WHEN {found} BETWEEN {values.EARLIEST} AND {values.LATEST} THEN {found} END"

    def number(pattern: str, group: int = 1) -> str:
        return f"COALESCE(TRY_CAST(REGEXP_EXTRACT({text}, {literal(pattern)}, {group}) AS BIGINT), 0)"

    offset = "^.{16}[0-9:.]*[+-]([0-9]{2}):?([0-9]{2})?$"
    sign = f"CASE WHEN REGEXP({text}, '^.{{16}}[0-9:.]*-') THEN 1 ELSE -1 END"
    fraction = f"RPAD(REGEXP_EXTRACT({text}, '[.]([0-9]{{1,3}})', 1), 3, '0')"
    seconds = (
        f"EXTRACT(EPOCH FROM CAST({_day(text)} AS TIMESTAMP(0))) + {number('^.{11}([0-9]{2})')} * 3600 + "
        f"({number('^.{14}([0-9]{2})')} + {sign} * ({number(offset)} * 60 + {number(offset, 2)})) * 60 + "
        f"{number('^.{16}:([0-9]{2})')}"
    )
    found = f"({seconds}) * 1000 + COALESCE(TRY_CAST({fraction} AS BIGINT), 0)"
    # No number is spelt so.
    valid = _is_whole(text, values.TIMESTAMP)
    within = f"{found} BETWEEN {values.EARLIEST} AND {values.LATEST}"
    return f"CASE WHEN {valid} AND {within} THEN {found} END"


def is_only_object() -> str:
    """Return the condition that a record is one JSON object: Flink reads the first value and ignores what follows.

    So the record is followed by its own text in an array, which no part of a text can be, as JSON spells it.
    """
    followed = f"'[' || `{TEXT}` || ',' || JSON_STRING(`{TEXT}`) || ']'"
    return (
        f"`{TEXT}` NOT LIKE '%\ufffd%' AND REGEXP(`{TEXT}`, '^\\s*[{{]') AND JSON_VALUE({followed}, '$[1]') = `{TEXT}`"
    )


def reasons(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield the conditions on which a record is rejected, each with the reason; the first one counts."""
    yield f"`{TEXT}` LIKE '%\ufffd%'", values.NOT_UTF8
    yield f"`{ONLY}` IS NOT TRUE", values.NOT_JSON
    for column in plan.columns:
        found, missing = value(column, plan), _is_missing(column)
        if column.name == plan.event_time:
            yield missing, f"{column.name}: missing, but the event time"
        elif column.name in plan.keys:
            yield missing, f"{column.name}: missing, but part of the key"
        elif column.required:
            yield missing, f"{column.name}: missing, but required"
        yield f"{found} IS NULL AND NOT ({missing})", f"{column.name}: is not {values.article(column.type)}"
        for condition, sentence in _constraints(column, found):
            yield condition, f"{column.name}: {sentence}"


def _constraints(column: Field, found: str) -> Iterator[tuple[str, str]]:
    for bound, sign, sentence in (
        (column.minimum, "<", "is below the minimum"),
        (column.maximum, ">", "is above the maximum"),
        (column.exclusive_minimum, "<=", "is not above"),
        (column.exclusive_maximum, ">=", "is not below"),
    ):
        if bound is not None:
            yield f"{found} {sign} {_bound(bound, column)}", f"{sentence} {bound}"
    if column.min_length is not None:
        yield f"CHAR_LENGTH({found}) < {column.min_length}", f"is shorter than {column.min_length} characters"
    if column.max_length is not None:
        yield f"CHAR_LENGTH({found}) > {column.max_length}", f"is longer than {column.max_length} characters"
    if column.enum is not None:
        allowed = ", ".join(_bound(item, column) for item in column.enum)
        yield f"{found} NOT IN ({allowed})", f"is not one of {', '.join(str(item) for item in column.enum)}"


def _bound(bound: Any, column: Field) -> str:
    if column.family in ("float", "double"):
        return f"CAST('{bound!r}' AS DOUBLE)"
    return literal(bound) if isinstance(bound, str) else str(bound).upper()

"""From text to typed values, strictly: null means that something is not a value of the type."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from pyspark.errors import AnalysisException
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType

from lake_curation.columns import CORRUPT, schema
from lake_curation.nested import Shape, with_parts
from lake_curation.plan import INTEGERS, NESTED, TEMPORAL, Field

JSON_OPTIONS = {
    "columnNameOfCorruptRecord": CORRUPT,
    "allowNonNumericNumbers": "false",
    "allowSingleQuotes": "false",
}

_NUMBERS = (*INTEGERS, "float", "double", "decimal")
# Types between which a cast makes up a value: a number becomes a time as the seconds since 1970, true becomes 1.
_UNRELATED = {
    **dict.fromkeys(_NUMBERS, ("boolean", *TEMPORAL)),
    **dict.fromkeys(TEMPORAL, ("boolean", *_NUMBERS)),
    # 0 and 1 are booleans to many producers.
    "boolean": TEMPORAL,
}

# A cast alone takes '3.7' for the bigint 3, '1f' for a double and 'T05:00' for a time of today.
_OFFSET = r"(Z|[+-]\d\d(:?\d\d)?)$"
_DATE = r"\d{4}-\d\d-\d\d"
_PATTERNS = {
    **dict.fromkeys(INTEGERS, r"^[+-]?\d+$"),
    **dict.fromkeys(("float", "double", "decimal"), r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"),
    # What is not base64 is skipped by the function itself.
    "binary": r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
    "date": rf"^{_DATE}$",
    "timestamp": rf"^{_DATE}[T ]\d\d:\d\d(:\d\d(\.\d{{1,9}})?)?(Z|[+-]\d\d(:?\d\d)?)?$",
    "timestamp_ntz": rf"^{_DATE}[T ]\d\d:\d\d(:\d\d(\.\d{{1,9}})?)?$",
}


def types(names: Iterable[str]) -> list[DataType]:
    """Return Spark's own form of types."""
    columns = schema((str(number), name) for number, name in enumerate(names))
    return [field.dataType for field in SparkSession.active().createDataFrame([], columns).schema]


def converted(value: Column, found: DataType, column: Field) -> Column:
    """Convert a value of the type `found` to the column's type: null if it does not fit."""
    if column.family not in NESTED:
        return _converted(value, found.simpleString(), column)
    wanted, sent, read = types([column.type, column.sent or column.type, column.json_type])
    if found.simpleString() == "string":
        value, found = _from_json_text(value, column), read
    return with_parts(value, Shape(found, wanted, sent), _part)


def _part(value: Column, found: DataType, wanted: DataType) -> Column:
    return _converted(value, found.simpleString(), Field(name="", source="", type=wanted.simpleString()))


def _converted(value: Column, found: str, column: Field) -> Column:
    if found == column.type:
        return _finite(value) if found in ("float", "double") else value
    if found == "string":
        return _from_text(value, column)
    if found.partition("(")[0] in _UNRELATED.get(column.family, ()) or not castable(found, column.type):
        return F.lit(None).cast(column.type)
    if found == "binary" and column.family == "string":
        return F.when(is_text(value.cast("string")), value.cast("string"))
    if column.family in (*INTEGERS, "boolean", "date"):
        # A cast wraps around, and drops the time of a timestamp; a value that fits survives the way there and back.
        return F.when(value.cast(column.type).cast(found) == value, value.cast(column.type))
    return _finite(value.cast(column.type)) if column.type == "float" else value.cast(column.type)


def _in_zone(text: Column, time: Column, column: Field) -> Column:
    """Take a time that was read as UTC for one of the column's zone, unless its text says another."""
    if not column.time_zone:
        return time
    local = F.to_utc_timestamp(time, column.time_zone)
    if column.format:
        # Letters of DateTimeFormatter that read a zone or an offset.
        return time if re.search("[VzOXxZ]", re.sub("'[^']*'", "", column.format)) else local
    return F.when(text.rlike(_OFFSET), time).otherwise(local)


def is_one_value(text: Column) -> Column:
    """Tell whether a line holds exactly one JSON value: Spark reads the first and ignores what follows."""
    ends_with_first_brace = F.instr(text, "}") == F.length(text)
    return ends_with_first_brace | F.coalesce(json_values(text) == 1, F.lit(False))


def json_values(text: Column) -> Column:
    """Count the JSON values of a line; null if it is anything but values between commas.

    In an array that the line itself ends, as `1] 2` does, Spark ignores the rest: its length does not grow with what is
    put behind the line.
    """
    alone, and_one = (F.json_array_length(F.concat(F.lit("["), text, F.lit(end))) for end in ("]", ",0]"))
    return F.when(and_one == alone + 1, alone)


def is_text(value: Column) -> Column:
    """Tell whether a text is UTF-8, of which Spark's own types do not make sure."""
    return F.decode(value.cast("binary"), "UTF-8") == value


def is_torn(text: Column, delimiter: str) -> Column:
    """Tell whether a line of CSV opens or closes a quote whose other end is in another line.

    A quote within a field, as of inches, is a character.
    """
    odd = (F.length(text) - F.length(F.translate(text, '"', ""))) % 2 == 1
    return odd & text.rlike(rf'(^|\Q{delimiter}\E) *"|" *(\Q{delimiter}\E|$)')


@cache
def castable(found: str, wanted: str) -> bool:
    """Tell whether Spark casts one type to the other at all."""
    try:
        SparkSession.active().range(0).select(F.lit(None).cast(found).cast(wanted))
    except AnalysisException:
        return False
    return True


def _from_text(text: Column, column: Field) -> Column:
    if column.family in ("date", "timestamp") and column.format:
        if column.family == "date":
            return F.to_date(text, column.format)
        return _in_zone(text, F.to_timestamp(text, column.format), column)
    value = F.unbase64(text) if column.family == "binary" else text.cast(column.type)
    if column.family in ("float", "double"):
        value = _finite(value)
    if column.family == "timestamp":
        value = _in_zone(text, value, column)
    return F.when(text.rlike(_PATTERNS[column.family]), value) if column.family in _PATTERNS else value


def _from_json_text(text: Column, column: Field) -> Column:
    # As the value of a field: of a text alone, Spark would make null of a wrong part and say nothing.
    record = F.concat(F.lit('{"value":'), text, F.lit("}"))
    read = F.from_json(record, schema([("value", column.json_type), (CORRUPT, "string")]), JSON_OPTIONS)
    return F.when(read[CORRUPT].isNull() & (json_values(text) == 1), read["value"])


def _finite(value: Column) -> Column:
    return F.when(F.abs(value) < F.lit(float("inf")), value)

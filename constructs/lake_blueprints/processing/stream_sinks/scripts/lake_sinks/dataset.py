"""The dataset of a stream: which columns a record has, and what their values are."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

# Of 1e999999999 nobody should write out the digits; a double has less than this many before or behind its point.
_MOST_DIGITS = 400


class RecordError(ValueError):
    """A record that is no row of the dataset, said without its values."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """The columns that a function takes from records.

    Parameters
    ----------
    name: str
        Name of the dataset.
    types: Mapping of str to str
        Types of the columns, as Glue writes them.
    labels: Mapping of str to str
        Names of the columns for people.
    required: tuple of str
        Columns without which a record is no row.
    """

    name: str
    types: Mapping[str, str]
    labels: Mapping[str, str]
    required: tuple[str, ...]

    @classmethod
    def load(cls) -> Dataset:
        """Return the dataset that was put beside the modules when they were packed."""
        said = json.loads(Path(__file__).with_name("dataset.json").read_text(encoding="utf-8"))
        return cls(**{**said, "required": tuple(said["required"])})

    def row(self, record: Any) -> dict[str, Any]:
        """Return the values of the columns, without those that are null; whatever else a record has is left out.

        Raises
        ------
        RecordError
            If it is no object, lacks a required column, or a value is none of its column's type.
        """
        if not isinstance(record, dict):
            raise RecordError("is no JSON object")
        row = {
            column: _value(column, kind, record[column])
            for column, kind in self.types.items()
            if record.get(column) is not None
        }
        if missing := [column for column in self.required if column not in row]:
            raise RecordError(f"has no value of {', '.join(missing)}")
        return row


def _value(column: str, kind: str, value: Any) -> Any:
    """Return a value as DynamoDB's clients take it; structs, arrays and maps are what they are in JSON."""
    read = _READ.get(re.split(r"[(<]", kind)[0])
    try:
        return read(value) if read else value
    except (ArithmeticError, TypeError, ValueError):
        raise RecordError(f"has a value of {column} that is no {kind}") from None


def _whole(value: Any) -> int:
    number = _number(value)
    if number != number.to_integral_value():
        raise ValueError
    return int(number)


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise TypeError
    number = Decimal(value)
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError
    return number


def _moment(value: Any) -> str:
    """Return a time as ISO 8601 text of one length, which has the order of time."""
    moment = datetime.fromisoformat(value)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _day(value: Any) -> str:
    return date.fromisoformat(value).isoformat()


def _binary(value: Any) -> bytes:
    return base64.b64decode(value, validate=True)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


_READ: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), _whole),
    **dict.fromkeys(("float", "double", "decimal"), _number),
    **dict.fromkeys(("string", "varchar", "char"), _text),
    "timestamp": _moment,
    "date": _day,
    "boolean": _truth,
    "binary": _binary,
}

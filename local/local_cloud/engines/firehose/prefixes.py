"""Prefixes of S3 objects: the expressions that Firehose evaluates in them."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Callable, Mapping
from datetime import datetime

from local_cloud.errors import LocalCloudError

_EXPRESSION = re.compile(r"!\{([^:}]*):([^}]*)\}")
_DEFAULT = "!{timestamp:yyyy/MM/dd/HH/}"
# A run of one letter, text in quotes, or any other text.
_JAVA_PATTERN = re.compile(r"([A-Za-z])\1*|'((?:[^']|'')*)'|[^A-Za-z']+")
_RANDOM_LENGTH = 11

_JAVA: Mapping[str, Callable[[datetime], str]] = {
    "yyyy": lambda time: f"{time.year:04}",
    "uuuu": lambda time: f"{time.year:04}",
    "yy": lambda time: f"{time.year % 100:02}",
    "M": lambda time: str(time.month),
    "MM": lambda time: f"{time.month:02}",
    "MMM": lambda time: f"{time:%b}",
    "MMMM": lambda time: f"{time:%B}",
    "d": lambda time: str(time.day),
    "dd": lambda time: f"{time.day:02}",
    "D": lambda time: str(time.timetuple().tm_yday),
    "DDD": lambda time: f"{time:%j}",
    "E": lambda time: f"{time:%a}",
    "EEE": lambda time: f"{time:%a}",
    "EEEE": lambda time: f"{time:%A}",
    "H": lambda time: str(time.hour),
    "HH": lambda time: f"{time.hour:02}",
    "h": lambda time: str(time.hour % 12 or 12),
    "hh": lambda time: f"{time.hour % 12 or 12:02}",
    "a": lambda time: f"{time:%p}",
    "m": lambda time: str(time.minute),
    "mm": lambda time: f"{time.minute:02}",
    "s": lambda time: str(time.second),
    "ss": lambda time: f"{time.second:02}",
    "SSS": lambda time: f"{time.microsecond // 1000:03}",
}


def format_time(pattern: str, time: datetime) -> str:
    """Format `time` by a pattern of Java's DateTimeFormatter.

    Raises
    ------
    LocalCloudError
        If the pattern has letters that are not known here, such as the week-based year `YYYY`.
    """
    parts = []
    for found in _JAVA_PATTERN.finditer(pattern):
        text = found[0]
        if found[1] is not None:
            if text not in _JAVA:
                raise LocalCloudError(f"{text!r} in the timestamp pattern {pattern!r} is not known: {', '.join(_JAVA)}")
            parts.append(_JAVA[text](time))
        elif found[2] is not None:
            parts.append(found[2].replace("''", "'") or "'")
        else:
            parts.append(text)
    return "".join(parts)


def evaluate_prefix(
    prefix: str, time: datetime, *, query_keys: Mapping[str, str], lambda_keys: Mapping[str, str]
) -> str:
    """Return the prefix of an object whose oldest record arrived at `time`."""
    if "!{timestamp:" not in prefix:
        prefix += _DEFAULT
    return _evaluate(prefix, time, {"partitionKeyFromQuery": query_keys, "partitionKeyFromLambda": lambda_keys})


def evaluate_error_prefix(prefix: str, time: datetime, kind: str) -> str:
    """Return the prefix of an object with failed records of one kind."""
    if "!{" not in prefix:
        prefix += "!{firehose:error-output-type}/" + _DEFAULT
    return _evaluate(prefix, time, {"firehose": {"error-output-type": kind}})


def _evaluate(prefix: str, time: datetime, values: Mapping[str, Mapping[str, str]]) -> str:
    def value(found: re.Match[str]) -> str:
        namespace, name = found[1], found[2]
        if namespace == "timestamp":
            return format_time(name, time)
        if (namespace, name) == ("firehose", "random-string"):
            return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(_RANDOM_LENGTH))
        try:
            return values[namespace][name]
        except KeyError:
            raise LocalCloudError(f"the expression {found[0]} of the prefix {prefix!r} has no value") from None

    return _EXPRESSION.sub(value, prefix)


def partition_keys(prefix: str, namespace: str) -> set[str]:
    """Return the names of the keys that a prefix takes from one namespace."""
    return {found[2] for found in _EXPRESSION.finditer(prefix) if found[1] == namespace}

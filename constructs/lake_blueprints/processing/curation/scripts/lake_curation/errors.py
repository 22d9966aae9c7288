"""The one error that a user sees."""

from __future__ import annotations

from typing import Any


class CurateError(Exception):
    """The run cannot go on; the message says why in one line."""


def cause_of(error: Exception) -> str:
    """Return the first cause of an error in Spark, in words; nothing if the error is not Spark's."""
    cause: Any = getattr(error, "java_exception", None)
    while cause is not None and cause.getCause() is not None:
        cause = cause.getCause()
    return "" if cause is None else str(cause.toString())

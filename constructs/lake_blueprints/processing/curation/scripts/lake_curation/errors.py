"""The one error that a user sees."""

from __future__ import annotations


class CurateError(Exception):
    """The run cannot go on; the message says why in one line."""

"""Errors of the erasure job; none of them says a key."""

from __future__ import annotations


class ErasureError(Exception):
    """Erasure that cannot go on, or is not complete."""


class UnreadableError(Exception):
    """An object in which nobody can look for a key."""

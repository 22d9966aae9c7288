"""Errors of a load."""

from __future__ import annotations


class LoadError(Exception):
    """A table that cannot be loaded as it is."""

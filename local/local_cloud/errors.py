"""Errors of the local cloud."""

from __future__ import annotations

from botocore.exceptions import ClientError


class LocalCloudError(Exception):
    """The local cloud cannot do what was asked; the message says why and what to do."""


def without_values(error: BaseException) -> str:
    """Return what may be logged of an error: of an engine's only its kind, as its message may quote the data."""
    told = isinstance(error, LocalCloudError | ClientError)
    return f"{type(error).__name__}: {error}" if told else type(error).__name__

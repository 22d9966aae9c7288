"""Masked copies of restricted columns."""

from __future__ import annotations

from enum import StrEnum

# What a redacted text becomes, and how long a hash is: SHA-256 in hexadecimal digits.
REDACTED = "***"
HASH_LENGTH = 64


class Masking(StrEnum):
    """Masking of a restricted column in the analytics zone."""

    REDACT = "redact"
    """Text becomes `***`, a missing one as well; everything else becomes null."""
    HASH = "hash"
    """The value becomes a keyed hash with a salt of the lake, so that it can still be joined and counted."""
    DROP = "drop"
    """The column is left out."""
    NONE = "none"
    """It is kept as it is: the contract's owner says that this may be."""

"""Versions of contracts, and which one a change needs."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import NamedTuple

# Semantic versioning, where a contract may leave out what is zero: https://semver.org
_VERSION = re.compile(r"v?(\d+)(?:\.(\d+)(?:\.(\d+)(?:[-+][0-9A-Za-z.+-]+)?)?)?")


class Bump(IntEnum):
    """The part of a version that a change raises at least."""

    PATCH = 1
    """It is in the words only."""
    MINOR = 2
    """Consumers of the data do not notice."""
    MAJOR = 3
    """Consumers of the data have to act."""


class Version(NamedTuple):
    """A semantic version; what follows its three numbers does not count."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return ".".join(map(str, self))

    @classmethod
    def parse(cls, text: str) -> Version | None:
        """Read a version; None if it is not semantic."""
        found = _VERSION.fullmatch(text.strip())
        return cls(*(int(part or 0) for part in found.groups())) if found else None

    def next(self, bump: Bump) -> Version:
        """Return the lowest version that such a change may have."""
        if bump is Bump.MAJOR:
            return Version(self.major + 1, 0, 0)
        return Version(self.major, self.minor + 1, 0) if bump is Bump.MINOR else self._replace(patch=self.patch + 1)

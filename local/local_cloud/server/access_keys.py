"""Access keys: the one that a local cloud draws at its start, and those that it gives to what it runs."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_CHARACTERS = string.ascii_uppercase + "234567"


@dataclass(frozen=True, kw_only=True)
class AccessKey:
    """An access key id and its secret."""

    id: str
    secret: str = field(repr=False)

    @classmethod
    def draw(cls) -> AccessKey:
        """Return a key that cannot be guessed: its secret has 240 random bits."""
        # 20 characters, as AWS's have, but not the prefix of one: scanners for leaked keys would report it.
        drawn = "".join(secrets.choice(_CHARACTERS) for _ in range(15))
        return cls(id=f"LOCAL{drawn}", secret=secrets.token_hex(30))

    @property
    def variables(self) -> dict[str, str]:
        return {"AWS_ACCESS_KEY_ID": self.id, "AWS_SECRET_ACCESS_KEY": self.secret}

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of `boto3.client` that sign with this key."""
        return {"aws_access_key_id": self.id, "aws_secret_access_key": self.secret}


def _none(_: str) -> str | None:
    return None


class AccessKeys:
    """The access keys that one cloud takes.

    Parameters
    ----------
    any_credentials: bool
        Whether unknown keys are taken too, with any signature. By default they are not.
    issued: Callable[[str], str | None], optional
        Returns the secret of a key that IAM or STS of this cloud has issued. By default there are none.
    """

    def __init__(self, *, any_credentials: bool = False, issued: Callable[[str], str | None] = _none) -> None:
        self.own = AccessKey.draw()
        self.any_credentials = any_credentials
        self._issued = issued
        self._aliases: set[str] = set()

    def alias(self, key_id: str) -> AccessKey:
        """Return a key with an id of its own, by which requests are attributed, and this cloud's secret."""
        self._aliases.add(key_id)
        return AccessKey(id=key_id, secret=self.own.secret)

    def forget(self, alias: AccessKey) -> None:
        self._aliases.discard(alias.id)

    def secret(self, key_id: str) -> str | None:
        """Return the secret of a key; None if this cloud does not know the key."""
        if key_id == self.own.id or key_id in self._aliases:
            return self.own.secret
        return self._issued(key_id)

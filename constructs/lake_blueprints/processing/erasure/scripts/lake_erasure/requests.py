"""Requests for erasure: small objects of a private prefix, with the keys, which the run removes at its end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import boto3
from lake_curation.storage import Location

from lake_erasure.errors import ErasureError
from lake_erasure.versions import Versions, remove, versions_below


@dataclass(frozen=True, kw_only=True)
class Requests:
    """Requests that a run carries out together.

    Parameters
    ----------
    found: sequence of Versions
        The objects, with all their versions.
    keys: list
        The keys of the persons, as JSON has them.
    """

    found: Sequence[Versions]
    keys: list[Any]

    def __repr__(self) -> str:
        return f"Requests({len(self.found)})"

    @classmethod
    def read(cls, location: Location) -> Requests:
        """Read every request that there is.

        Raises
        ------
        ErasureError
            If one is not as it must be; the error says its name and no key.
        """
        client = boto3.client("s3")
        found = [one for one in versions_below(location.bucket, location.prefix) if one.current]
        keys: list[Any] = []
        for one in found:
            assert one.current
            answer = client.get_object(Bucket=location.bucket, Key=one.key, VersionId=one.current.id)
            keys += _keys(one.key.removeprefix(location.prefix), answer["Body"].read())
        return cls(found=found, keys=keys)

    def names(self, location: Location) -> list[str]:
        """Return the names of the requests, below their prefix."""
        return [one.key.removeprefix(location.prefix) for one in self.found]

    def remove(self) -> None:
        """Remove the requests, with all versions of them; the current one last."""
        client = boto3.client("s3")
        for one in self.found:
            remove(client, one.bucket, sorted(one.all, key=lambda version: version.latest))


def _keys(name: str, content: bytes) -> list[Any]:
    try:
        keys = json.loads(content)["keys"]
    except (ValueError, KeyError, TypeError):
        raise ErasureError(f'the request {name} is not JSON of the form {{"keys": […]}}') from None
    if not isinstance(keys, list) or not keys:
        raise ErasureError(f"the request {name} has no keys; it must be a list of at least one")
    for key in keys:
        if isinstance(key, bool) or not isinstance(key, str | int) or key == "":
            raise ErasureError(f"the request {name} has a key that is neither text nor a whole number")
    return keys

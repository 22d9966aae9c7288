"""Permissions of a function that follows a plan, beside those of every function on a stream."""

from __future__ import annotations

from collections.abc import Iterator

from lake_blueprints.foundation.access import Permission
from lake_blueprints.storage.s3 import Zone
from lake_blueprints.storage.s3 import permissions as objects


def keep_state(zone: Zone, key: str) -> Iterator[Permission]:
    """Read and write the one object of the state; that there is none yet, it learns by listing, as Lambda does."""
    because = "keeps its state"
    yield objects.on_objects(zone, (*objects.GET, "s3:PutObject"), [key], because)
    yield objects.with_key(zone, objects.ENCRYPT, [key], because)

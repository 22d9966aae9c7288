"""Ledgers of the curation jobs that read the records: an object that is rewritten must not be read again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from lake_curation.ledger import REWRITTEN, Ledger
from lake_curation.storage import Location, SourceObject

from lake_erasure.errors import ErasureError
from lake_erasure.versions import Version, Versions


def check_idle(name: str, ledgers: Iterable[str]) -> None:
    """Refuse to work beside the repair of a curation run that was killed: it goes by the files that it has left.

    Raises
    ------
    ErasureError
        With the place.
    """
    for uri in ledgers:
        if Ledger.load(Location(uri)).pending:
            raise ErasureError(f"a run of the curation of {name} was killed; run the curation job to its end first")


def announce(name: str, ledgers: Iterable[str], found: Iterable[Version]) -> None:
    """Note that objects which have been read are going to be rewritten.

    Raises
    ------
    ErasureError
        If one has not been read: its records would get another age, and so another place among the newest.
    """
    versions = list(found)
    for uri in ledgers:
        ledger = Ledger.load(Location(uri))
        if new := [one for one in versions if ledger.is_new(_listed(one))]:
            raise ErasureError(
                f"{len(new)} objects of {name} hold a person and have not been curated; run the curation job first"
            )
        for one in versions:
            ledger.seen[one.key] = [REWRITTEN, datetime.now(UTC).isoformat()]
        if versions:
            ledger.save(Location(uri))


def note(ledgers: Iterable[str], listed: Iterable[Versions], replaced: Mapping[str, Any]) -> None:
    """Note the announced objects as they are now; a run that was killed may have replaced them."""
    found = {one.key: [one.current.etag, one.current.modified.isoformat()] for one in listed if one.current}
    found |= {key: [version["etag"], version["modified"]] for key, version in replaced.items()}
    for uri in ledgers:
        ledger = Ledger.load(Location(uri))
        announced = [key for key, (etag, _) in ledger.seen.items() if etag == REWRITTEN]
        for key in announced:
            ledger.seen[key] = found.get(key, [])
        ledger.seen = {key: entry for key, entry in ledger.seen.items() if entry}
        if announced:
            ledger.save(Location(uri))


def _listed(one: Version) -> SourceObject:
    return SourceObject(key=one.key, etag=one.etag, size=one.size, modified=one.modified.isoformat())

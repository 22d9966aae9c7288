"""The ledger: which objects have been read, and the batch that is being worked on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from lake_curation.storage import Location, SourceObject

# An object is new if it was modified after the watermark minus this, and is not in the ledger with its ETag.
# S3 dates a multipart upload from its start, so an object may appear this much later than its date says.
LOOK_BACK = timedelta(days=2)
BATCH_OBJECTS = 20_000
DOCUMENT = "ledger.json"
# In place of an ETag: the object was read, and the erasure job is replacing it by what is left of it.
REWRITTEN = "rewritten"


@dataclass(frozen=True, kw_only=True)
class Batch:
    """The objects of one unit of work, or the folders of the quarantine that it goes through again."""

    identity: str
    objects: list[SourceObject]
    replayed: list[str] = field(default_factory=list)
    redone: bool = False


@dataclass
class Ledger:
    """One small JSON document, replaced as a whole with each step.

    `pending` is written before a batch is worked on and removed when it is done. A run that finds one knows that
    the run before was killed, and which objects it had in hand.
    `replayed` are folders of the quarantine whose records are in the table or in quarantine again: nothing remains but
    to delete them. `etag` is that of the document, so that no run writes over what another has noted.
    """

    watermark: str = ""
    seen: dict[str, list[str]] = field(default_factory=dict)
    pending: dict[str, Any] | None = None
    replayed: list[str] = field(default_factory=list)
    etag: str | None = None

    @classmethod
    def load(cls, state: Location) -> Ledger:
        document, etag = state.find(DOCUMENT) or ("{}", None)
        known = {item.name for item in fields(cls)}
        # What earlier versions have noted of the table's files is of no use any more.
        noted = {name: value for name, value in json.loads(document).items() if name in known}
        return cls(**noted, etag=etag)

    def save(self, state: Location) -> None:
        """Replace the document; raise CurateError if another run has."""
        document = asdict(self)
        del document["etag"]
        self.etag = state.replace(DOCUMENT, document, self.etag)

    def waiting(self, listed: Iterable[SourceObject]) -> list[SourceObject]:
        """Return the objects that a killed run had in hand, and those that are new."""
        in_hand = set((self.pending or {}).get("keys", ()))
        return [item for item in listed if item.key in in_hand or self.is_new(item)]

    def next_batch(self, listed: Iterable[SourceObject]) -> Batch:
        """Return the batch that a killed run has left, else the oldest new objects."""
        if self.pending:
            # What has replaced one of its objects is new: only the content that was in hand may count as read.
            etags = self.pending.get("etags", {})
            keys = set(self.pending["keys"])
            objects = [item for item in listed if item.key in keys and etags.get(item.key, item.etag) == item.etag]
            return Batch(
                identity=self.pending["batch"],
                objects=objects,
                replayed=self.pending.get("replayed", []),
                redone=True,
            )
        new = sorted((item for item in listed if self.is_new(item)), key=lambda item: (item.modified, item.key))
        objects = new[:BATCH_OBJECTS]
        return Batch(identity=_identity([(item.key, item.etag) for item in objects]), objects=objects)

    def replay(self, folders: list[str]) -> Batch:
        """Return the batch of what folders of the quarantine hold."""
        return Batch(identity=_identity(folders), objects=[], replayed=folders)

    def begin(self, batch: Batch) -> None:
        """Note the batch."""
        etags = {item.key: item.etag for item in batch.objects}
        self.pending = {"batch": batch.identity, "keys": [*etags], "etags": etags, "replayed": batch.replayed}

    def finish(self, objects: Iterable[SourceObject], replayed: Iterable[str] = ()) -> None:
        """Count the objects as read, and forget what is older than the look-back; folders that were replayed can go."""
        self.replayed = list(replayed)
        for item in objects:
            self.seen[item.key] = [item.etag, item.modified]
            self.watermark = max(self.watermark, item.modified)
        self.seen = {key: entry for key, entry in self.seen.items() if entry[1] >= self._horizon()}
        self.pending = None

    def is_new(self, item: SourceObject) -> bool:
        return item.modified >= self._horizon() and self.seen.get(item.key, [""])[0] not in (item.etag, REWRITTEN)

    def _horizon(self) -> str:
        return (datetime.fromisoformat(self.watermark) - LOOK_BACK).isoformat() if self.watermark else ""


def _identity(parts: list[Any]) -> str:
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:8]
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{digest}"

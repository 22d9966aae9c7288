"""The account of a batch, in which every record appears once."""

from __future__ import annotations

from dataclasses import dataclass, field

from lake_curation.errors import CurateError


@dataclass(kw_only=True)
class BatchCounts:
    """Counts of the records that one run read, curated, quarantined and dropped as duplicates.

    An object that cannot be read counts as one record that is read and quarantined; `quarantined_objects` says how
    many of those quarantined are objects. `masked` counts the curated records again, in the masked copy; None if
    there is no copy.
    """

    read: int = 0
    curated: int = 0
    duplicates: int = 0
    filtered: int = 0
    quarantined: int = 0
    quarantined_objects: int = 0
    masked: int | None = None
    reasons: dict[str, int] = field(default_factory=dict)

    def check(self) -> None:
        """Compare what was counted while parsing with what is in the table; raise CurateError if they differ."""
        parts = self.curated + self.duplicates + self.filtered + self.quarantined
        if self.read != parts:
            raise CurateError(
                f"{self.read} records read, but {self.curated} curated, {self.duplicates} duplicates, "
                f"{self.filtered} filtered and {self.quarantined} quarantined make {parts}"
            )
        if self.masked is not None and self.masked != self.curated:
            raise CurateError(f"{self.curated} records curated, but the masked copy has {self.masked} of them")

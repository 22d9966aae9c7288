"""Curation of change records."""

from __future__ import annotations

from dataclasses import replace

from lake_blueprints.catalog.landing import Landing
from lake_blueprints.foundation.arguments import checked_function
from lake_blueprints.processing.curation.newest import Newest
from lake_blueprints.processing.curation.plan import Curation


@checked_function
def merge_changes(landing: Landing, curation: Curation | None = None) -> Curation:
    """Return a curation that merges the change records of a landing by primary key.

    The column that orders the changes stays in the table, which tells late ones by it.

    Parameters
    ----------
    landing: Landing
        Change records, such as `replication.landing(dataset)`.
    curation: Curation, optional
        Further curation of the rows. By default there is none.

    Raises
    ------
    ValueError
        If the records are no changes, or the curation has a `keep` of its own.

    Example
    -------
        >>> landing = replication.landing(contract["flights"])
        >>> curation = merge_changes(landing)
        >>> table = IcebergTable(self, "Flights", database=database, dataset=curation.curated(landing.dataset))
        >>> CurationJob(self, "CurateFlights", source=landing, target=table, curation=curation)
    """
    if landing.envelope is None:
        raise ValueError(
            f"'landing' is '{landing.prefix}', whose records are rows and no changes; leave merge_changes out"
        )
    curation = curation or Curation()
    if curation.keep:
        raise ValueError("'curation.keep' is what merge_changes sets; leave it out")
    envelope = landing.envelope
    return replace(
        curation,
        keep=Newest(by=envelope.order, deleted=envelope.deleted),
        drop=[*curation.drop, *(name for name in envelope.dropped if name not in curation.drop)],
    )


def check_changes(landing: Landing, curation: Curation) -> None:
    """Refuse change records that a curation would take for rows.

    Raises
    ------
    ValueError
        If the curation keeps the first record of a key.
    """
    if landing.envelope and not curation.keep:
        raise ValueError(
            f"'source' is the landing '{landing.prefix}', whose records are changes; "
            "use curation=merge_changes(landing)"
        )

"""Records of a dataset in a zone, as what brings them there describes them to what reads them."""

from __future__ import annotations

from dataclasses import dataclass

from lake_blueprints.catalog.layout import Layout
from lake_blueprints.contracts import Dataset, DatasetFormat
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.storage.s3 import Zone


@checked
@dataclass(frozen=True, kw_only=True)
class Envelope:
    """Columns that change records have beside those of the contract, and how they change the rows of a table.

    Parameters
    ----------
    order: str
        Column by which the changes of a row are older or newer; the table needs it to tell late ones.
    deleted: str, optional
        Spark SQL condition under which a record deletes the row of its key. By default none does.
    dropped: tuple of str
        Columns that say nothing any more once the change is made. By default none.
    """

    order: str
    deleted: str | None = None
    dropped: tuple[str, ...] = ()


@checked
@dataclass(frozen=True, kw_only=True)
class Landing:
    """Records of a dataset below a prefix of a zone: what an ingestion writes and a `CurationJob` reads.

    Parameters
    ----------
    zone: Zone
        Zone of the records.
    prefix: str
        Prefix of the records, ending in a slash.
    dataset: Dataset
        Contract of the records, with the format in which they lie there.
    layout: Layout
        Folders below the prefix.
    envelope: Envelope, optional
        Form of the change records, if they are some; `merge_changes` makes a curation of it. By default each record is
        a row.

    Example
    -------
        >>> flights = contract["flights"]
        >>> landing = Landing(zone=raw, prefix="uploads/", dataset=flights, layout=Unpartitioned())
        >>> CurationJob(self, "CurateFlights", source=landing, target=database.add_iceberg_table(flights))
    """

    zone: Zone
    prefix: str
    dataset: Dataset
    layout: Layout
    envelope: Envelope | None = None

    @property
    def format(self) -> DatasetFormat:
        """The format of the files."""
        return self.dataset.format

    @property
    def uri(self) -> str:
        """The URI of the prefix."""
        return self.zone.uri(self.prefix)

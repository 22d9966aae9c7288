"""Input channels of a training job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lake_blueprints.catalog import Table
from lake_blueprints.catalog.catalog_table import CatalogTable
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.orchestration import SnapshotExport
from lake_blueprints.storage.s3 import Zone


@checked
@dataclass(frozen=True, kw_only=True)
class InputChannel:
    """A prefix of the lake that SageMaker copies to `/opt/ml/input/data/<name>` before training starts.

    Parameters
    ----------
    table: Table, optional
        A table, whose data is copied. Either this, `export`, or `zone` and `prefix`.
    zone: Zone, optional
        A zone.
    prefix: str, optional
        Start of the keys, ending in a slash: `features/`.
    export: SnapshotExport, optional
        A step `Export`, earlier in the pipeline, whose files are copied; the model's package then says of which table
        and snapshot it was made, and by which version of the contract.
    content_type: str
        Media type of the objects. By default Parquet's, `application/x-parquet`.
    restricted: bool
        Whether the model may learn from restricted columns. By default a table that has some is refused, and nothing
        restricted is read from a zone.

    Raises
    ------
    ValueError
        If not exactly one source is given, the prefix is not a folder, or the table has restricted columns that may
        not be read.

    Example
    -------
        >>> InputChannel(table=flights)
        >>> InputChannel(zone=analytics, prefix="features/")
        >>> InputChannel(export=export)
    """

    table: Table | None = None
    zone: Zone | None = None
    prefix: str | None = None
    export: SnapshotExport | None = None
    content_type: str = "application/x-parquet"
    restricted: bool = False

    def __post_init__(self) -> None:
        if sum(source is not None for source in (self.table, self.zone, self.export)) != 1:
            raise ValueError("a channel reads either a 'table', an 'export', or a 'zone' with a 'prefix'")
        if self.zone is None and self.prefix is not None:
            raise ValueError(f"a channel of a table or an export reads all of it; got 'prefix' '{self.prefix}' as well")
        if self.zone is not None and not (self.prefix and self.prefix.endswith("/")):
            raise ValueError(f"'prefix' must name a folder and end in '/', got {self.prefix!r}")
        if (table := self.origin) is not None:
            table.require_unmasked_access(self.restricted)

    @property
    def origin(self) -> CatalogTable | None:
        """The table that is read, itself or as an export; none of a zone."""
        return self.export.table if self.export is not None else self.table

    @property
    def source(self) -> tuple[Zone, str]:
        """The zone, and the prefix in it."""
        if self.table is not None:
            return self.table.zone, self.table.prefix
        if self.export is not None:
            return self.export.zone, self.export.prefix
        assert self.zone is not None and self.prefix is not None
        return self.zone, self.prefix

    def render(self, name: str) -> dict[str, Any]:
        """Return the channel as CreateTrainingJob takes it."""
        zone, prefix = self.source
        location = {"S3Uri": zone.uri(prefix)}
        if self.export is not None:
            location = {"S3Uri.$": f"{self.export.output_path}.location"}
        return render_channel(name, location) | {"ContentType": self.content_type}

    def lineage(self, name: str) -> dict[str, str]:
        """Return what a model package says of the channel: nothing, unless an export pins it."""
        if self.export is None:
            return {}
        path = self.export.output_path
        return {
            f"{name}.table.$": f"States.Format('{{}}.{{}}', {path}.database, {path}.table)",
            f"{name}.snapshot.$": f"{path}.snapshot",
            f"{name}.contract.$": f"States.Format('{{}} {{}}', {path}.contract.dataset, {path}.contract.version)",
        }


def render_channel(name: str, location: dict[str, str]) -> dict[str, Any]:
    """Return a channel that each instance copies in full."""
    source = {"S3DataType": "S3Prefix", **location, "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "InputMode": "File", "DataSource": {"S3DataSource": source}}

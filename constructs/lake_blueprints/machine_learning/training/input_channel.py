"""Input channels of a training job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lake_blueprints.catalog import Table
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.storage.s3 import Zone


@checked
@dataclass(frozen=True, kw_only=True)
class InputChannel:
    """A prefix of the lake that SageMaker copies to `/opt/ml/input/data/<name>` before training starts.

    Parameters
    ----------
    table: Table, optional
        A table, whose data is copied. Either this or `zone` and `prefix`.
    zone: Zone, optional
        A zone.
    prefix: str, optional
        Start of the keys, ending in a slash: `features/`.
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
    """

    table: Table | None = None
    zone: Zone | None = None
    prefix: str | None = None
    content_type: str = "application/x-parquet"
    restricted: bool = False

    def __post_init__(self) -> None:
        if (self.table is None) == (self.zone is None):
            raise ValueError("a channel reads either a 'table' or a 'zone' with a 'prefix'")
        if self.table is not None and self.prefix is not None:
            raise ValueError(f"a channel of a table reads all of it; got 'prefix' '{self.prefix}' as well")
        if self.zone is not None and not (self.prefix and self.prefix.endswith("/")):
            raise ValueError(f"'prefix' must name a folder and end in '/', got {self.prefix!r}")
        if self.table is not None:
            self.table.require_unmasked_access(self.restricted)

    @property
    def source(self) -> tuple[Zone, str]:
        """The zone, and the prefix in it."""
        if self.table is not None:
            return self.table.zone, self.table.prefix
        assert self.zone is not None and self.prefix is not None
        return self.zone, self.prefix

    def render(self, name: str) -> dict[str, Any]:
        """Return the channel as CreateTrainingJob takes it."""
        zone, prefix = self.source
        return render_channel(name, zone.uri(prefix)) | {"ContentType": self.content_type}


def render_channel(name: str, uri: str) -> dict[str, Any]:
    """Return a channel that each instance copies in full."""
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "InputMode": "File", "DataSource": {"S3DataSource": source}}

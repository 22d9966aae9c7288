"""Tables of a database and where their data lies."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from constructs import Construct


class Access(Enum):
    """Access to catalog entries: reading or adding data by any engine, or the calls of one kind of service."""

    READ = auto()
    WRITE = auto()
    # Jobs, which find files by themselves: look a table up; also keep its partitions.
    DESCRIBE = auto()
    MANAGE_PARTITIONS = auto()
    # Deliveries, which convert records: what the columns are.
    SCHEMA = auto()
    # Iceberg tables, whose entry points to their metadata: read it; put another one in its place; delete rows as well.
    READ_ICEBERG = auto()
    COMMIT = auto()
    MAINTAIN = auto()


_ICEBERG = {Access.READ: Access.READ_ICEBERG, Access.WRITE: Access.COMMIT}


@dataclass(frozen=True, kw_only=True)
class TableLocation:
    """Tables of a database whose data lies below a prefix of a zone.

    Parameters
    ----------
    prefix: str
        Where the data lies.
    tables: str
        Name of the table, or the names that a crawler gives, as IAM writes them: `reference_*`.
    described_by: Construct, optional
        What defines the table. By default a crawler will.
    restricted: tuple of str
        The table's restricted columns. By default none.
    iceberg: bool
        Whether it is an Iceberg table, which has no partitions in the catalog. By default it is not.
    """

    prefix: str
    tables: str
    described_by: Construct | None = None
    restricted: tuple[str, ...] = ()
    iceberg: bool = False

    def concerns(self, prefix: str | None) -> bool:
        """Whether someone with access to `prefix` has access to some of the data."""
        return not prefix or self.prefix.startswith(prefix) or prefix.startswith(self.prefix)

    def using(self, access: Access) -> Access:
        """Return the access to this entry of someone who has an access to the data."""
        return _ICEBERG.get(access, access) if self.iceberg else access


EVERY_TABLE = TableLocation(prefix="", tables="*")

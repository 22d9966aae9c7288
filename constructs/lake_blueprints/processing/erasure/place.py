"""One place in which an erasure job looks for persons."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aws_cdk import Token

from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.foundation.encryption import HashSalt
from lake_blueprints.storage.s3 import LakeBucket, Zone


@dataclass(frozen=True, kw_only=True)
class Place:
    """Objects below a prefix, or a table; `describe` returns what the script reads.

    Parameters
    ----------
    kind: str
        `records`, `quarantine`, `parquet`, `iceberg` or `objects`.
    storage: Zone or LakeBucket
        Where it is.
    prefix: str
        Where in the storage.
    subjects: tuple
        Paths and types of the values that name a person.
    format, delimiter: str
        Of records.
    table: IcebergTable, optional
        The table.
    salt: HashSalt, optional
        What the values are hashed with.
    ledgers: tuple of (Zone, str)
        Where curation jobs keep what they have read.
    """

    kind: str
    storage: Zone | LakeBucket
    prefix: str
    subjects: tuple[tuple[tuple[str, ...], str], ...]
    format: str = ""
    delimiter: str = ","
    table: IcebergTable | None = None
    salt: HashSalt | None = None
    ledgers: tuple[tuple[Zone, str], ...] = field(default=())

    @property
    def name(self) -> str:
        """Name in the report and in messages."""
        return f"{self.kind} {self.storage.node.path}/{self.prefix}"

    def describe(self) -> dict[str, Any]:
        """Return the place as the script reads it."""
        described = {
            "name": self.name,
            "kind": self.kind,
            "uri": self.storage.uri(self.prefix),
            "subjects": self.subjects,
            "format": self.format,
            "delimiter": self.delimiter,
            "salt": self.salt.secret_arn if self.salt else None,
            "ledgers": [zone.uri(prefix) for zone, prefix in self.ledgers],
            "database": self.table.database.database_name if self.table else None,
            "table": self.table.table_name if self.table else None,
        }
        return {name: value for name, value in described.items() if value}

    def overlaps(self, other: Place) -> bool:
        """Whether an object may be in both."""
        if self.storage.bucket is not other.storage.bucket or Token.is_unresolved([self.prefix, other.prefix]):
            return False
        return self.prefix.startswith(other.prefix) or other.prefix.startswith(self.prefix)

"""The places in which a person is looked for, as the construct describes them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, kw_only=True)
class Place:
    """Objects below a prefix, or a table.

    Parameters
    ----------
    name: str
        For the report.
    kind: str
        `records`, `quarantine`, `parquet`, `iceberg`, or `objects`, which are removed as a whole.
    uri: str
        `s3://bucket/prefix/`.
    subjects: list
        Paths of the values that name a person, each with its type: `[["buyer", "id"], "bigint"]`.
    format: str
        Format of records: json, csv or parquet.
    delimiter: str
        Separator of CSV fields.
    salt: str
        Secret with which the values are hashed. By default they are not.
    ledgers: list of str
        Where the ledgers of the curation jobs lie that read the records.
    database, table: str
        Names of an Iceberg table.
    """

    name: str
    kind: str
    uri: str
    subjects: list[tuple[list[str], str]] = field(default_factory=list)
    format: str = ""
    delimiter: str = ","
    salt: str = ""
    ledgers: list[str] = field(default_factory=list)
    database: str = ""
    table: str = ""

    @property
    def bucket(self) -> str:
        return urlsplit(self.uri).netloc

    @property
    def prefix(self) -> str:
        return urlsplit(self.uri).path.lstrip("/")


def parse(text: str) -> list[Place]:
    """Read the job's argument."""
    return [Place(**document) for document in json.loads(text)]

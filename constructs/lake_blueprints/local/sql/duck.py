"""DuckDB sessions that read and write the local cloud's S3."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import duckdb_extension_httpfs

from lake_blueprints.local.runtime import Runtime

# Loaded by path: INSTALL would ask the network.
HTTPFS = next(Path(duckdb_extension_httpfs.__file__).parent.rglob("httpfs.duckdb_extension"))

# Parquet prefetching must stay on: without it DuckDB reads ahead in 1 MB steps, and a query on one column
# of a 6.7 MB file fetched 7.6 MB instead of 20 kB. `force_download` would always fetch whole files.
SETTINGS = (
    "set autoinstall_known_extensions = false",
    "set TimeZone = 'UTC'",
    # 7 / 2 is 3, as in Trino and Redshift.
    "set integer_division = true",
    "set threads = 2",
    "set memory_limit = '1GB'",
    "set preserve_insertion_order = true",
)


class Session:
    """One DuckDB connection whose S3 requests are signed by an access key id of its own, under a role if one is given.

    The server meters what it sends per access key id, so `bytes_read` is what this session's statements
    really fetched: with Parquet, the footers and the column chunks that were needed.
    """

    def __init__(self, runtime: Runtime, region: str, *, role: str | None = None, database: str = ":memory:") -> None:
        self._runtime = runtime
        self._region = region
        self._role = role
        self.connection = duckdb.connect(database)
        self.connection.load_extension(str(HTTPFS))
        spill = runtime.workdir / "duckdb"
        spill.mkdir(parents=True, exist_ok=True)
        for setting in (*SETTINGS, f"set temp_directory = {quote(str(spill))}"):
            self.connection.execute(setting)
        self.meter_afresh()

    def meter_afresh(self) -> None:
        """Sign with a new access key id from now on."""
        user = f"duckdb-{uuid.uuid4().hex}"
        self._access_key_id = self._runtime.recording.key_of(self._role, user) if self._role else user
        self.connection.execute(
            f"""create or replace secret (
                type s3, key_id {quote(self._access_key_id)}, secret 'local', region {quote(self._region)},
                endpoint {quote(urlsplit(self._runtime.endpoint).netloc)}, use_ssl false, url_style 'path'
            )"""
        )

    @property
    def bytes_read(self) -> int:
        return self._runtime.meter.read(self._access_key_id)

    def execute(self, sql: str, parameters: Iterable[Any] = ()) -> duckdb.DuckDBPyConnection:
        return self.connection.execute(sql, list(parameters))

    def schema(self, select: str) -> list[tuple[str, Any]]:
        """Return names and types of the columns of a select."""
        relation = self.connection.sql(select)
        return list(zip(relation.columns, relation.types, strict=True))

    def interrupt(self) -> None:
        self.connection.interrupt()

    def close(self) -> None:
        self.connection.close()


def quote(text: str) -> str:
    """Return `text` as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return `name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def message(error: BaseException) -> str:
    """Return DuckDB's message without what follows it: candidates, and an excerpt of our rewritten statement."""
    return re.split(r"\n\n|\n\tCandidate", str(error), maxsplit=1)[0]

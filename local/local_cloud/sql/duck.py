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

from local_cloud.server.runtime import Runtime

# Loaded by path: INSTALL would ask the network.
HTTPFS = next(Path(duckdb_extension_httpfs.__file__).parent.rglob("httpfs.duckdb_extension"))

# Parquet prefetching must stay on: without it DuckDB reads ahead in 1 MB steps, and a query on one column
# of a 6.7 MB file fetched 7.6 MB instead of 20 kB. `force_download` would always fetch whole files.
SETTINGS = (
    "set TimeZone = 'UTC'",
    "set threads = 2",
    "set memory_limit = '1GB'",
    "set preserve_insertion_order = true",
)
# The last settings of a session: from here on it reaches S3 and its own temporary files, and cannot change that.
LOCKDOWN = (
    "set autoinstall_known_extensions = false",
    "set autoload_known_extensions = false",
    "set allow_community_extensions = false",
    "set allow_persistent_secrets = false",
    # Else a name that is no table is looked up among the variables of this program.
    "set python_enable_replacements = false",
    # Else what follows a question mark in a URI could name another endpoint, and an asterisk other objects.
    "set s3_url_compatibility_mode = true",
    "set allowed_directories = ['s3://']",
    "set enable_external_access = false",
    "set lock_configuration = true",
)


class Session:
    """One DuckDB connection whose S3 requests are signed by an access key id of its own, under a role if one is given.

    The server meters what it sends per access key id, so `bytes_read` is what this session's statements
    really fetched: with Parquet, the footers and the column chunks that were needed.

    Parameters
    ----------
    runtime: Runtime
        The local cloud.
    region: str
        Region by which requests are signed.
    role: str, optional
        Role under which the requests are recorded. By default they are not recorded.
    integer_division: bool
        Whether 7 / 2 is 3, as in Trino and Redshift (the default), or 3.5, as in Spark.
    """

    def __init__(
        self, runtime: Runtime, region: str, *, role: str | None = None, integer_division: bool = True
    ) -> None:
        self._runtime = runtime
        user = f"duckdb-{uuid.uuid4().hex}"
        self._key = runtime.keys.alias(runtime.recording.key_of(role, user) if role else user)
        self.connection = duckdb.connect(":memory:")
        self.connection.load_extension(str(HTTPFS))
        spill = runtime.workdir / "duckdb"
        spill.mkdir(parents=True, exist_ok=True)
        own = (
            f"set integer_division = {str(integer_division).lower()}",
            f"set temp_directory = {quote(str(spill))}",
        )
        for setting in (*SETTINGS, *own, *LOCKDOWN):
            self.connection.execute(setting)
        self.connection.execute(
            f"""create secret (
                type s3, key_id {quote(self._key.id)}, secret {quote(self._key.secret)}, region {quote(region)},
                endpoint {quote(urlsplit(runtime.endpoint).netloc)}, use_ssl false, url_style 'path'
            )"""
        )

    @property
    def bytes_read(self) -> int:
        return self._runtime.meter.read(self._key.id)

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
        self._runtime.keys.forget(self._key)


def quote(text: str) -> str:
    """Return `text` as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return `name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def message(error: BaseException) -> str:
    """Return DuckDB's message without what follows it: candidates, and an excerpt of our rewritten statement."""
    return re.split(r"\n\n|\n\tCandidate", str(error), maxsplit=1)[0]

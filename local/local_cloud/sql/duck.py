"""DuckDB sessions that read and write the local cloud's S3."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import duckdb
import duckdb_extension_avro
import duckdb_extension_httpfs
import duckdb_extension_iceberg

from local_cloud.iceberg.writing import ATHENA
from local_cloud.server.runtime import Runtime
from local_cloud.server.signatures import SERVICE, BearerToken

LAKE = "lake"
"""Name under which a session that reads Iceberg tables sees the Glue catalog."""
WAREHOUSE = "TableBucketArn"
"""Key of a described table that tells in which table bucket it is, if it is in one."""
_BUCKETS = "buckets"
_ANY: Mapping[str, Any] = MappingProxyType({})


def _extension(package: Any) -> Path:
    # Loaded by path: INSTALL would ask the network.
    return next(Path(package.__file__).parent.rglob("*.duckdb_extension"))


HTTPFS = _extension(duckdb_extension_httpfs)
# In this order: the second needs the first. They take twice the time of all else that opens a session.
_ICEBERG = tuple(map(_extension, (duckdb_extension_avro, duckdb_extension_iceberg)))

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
    database: Path, optional
        File of the database. By default it is in memory.
    """

    def __init__(
        self,
        runtime: Runtime,
        region: str,
        *,
        role: str | None = None,
        integer_division: bool = True,
        database: Path | None = None,
    ) -> None:
        self._runtime = runtime
        self._region = region
        self._database = database
        self._integer_division = integer_division
        user = f"duckdb-{uuid.uuid4().hex}"
        self._key = runtime.keys.alias(runtime.recording.key_of(role, user) if role else user)
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._prepared: list[Callable[[Session], None]] = []
        self.reads_iceberg = False
        self._warehouses: list[str] = []

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection, which is opened by the first statement."""
        if self._connection is None:
            self._connection = self._open()
            for prepare in self._prepared:
                prepare(self)
        return self._connection

    def prepare(self, action: Callable[[Session], None]) -> None:
        """Do something before the first statement, when the session is opened."""
        self._prepared.append(action)

    def need_iceberg(self, described: Mapping[str, Any] = _ANY) -> None:
        """Let the session read and write Iceberg tables of the catalog, as `LAKE`; once it is open it is too late.

        Parameters
        ----------
        described: mapping
            A table, as the catalog returns it; one of a table bucket is known as the bucket's ARN. By default any of
            Glue's own catalog.
        """
        if self._connection is None:
            self.reads_iceberg = True
            if warehouse := described.get(WAREHOUSE):
                self._warehouses.append(warehouse)

    def _open(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(self._database or ":memory:")
        for extension in (HTTPFS, *(_ICEBERG if self.reads_iceberg else ())):
            connection.load_extension(str(extension))
        spill = self._runtime.workdir / "duckdb"
        spill.mkdir(parents=True, exist_ok=True)
        own = [
            f"set integer_division = {str(self._integer_division).lower()}",
            f"set temp_directory = {quote(str(spill))}",
        ]
        if self.reads_iceberg:
            # Its files do not say that they are sorted, so readers do not rely on it.
            own.append("set unsafe_iceberg_ignore_sort_order = true")
        for setting in (*SETTINGS, *own, *LOCKDOWN, self._secret(), *self._lake()):
            connection.execute(setting)
        return connection

    def _secret(self) -> str:
        return f"""create secret (
            type s3, key_id {quote(self._key.id)}, secret {quote(self._key.secret)}, region {quote(self._region)},
            endpoint {quote(urlsplit(self._runtime.endpoint).netloc)}, use_ssl false, url_style 'path'
        )"""

    def _lake(self) -> Iterable[str]:
        if self.reads_iceberg:
            token = BearerToken.text(self._key.id, self._region, self._key.secret)
            endpoint = quote(f"{self._runtime.endpoint}/iceberg")
            for secret, service in ((LAKE, "glue"), (_BUCKETS, "s3tables")):
                headers = f"map {{{quote(ATHENA)}: 'true', {quote(SERVICE)}: {quote(service)}}}"
                yield f"create secret {secret} (type iceberg, token {quote(token)}, extra_http_headers {headers})"
            yield f"attach '{self._runtime.account}' as {LAKE} (type iceberg, endpoint {endpoint}, secret {LAKE})"
            for warehouse in dict.fromkeys(self._warehouses):
                name = identifier(warehouse)
                yield f"attach {quote(warehouse)} as {name} (type iceberg, endpoint {endpoint}, secret {_BUCKETS})"

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
        if self._connection is not None:
            self._connection.interrupt()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
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

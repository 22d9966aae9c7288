"""The command that has buffered data delivered, and says where it went."""

from __future__ import annotations

import gzip
import io
import json
import re
from argparse import Namespace
from collections.abc import Iterator, Set
from dataclasses import dataclass
from posixpath import commonpath
from typing import Any

from local_cloud.cli.session import Session, add_region, service_errors

_BLANKS = re.compile(r"\s*")


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Destination of a delivery stream: the parts of its prefixes before their first expression.

    Of one that delivers to tables, all objects are errors, wherever a table has them go.
    """

    stream: str
    bucket: str
    errors: str | None
    tables: bool

    @classmethod
    def of(cls, stream: str, described: dict[str, Any], *, tables: bool = False) -> Destination:
        errors = described.get("ErrorOutputPrefix")
        return cls(
            stream=stream,
            bucket=described["BucketARN"].rpartition(":")[2],
            errors=errors.partition("!{")[0] if errors else None,
            tables=tables,
        )

    def keys(self, s3: Any) -> set[str]:
        """Return the keys of the objects that the stream has written; their names begin with its own."""
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        found = (item["Key"] for page in pages for item in page.get("Contents", []))
        return {key for key in found if key.rpartition("/")[2].startswith(f"{self.stream}-")}


def add_parsers(commands: Any) -> None:
    """Add the command."""
    text = "have the buffers of Firehose delivered now, and say what was delivered and what went to errors"
    parser = commands.add_parser("drain", help=text, description=text)
    add_region(parser)
    parser.set_defaults(run=_drain)


def _drain(options: Namespace) -> None:
    session = Session.of(options)
    with service_errors():
        s3 = session.client("s3", options.region)
        destinations = list(_destinations(session.client("firehose", options.region)))
        glue = session.client("glue", options.region) if any(one.tables for one in destinations) else None
        before = {one.stream: one.keys(s3) for one in destinations}
        snapshots = set(_commits(glue, s3))
        session.call("POST", "drain")
        commits = [found for found in _commits(glue, s3) if found not in snapshots]
        said = [
            line
            for one in destinations
            for line in (*_committed(one, commits), *_delivered(s3, one, before[one.stream]))
        ]
    print("\n".join(said) if said else "nothing was buffered")


def _destinations(firehose: Any) -> Iterator[Destination]:
    for name in firehose.list_delivery_streams(Limit=10_000)["DeliveryStreamNames"]:
        described = firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
        for destination in described["Destinations"]:
            if found := destination.get("ExtendedS3DestinationDescription"):
                yield Destination.of(name, found)
            if found := destination.get("IcebergDestinationDescription"):
                yield Destination.of(name, found["S3DestinationDescription"], tables=True)


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A commit of a delivery stream into a table."""

    table: str
    snapshot: int
    stream: str
    records: int


def _commits(glue: Any, s3: Any) -> Iterator[Commit]:
    """Yield the commits of delivery streams that the metadata of Iceberg tables has; none if nobody asks."""
    if glue is None:
        return
    for page in glue.get_paginator("get_databases").paginate():
        for database in page["DatabaseList"]:
            for tables in glue.get_paginator("get_tables").paginate(DatabaseName=database["Name"]):
                for table in tables["TableList"]:
                    location = table.get("Parameters", {}).get("metadata_location")
                    if location:
                        yield from _commits_of(f"{database['Name']}.{table['Name']}", _metadata(s3, location))


def _metadata(s3: Any, location: str) -> dict[str, Any]:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    found: dict[str, Any] = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    return found


def _commits_of(table: str, metadata: dict[str, Any]) -> Iterator[Commit]:
    for snapshot in metadata.get("snapshots", ()):
        summary = snapshot.get("summary", {})
        if stream := summary.get("firehose.delivery-stream"):
            records = int(summary["firehose.records"])
            yield Commit(table=table, snapshot=snapshot["snapshot-id"], stream=stream, records=records)


def _committed(destination: Destination, commits: list[Commit]) -> Iterator[str]:
    for commit in commits:
        if destination.tables and commit.stream == destination.stream:
            yield f"{commit.stream}: {_counted(commit.records, 'record')} delivered: 1 commit in table {commit.table}"


def _delivered(s3: Any, destination: Destination, before: Set[str]) -> Iterator[str]:
    new = sorted(destination.keys(s3) - before)
    errors = destination.errors
    failed = [key for key in new if destination.tables or (errors and key.startswith(errors))]
    for keys, what in ((sorted(set(new) - set(failed)), "delivered"), (failed, "went to errors")):
        if keys:
            records = sum(_records(s3, destination.bucket, key) for key in keys)
            folder = f"s3://{destination.bucket}/{_common_folder(keys)}"
            said = f"{_counted(records, 'record')} {what}: {_counted(len(keys), 'object')} in {folder}"
            yield f"{destination.stream}: {said}"


def _common_folder(keys: list[str]) -> str:
    folders = [key.rpartition("/")[0] for key in keys]
    return f"{commonpath(folders)}/" if all(folders) else ""


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _records(s3: Any, bucket: str, key: str) -> int:
    """Return how many records an object holds: rows of Parquet, values of JSON, else lines."""
    content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    if content[:4] == b"PAR1":
        import pyarrow.parquet as pq  # noqa: PLC0415  slow to load

        return int(pq.read_metadata(io.BytesIO(content)).num_rows)
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    try:
        return sum(1 for _ in _json_values(content.decode()))
    except ValueError:
        return len(content.splitlines())


def _json_values(text: str) -> Iterator[Any]:
    """Yield the values of a text of JSON; a stream may have put nothing between them."""
    decoder = json.JSONDecoder()
    at = _next(text, 0)
    while at < len(text):
        value, end = decoder.raw_decode(text, at)
        yield value
        at = _next(text, end)


def _next(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found else at

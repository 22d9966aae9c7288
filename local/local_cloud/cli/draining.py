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
    """Destination of a delivery stream: the parts of its prefixes before their first expression."""

    stream: str
    bucket: str
    errors: str | None

    @classmethod
    def of(cls, stream: str, described: dict[str, Any]) -> Destination:
        errors = described.get("ErrorOutputPrefix")
        return cls(
            stream=stream,
            bucket=described["BucketARN"].rpartition(":")[2],
            errors=errors.partition("!{")[0] if errors else None,
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
        before = {one.stream: one.keys(s3) for one in destinations}
        session.call("POST", "drain")
        said = [line for one in destinations for line in _delivered(s3, one, before[one.stream])]
    print("\n".join(said) if said else "nothing was buffered")


def _destinations(firehose: Any) -> Iterator[Destination]:
    for name in firehose.list_delivery_streams(Limit=10_000)["DeliveryStreamNames"]:
        described = firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
        for destination in described["Destinations"]:
            if found := destination.get("ExtendedS3DestinationDescription"):
                yield Destination.of(name, found)


def _delivered(s3: Any, destination: Destination, before: Set[str]) -> Iterator[str]:
    new = sorted(destination.keys(s3) - before)
    failed = [key for key in new if destination.errors and key.startswith(destination.errors)]
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

"""Items of a DynamoDB table: one for each row."""

from __future__ import annotations

import base64
import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from itertools import islice
from typing import Any

import boto3
from boto3.dynamodb.types import TypeSerializer
from pyspark.sql import Row

from lake_load.errors import LoadError

# Of one BatchWriteItem: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
BATCH = 25
# Of a request of which DynamoDB takes nothing; each waits twice as long as the one before, up to 20 seconds.
ATTEMPTS = 12
LONGEST_WAIT = 20.0
# Tag of the table: what it holds.
NOTE = "lake:loaded"
# Until all that answer for a table know of a tag, which takes seconds.
NOTED = 60.0
# Digits of a number, of which Python's own context would keep 28.
NUMBERS = Context(prec=38)


def attribute(value: Any) -> Any:
    """Return a value as DynamoDB's clients take it; nulls inside of it are left out of maps and kept in lists."""
    match value:
        case float():
            return Decimal(repr(value))
        case datetime():
            # Spark hands times over in the time zone of the worker; text of one length has the order of time.
            return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case dict():
            return {str(name): attribute(part) for name, part in value.items() if part is not None}
        case list():
            return [attribute(part) for part in value]
    return bytes(value) if isinstance(value, bytearray) else value


def item(row: Row, time_to_live: str | None) -> dict[str, Any]:
    """Return a row as an item, without the columns that are null."""
    values = {name: value for name, value in row.asDict(recursive=True).items() if value is not None}
    if time_to_live in values:
        values[time_to_live] = seconds(values[time_to_live])
    return {name: serialized(name, value) for name, value in values.items()}


def seconds(value: datetime | date | int) -> int:
    """Return a time, a day's midnight UTC or a number as seconds since 1970."""
    match value:
        case datetime():
            return int(value.timestamp())
        case date():
            return int(datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp())
    return value


def serialized(column: str, value: Any) -> dict[str, Any]:
    """Return the value of a column as DynamoDB writes it; errors do not say the value, which may be confidential."""
    try:
        found: dict[str, Any] = TypeSerializer().serialize(attribute(value))
    except (ArithmeticError, TypeError):
        raise LoadError(
            f"column '{column}' has a number that DynamoDB cannot hold: NaN, infinite, or out of its range"
        ) from None
    return found


def write(client: Any, table: str, requests: list[dict[str, Any]]) -> None:
    """Make up to 25 requests, and those that DynamoDB hands back again, later and later while it takes none."""
    attempt = 0
    while attempt < ATTEMPTS:
        rest = client.batch_write_item(RequestItems={table: requests})["UnprocessedItems"].get(table, [])
        if not rest:
            return
        attempt = attempt + 1 if len(rest) == len(requests) else 1
        requests = rest
        time.sleep(random.uniform(0, min(LONGEST_WAIT, 0.1 * 2**attempt)))
    raise LoadError(f"DynamoDB took none of {len(requests)} items, at {ATTEMPTS} attempts")


def key_text(attributes: Mapping[str, Mapping[str, Any]], keys: Sequence[str]) -> str:
    """Return the key of an item as text, the same for equal keys."""
    found = []
    for key in keys:
        ((kind, value),) = attributes[key].items()
        if kind == "N":
            value = str(NUMBERS.plus(Decimal(value)).normalize(NUMBERS))
        found.append([kind, base64.b64encode(value).decode() if kind == "B" else value])
    return json.dumps(found)


def key_of(text: str, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the key that a text was made of."""
    return {
        key: {kind: base64.b64decode(value) if kind == "B" else value}
        for key, (kind, value) in zip(keys, json.loads(text), strict=True)
    }


@dataclass(frozen=True, kw_only=True)
class Items:
    """A table of DynamoDB, whose items a load puts and deletes.

    Parameters
    ----------
    table, arn: str
        Its name and its ARN.
    keys: list of str
        Partition key and sort key.
    time_to_live: str, optional
        Attribute that becomes seconds since 1970.
    region: str, optional
        Region, which executors need not know.
    """

    table: str
    arn: str
    keys: list[str]
    time_to_live: str | None = None
    region: str | None = None

    @classmethod
    def of(cls, args: Mapping[str, str]) -> Items:
        return cls(
            table=args["table"],
            arn=args["table_arn"],
            keys=json.loads(args["keys"]),
            time_to_live=args.get("time_to_live"),
            region=boto3.Session().region_name,
        )

    def prepare(self) -> bool:
        return True

    def noted(self) -> str | None:
        """Return the tag of the table: one that is restored or replaced has none."""
        pages = self._client().get_paginator("list_tags_of_resource").paginate(ResourceArn=self.arn)
        return next((tag["Value"] for page in pages for tag in page["Tags"] if tag["Key"] == NOTE), None)

    def note(self, state: str | None) -> None:
        if state is not None:
            self._client().tag_resource(ResourceArn=self.arn, Tags=[{"Key": NOTE, "Value": state}])
            return
        self._client().untag_resource(ResourceArn=self.arn, TagKeys=[NOTE])
        # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UntagResource.html: it takes a while.
        until = time.monotonic() + NOTED
        while self.noted() is not None:
            if time.monotonic() > until:
                raise LoadError(f"table '{self.table}' keeps its tag {NOTE}, which this run has taken away")
            time.sleep(1)

    def key(self, row: Row) -> str:
        return key_text(item(row, None), self.keys)

    def put(self, rows: Iterator[Row]) -> Iterator[int]:
        return self._write({"PutRequest": {"Item": item(row, self.time_to_live)}} for row in rows)

    def held(self, part: int, parts: int) -> Iterator[str]:
        names = {f"#{number}": key for number, key in enumerate(self.keys)}
        pages = (
            self._client()
            .get_paginator("scan")
            .paginate(
                TableName=self.table,
                Segment=part,
                TotalSegments=parts,
                ProjectionExpression=", ".join(names),
                ExpressionAttributeNames=names,
                ConsistentRead=True,
            )
        )
        for page in pages:
            for found in page["Items"]:
                yield key_text(found, self.keys)

    def delete(self, keys: Iterator[str]) -> Iterator[int]:
        return self._write({"DeleteRequest": {"Key": key_of(key, self.keys)}} for key in keys)

    def _write(self, requests: Iterator[dict[str, Any]]) -> Iterator[int]:
        client, count = self._client(), 0
        while batch := [*islice(requests, BATCH)]:
            write(client, self.table, batch)
            count += len(batch)
        yield count

    def _client(self) -> Any:
        return boto3.client("dynamodb", region_name=self.region)

"""The newest record of each key, kept in a table of DynamoDB."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from boto3.dynamodb.types import TypeSerializer
from botocore.config import Config

from lake_sinks.batches import Row, read_batch
from lake_sinks.dataset import Dataset

# Requests at a time: a conditional write has no batches, and most of its time is waiting.
_AT_ONCE = 16


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Keep the newest records of a batch; a batch may come twice."""
    batch = read_batch(event, _dataset())
    _table().keep(batch.rows)
    return batch.answer


def newest(rows: Iterable[Row], keys: Sequence[str], event_time: str) -> list[Row]:
    """Return the newest row of each key; of rows of the same time, the last one."""
    found: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        key = tuple(row[name] for name in keys)
        if key not in found or found[key][event_time] <= row[event_time]:
            found[key] = row
    return list(found.values())


@dataclass(frozen=True, kw_only=True)
class NewestItems:
    """A table whose items are never replaced by older ones.

    Parameters
    ----------
    client: client
        Client of DynamoDB.
    table: str
        Name of the table.
    keys: sequence of str
        Partition key and sort key.
    event_time: str
        Column by which a record is newer than another.
    time_to_live: str, optional
        Attribute of the time at which an item expires, in seconds since 1970. By default items stay.
    lifetime: int, optional
        Seconds after which an item expires that was not written again. By default the attribute is a column.
    """

    client: Any
    table: str
    keys: Sequence[str]
    event_time: str
    time_to_live: str | None = None
    lifetime: int | None = None

    def keep(self, rows: Iterable[Row]) -> None:
        """Write the newest row of each key, unless the table has a newer one."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            # The first error is raised: Lambda then halves the batch, and what was written stays as it is.
            list(pool.map(self._put, newest(rows, self.keys, self.event_time)))

    def _put(self, row: Row) -> None:
        item = {name: TypeSerializer().serialize(value) for name, value in self._expiring(row).items()}
        try:
            self.client.put_item(
                TableName=self.table,
                Item=item,
                # An item of another writer may have no time.
                ConditionExpression="attribute_not_exists(#time) OR #time <= :time",
                ExpressionAttributeNames={"#time": self.event_time},
                ExpressionAttributeValues={":time": item[self.event_time]},
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            # The table has a newer one.
            return

    def _expiring(self, row: Row) -> Row:
        if self.lifetime is not None and self.time_to_live:
            return {**row, self.time_to_live: int(time.time()) + self.lifetime}
        if self.time_to_live in row:
            return {**row, self.time_to_live: _seconds(row[self.time_to_live])}
        return row


def _seconds(value: Any) -> int:
    """Return a time, a day's midnight UTC or a number as seconds since 1970."""
    if isinstance(value, str):
        moment = datetime.fromisoformat(value)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    return int(value)


@cache
def _dataset() -> Dataset:
    return Dataset.load()


@cache
def _table() -> NewestItems:
    lifetime = os.environ.get("LIFETIME_SECONDS")
    return NewestItems(
        client=boto3.client("dynamodb", config=Config(max_pool_connections=_AT_ONCE, retries={"mode": "standard"})),
        table=os.environ["TABLE"],
        keys=os.environ["KEYS"].split(","),
        event_time=os.environ["EVENT_TIME"],
        time_to_live=os.environ.get("TIME_TO_LIVE"),
        lifetime=int(lifetime) if lifetime else None,
    )

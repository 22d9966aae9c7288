"""The newest record of each key, kept in a table of DynamoDB."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
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
from lake_sinks.newest import Newest

# Requests at a time: a conditional write has no batches, and most of its time is waiting.
_AT_ONCE = 16


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Keep the newest records of a batch; a batch may come twice."""
    batch = read_batch(event, _dataset())
    _table().keep(batch.rows)
    return batch.answer


@dataclass(frozen=True, kw_only=True)
class NewestItems:
    """A table whose items are never replaced by older ones.

    Parameters
    ----------
    client: client
        Client of DynamoDB.
    table: str
        Name of the table.
    newest: Newest
        How the newest record is known; its keys are the partition key and the sort key.
    time_to_live: str, optional
        Attribute of the time at which an item expires, in seconds since 1970: a column, if the newest record has no
        lifetime. By default items stay.
    """

    client: Any
    table: str
    newest: Newest
    time_to_live: str | None = None

    def keep(self, rows: Iterable[Row]) -> None:
        """Write the newest row of each key, unless the table has a newer one."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            # The first error is raised: Lambda then halves the batch, and what was written stays as it is.
            list(pool.map(self._put, self.newest.of(rows, also=self.time_to_live)))

    def _put(self, row: Row) -> None:
        item = {name: TypeSerializer().serialize(value) for name, value in self._expiring(row).items()}
        try:
            self.client.put_item(
                TableName=self.table,
                Item=item,
                # An item of another writer may have no time.
                ConditionExpression="attribute_not_exists(#time) OR #time <= :time",
                ExpressionAttributeNames={"#time": self.newest.event_time},
                ExpressionAttributeValues={":time": item[self.newest.event_time]},
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            # The table has a newer one.
            return

    def _expiring(self, row: Row) -> Row:
        if self.newest.lifetime is not None and self.time_to_live:
            return {**row, self.time_to_live: int(time.time()) + self.newest.lifetime}
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
    return NewestItems(
        client=boto3.client("dynamodb", config=Config(max_pool_connections=_AT_ONCE, retries={"mode": "standard"})),
        table=os.environ["TABLE"],
        newest=Newest.load(),
        time_to_live=os.environ.get("TIME_TO_LIVE"),
    )

"""Streams of tables: moto's own, with each change once.

moto puts an item that an update creates into the stream twice, and an update that changes nothing once.
"""

from __future__ import annotations

from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import StreamShard
from moto.dynamodb.models.utilities import dynamo_to_dict

from local_cloud.engines.dynamodb.changes import Change, Image
from local_cloud.engines.dynamodb.writes import key_values
from local_cloud.server.patching import Patches

_add_to_shard = StreamShard.add
_read_shard = StreamShard.get


def patch_streams(patches: Patches) -> None:
    """Register the replacements."""

    @patches.replace("moto.dynamodb.models.table", "StreamShard.add")
    def add(self: Any, old: Any, new: Any) -> None:
        """Do nothing: `add_to_stream` adds what has changed."""

    @patches.replace("moto.dynamodb.models.table", "StreamShard.get")
    def get(self: Any, start: int, quantity: int) -> list[dict[str, Any]]:
        # moto encodes binary values a second time.
        return [_decoded(record) for record in _read_shard(self, start, quantity)]


def add_to_stream(table: Any, change: Change) -> None:
    """Put a change into the table's stream, if it has one."""
    shard = table.stream_shard
    if shard is None:
        return
    items = [None if image is None else _item(table, image) for image in (change.old, change.new)]
    _add_to_shard(shard, *items)
    for record in shard.items[-1:]:
        # moto says us-east-1 for every region.
        record.record["awsRegion"] = table.region_name
        if change.by_service:
            record.record["userIdentity"] = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}


def _decoded(record: dict[str, Any]) -> dict[str, Any]:
    images = {
        name: {key: dynamo_to_dict(DynamoType(value)) for key, value in record["dynamodb"][name].items()}
        for name in ("Keys", "NewImage", "OldImage")
        if name in record["dynamodb"]
    }
    return {**record, "dynamodb": {**record["dynamodb"], **images}}


def _item(table: Any, image: Image) -> Item:
    hash_key, range_key = [*key_values(table, image), None][:2]
    return Item(hash_key, range_key, image)

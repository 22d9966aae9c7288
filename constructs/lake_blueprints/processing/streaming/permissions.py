"""Permissions of a function that follows a plan, beside those of every function on a stream."""

from __future__ import annotations

from collections.abc import Iterator

from lake_blueprints.foundation.access import Permission
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.storage.s3 import Zone
from lake_blueprints.storage.s3 import permissions as objects

_SHARDS = "https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListShards.html"


def keep_state(zone: Zone, key: str) -> Iterator[Permission]:
    """Read and write the one object of the state."""
    because = "keeps its state"
    yield objects.on_objects(zone, (*objects.GET, "s3:PutObject"), [key], because)
    yield objects.head_missing(zone.bucket, key, because)
    yield objects.with_key(zone, objects.ENCRYPT, [key], because)


def count_shards(stream: Stream) -> Permission:
    """Learn whether the stream was split."""
    return Permission(
        actions=("kinesis:ListShards",),
        on=(stream.stream.stream_arn,),
        because="makes sure that the stream has one shard",
        sources=(_SHARDS,),
        policy_of=stream.stream,
    )

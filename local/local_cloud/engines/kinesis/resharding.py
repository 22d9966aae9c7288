"""Splits and merges of shards: parents close and keep their records, children take what is put from then on.

Source: https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-resharding.html
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.utils import utcnow
from moto.kinesis.exceptions import InvalidArgumentError, StreamCannotBeUpdatedError
from moto.kinesis.models import Shard

_KEYS = 2**128
# More than the whole numbers of hash keys can differ by at the 10,000 shards of the largest stream.
_ROUNDING = 2**16


def open_shards(stream: Any) -> list[Any]:
    """Return the open shards by their hash keys."""
    return sorted((shard for shard in stream.shards.values() if shard.is_open), key=lambda shard: shard.starting_hash)


def split(stream: Any, shard: Any, at: int) -> None:
    """Split a shard in two, of which the second begins at a hash key."""
    _check_open(stream, shard)
    if not shard.starting_hash < at < shard.ending_hash:
        raise InvalidArgumentError(
            f"NewStartingHashKey {at} used in SplitShard() on shard {shard.shard_id} in stream {stream.stream_name} "
            f"under account {stream.account_id} is not both greater than one plus the shard's StartingHashKey "
            f"{shard.starting_hash} and less than the shard's EndingHashKey {shard.ending_hash - 1}."
        )
    _replace(stream, [shard], [(shard.starting_hash, at - 1), (at, shard.ending_hash)])


def merge(stream: Any, shard: Any, adjacent: Any) -> None:
    """Merge two shards whose hash keys adjoin, in either order."""
    for one in (shard, adjacent):
        _check_open(stream, one)
    lower, upper = sorted((shard, adjacent), key=lambda one: one.starting_hash)
    if lower.ending_hash + 1 != upper.starting_hash:
        raise InvalidArgumentError(
            f"Shards {shard.shard_id} and {adjacent.shard_id} in stream {stream.stream_name} under account "
            f"{stream.account_id} are not an adjacent pair of shards eligible for merging"
        )
    _replace(stream, [shard, adjacent], [(lower.starting_hash, upper.ending_hash)])


def scale(stream: Any, target: int) -> None:
    """Split and merge until a stream has so many open shards, all of one size."""
    if stream.stream_mode.get("StreamMode") == "ON_DEMAND":
        raise StreamCannotBeUpdatedError(stream_name=stream.stream_name, account_id=stream.account_id)
    current = len(open_shards(stream))
    if target == current:
        return
    _check_target(stream, current, target)
    starts = [_start(stream, number * _KEYS // target) for number in range(target)]
    for start in starts:
        shard = next(one for one in open_shards(stream) if one.starting_hash <= start <= one.ending_hash)
        if shard.starting_hash != start:
            split(stream, shard, start)
    for start, following in itertools.pairwise([*starts, _KEYS]):
        first, *others = [shard for shard in open_shards(stream) if start <= shard.starting_hash < following]
        for other in others:
            merge(stream, first, other)
            first = next(shard for shard in open_shards(stream) if shard.starting_hash == start)
    stream.shard_count = target


def children_of(stream: Any, shard: Any) -> list[dict[str, Any]]:
    """Return the shards that follow a closed one, as GetRecords names them."""
    return [
        {
            "ShardId": child.shard_id,
            "ParentShards": [parent for parent in (child.parent, child.adjacent_parent) if parent],
            "HashKeyRange": {"StartingHashKey": str(child.starting_hash), "EndingHashKey": str(child.ending_hash)},
        }
        for child in stream.shards.values()
        if shard.shard_id in (child.parent, child.adjacent_parent)
    ]


def _start(stream: Any, wanted: int) -> int:
    """Return the hash key at which a shard is to begin: that of an open one if they differ by rounding only."""
    near = (one.starting_hash for one in open_shards(stream) if abs(one.starting_hash - wanted) < _ROUNDING)
    return next(near, wanted)


def _check_open(stream: Any, shard: Any) -> None:
    if not shard.is_open:
        raise InvalidArgumentError(
            f"Shard {shard.shard_id} in stream {stream.stream_name} under account {stream.account_id} has already been "
            "merged or split, and thus is not eligible for merging or splitting."
        )


def _check_target(stream: Any, current: int, target: int) -> None:
    # https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html
    if not current / 2 <= target <= current * 2:
        raise JsonRESTError(
            "LimitExceededException",
            f"UpdateShardCount of stream {stream.stream_name} under account {stream.account_id} can at most double and "
            f"at most halve its {current} open shards, got {target}",
        )


def _replace(stream: Any, parents: Sequence[Any], ranges: Sequence[tuple[int, int]]) -> None:
    now = utcnow()
    number = itertools.count(max(shard._shard_id for shard in stream.shards.values()) + 1)
    ids = [parent.shard_id for parent in parents]
    for start, end in ranges:
        child = Shard(next(number), start, end, *ids)
        child.opened = now
        stream.shards[child.shard_id] = child
    for parent in parents:
        parent.is_open = False
        parent.closed = now

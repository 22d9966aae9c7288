"""Iterators, records and lists of shards, of streams that have been resharded or not."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core.utils import utcnow
from moto.kinesis.exceptions import InvalidArgumentError
from moto.kinesis.models import kinesis_backends

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
_MOST_RECORDS = 10_000
_MOST_BYTES = 10 * 1024 * 1024
_MOST_SHARDS = 10_000
_NUMBERED = ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER")


def check_iterator(kind: str, number: Any, timestamp: Any) -> None:
    """Refuse an iterator that lacks what its type begins at."""
    if kind in _NUMBERED and number is None:
        raise InvalidArgumentError(f"Must either specify a StartingSequenceNumber for a {kind} iterator")
    if kind == "AT_TIMESTAMP" and timestamp is None:
        raise InvalidArgumentError("Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP")


def records_after(shard: Any, last: int, limit: int | None) -> tuple[list[Any], int, int]:
    """Return the records of a shard after a sequence number, the last number, and the milliseconds to the newest."""
    found: list[Any] = []
    size = 0
    # moto numbers the records of a shard from one on, without gaps.
    while len(found) < (limit or _MOST_RECORDS) and (record := shard.records.get(last + 1)):
        size += len(record.data) * 3 // 4
        if found and size > _MOST_BYTES:
            break
        found.append(record)
        last += 1
    newest = shard.records.get(len(shard.records))
    behind = newest.created_at - found[-1].created_at if found else 0.0
    return found, last, int(behind * 1000)


def arrivals(arn: str, shard_id: str) -> Callable[[str], float]:
    """Return what tells when a record of a shard came, more exactly than the API's milliseconds.

    The order of records in several shards follows from it.
    """
    _, _, _, region, account, name = arn.split(":", 5)
    records = kinesis_backends[account][region].streams[name.partition("/")[2]].shards[shard_id].records
    return lambda number: float(records[int(number)].created_at)


def list_shards(stream_of: Callable[..., Any], request: dict[str, Any]) -> dict[str, Any]:
    """Answer ListShards: pages, filters and the shard after which to begin."""
    if token := request.get("NextToken"):
        if request.get("StreamName") or request.get("StreamARN"):
            raise InvalidArgumentError("NextToken and StreamName cannot be provided together.")
        request = {**_decoded(token), "MaxResults": request.get("MaxResults")}
    stream = stream_of(stream_arn=request.get("StreamARN"), stream_name=request.get("StreamName"))
    wanted = _filter(stream, request.get("ShardFilter") or {"Type": "FROM_TRIM_HORIZON"})
    after = request.get("ExclusiveStartShardId") or ""
    shards = [one for one in sorted(stream.shards.values(), key=_id) if one.shard_id > after and wanted(one)]
    page = shards[: request.get("MaxResults") or _MOST_SHARDS]
    answer: dict[str, Any] = {"Shards": [shard.to_json() for shard in page]}
    if len(page) < len(shards):
        rest = {"StreamName": stream.stream_name, "ShardFilter": request.get("ShardFilter")}
        encoded = json.dumps({**rest, "ExclusiveStartShardId": page[-1].shard_id}, default=seconds).encode()
        answer["NextToken"] = base64.b64encode(encoded).decode()
    return answer


def seconds(moment: Any) -> Any:
    """Return a moment in seconds since 1970, in which moto keeps the arrival of records."""
    return moment if moment is None else _naive(moment).replace(tzinfo=UTC).timestamp()


def _filter(stream: Any, given: dict[str, Any]) -> Callable[[Any], bool]:
    """Return the test of a ShardFilter.

    Source: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ShardFilter.html
    """
    kind = given["Type"]
    horizon = max(stream.creation_datetime, utcnow() - timedelta(hours=stream.retention_period_hours))
    if kind == "AFTER_SHARD_ID":
        if "ShardId" not in given:
            raise InvalidArgumentError("ShardId must be provided if ShardFilterType is AFTER_SHARD_ID.")
        return lambda shard: bool(shard.shard_id > given["ShardId"])
    if kind == "AT_LATEST":
        return lambda shard: bool(shard.is_open)
    if kind in ("AT_TIMESTAMP", "FROM_TIMESTAMP"):
        if "Timestamp" not in given:
            raise InvalidArgumentError(f"Timestamp must be provided if ShardFilterType is {kind}.")
        horizon = max(horizon, _naive(given["Timestamp"]))
    elif kind not in ("AT_TRIM_HORIZON", "FROM_TRIM_HORIZON"):
        raise InvalidArgumentError(f"ShardFilterType {kind} is not supported.")

    def fits(shard: Any) -> bool:
        opened = getattr(shard, "opened", stream.creation_datetime)
        return bool((shard.is_open or shard.closed >= horizon) and (kind.startswith("FROM_") or opened <= horizon))

    return fits


def _id(shard: Any) -> str:
    return str(shard.shard_id)


def _naive(moment: Any) -> datetime:
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    return datetime.fromtimestamp(float(moment), tz=UTC).replace(tzinfo=None)


def _decoded(token: str) -> dict[str, Any]:
    try:
        request: dict[str, Any] = json.loads(base64.b64decode(token, validate=True))
    except ValueError:
        raise InvalidArgumentError("The provided token is invalid.") from None
    return request

"""Kinesis streaming destinations: the changes of a table in a Kinesis data stream."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.kinesis.models import kinesis_backends

from local_cloud.engines.dynamodb.changes import Change, size_of
from local_cloud.server.services import ServiceCall, ServiceError

_ON = ("ACTIVE",)
_MILLIS = 1000


class Streaming:
    """The destinations of every table, and what is sent to them."""

    def __init__(self, account: str) -> None:
        self._account = account
        # By the table's ARN and the stream's; what is disabled is still described, as DynamoDB does for a day.
        self.destinations: dict[str, dict[str, dict[str, Any]]] = {}

    def enable(self, call: ServiceCall) -> dict[str, Any]:
        """EnableKinesisStreamingDestination."""
        table, stream_arn = self._table(call), call.request["StreamArn"]
        destinations = self.destinations.setdefault(table.table_arn, {})
        if any(each["DestinationStatus"] in _ON for each in destinations.values()):
            message = f"Table is already streaming to a Kinesis data stream: {table.name}"
            raise ServiceError("ResourceInUseException", message)
        if self._stream(stream_arn) is None:
            raise ServiceError("ResourceNotFoundException", f"Requested resource not found: Stream {stream_arn}")
        configuration = call.request.get("EnableKinesisStreamingConfiguration", {})
        precision = configuration.get("ApproximateCreationDateTimePrecision", "MICROSECOND")
        destinations[stream_arn] = {
            "StreamArn": stream_arn,
            "DestinationStatus": "ACTIVE",
            "ApproximateCreationDateTimePrecision": precision,
        }
        return {
            "TableName": table.name,
            "StreamArn": stream_arn,
            "DestinationStatus": "ENABLING",
            "EnableKinesisStreamingConfiguration": {"ApproximateCreationDateTimePrecision": precision},
        }

    def disable(self, call: ServiceCall) -> dict[str, Any]:
        """DisableKinesisStreamingDestination."""
        table, destination = self._active(call)
        destination["DestinationStatus"] = "DISABLED"
        return {"TableName": table.name, "StreamArn": destination["StreamArn"], "DestinationStatus": "DISABLING"}

    def update(self, call: ServiceCall) -> dict[str, Any]:
        """UpdateKinesisStreamingDestination."""
        table, destination = self._active(call)
        configuration = call.request.get("UpdateKinesisStreamingConfiguration", {})
        destination |= configuration
        return {
            "TableName": table.name,
            "StreamArn": destination["StreamArn"],
            "DestinationStatus": "UPDATING",
            "UpdateKinesisStreamingConfiguration": configuration,
        }

    def describe(self, call: ServiceCall) -> dict[str, Any]:
        """DescribeKinesisStreamingDestination."""
        table = self._table(call)
        found = self.destinations.get(table.table_arn, {})
        return {"TableName": table.name, "KinesisDataStreamDestinations": list(found.values())}

    def forget(self, table_arn: str) -> None:
        """Forget the destinations of a table that is deleted."""
        self.destinations.pop(table_arn, None)

    def send(self, table: Any, change: Change) -> None:
        """Put a change into the streams of its table."""
        for destination in self.destinations.get(table.table_arn, {}).values():
            if destination["DestinationStatus"] in _ON:
                self._put(destination, table, change)

    def _put(self, destination: dict[str, Any], table: Any, change: Change) -> None:
        arn = destination["StreamArn"]
        stream = self._stream(arn)
        if stream is None:
            destination |= {"DestinationStatus": "ENABLE_FAILED", "DestinationStatusDescription": f"no stream {arn}"}
            return
        content = record(table, change, destination["ApproximateCreationDateTimePrecision"])
        # All changes of an item go to one shard.
        key = hashlib.md5(json.dumps(change.keys, sort_keys=True).encode(), usedforsecurity=False).hexdigest()
        data = base64.b64encode(json.dumps(content, separators=(",", ":")).encode()).decode()
        stream.put_record(key, "", data)

    def _active(self, call: ServiceCall) -> tuple[Any, dict[str, Any]]:
        table = self._table(call)
        found = self.destinations.get(table.table_arn, {}).get(call.request["StreamArn"])
        if found is None or found["DestinationStatus"] not in _ON:
            message = f"Table is not streaming to the Kinesis data stream: {call.request['StreamArn']}"
            raise ServiceError("ResourceNotFoundException", message)
        return table, found

    def _table(self, call: ServiceCall) -> Any:
        name = call.request["TableName"].rpartition("/")[2]
        table = dynamodb_backends[self._account][call.region].tables.get(name)
        if table is None:
            raise ServiceError("ResourceNotFoundException", f"Requested resource not found: Table: {name} not found")
        return table

    def _stream(self, arn: str) -> Any:
        region, name = arn.split(":")[3], arn.rpartition("/")[2]
        return kinesis_backends[self._account][region].streams.get(name)


def record(table: Any, change: Change, precision: str) -> dict[str, Any]:
    """Return a change as DynamoDB writes it into Kinesis.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds_using-shards-and-metrics.html
    """
    images = {"NewImage": change.new, "OldImage": change.old}
    service = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    return {
        "awsRegion": table.region_name,
        "eventID": str(uuid.uuid4()),
        "eventName": change.event,
        "userIdentity": service if change.by_service else None,
        "recordFormat": "application/json",
        "tableName": table.name,
        "dynamodb": {
            "ApproximateCreationDateTime": change.micros // (_MILLIS if precision == "MILLISECOND" else 1),
            "Keys": change.keys,
            **{name: image for name, image in images.items() if image is not None},
            "SizeBytes": sum(size_of(image) for image in (change.keys, change.new, change.old)),
            "ApproximateCreationDateTimePrecision": precision,
        },
        "eventSource": "aws:dynamodb",
    }

"""DynamoDB: moto's tables, with exports, streams into Kinesis, and atomic writes.

Items whose time to live has passed are still there, as in AWS, where they may stay for days; `drain` deletes them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from local_cloud.engines.dynamodb.changes import Change, Histories, Image
from local_cloud.engines.dynamodb.exports import Exports
from local_cloud.engines.dynamodb.streaming import Streaming
from local_cloud.engines.dynamodb.streams import add_to_stream, patch_streams
from local_cloud.engines.dynamodb.writes import Writes, images_of
from local_cloud.engines.engine import Engine
from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime
from local_cloud.server.services import Service, ServiceCall

_UNSUPPORTED = frozenset(
    {
        *("GlobalTableSettingsReplicationMode", "GlobalTableSourceArn", "GlobalTableWitnessUpdates"),
        *("MultiRegionConsistency", "ReplicaUpdates", "ResourcePolicy", "VectorIndexes", "VectorIndexUpdates"),
    }
)
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
_OLDEST_EXPIRY = 5 * 365 * 86_400

_SETTINGS = "local_cloud_settings"

_describe = Table.describe
_create_table = DynamoHandler.create_table
_update_table = DynamoHandler.update_table
_delete_table = DynamoDBBackend.delete_table


class DynamoDBEngine(Engine):
    """Exports tables and streams their changes."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._histories = Histories()
        self._writes = Writes(self._histories, self._changed)
        self._streaming = Streaming(runtime.account)
        self._exports = Exports(runtime, self._histories)

    def state(self) -> tuple[Any, ...]:
        return self._histories.all, self._streaming.destinations, self._exports.all, self._exports.requests

    def restore(self, state: tuple[Any, ...] | None) -> None:
        mine: tuple[dict[str, Any], ...] = (
            self._histories.all,
            self._streaming.destinations,
            self._exports.all,
            self._exports.requests,
        )
        for own, kept in zip(mine, state or (), strict=False):
            own.update(kept)

    def services(self) -> Iterable[Service]:
        handlers: dict[str, Callable[[ServiceCall], dict[str, Any]]] = {
            "ExportTableToPointInTime": self._exports.start,
            "DescribeExport": self._exports.describe,
            "ListExports": self._exports.page,
            "EnableKinesisStreamingDestination": self._streaming.enable,
            "DisableKinesisStreamingDestination": self._streaming.disable,
            "UpdateKinesisStreamingDestination": self._streaming.update,
            "DescribeKinesisStreamingDestination": self._streaming.describe,
        }
        operations = frozenset(handlers)
        return (Service(name="dynamodb", operations=operations, handle=lambda call: handlers[call.operation](call)),)

    def patches(self) -> Patches:
        patches = Patches()
        self._writes.patch(patches)
        patch_streams(patches)
        engine = self

        @patches.replace("moto.dynamodb.models.table", "Table.describe")
        def describe(self: Any, base_key: str = "TableDescription") -> dict[str, Any]:
            described: dict[str, Any] = _describe(self, base_key)
            settings = self.__dict__.get(_SETTINGS, {})
            described[base_key] |= {"TableId": engine._histories.of(self).table_id, **settings}
            return described

        @patches.replace("moto.dynamodb.responses", "DynamoHandler.create_table")
        def create_table(self: Any) -> Any:
            _check(self.body)
            answer = _create_table(self)
            _keep_settings(self)
            return answer

        @patches.replace("moto.dynamodb.responses", "DynamoHandler.update_table")
        def update_table(self: Any) -> Any:
            _check(self.body)
            _check_indexes(self.body.get("GlobalSecondaryIndexUpdates", []))
            _keep_settings(self)
            table = self.dynamodb_backend.get_table(self.body["TableName"])
            if (encryption := self.body.get("SSESpecification")) is not None:
                # moto leaves it as it was.
                default = {} if "KMSMasterKeyId" in encryption else {"KMSMasterKeyId": _default_key(table)}
                table.sse_specification = {**default, **encryption}
            return _update_table(self)

        @patches.replace("moto.dynamodb.models", "DynamoDBBackend.delete_table")
        def delete_table(self: Any, name: str) -> Table:
            table = _delete_table(self, name)
            engine._streaming.forget(table.table_arn)
            return table

        return patches

    def drain(self) -> None:
        """Delete items whose time to live has passed."""
        for backend in list(dynamodb_backends[self.runtime.account].values()):
            for table in list(backend.tables.values()):
                for item in _expired(table):
                    key = {name: item[name] for name in table.table_key_attrs}
                    with self._writes.recording(backend, [(table.name, key)], by_service=True):
                        backend.delete_item(table.name, key)

    def _changed(self, table: Table, change: Change) -> None:
        self._streaming.send(table, change)
        add_to_stream(table, change)


def _check(request: dict[str, Any]) -> None:
    if found := sorted(_UNSUPPORTED.intersection(request)):
        raise JsonRESTError("ValidationException", f"the local cloud does not support {', '.join(found)} of a table")


def _check_indexes(updates: list[dict[str, Any]]) -> None:
    if sum("Create" in each or "Delete" in each for each in updates) > 1:
        message = "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
        raise JsonRESTError("LimitExceededException", message)


def _keep_settings(call: Any) -> None:
    """Keep what moto leaves out of its descriptions, and nothing here acts on."""
    settings = call.dynamodb_backend.get_table(call.body["TableName"]).__dict__.setdefault(_SETTINGS, {})
    if "TableClass" in call.body:
        settings["TableClassSummary"] = {"TableClass": call.body["TableClass"]}
    if "OnDemandThroughput" in call.body:
        settings["OnDemandThroughput"] = call.body["OnDemandThroughput"]


def _default_key(table: Table) -> str:
    key: str = table._get_default_encryption_key(table.account_id, table.region_name)
    return key


def _expired(table: Table) -> Iterator[Image]:
    if table.ttl["TimeToLiveStatus"] != "ENABLED":
        return
    now = time.time()
    for item in images_of(table):
        moment = item.get(table.ttl["AttributeName"], {}).get("N")
        if moment is not None and now - _OLDEST_EXPIRY < float(moment) < now:
            yield item

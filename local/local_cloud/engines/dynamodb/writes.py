"""Writes to items: atomic, as in DynamoDB, and each change recorded once."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.dynamodb.models.utilities import dynamo_json_dump

from local_cloud.engines.dynamodb.changes import Change, Histories, Image
from local_cloud.server.patching import Patches

_MODELS = "moto.dynamodb.models"

_put_item = DynamoDBBackend.put_item
_update_item = DynamoDBBackend.update_item
_delete_item = DynamoDBBackend.delete_item
_transact = DynamoDBBackend.transact_write_items

OnChange = Callable[[Table, Change], None]


class Writes:
    """The calls that write items.

    moto reads, changes and writes back without a lock.
    """

    def __init__(self, histories: Histories, on_change: OnChange) -> None:
        self._histories = histories
        self._on_change = on_change
        self._within = 0
        self._waiting: deque[tuple[Table, Change]] = deque()
        self._delivering = threading.Lock()

    def patch(self, patches: Patches) -> None:
        """Register the replacements."""
        writes = self

        @patches.replace(_MODELS, "DynamoDBBackend.put_item")
        def put_item(  # noqa: PLR0917 - moto's signature
            self: Any,
            table_name: str,
            item_attrs: dict[str, Any],
            expected: dict[str, Any] | None = None,
            condition_expression: str | None = None,
            expression_attribute_names: dict[str, Any] | None = None,
            expression_attribute_values: dict[str, Any] | None = None,
            overwrite: bool = False,
            return_values_on_condition_check_failure: str | None = None,
        ) -> Any:
            with writes.recording(self, [(table_name, item_attrs)]):
                return _put_item(
                    self,
                    table_name,
                    item_attrs,
                    expected,
                    condition_expression,
                    expression_attribute_names,
                    expression_attribute_values,
                    overwrite,
                    return_values_on_condition_check_failure,
                )

        @patches.replace(_MODELS, "DynamoDBBackend.update_item")
        def update_item(  # noqa: PLR0917 - moto's signature
            self: Any,
            table_name: str,
            key: dict[str, dict[str, Any]],
            update_expression: str,
            expression_attribute_names: dict[str, Any],
            expression_attribute_values: dict[str, Any],
            attribute_updates: dict[str, Any] | None = None,
            expected: dict[str, Any] | None = None,
            condition_expression: str | None = None,
            return_values_on_condition_check_failure: str | None = None,
        ) -> Any:
            with writes.recording(self, [(table_name, key)]):
                return _update_item(
                    self,
                    table_name,
                    key,
                    update_expression,
                    expression_attribute_names,
                    expression_attribute_values,
                    attribute_updates,
                    expected,
                    condition_expression,
                    return_values_on_condition_check_failure,
                )

        @patches.replace(_MODELS, "DynamoDBBackend.delete_item")
        def delete_item(  # noqa: PLR0917 - moto's signature
            self: Any,
            table_name: str,
            key: dict[str, Any],
            expression_attribute_names: dict[str, Any] | None = None,
            expression_attribute_values: dict[str, Any] | None = None,
            condition_expression: str | None = None,
            return_values_on_condition_check_failure: str | None = None,
        ) -> Any:
            with writes.recording(self, [(table_name, key)]):
                return _delete_item(
                    self,
                    table_name,
                    key,
                    expression_attribute_names,
                    expression_attribute_values,
                    condition_expression,
                    return_values_on_condition_check_failure,
                )

        @patches.replace(_MODELS, "DynamoDBBackend.transact_write_items")
        def transact_write_items(self: Any, transact_items: list[dict[str, Any]]) -> None:
            parts = [part for item in transact_items for part in item.values()]
            touched = [(part["TableName"], part.get("Item") or part.get("Key") or {}) for part in parts]
            with writes.recording(self, touched):
                _transact(self, transact_items)

    @contextmanager
    def recording(self, backend: Any, touched: list[tuple[str, Image]], *, by_service: bool = False) -> Iterator[None]:
        """Record how a write changes the items that it touches, given by table and an image with their keys."""
        with self._histories.lock:
            if self._within:
                # Part of a transaction, which succeeds or fails as a whole.
                yield
                return
            before = [_image(backend, *each) for each in touched]
            self._within += 1
            try:
                yield
            finally:
                self._within -= 1
            for (name, image), old in zip(touched, before, strict=True):
                table = _table(backend, name)
                if table is not None and old != (new := _image(backend, name, image)):
                    keys = keys_of(table, old or new or {})
                    history = self._histories.of(table)
                    change = Change(micros=history.next_micros(), keys=keys, old=old, new=new, by_service=by_service)
                    history.changes.append(change)
                    self._waiting.append((table, change))
        self._deliver()

    def _deliver(self) -> None:
        """Pass changes on in their order, without the lock: a function that reads a stream may write to its table."""
        while self._waiting and self._delivering.acquire(blocking=False):
            try:
                while self._waiting:
                    self._on_change(*self._waiting.popleft())
            finally:
                self._delivering.release()


def keys_of(table: Any, image: Image) -> Image:
    """Return the part of an item that is its primary key."""
    return {name: image[name] for name in table.table_key_attrs if name in image}


def images_of(table: Any) -> list[Image]:
    """Return every item of a table."""
    return [_attributes(item) for item in table.all_items()]


def _table(backend: Any, name: str) -> Any:
    # Also an ARN is a name.
    return backend.tables.get(name.rpartition("/")[2])


def _image(backend: Any, name: str, image: Image) -> Image | None:
    table = _table(backend, name)
    if table is None or any(key not in image for key in table.table_key_attrs):
        return None
    item = table.get_item(*key_values(table, image))
    return _attributes(item) if item else None


def key_values(table: Any, image: Image) -> list[DynamoType]:
    """Return the values of the primary key of an item, as moto wants them."""
    return [DynamoType(image[name]) for name in table.table_key_attrs]


def _attributes(item: Any) -> Image:
    # A copy, since moto changes items in place; binary values are base64 in it.
    attributes: Image = json.loads(dynamo_json_dump(item.attrs))
    return attributes

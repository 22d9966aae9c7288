"""Table optimizers of the Glue catalog: their configuration, which nothing acts on yet; moto has none of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from moto.core.responses import ActionResult
from moto.glue.exceptions import AlreadyExistsException, EntityNotFoundException, InvalidInputException

from local_cloud.engines.engine import Engine
from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime

_TYPES = ("compaction", "retention", "orphan_file_deletion")
_Optimizers = dict[str, dict[str, Any]]


class TableOptimizersEngine(Engine):
    """Keeps the optimizers of each Iceberg table, and returns them."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        # By moto's own table, with which they go.
        self._by_table: WeakKeyDictionary[Any, _Optimizers] = WeakKeyDictionary()

    def state(self) -> WeakKeyDictionary[Any, _Optimizers]:
        return self._by_table

    def restore(self, state: WeakKeyDictionary[Any, _Optimizers] | None) -> None:
        self._by_table.update(state or {})

    def patches(self) -> Patches:
        patches = Patches()
        actions: dict[str, Callable[[_Optimizers, dict[str, Any]], dict[str, Any]]] = {
            "create_table_optimizer": _create,
            "get_table_optimizer": _get,
            "update_table_optimizer": _update,
            "delete_table_optimizer": _delete,
            "list_table_optimizer_runs": _runs,
        }
        for name, action in actions.items():
            patches.add("moto.glue.responses", f"GlueResponse.{name}")(self._handler(action))
        return patches

    def _handler(
        self, action: Callable[[_Optimizers, dict[str, Any]], dict[str, Any]]
    ) -> Callable[[Any], ActionResult]:
        def handle(response: Any) -> ActionResult:
            request = response.parameters
            return ActionResult(action(self._of_table(response.glue_backend, request), request))

        return handle

    def _of_table(self, backend: Any, request: dict[str, Any]) -> _Optimizers:
        """Return the optimizers of the table of a request."""
        if request["Type"] not in _TYPES:
            raise InvalidInputException(
                "TableOptimizer", f"Type must be one of {', '.join(_TYPES)}, got {request['Type']}"
            )
        table = backend.get_table(request["DatabaseName"], request["TableName"])
        parameters = table.as_dict().get("Parameters") or {}
        if str(parameters.get("table_type")).upper() != "ICEBERG":
            raise InvalidInputException("TableOptimizer", f"{request['TableName']} is not an Iceberg table")
        return self._by_table.setdefault(table, {})


def _create(optimizers: _Optimizers, request: dict[str, Any]) -> dict[str, Any]:
    if request["Type"] in optimizers:
        raise AlreadyExistsException("TableOptimizer")
    optimizers[request["Type"]] = {
        "type": request["Type"],
        "configuration": request["TableOptimizerConfiguration"],
        "configurationSource": "table",
    }
    return {}


def _get(optimizers: _Optimizers, request: dict[str, Any]) -> dict[str, Any]:
    names = ("CatalogId", "DatabaseName", "TableName")
    return {**{name: request[name] for name in names}, "TableOptimizer": _found(optimizers, request)}


def _update(optimizers: _Optimizers, request: dict[str, Any]) -> dict[str, Any]:
    _found(optimizers, request)["configuration"] = request["TableOptimizerConfiguration"]
    return {}


def _delete(optimizers: _Optimizers, request: dict[str, Any]) -> dict[str, Any]:
    del optimizers[_found(optimizers, request)["type"]]
    return {}


def _runs(optimizers: _Optimizers, request: dict[str, Any]) -> dict[str, Any]:
    _found(optimizers, request)
    names = ("CatalogId", "DatabaseName", "TableName")
    return {**{name: request[name] for name in names}, "TableOptimizerRuns": []}


def _found(optimizers: _Optimizers, request: dict[str, Any]) -> dict[str, Any]:
    found = optimizers.get(request["Type"])
    if found is None:
        raise EntityNotFoundException(f"Table {request['TableName']} has no optimizer of type {request['Type']}")
    return found

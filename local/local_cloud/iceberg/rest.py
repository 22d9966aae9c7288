"""Iceberg's REST API over the Glue catalog, as Glue serves it at `/iceberg`.

Sources: https://docs.aws.amazon.com/glue/latest/dg/connect-glu-iceberg-rest.html and Iceberg's specification,
https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml. What Glue does not offer (views,
transactions over several tables, scan planning) is not among the endpoints that `config` names.

Above 200 lines: one function for each endpoint of one API.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterable
from typing import Any

from pydantic import ValidationError
from pyiceberg.exceptions import (
    CommitFailedException,
    NamespaceAlreadyExistsError,
    NamespaceNotEmptyError,
    NoSuchIcebergTableError,
    NoSuchNamespaceError,
    NoSuchPropertyException,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER, SortOrder
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from local_cloud.iceberg.catalog import IcebergCatalog
from local_cloud.iceberg.writing import hidden_from
from local_cloud.server.runtime import Runtime

_WAREHOUSE = "X-Local-Cloud-Warehouse"
# The catalog in which Glue has the table buckets of S3 Tables.
_FEDERATED = "s3tablescatalog"
# Between the levels of a namespace; Glue's databases have one.
_LEVELS = "\x1f"
_ERRORS: tuple[tuple[type[Exception], int, str], ...] = (
    (NoSuchTableError, 404, "NoSuchTableException"),
    (NoSuchIcebergTableError, 404, "NoSuchTableException"),
    # A table without `table_type`.
    (NoSuchPropertyException, 404, "NoSuchTableException"),
    (NoSuchNamespaceError, 404, "NoSuchNamespaceException"),
    (TableAlreadyExistsError, 409, "AlreadyExistsException"),
    (NamespaceAlreadyExistsError, 409, "AlreadyExistsException"),
    (NamespaceNotEmptyError, 409, "NamespaceNotEmptyException"),
    (CommitFailedException, 409, "CommitFailedException"),
    (ValidationError, 400, "BadRequestException"),
    (ValueError, 400, "BadRequestException"),
    # A member that the request lacks.
    (KeyError, 400, "BadRequestException"),
    (NotImplementedError, 406, "UnsupportedOperationException"),
)
_NAMESPACE = "namespaces/<namespace>"
_TABLE = f"{_NAMESPACE}/tables/<name>"
_ENDPOINTS = {
    "GET namespaces": "list_namespaces",
    "POST namespaces": "create_namespace",
    f"GET {_NAMESPACE}": "load_namespace",
    f"DELETE {_NAMESPACE}": "drop_namespace",
    f"GET {_NAMESPACE}/tables": "list_tables",
    f"POST {_NAMESPACE}/tables": "create_table",
    f"POST {_NAMESPACE}/register": "register_table",
    f"GET {_TABLE}": "load_table",
    f"POST {_TABLE}": "commit_table",
    f"DELETE {_TABLE}": "drop_table",
    f"POST {_TABLE}/metrics": "take_metrics",
    "POST tables/rename": "rename_table",
}


def routes(prefix: str, but: Collection[str] = ()) -> Map:
    """Return the routes of an API, whose paths begin with a prefix, without some endpoints."""
    rules = [Rule("/iceberg/v1/config", methods=["GET"], endpoint="config")]
    for line, endpoint in _ENDPOINTS.items():
        method, _, path = line.partition(" ")
        if endpoint not in but:
            rules.append(Rule(f"/iceberg/v1/{prefix}/{path}", methods=[method], endpoint=endpoint))
    return Map(rules)


def offered(but: Collection[str] = ()) -> Iterable[str]:
    """Yield the endpoints as Iceberg's specification writes them, without some."""
    for line in (line for line, endpoint in _ENDPOINTS.items() if endpoint not in but):
        method, _, path = line.partition(" ")
        place = path.replace("<namespace>", "{namespace}").replace("<name>", "{table}")
        # Werkzeug answers HEAD where it answers GET.
        for offered in (method, *(["HEAD"] if method == "GET" and path.endswith(">") else [])):
            yield f"{offered} /v1/{{prefix}}/{place}"


_COMMITS = threading.Lock()


class IcebergRest:
    """The API, for one caller.

    Parameters
    ----------
    runtime: Runtime
        The local cloud.
    region: str
        Region of the catalog.
    key: str
        Access key id of the caller: it stands for a role, and for the files of a program that reaches no S3.
    """

    map = routes("catalogs/<catalog>")

    def __init__(self, runtime: Runtime, region: str, *, key: str) -> None:
        self._runtime = runtime
        self._region = region
        self._key = key
        self._role = runtime.recording.role_of_key(key)
        self._mirror = runtime.mirrors.get(key)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        try:
            endpoint, given = self.map.bind_to_environ(environ).match()
            arguments = {name: value for name, value in given.items() if name != "catalog"}
            self._catalog = self.open(request, given.get("catalog", ""))
            if _LEVELS in arguments.get("namespace", ""):
                # Spark asks for the table `snapshots` in `database.table`.
                kind = NoSuchTableError if "name" in arguments else NoSuchNamespaceError
                raise kind(f"no such namespace: {arguments['namespace'].replace(_LEVELS, '.')}")
            handler: Callable[..., Any] = getattr(self, f"_{endpoint}")
            answer = handler(request, **arguments)
            response = Response(status=204) if answer is None else _json(200, answer)
        except HTTPException as error:
            response = _error(error.code or 500, "NotFoundException", f"{request.method} {request.path}: {error.name}")
        except tuple(kind for kind, _, _ in _ERRORS) as error:
            status, name = next((status, name) for kind, status, name in _ERRORS if isinstance(error, kind))
            response = _error(status, name, str(error))
        return response(environ, start_response)

    def open(self, request: Request, catalog: str) -> Any:
        """Return the catalog that a request is about."""
        warehouse = request.headers.get(_WAREHOUSE)
        return IcebergCatalog(self._runtime, self._region, role=self._role, warehouse=warehouse)

    def _config(self, request: Request) -> dict[str, Any]:
        overrides = {"prefix": f"catalogs/{self._runtime.account}"}
        warehouse = request.args.get("warehouse", "")
        if _FEDERATED in warehouse or warehouse.startswith("arn:"):
            raise NotImplementedError(
                f"the warehouse {warehouse} is not supported by the local cloud's Glue: sign requests for s3tables, "
                "with the ARN of the table bucket as the warehouse"
            )
        if "://" in warehouse:
            # That of a GlueCatalog, in which tables lie that are created without a location.
            overrides[f"header.{_WAREHOUSE}"] = warehouse
        return {"defaults": {}, "overrides": overrides, "endpoints": list(offered())}

    def _list_namespaces(self, request: Request) -> dict[str, Any]:
        if request.args.get("parent"):
            return {"namespaces": []}
        return {"namespaces": [list(name) for name in self._catalog.list_namespaces()]}

    def _create_namespace(self, request: Request) -> dict[str, Any]:
        given = request.get_json()
        (name,) = given["namespace"]
        self._catalog.create_namespace(name, given.get("properties") or {})
        return {"namespace": [name], "properties": given.get("properties") or {}}

    def _load_namespace(self, request: Request, namespace: str) -> dict[str, Any]:
        return {"namespace": [namespace], "properties": self._catalog.load_namespace_properties(namespace)}

    def _drop_namespace(self, request: Request, namespace: str) -> None:
        self._catalog.drop_namespace(namespace)

    def _list_tables(self, request: Request, namespace: str) -> dict[str, Any]:
        found = self._catalog.list_tables(namespace)
        return {"identifiers": [{"namespace": [namespace], "name": name[-1]} for name in found]}

    def _create_table(self, request: Request, namespace: str) -> dict[str, Any]:
        given = request.get_json()
        properties = {"format-version": "2", **(given.get("properties") or {})}
        arguments = {
            "schema": Schema.model_validate(given["schema"]),
            "location": given.get("location"),
            "partition_spec": PartitionSpec.model_validate(given["partition-spec"])
            if given.get("partition-spec")
            else UNPARTITIONED_PARTITION_SPEC,
            "sort_order": SortOrder.model_validate(given["write-order"])
            if given.get("write-order")
            else UNSORTED_SORT_ORDER,
            "properties": properties,
        }
        if given.get("stage-create"):
            self._catalog.load_namespace_properties(namespace)
            return loaded(self._catalog.stage(namespace, given["name"], **arguments), self.settings(request))
        table = self._catalog.create_table((namespace, given["name"]), **arguments)
        self.refresh(table)
        return loaded(table, self.settings(request))

    def _register_table(self, request: Request, namespace: str) -> dict[str, Any]:
        given = request.get_json()
        table = self._catalog.register_table((namespace, given["name"]), given["metadata-location"])
        return loaded(table, self.settings(request))

    def _load_table(self, request: Request, namespace: str, name: str) -> dict[str, Any] | None:
        table = self._catalog.load_table((namespace, name))
        self.refresh(table)
        return loaded(table, self.settings(request), hidden=hidden_from(request.headers))

    def _commit_table(self, request: Request, namespace: str, name: str) -> dict[str, Any]:
        given = request.get_json()
        if self._mirror:
            self._mirror.push(self._note)
        # Glue refuses the second of two commits by the table's version; here they only wait for each other.
        with _COMMITS:
            table = self._catalog.apply(
                namespace, name, requirements=given.get("requirements") or (), updates=given.get("updates") or ()
            )
        self.refresh(table)
        return loaded(table, {}, hidden=hidden_from(request.headers))

    def _drop_table(self, request: Request, namespace: str, name: str) -> None:
        if request.args.get("purgeRequested", "").lower() == "true":
            self._catalog.purge_table((namespace, name))
        else:
            self._catalog.drop_table((namespace, name))

    def _take_metrics(self, request: Request, namespace: str, name: str) -> None:
        """Take a report on a scan or commit, which nothing reads."""

    def _rename_table(self, request: Request) -> None:
        given = request.get_json()
        source, target = given["source"], given["destination"]
        self._catalog.rename_table((*source["namespace"], source["name"]), (*target["namespace"], target["name"]))

    def settings(self, request: Request) -> dict[str, str]:
        """Return how a client reaches the table's files, and with which key if it asks to be lent one."""
        lent: dict[str, str] = {}
        if "vended-credentials" in request.headers.get("X-Iceberg-Access-Delegation", ""):
            secret = self._runtime.keys.secret(self._key) or ""
            lent = {"s3.access-key-id": self._key, "s3.secret-access-key": secret}
        return {
            "s3.endpoint": self._runtime.endpoint,
            "s3.path-style-access": "true",
            "s3.region": self._region,
            "client.region": self._region,
            **lent,
        }

    def refresh(self, table: Table) -> None:
        if self._mirror:
            self._mirror.refresh(table.location())

    def _note(self, action: str, uri: str) -> None:
        if self._role:
            self._runtime.recording.note(self._role, action, uri.partition("://")[2])


def loaded(table: Table, settings: dict[str, str], *, hidden: Collection[str] = ()) -> dict[str, Any]:
    metadata = json.loads(table.metadata.model_dump_json())
    for name in hidden:
        metadata["properties"].pop(name, None)
    return {"metadata-location": table.metadata_location, "metadata": metadata, "config": settings}


def _json(status: int, content: dict[str, Any]) -> Response:
    return Response(json.dumps(content), status=status, content_type="application/json")


def _error(status: int, kind: str, message: str) -> Response:
    return _json(status, {"error": {"message": message, "type": kind, "code": status}})

"""The control plane of Redshift Serverless, which moto lacks altogether: namespaces, workgroups and usage limits.

It stores settings and answers as AWS would. Nothing here runs SQL.
"""

from __future__ import annotations

import datetime
import secrets
import threading
import uuid
from collections.abc import Iterable
from typing import Any

from moto.utilities.utils import get_partition

from local_cloud.engines.engine import Engine
from local_cloud.engines.redshift.usage_limits import UsageLimits
from local_cloud.server.runtime import Runtime
from local_cloud.server.services import Service, ServiceCall, ServiceError

_PORT = 5439
_CREDENTIALS_LIFETIME = datetime.timedelta(minutes=15)


class RedshiftServerlessEngine(Engine):
    """Namespaces, workgroups and usage limits of every region."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._lock = threading.Lock()
        self._kinds: dict[str, dict[tuple[str, str], dict[str, Any]]] = {"namespace": {}, "workgroup": {}}
        self._limits: dict[tuple[str, str], dict[str, Any]] = {}

    def state(self) -> dict[str, dict[tuple[str, str], dict[str, Any]]]:
        return {**self._kinds, "usagelimit": self._limits}

    def restore(self, state: dict[str, dict[tuple[str, str], dict[str, Any]]] | None) -> None:
        kept = dict(state or {})
        self._limits = kept.pop("usagelimit", {})
        self._kinds.update(kept)

    def services(self) -> Iterable[Service]:
        return (Service(name="redshift-serverless", handle=self._handle),)

    def _handle(self, call: ServiceCall) -> dict[str, Any]:
        operation, region, request = call.operation, call.region, call.request
        if operation == "GetCredentials":
            return self._credentials(region, request)
        if "UsageLimit" in operation:
            with self._lock:
                arns = [
                    group["workgroupArn"] for (where, _), group in self._kinds["workgroup"].items() if where == region
                ]
                return UsageLimits(limits=self._limits, region=region, workgroups=arns, arn=self._arn).handle(
                    operation, request
                )
        for kind in self._kinds:
            action = operation.lower().removesuffix("s") if operation.startswith("List") else operation.lower()
            if action.endswith(kind):
                with self._lock:
                    return self._act(action.removesuffix(kind), kind, region, request)
        raise ServiceError("UnknownOperationException", f"the local cloud does not implement {operation}")

    def _act(self, action: str, kind: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        store = self._kinds[kind]
        if action == "list":
            return {f"{kind}s": [item for (where, _), item in store.items() if where == region]}
        name = request[f"{kind}Name"]
        key = (region, name)
        if action == "create":
            if key in store:
                raise ServiceError("ConflictException", f"{kind} {name} already exists")
            if kind == "workgroup" and (region, request["namespaceName"]) not in self._kinds["namespace"]:
                raise ServiceError("ResourceNotFoundException", f"namespace {request['namespaceName']} not found")
            store[key] = self._namespace(region, request) if kind == "namespace" else self._workgroup(region, request)
        elif key not in store:
            raise ServiceError("ResourceNotFoundException", f"{kind} {name} not found")
        elif action == "update":
            store[key] |= {member: value for member, value in request.items() if member != "adminUserPassword"}
        elif action == "delete":
            return {kind: {**store.pop(key), "status": "DELETING"}}
        return {kind: store[key]}

    def _namespace(self, region: str, request: dict[str, Any]) -> dict[str, Any]:
        name, identifier = request["namespaceName"], str(uuid.uuid4())
        namespace = {
            "adminUsername": "admin",
            "dbName": "dev",
            "iamRoles": [],
            **{member: value for member, value in request.items() if member not in ("adminUserPassword", "tags")},
            "creationDate": _now(),
            "namespaceArn": self._arn(region, "namespace", identifier),
            "namespaceId": identifier,
            "status": "AVAILABLE",
        }
        if request.get("manageAdminPassword"):
            secret = self.runtime.client("secretsmanager", region).create_secret(
                Name=f"redshift!{name}-admin-{secrets.token_hex(4)}",
                SecretString=f'{{"username": "{namespace["adminUsername"]}"}}',
            )
            namespace["adminPasswordSecretArn"] = secret["ARN"]
        return namespace

    def _workgroup(self, region: str, request: dict[str, Any]) -> dict[str, Any]:
        name, identifier = request["workgroupName"], str(uuid.uuid4())
        return {
            "baseCapacity": 128,
            "configParameters": [],
            "enhancedVpcRouting": False,
            "publiclyAccessible": False,
            **{member: value for member, value in request.items() if member != "tags"},
            "creationDate": _now(),
            "endpoint": {
                "address": f"{name}.{self.runtime.account}.{region}.redshift-serverless.amazonaws.com",
                "port": _PORT,
            },
            "status": "AVAILABLE",
            "workgroupArn": self._arn(region, "workgroup", identifier),
            "workgroupId": identifier,
        }

    def _credentials(self, region: str, request: dict[str, Any]) -> dict[str, Any]:
        if (region, request["workgroupName"]) not in self._kinds["workgroup"]:
            raise ServiceError("ResourceNotFoundException", f"workgroup {request['workgroupName']} not found")
        expiration = datetime.datetime.now(tz=datetime.UTC) + _CREDENTIALS_LIFETIME
        return {"dbUser": "IAM:local", "dbPassword": secrets.token_urlsafe(), "expiration": expiration.timestamp()}

    def _arn(self, region: str, kind: str, identifier: str) -> str:
        return f"arn:{get_partition(region)}:redshift-serverless:{region}:{self.runtime.account}:{kind}/{identifier}"


def _now() -> str:
    return datetime.datetime.now(tz=datetime.UTC).isoformat()

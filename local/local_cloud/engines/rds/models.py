"""Facts of moto's clusters and instances: their servers, parameters and passwords."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Iterator
from typing import Any
from weakref import WeakValueDictionary

from moto.rds.exceptions import InvalidParameterValue, RDSClientError
from moto.rds.models import DBCluster, rds_backends

from local_cloud.engines.postgresql.server import PostgresqlServer
from local_cloud.server.patching import Patches

SERVER = "local_cloud_server"
"""Attribute in which a cluster or instance has the name of its server."""
ENGINES = frozenset({"aurora-postgresql", "postgres"})
SERVERS: WeakValueDictionary[str, PostgresqlServer] = WeakValueDictionary()
"""Servers by name, for what RDS does in them beside their clients."""
_HOST = "localhost"
_PASSWORD_CHARACTERS = 28


def hosted(account: str) -> Iterator[Any]:
    """Yield each cluster and instance that has a server."""
    for backend in list(rds_backends[account].values()):
        for model in [*backend.clusters.values(), *backend.databases.values()]:
            if SERVER in vars(model):
                yield model


def server_of(model: Any) -> PostgresqlServer | None:
    """Return the server of a cluster or instance, if this cloud runs it."""
    return SERVERS.get(vars(model).get(SERVER, ""))


def takes_connections(model: Any) -> bool:
    """Tell whether clients of a cluster or instance are answered."""
    # The endpoint of a cluster leads to its instances.
    return model.status != "stopped" and (not isinstance(model, DBCluster) or bool(model.members))


def parameters(model: Any) -> dict[str, str]:
    """Return the values of the parameter groups, those of a cluster's writer last."""
    backend = model.backend
    if isinstance(model, DBCluster):
        groups = [backend.db_cluster_parameter_groups.get(model.parameter_group)]
        writers = [member for member in model.members if member.is_cluster_writer]
    else:
        groups, writers = [], [model]
    groups += [backend.db_parameter_groups.get(writer.db_parameter_group_name or "") for writer in writers]
    found = [(name, values) for group in groups if group for name, values in group.parameters.items()]
    return {name: str(values["ParameterValue"]) for name, values in found if "ParameterValue" in values}


def password(model: Any) -> str:
    """Return the password of the master user."""
    if not model.manage_master_user_password:
        return str(vars(model).get("_master_user_password") or model.master_user_password)
    version = model.master_user_secret.secret
    return str(json.loads(version.secret_string)["password"])


def patch_addresses(patches: Patches) -> None:
    """Have endpoints lead to this machine."""

    @patches.replace("moto.rds.models", "DBCluster.endpoint")
    def endpoint(self: Any) -> str:
        return _HOST

    @patches.replace("moto.rds.models", "DBCluster.reader_endpoint")
    def reader_endpoint(self: Any) -> str:
        return _HOST

    @patches.replace("moto.rds.models", "DBInstance.address")
    def address(self: Any) -> str:
        return _HOST


def patch_secrets(patches: Patches) -> None:
    """Have managed secrets hold the name of the master user, and a password that nobody knows."""

    @patches.replace("moto.rds.models", "MasterUserSecret._generate_secret_string")
    def generate_secret_string(self: Any) -> str:
        password = random_text(string.ascii_letters + string.digits, _PASSWORD_CHARACTERS)
        return json.dumps({"username": self.resource.master_username, "password": password})

    @patches.replace("moto.rds.models", "MasterUserSecret.rotate_secret")
    def rotate_secret(self: Any) -> None:
        raise RDSClientError("InvalidParameterValue", "the local cloud does not rotate the secret of a master user")


def random_text(alphabet: str, length: int) -> str:
    """Return a text of so many characters of an alphabet."""
    return "".join(secrets.choice(alphabet) for _ in range(length))


def check_engine(engine: str) -> None:
    """Refuse an engine that this machine does not have."""
    if engine not in ENGINES:
        raise InvalidParameterValue(
            f"the local cloud has no engine '{engine}', but {' and '.join(sorted(ENGINES))} by PostgreSQL: leave the "
            "database out with a condition or context value when you deploy locally"
        )


def without_repetition(model: Any, changes: dict[str, Any]) -> dict[str, Any]:
    """Return changes without the wish that a secret be managed which is so already: moto would make another one."""
    if model and model.manage_master_user_password and changes.get("manage_master_user_password"):
        return {name: value for name, value in changes.items() if name != "manage_master_user_password"}
    return changes


def forget(models: dict[str, Any], name: str) -> None:
    """Take back what moto has made."""
    model = models.pop(name)
    if model.manage_master_user_password:
        model.master_user_secret.delete_secret()

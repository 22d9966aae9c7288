"""RDS and Aurora: moto's clusters and instances, each with a PostgreSQL of its own behind its endpoint.

Above 200 lines: one operation of the service after the other, each a few lines.
"""

from __future__ import annotations

import secrets
import string
import threading
from collections.abc import Mapping
from typing import Any

from moto.rds.exceptions import InvalidParameterValue
from moto.rds.models import DBCluster, DBInstance, DBInstanceClustered, RDSBackend

from local_cloud.engines.engine import Engine
from local_cloud.engines.postgresql import programs
from local_cloud.engines.rds.database import Database
from local_cloud.engines.rds.exports import Exports
from local_cloud.engines.rds.models import (
    SERVER,
    SERVERS,
    check_engine,
    forget,
    hosted,
    parameters,
    password,
    patch_addresses,
    patch_secrets,
    random_text,
    takes_connections,
    without_repetition,
)
from local_cloud.errors import LocalCloudError
from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime

_ID_CHARACTERS = 26
_SUFFIX_BYTES = 4

_create_cluster, _create_instance = RDSBackend.create_db_cluster, RDSBackend.create_db_instance
_modify_cluster, _modify_instance = RDSBackend.modify_db_cluster, RDSBackend.modify_db_instance
_delete_cluster, _delete_instance = RDSBackend.delete_db_cluster, RDSBackend.delete_db_instance
_stop_cluster, _stop_instance = RDSBackend.stop_db_cluster, RDSBackend.stop_db_instance
_reboot = RDSBackend.reboot_db_instance


class RdsEngine(Engine):
    """Runs a server for each cluster and instance."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._lock = threading.Lock()
        self._databases: dict[str, Database] = {}
        self._exports = Exports(runtime)

    def start(self) -> None:
        """Listen again on the ports of the databases that are kept; each server starts with its first client."""
        for model in hosted(self.runtime.account):
            if vars(model)[SERVER] not in self._databases:
                self._host(model, port=model.port).listen()

    def patches(self) -> Patches:
        patches = Patches()
        self._exports.patch(patches)
        self._patch_clusters(patches)
        self._patch_instances(patches)
        patch_addresses(patches)
        patch_secrets(patches)
        return patches

    def _patch_clusters(self, patches: Patches) -> None:
        engine = self

        @patches.replace("moto.rds.models", "RDSBackend.create_db_cluster")
        def create_db_cluster(self: Any, kwargs: dict[str, Any]) -> DBCluster:
            check_engine(kwargs["engine"])
            cluster = _create_cluster(self, kwargs)
            try:
                engine._create(cluster, cluster.database_name)
            except LocalCloudError as error:
                forget(self.clusters, kwargs["db_cluster_identifier"])
                raise InvalidParameterValue(str(error)) from None
            return cluster

        @patches.replace("moto.rds.models", "RDSBackend.modify_db_cluster")
        def modify_db_cluster(self: Any, kwargs: dict[str, Any]) -> DBCluster:
            cluster = self.clusters.get(kwargs["db_cluster_identifier"])
            changes = without_repetition(cluster, kwargs)
            answer = _modify_cluster(self, changes)
            engine._modified(cluster, kwargs)
            return answer

        @patches.replace("moto.rds.models", "RDSBackend.delete_db_cluster")
        def delete_db_cluster(self: Any, cluster_identifier: str, snapshot_name: str | None = None) -> DBCluster:
            cluster = _delete_cluster(self, cluster_identifier, snapshot_name)
            engine._remove(cluster)
            return cluster

        @patches.replace("moto.rds.models", "RDSBackend.stop_db_cluster")
        def stop_db_cluster(self: Any, cluster_identifier: str) -> DBCluster:
            before = _stop_cluster(self, cluster_identifier)
            engine._stop(self.clusters[cluster_identifier])
            return before

    def _patch_instances(self, patches: Patches) -> None:
        engine = self

        @patches.replace("moto.rds.models", "RDSBackend.create_db_instance")
        def create_db_instance(self: Any, db_kwargs: dict[str, Any]) -> DBInstance:
            check_engine(db_kwargs["engine"])
            instance = _create_instance(self, db_kwargs)
            # moto gives the same to all.
            instance.dbi_resource_id = f"db-{random_text(string.ascii_uppercase + string.digits, _ID_CHARACTERS)}"
            if isinstance(instance, DBInstanceClustered):
                instance.port = instance.cluster.port
                return instance
            try:
                engine._create(instance, instance.db_name)
            except LocalCloudError as error:
                forget(self.databases, db_kwargs["db_instance_identifier"])
                raise InvalidParameterValue(str(error)) from None
            return instance

        @patches.replace("moto.rds.models", "RDSBackend.modify_db_instance")
        def modify_db_instance(self: Any, db_instance_identifier: str, db_kwargs: dict[str, Any]) -> DBInstance:
            changes = without_repetition(self.databases.get(db_instance_identifier), db_kwargs)
            instance = _modify_instance(self, db_instance_identifier, changes)
            engine._modified(instance, db_kwargs)
            return instance

        @patches.replace("moto.rds.models", "RDSBackend.delete_db_instance")
        def delete_db_instance(
            self: Any,
            db_instance_identifier: str,
            final_db_snapshot_identifier: str | None = None,
            skip_final_snapshot: bool | None = False,
            delete_automated_backups: bool | None = True,
        ) -> DBInstance:
            instance = _delete_instance(
                self,
                db_instance_identifier,
                final_db_snapshot_identifier,
                skip_final_snapshot,
                delete_automated_backups,
            )
            engine._remove(instance)
            return instance

        @patches.replace("moto.rds.models", "RDSBackend.stop_db_instance")
        def stop_db_instance(
            self: Any, db_instance_identifier: str, db_snapshot_identifier: str | None = None
        ) -> DBInstance:
            instance = _stop_instance(self, db_instance_identifier, db_snapshot_identifier)
            engine._stop(instance)
            return instance

        @patches.replace("moto.rds.models", "RDSBackend.reboot_db_instance")
        def reboot_db_instance(self: Any, db_instance_identifier: str) -> DBInstance:
            instance = _reboot(self, db_instance_identifier)
            owner = instance.cluster if isinstance(instance, DBInstanceClustered) else instance
            server = engine._databases[vars(owner)[SERVER]].server
            server.reboot(parameters(owner))
            try:
                server.port()
            except LocalCloudError as error:
                raise InvalidParameterValue(str(error)) from None
            return instance

    def _create(self, model: Any, database: str | None) -> None:
        programs.require(f"the database {model.resource_id}")
        vars(model)[SERVER] = f"{model.resource_id}-{secrets.token_hex(_SUFFIX_BYTES)}"
        made = self._host(model)
        try:
            made.set_up(username=model.master_username, password=password(model), database=database)
            model.port = made.listen()
        except BaseException:
            self._remove(model)
            raise

    def _host(self, model: Any, port: int | None = None) -> Database:
        name = vars(model)[SERVER]
        database = Database(
            self.runtime,
            name=name,
            port=port,
            parameters=parameters(model),
            available=lambda: takes_connections(model),
        )
        with self._lock:
            self._databases[name] = database
            SERVERS[name] = database.server
        return database

    def _modified(self, model: Any, changes: Mapping[str, Any]) -> None:
        if SERVER in vars(model) and {"master_user_password", "manage_master_user_password"} & set(changes):
            database = self._databases[vars(model)[SERVER]]
            database.set_password(username=model.master_username, password=password(model))

    def _stop(self, model: Any) -> None:
        self._databases[vars(model)[SERVER]].server.reboot(parameters(model))

    def _remove(self, model: Any) -> None:
        with self._lock:
            removed = self._databases.pop(vars(model).get(SERVER, ""), None)
        if removed:
            removed.remove()

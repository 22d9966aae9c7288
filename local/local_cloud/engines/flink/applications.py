"""Applications of Managed Service for Apache Flink: what the API knows of them.

Above 200 lines: one data class, its snapshots and how they are shown.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local_cloud.engines.flink import configuration
from local_cloud.engines.flink.operations import Operation
from local_cloud.server.services import ServiceError

SKIP, LATEST, CUSTOM = (
    "SKIP_RESTORE_FROM_SNAPSHOT",
    "RESTORE_FROM_LATEST_SNAPSHOT",
    "RESTORE_FROM_CUSTOM_SNAPSHOT",
)


@dataclass(kw_only=True)
class Snapshot:
    """A savepoint.

    Parameters
    ----------
    name: str
        Its name.
    version: int
        Version of the application that made it.
    runtime: str
        Its runtime environment.
    generation: int
        Number of the tables' folders that its state is of.
    path: str
        Folder of the savepoint.
    created: float
        When it was made.
    """

    name: str
    version: int
    runtime: str
    generation: int
    path: str
    created: float = field(default_factory=time.time)

    def described(self) -> dict[str, Any]:
        return {
            "SnapshotName": self.name,
            "SnapshotStatus": "READY",
            "ApplicationVersionId": self.version,
            "SnapshotCreationTimestamp": self.created,
            "RuntimeEnvironment": self.runtime,
        }


@dataclass(kw_only=True)
class Application:
    """One application.

    Parameters
    ----------
    name, region, arn, runtime, role, description: str
        As given.
    configuration: dict
        As an `ApplicationConfiguration`.
    tags: dict
        Its tags.
    code_size, code_hash: int, str
        Of its code.
    status: str
        Its state.
    version: int
        Counts its changes.
    logging: dict
        Log streams by the ids of its options.
    snapshots: list
        The oldest first.
    restore: dict
        Its last `ApplicationRestoreConfiguration`.
    allows_lost_state: bool
        Whether state that no operator takes is dropped.
    generation: int
        Number of the folders that its tables have; another one when it starts without a state.
    state: str
        Folder of the checkpoint or savepoint from which it goes on; empty: none.
    restarts: int
        How often its job was started again.
    operations: list
        Its starts and stops, the oldest first.
    """

    name: str
    region: str
    arn: str
    runtime: str
    role: str
    description: str
    configuration: dict[str, Any]
    tags: dict[str, str]
    code_size: int
    code_hash: str
    status: str = "READY"
    version: int = 1
    created: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    logging: dict[str, str] = field(default_factory=dict)
    options: int = 0
    snapshots: list[Snapshot] = field(default_factory=list)
    restore: dict[str, Any] = field(default_factory=lambda: {"ApplicationRestoreType": LATEST})
    allows_lost_state: bool = False
    generation: int = 0
    generations: int = 0
    state: str = ""
    restarts: int = 0
    operations: list[Operation] = field(default_factory=list)

    def begin(self, operation: str, status: str) -> str:
        """Take a status while an operation is under way; return the operation's id."""
        self.status = status
        self.operations.append(Operation(name=operation))
        return self.operations[-1].id

    def settle(self, status: str, problem: str = "") -> None:
        """Take a status that lasts; the operation that is under way ends with it, and fails if there is a problem."""
        self.status = status
        for operation in self.operations:
            if operation.is_under_way:
                operation.end(problem)

    @property
    def folder_name(self) -> str:
        return f"{self.region}-{self.name}-{int(self.created * 1000)}"

    @property
    def token(self) -> str:
        """Value of `ConditionalToken` of this version."""
        return f"{int(self.created * 1000)}-{self.version}"

    def log_to(self, stream: str) -> None:
        self.options += 1
        self.logging[f"{self.options}.1"] = stream

    def logging_options(self) -> list[dict[str, str]]:
        return [
            {"CloudWatchLoggingOptionId": number, "LogStreamARN": stream} for number, stream in self.logging.items()
        ]

    def changed(self) -> None:
        """Count a change."""
        self.version += 1
        self.updated = time.time()

    def check_version(self, request: Mapping[str, Any]) -> None:
        """Refuse a request that is about another version.

        Raises
        ------
        ServiceError
            With the version.
        """
        given, token = request.get("CurrentApplicationVersionId"), request.get("ConditionalToken")
        if given is None and token is None:
            raise ServiceError(
                "InvalidArgumentException", "Either CurrentApplicationVersionId or ConditionalToken must be provided"
            )
        if given not in (None, self.version) or token not in (None, self.token):
            raise ServiceError(
                "ConcurrentModificationException",
                f"Application {self.name} is at version {self.version}, and the request is about {given or token}",
            )

    def snapshot(self, name: str) -> Snapshot:
        """Return a snapshot.

        Raises
        ------
        ServiceError
            If there is none of that name.
        """
        for one in self.snapshots:
            if one.name == name:
                return one
        raise ServiceError("ResourceNotFoundException", f"Snapshot {name} of application {self.name} does not exist")

    def choose(self, run: Mapping[str, Any]) -> None:
        """Decide from which state a start goes on, by a `RunConfiguration`.

        Raises
        ------
        ServiceError
            If it names a snapshot that does not exist.
        """
        asked = run.get("ApplicationRestoreConfiguration") or {"ApplicationRestoreType": LATEST}
        kind, found = asked["ApplicationRestoreType"], None
        if kind == CUSTOM:
            if not asked.get("SnapshotName"):
                raise ServiceError("InvalidArgumentException", f"{CUSTOM} needs a SnapshotName")
            found = self.snapshot(asked["SnapshotName"])
        elif kind == LATEST and self.snapshots:
            found = self.snapshots[-1]
        self.restore = dict(asked)
        self.allows_lost_state = bool((run.get("FlinkRunConfiguration") or {}).get("AllowNonRestoredState"))
        if found:
            self.generation, self.state = found.generation, found.path
        else:
            self.generations += 1
            self.generation, self.state = self.generations, ""
        self.restarts = 0

    def summary(self) -> dict[str, Any]:
        return {
            "ApplicationName": self.name,
            "ApplicationARN": self.arn,
            "ApplicationStatus": self.status,
            "ApplicationVersionId": self.version,
            "RuntimeEnvironment": self.runtime,
            "ApplicationMode": "STREAMING",
        }

    def described(self) -> dict[str, Any]:
        """Return an `ApplicationDetail`."""
        settings = configuration.described(self.configuration, size=self.code_size, md5=self.code_hash)
        settings["RunConfigurationDescription"] = {
            "ApplicationRestoreConfigurationDescription": self.restore,
            "FlinkRunConfigurationDescription": {"AllowNonRestoredState": self.allows_lost_state},
        }
        return {
            **self.summary(),
            "ApplicationDescription": self.description,
            "ServiceExecutionRole": self.role,
            "CreateTimestamp": self.created,
            "LastUpdateTimestamp": self.updated,
            "ApplicationConfigurationDescription": settings,
            "CloudWatchLoggingOptionDescriptions": self.logging_options(),
            "ConditionalToken": self.token,
            "ApplicationVersionCreateTimestamp": self.updated,
        }

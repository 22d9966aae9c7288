"""Runs of replications, each in a thread that goes on until it is stopped.

Above 200 lines: the threads, and all that a run is made of.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from local_cloud.engines.dms.errors import ReplicationError
from local_cloud.engines.dms.files import TargetSettings
from local_cloud.engines.dms.mappings import selection, settings
from local_cloud.engines.dms.postgresql import Address, PostgresqlSource
from local_cloud.engines.dms.replicator import Plan, Progress, Replicator
from local_cloud.engines.dms.resources import CONFIG, ENDPOINT, Found, Store
from local_cloud.server.runtime import Runtime

_POLL_SECONDS = 0.05
_DRAIN_SECONDS = 60.0
_HERE = ("127.0.0.1", "localhost", "::1")


@dataclass(kw_only=True)
class _Run:
    """Signals to one thread: that it ends, and how often it was asked to write what there is, and has."""

    ends: threading.Event = field(default_factory=threading.Event)
    asked: int = 0
    answered: int = 0
    thread: threading.Thread | None = None


class Runs:
    """The threads of one cloud's replications.

    Parameters
    ----------
    runtime: Runtime
        The cloud.
    store: Store
        Its resources.
    """

    def __init__(self, runtime: Runtime, store: Store) -> None:
        self._runtime, self._store = runtime, store
        self._runs: dict[str, _Run] = {}

    def begin(self, found: Found) -> None:
        """Run a replication from where its progress is."""
        run = self._runs[found.arn] = _Run()
        run.thread = self._runtime.background(
            lambda: self._perform(found, run), f"replication {found.name}", lasting=True
        )

    def end(self, found: Found) -> None:
        """End a replication once what was committed is written."""
        self._runs[found.arn].ends.set()

    def drain(self) -> None:
        """Write what was committed, of every replication that runs."""
        deadline = time.monotonic() + _DRAIN_SECONDS
        asked = []
        for run in list(self._runs.values()):
            run.asked += 1
            asked.append((run, run.asked))
        for run, number in asked:
            while run.thread and run.thread.is_alive() and run.answered < number and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)

    def forget(self, found: Found) -> None:
        """Let the source forget its log, if it answers; a slot that nobody reads keeps the log without end."""
        try:
            with PostgresqlSource.connected(self._address(found)) as source:
                source.drop_slot(_slot(found))
        except (ReplicationError, ClientError):
            return

    def _perform(self, found: Found, run: _Run) -> None:
        try:
            self._replicate(found, run)
        except Exception as error:
            found.fail(str(error) or type(error).__name__)
            self._tell(found, f"failed: {found.failures[0]}")
            if not isinstance(error, ReplicationError | ClientError):
                raise

    def _replicate(self, found: Found, run: _Run) -> None:
        plan = self._plan(found)
        if found.progress is None:
            found.progress = Progress(begun=datetime.now(UTC))
        objects = self._runtime.objects_of(plan.target.role)
        with PostgresqlSource.connected(self._address(found)) as source:
            replicator = Replicator(plan, source, objects, found.progress, lambda line: self._tell(found, line))
            tables = replicator.prepare()
            found.status = "running" if found.status != "stopping" else found.status
            for table in tables:
                if plan.loads and not found.progress.tables[table.full_name].loaded:
                    replicator.load(table, lambda: not self._is_over(run))
                if self._is_over(run):
                    break
            if plan.follows:
                self._follow(replicator, plan, run)
        if self._pauses:
            return
        done = not plan.follows and all(table.loaded for table in found.progress.tables.values())
        found.stop_reason = "Stop Reason FULL_LOAD_ONLY_FINISHED" if done else "Stop Reason NORMAL"
        found.status = "stopped"

    def _follow(self, replicator: Replicator, plan: Plan, run: _Run) -> None:
        written = 0.0
        while not self._is_over(run):
            asked = run.asked
            if asked > run.answered or time.monotonic() - written >= plan.target.interval:
                replicator.follow()
                written, run.answered = time.monotonic(), asked
            run.ends.wait(_POLL_SECONDS)
        if not self._pauses:
            replicator.follow()

    @property
    def _pauses(self) -> bool:
        return self._runtime.pausing.is_set() or self._runtime.stopping.is_set()

    def _is_over(self, run: _Run) -> bool:
        return run.ends.is_set() or self._pauses

    def _plan(self, found: Found) -> Plan:
        source = self._endpoint(found, "SourceEndpointArn").members.get("PostgreSQLSettings") or {}
        target = self._endpoint(found, "TargetEndpointArn").members["S3Settings"]
        return Plan(
            slot=_slot(found),
            mode=found.mode,
            selection=selection(found.members["TableMappings"]),
            settings=settings(found.settings),
            target=TargetSettings.of(target),
            booleans=bool(source.get("MapBooleanAsBoolean")),
            fails_on_long_values=bool(source.get("FailTasksOnLobTruncation")),
        )

    def _endpoint(self, found: Found, member: str) -> Found:
        return self._store.get(ENDPOINT, found.region, found.members[member])

    def _address(self, found: Found) -> Address:
        """Return where the source is, by its secret if it has one."""
        members = self._endpoint(found, "SourceEndpointArn").members
        given: Mapping[str, Any] = members.get("PostgreSQLSettings") or {}
        signed: Mapping[str, Any] = {
            "host": members.get("ServerName"),
            "port": members.get("Port"),
            "username": members.get("Username"),
            "password": members.get("Password"),
        }
        if secret := given.get("SecretsManagerSecretId"):
            role = given.get("SecretsManagerAccessRoleArn")
            client = self._runtime.client("secretsmanager", found.region, role=role)
            signed = json.loads(client.get_secret_value(SecretId=secret)["SecretString"])
        if missing := [name for name in ("host", "port", "username", "password") if not signed.get(name)]:
            raise ReplicationError(f"the source endpoint has no {missing[0]}, and its secret must hold it")
        host, port = str(signed["host"]), int(signed["port"])
        if host not in _HERE:
            known = self._runtime.receivers.ports.get(host)
            if known is None:
                raise ReplicationError(
                    f"the local cloud reaches no other machine, and no receiver stands for {host}: start it with "
                    f"--receiver {host}=PORT"
                )
            host, port = _HERE[0], known
        return Address(
            host=host,
            port=port,
            database=str(members.get("DatabaseName") or ""),
            user=str(signed["username"]),
            password=str(signed["password"]),
        )

    def _tell(self, found: Found, line: str) -> None:
        """Write a line of the log that the settings ask for."""
        if not settings(found.settings).logs:
            return
        client = self._runtime.client("logs", found.region)
        kind = "dms-serverless-replication" if found.kind == CONFIG else "dms-tasks"
        group, stream = f"{kind}-{found.name}", found.arn.rpartition(":")[2]
        for make, names in (
            (client.create_log_group, {"logGroupName": group}),
            (client.create_log_stream, {"logGroupName": group, "logStreamName": stream}),
        ):
            try:
                make(**names)
            except client.exceptions.ResourceAlreadyExistsException:
                continue
        event = {"timestamp": int(time.time() * 1000), "message": line}
        client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])


def _slot(found: Found) -> str:
    """Return the name of the slot and publication in the source."""
    return f"awsdms_{found.arn.rpartition(':')[2].lower().replace('-', '_')}"

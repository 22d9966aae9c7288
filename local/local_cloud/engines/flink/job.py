"""One attempt at an application's job: its JVM, the process of its main.py, and the job in it.

Above 200 lines: what begins, watches and ends the three together.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from local_cloud.engines.flink import configuration
from local_cloud.engines.flink.applications import Application
from local_cloud.engines.flink.cluster import FlinkCluster, RestError
from local_cloud.engines.flink.errors import CodeError, JobError
from local_cloud.engines.flink.logs import Log
from local_cloud.engines.flink.sinks import Sink
from local_cloud.engines.flink.sources import Source, Splits
from local_cloud.server.private_files import make_private
from local_cloud.server.processes import ProcessGroup
from local_cloud.server.runtime import Runtime

RUN_OPTIONS: Final = "kinesis.analytics.flink.run.options"
_STAND_IN: Final = Path(__file__).parent / "runtime"
_VARIABLE: Final = "LOCAL_CLOUD_FLINK_JOB"
_PROPERTIES: Final = "APPLICATION_PROPERTIES_FILE"
# What a sink has written becomes visible with a checkpoint, so that those of the service would take a minute.
_CHECKPOINT_MILLISECONDS: Final = 1000
_POLL_SECONDS: Final = 0.05
_RUNNING_SECONDS: Final = 60.0
_SAVEPOINT_SECONDS: Final = 60.0
_CANCEL_SECONDS: Final = 10.0
_ENDED: Final = ("FINISHED", "FAILED", "CANCELED")
_SCAN: Final = re.compile(r"TableSourceScan\(table=\[\[default_catalog, default_database, ([^,\]]+)")
_LAST_LINES: Final = 20


class Job:
    """A job that runs, or has just ended.

    Parameters
    ----------
    runtime: Runtime
        The cloud.
    application: Application
        Whose job it is.
    code, folder: Path
        Its unpacked code, and the folder of its generation.
    cluster: FlinkCluster
        Where it runs.
    state: Path, optional
        Checkpoint or savepoint from which it goes on.
    log: Log
        The application's log.
    """

    def __init__(
        self,
        runtime: Runtime,
        application: Application,
        *,
        code: Path,
        folder: Path,
        cluster: FlinkCluster,
        state: Path | None,
        log: Log,
    ) -> None:
        self._runtime, self._application, self._code, self._log = runtime, application, code, log
        self._state = state
        self._tables = folder / "tables"
        self._work = folder / "job"
        shutil.rmtree(self._work, ignore_errors=True)
        self.checkpoints = folder / "checkpoints" / f"{time.time_ns()}"
        for path in (self._tables, self._work, self.checkpoints):
            make_private(path)
        self._cluster = cluster
        self._splits = Splits(cluster.splits)
        self._main: ProcessGroup | None = None
        self._id = ""
        self.sources: list[Source] = []
        self.sinks: list[Sink] = []

    def start(self, ends: Callable[[], bool]) -> None:
        """Run main.py until the job runs.

        Raises
        ------
        CodeError
            If main.py ends without a job.
        JobError
            If the job does not start.
        """
        level = configuration.flink(self._application.configuration)["MonitoringConfiguration"]["LogLevel"]
        self._cluster.begin(level=level, pattern=self._log.pattern)
        self._log.follow(self._cluster.log, formatted=True)
        self._main = self._started_main(self._cluster.submission)
        tables = self._tables_of_the_code(ends)
        if tables is None:
            return
        self._prepare(tables)
        (self._work / "prepared").touch()
        while not (self._work / "job").exists():
            self._check_main()
            if ends():
                return
            time.sleep(_POLL_SECONDS)
        self._id = (self._work / "job").read_text()
        self._wait_until_it_runs(ends)
        for name, source in list(self._by_name.items()):
            source.begin(readers=self._readers[name])

    def step(self, *, reads: bool) -> None:
        """Move records: from the streams to Flink, and from Flink to the streams."""
        self._splits.refresh()
        for source in self.sources:
            if reads:
                source.read()
            source.feed(self._splits)
        for sink in self.sinks:
            sink.deliver()

    def check(self) -> bool:
        """Tell whether the job goes on; False: it has come to its end.

        Raises
        ------
        JobError
            If it has failed, with Flink's reason.
        """
        if not self._cluster.is_alive:
            raise JobError("the JVM of Flink has ended")
        try:
            state = self._cluster.get(f"/jobs/{self._id}")["state"]
        except RestError as error:
            raise JobError(str(error)) from error
        if state == "FINISHED":
            return False
        if state in ("FAILED", "FAILING", "CANCELED", "CANCELLING"):
            raise JobError(self._failure())
        if self._main_code():
            raise JobError(f"main.py has failed after its job was submitted: {self._last_lines()}")
        return True

    def statistics(self) -> dict[str, Any]:
        """Return what Flink knows of the checkpoints."""
        found: dict[str, Any] = self._cluster.get(f"/jobs/{self._id}/checkpoints")
        return found

    def has_checkpoint_since(self, moment: float) -> bool:
        """Tell whether a checkpoint that began after a moment is complete."""
        last = self.statistics()["latest"]["completed"]
        return bool(last and last["trigger_timestamp"] > moment * 1000)

    def savepoint(self, folder: Path, *, stop: bool) -> str:
        """Make a savepoint; return its folder.

        Raises
        ------
        JobError
            If Flink cannot.
        """
        body: dict[str, Any] = {"formatType": "CANONICAL"}
        body |= {"targetDirectory": folder.as_uri(), "drain": False} if stop else {"target-directory": folder.as_uri()}
        try:
            answer = self._cluster.send(f"/jobs/{self._id}/{'stop' if stop else 'savepoints'}", body)
            deadline = time.monotonic() + _SAVEPOINT_SECONDS
            while time.monotonic() < deadline:
                found = self._cluster.get(f"/jobs/{self._id}/savepoints/{answer['request-id']}")
                if found["status"]["id"] == "COMPLETED":
                    if "location" not in found["operation"]:
                        raise JobError(str(found["operation"].get("failure-cause", {}).get("stack-trace", "")))
                    return str(next(folder.glob("savepoint-*")))
                time.sleep(_POLL_SECONDS)
        except RestError as error:
            raise JobError(str(error)) from error
        raise JobError(f"no savepoint within {_SAVEPOINT_SECONDS:g} s")

    def end_at_once(self) -> None:
        """End main.py."""
        if self._main:
            self._main.kill()

    def end(self) -> bool:
        """End main.py and the job; return whether Flink can take another job."""
        self.end_at_once()
        if not self._cluster.is_alive or not (self._id or self._main):
            return False
        try:
            deadline = time.monotonic() + _CANCEL_SECONDS
            while time.monotonic() < deadline:
                jobs = self._cluster.get("/jobs")["jobs"]
                active = [job["id"] for job in jobs if job["status"] not in _ENDED]
                if not active:
                    return True
                for job in active:
                    self._cluster.send(f"/jobs/{job}?mode=cancel", {}, method="PATCH")
                time.sleep(_POLL_SECONDS)
        except RestError:
            return False
        return False

    def _started_main(self, given: dict[str, Any]) -> ProcessGroup:
        options = next(
            (
                group["PropertyMap"]
                for group in configuration.properties(self._application.configuration)
                if group["PropertyGroupId"] == RUN_OPTIONS
            ),
            {},
        )
        main = self._code / options["python"]
        if not main.is_file():
            raise CodeError(f"the code has no {options['python']}")
        properties = self._work / "application_properties.json"
        properties.write_text(json.dumps(configuration.properties(self._application.configuration)))
        facts = self._work / "submission.json"
        settings = {**given["settings"], **self._settings()}
        facts.write_text(
            json.dumps({**given, "settings": settings, "folder": str(self._tables), "answers": str(self._work)})
        )
        paths = [str(self._code / one.strip()) for one in options.get("pyFiles", "").split(",") if one.strip()]
        output = self._work / "main.log"
        self._log.follow(output, formatted=False)
        return ProcessGroup(
            [sys.executable, "-u", str(main)],
            folder=self._code,
            environment={
                **self._runtime.environment(self._application.region, role=self._application.role),
                "PYTHONPATH": ":".join([str(_STAND_IN), *paths]),
                _VARIABLE: str(facts),
                _PROPERTIES: str(properties),
            },
            output=output,
            errors=output,
        )

    def _settings(self) -> dict[str, str]:
        """Return what the application's configuration is in Flink's."""
        given = configuration.flink(self._application.configuration)["CheckpointConfiguration"]
        interval = min(given["CheckpointInterval"], _CHECKPOINT_MILLISECONDS)
        settings = {
            "execution.checkpointing.interval": f"{interval} ms",
            "execution.checkpointing.dir": self.checkpoints.as_uri(),
            "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
            # Idle sources of further slots would hold back every watermark, since one file is read at a time.
            "parallelism.default": "1",
            # A job that Flink itself started again would get the files since its checkpoint in no order.
            "restart-strategy.type": "disable",
        }
        if self._state:
            settings["execution.state-recovery.path"] = self._state.as_uri()
            drops = str(self._application.allows_lost_state).lower()
            settings["execution.state-recovery.ignore-unclaimed-state"] = drops
        return settings

    def _tables_of_the_code(self, ends: Callable[[], bool]) -> Mapping[str, Any] | None:
        answer = self._work / "tables.json"
        while not answer.exists():
            if ends():
                return None
            self._check_main()
            time.sleep(_POLL_SECONDS)
        found: Mapping[str, Any] = json.loads(answer.read_text())
        return {name: facts for name, facts in found.items() if facts["folder"]}

    def _check_main(self) -> None:
        if not self._cluster.is_alive:
            raise JobError("the JVM of Flink has ended")
        code = self._main_code()
        if code is not None and not (self._work / "job").exists():
            ended = f"failed: {self._last_lines()}" if code else "ended without a job"
            raise CodeError(f"main.py has {ended}")

    def _main_code(self) -> int | None:
        return self._main.exit_code() if self._main else None

    def _last_lines(self) -> str:
        lines = (self._work / "main.log").read_text(errors="replace").splitlines()
        return "\n".join(lines[-_LAST_LINES:])

    def _prepare(self, tables: Mapping[str, Any]) -> None:
        """Make the tables' folders what the state expects."""
        state = (self._state / "_metadata").read_bytes() if self._state else b""
        application = self._application
        self._by_name: dict[str, Source] = {}
        for name, facts in tables.items():
            folder, given = facts["folder"], facts["given"]
            region = given["aws.region"]

            def client(service: str, region: str = region) -> Any:
                return self._runtime.client(service, region, role=application.role)

            if facts["is_sink"]:
                self.sinks.append(Sink(client, folder, facts, self._tables))
            elif facts["connector"] == "kinesis":
                self._by_name[name] = Source(client("kinesis"), folder, given, facts["raw"], self._tables)
        for prepared in (*self._by_name.values(), *self.sinks):
            prepared.prepare(state)
        self._sink_names = {name for name, facts in tables.items() if facts["is_sink"]}

    def _wait_until_it_runs(self, ends: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _RUNNING_SECONDS
        while time.monotonic() < deadline and not ends() and self.check():
            found = self._cluster.get(f"/jobs/{self._id}")
            if found["state"] == "RUNNING" and all(one["status"] == "RUNNING" for one in found["vertices"]):
                break
            time.sleep(_POLL_SECONDS)
        plan = self._cluster.get(f"/jobs/{self._id}/plan")["plan"]["nodes"]
        scans = [name for node in plan for name in _SCAN.findall(node["description"])]
        if both := self._sink_names.intersection(scans):
            raise CodeError(f"table {min(both)} is read and written: the local cloud needs two tables")
        self._readers = {name: scans.count(name) for name in self._by_name}
        self._by_name = {name: source for name, source in self._by_name.items() if self._readers[name]}
        self.sources = list(self._by_name.values())

    def _failure(self) -> str:
        try:
            found = self._cluster.get(f"/jobs/{self._id}/exceptions")["exceptionHistory"]["entries"]
        except RestError as error:
            return str(error)
        return str(found[0]["stacktrace"]) if found else "the job has failed"

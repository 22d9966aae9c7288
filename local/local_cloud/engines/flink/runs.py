"""Runs of applications, each in a thread: its job, which is started again when it fails, until the run is ended.

Above 200 lines: the thread of a run, and all that it is asked for.
"""

from __future__ import annotations

import shutil
import threading
import time
import uuid
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from local_cloud.engines.flink import configuration
from local_cloud.engines.flink.applications import Application, Snapshot
from local_cloud.engines.flink.cluster import FlinkCluster, RestError
from local_cloud.engines.flink.clusters import Clusters
from local_cloud.engines.flink.errors import CodeError, JobError
from local_cloud.engines.flink.job import Job
from local_cloud.engines.flink.logs import Log
from local_cloud.engines.flink.metrics import Metrics
from local_cloud.errors import LocalCloudError
from local_cloud.server.private_files import make_private
from local_cloud.server.runtime import Runtime

_POLL_SECONDS: Final = 0.05
_READ_SECONDS: Final = 0.2
_CHECK_SECONDS: Final = 0.5
_LOG_SECONDS: Final = 1.0
_DRAIN_SECONDS: Final = 120.0
# The service's own back-off, shorter: https://docs.aws.amazon.com/managed-flink/latest/java/how-fault.html
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
# A job that has run for so long has recovered.
_RECOVERED_SECONDS: Final = 30.0
_FAILURES_OF_A_DRAIN: Final = 3


class Run:
    """One application between its start and its stop.

    Parameters
    ----------
    runtime: Runtime
        The cloud.
    application: Application
        The application, whose status it keeps.
    folder: Path
        Where its files are.
    clusters: Clusters
        The Flinks of the cloud.
    """

    def __init__(self, runtime: Runtime, application: Application, folder: Path, clusters: Clusters) -> None:
        self._runtime, self._application, self._folder = runtime, application, folder
        self._clusters = clusters
        self._log = Log(runtime, application)
        self._metrics = Metrics(runtime, application)
        self._stops = threading.Event()
        self._forced = threading.Event()
        self._update: Callable[[], None] | None = None
        self._wanted: list[tuple[str, threading.Event, list[str]]] = []
        self._asked = self._answered = 0
        self._idle_since: float | None = None
        self._failures = 0
        self._cluster: FlinkCluster | None = None
        self.thread: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the JVM, for tests that end it."""
        return self._cluster.pid if self._cluster else None

    def begin(self) -> None:
        """Run in a thread of its own."""
        name = f"Flink application {self._application.name}"
        self.thread = self._runtime.background(self._perform, name, lasting=True)

    def stop(self, *, force: bool) -> None:
        """Ask for the end: with a snapshot, or at once."""
        (self._forced if force else self._stops).set()

    def restart(self, change: Callable[[], None]) -> None:
        """Ask for a snapshot, a change of the application, and a start from it."""
        self._update = change
        self._stops.set()

    def snapshot(self, name: str) -> None:
        """Make a snapshot, and wait for it.

        Raises
        ------
        JobError
            If Flink cannot make one.
        """
        done, problems = threading.Event(), list[str]()
        self._wanted.append((name, done, problems))
        while not done.wait(_POLL_SECONDS):
            if not (self.thread and self.thread.is_alive()):
                raise JobError("the application has been stopped")
        if problems:
            raise JobError(problems[0])

    def drain(self) -> None:
        """Wait until all that is in the streams has passed the job, or the job fails again and again."""
        self._asked += 1
        number, deadline, failures = self._asked, time.monotonic() + _DRAIN_SECONDS, self._failures
        while self.thread and self.thread.is_alive() and self._answered < number and time.monotonic() < deadline:
            if self._failures - failures >= _FAILURES_OF_A_DRAIN:
                return
            time.sleep(_POLL_SECONDS)

    def _perform(self) -> None:
        try:
            self._unpack()
            self._go_on()
        except CodeError as error:
            self._end(str(error))
        except Exception as error:
            # An application that stayed STARTING because of our own mistake would make its callers wait forever.
            self._end(f"{type(error).__name__}: {error}")
            if not isinstance(error, LocalCloudError | ClientError | BotoCoreError):
                raise
        finally:
            self._log.publish()

    def _end(self, problem: str = "") -> None:
        if problem:
            self._log.say(problem, "ERROR")
        self._log.say("The application has stopped")
        self._application.settle("READY", problem)

    def _go_on(self) -> None:
        """Start the job, again whenever it fails, until the run ends."""
        pause = _FIRST_PAUSE
        while True:
            begun = time.monotonic()
            try:
                if self._attempt():
                    break
                self._unpack()
                pause = _FIRST_PAUSE
                continue
            except (JobError, RestError, ClientError, BotoCoreError) as error:
                if self._is_over:
                    break
                self._log.say(f"The job has failed, and is started from its last checkpoint: {error}", "ERROR")
            self._failures, self._update = self._failures + 1, None
            self._application.restarts += 1
            self._application.settle("RUNNING")
            pause = _FIRST_PAUSE if time.monotonic() - begun > _RECOVERED_SECONDS else min(2 * pause, _LONGEST_PAUSE)
            if self._wait(pause):
                break
        if not self._pauses:
            self._end()

    def _wait(self, pause: float) -> bool:
        """Wait before a start; return whether the run has ended in the meantime."""
        deadline = time.monotonic() + pause
        while time.monotonic() < deadline:
            if self._is_over:
                return True
            self._answer_without_a_job()
            self._metrics.publish(None, restarting=True)
            self._log.publish()
            time.sleep(_POLL_SECONDS)
        return False

    def _answer_without_a_job(self) -> None:
        while self._wanted:
            _, done, problems = self._wanted.pop(0)
            problems.append("the job is failing")
            done.set()
        if self._stops.is_set():
            self._stops.clear()
            if configuration.takes_snapshots(self._application.configuration):
                problem = "A job that fails can make no snapshot: stop the application with Force"
                self._log.say(problem, "ERROR")
                self._application.settle("RUNNING", problem)
                self._update = None
            else:
                self._forced.set()

    def _attempt(self) -> bool:
        """Run one job; return whether the run has ended, and not only its version."""
        cluster = self._cluster = self._clusters.take()
        state = self._last_state()
        generation = self._folder / str(self._application.generation)
        job = Job(
            self._runtime,
            self._application,
            code=self._folder / "code",
            folder=generation,
            cluster=cluster,
            state=state,
            log=self._log,
        )
        _forget_checkpoints(generation / "checkpoints", but=(state, job.checkpoints))
        try:
            return self._supervise(job)
        finally:
            if not self._pauses and job.end():
                self._clusters.give_back(cluster)
            else:
                job.end_at_once()
                cluster.kill()

    def _supervise(self, job: Job) -> bool:
        """Move records and watch the job until it ends, or the run does; return whether the run has ended."""
        job.start(lambda: self._is_over)
        self._metrics.sources = job.sources
        read = checked = logged = 0.0
        while not self._is_over:
            now = time.monotonic()
            reads, read = (True, now) if now - read > _READ_SECONDS else (False, read)
            job.step(reads=reads)
            if now - checked > _CHECK_SECONDS:
                checked = now
                if not job.check():
                    break
                self._metrics.publish(job)
                status = self._application.status
                if status == "STARTING" or (status == "UPDATING" and not self._update):
                    self._application.settle("RUNNING")
                    self._log.say("The job runs")
            if now - logged > _LOG_SECONDS:
                logged = now
                self._log.publish()
            self._answer(job)
            if self._stops.is_set():
                return self._finish(job)
            time.sleep(_POLL_SECONDS)
        return True

    def _finish(self, job: Job) -> bool:
        """End a job with a snapshot, if the application makes any; return whether the run has ended too."""
        self._stops.clear()
        application = self._application
        if configuration.takes_snapshots(application.configuration):
            self._snapshot(job, f"snapshot-{uuid.uuid4().hex[:12]}", stop=True)
        job.step(reads=False)
        change, self._update = self._update, None
        if change is None:
            return True
        change()
        self._log.say(f"The application goes on with version {application.version}")
        return False

    def _snapshot(self, job: Job, name: str, *, stop: bool) -> None:
        application = self._application
        folder = self._folder / "snapshots" / f"{time.time_ns()}"
        make_private(folder)
        path = job.savepoint(folder, stop=stop)
        application.snapshots.append(
            Snapshot(
                name=name,
                version=application.version,
                runtime=application.runtime,
                generation=application.generation,
                path=path,
            )
        )

    def _answer(self, job: Job) -> None:
        """Do what callers wait for."""
        while self._wanted:
            name, done, problems = self._wanted.pop(0)
            try:
                self._snapshot(job, name, stop=False)
            except JobError as error:
                problems.append(str(error))
            done.set()
        if self._asked == self._answered:
            return
        asked = self._asked
        if self._idle_since is None:
            # Also of what was put while the last files were read.
            job.step(reads=True)
        if not all(source.is_idle for source in job.sources):
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since, self._draining = time.time(), asked
        elif job.has_checkpoint_since(self._idle_since) and not any(sink.has_uncommitted for sink in job.sinks):
            self._answered, self._idle_since = self._draining, None

    @property
    def _pauses(self) -> bool:
        return self._runtime.pausing.is_set() or self._runtime.stopping.is_set()

    @property
    def _is_over(self) -> bool:
        return self._forced.is_set() or self._pauses

    def _last_state(self) -> Path | None:
        """Return the newest checkpoint of the run, or what it was started from."""
        checkpoints = self._folder / str(self._application.generation) / "checkpoints"
        found = max(checkpoints.glob("*/*/chk-*/_metadata"), key=lambda file: file.stat().st_mtime_ns, default=None)
        if found:
            return found.parent
        return Path(self._application.state) if self._application.state else None

    def _unpack(self) -> None:
        place = configuration.code(self._application.configuration)
        uri = f"s3://{place['BucketARN'].rpartition(':')[2]}/{place['FileKey']}"
        folder = self._folder / "code"
        shutil.rmtree(folder, ignore_errors=True)
        make_private(folder)
        try:
            content = read_code(self._runtime, self._application.role, self._application.region, place)
            with zipfile.ZipFile(BytesIO(content)) as archive:
                archive.extractall(folder)
        except (ClientError, zipfile.BadZipFile) as error:
            raise CodeError(f"{uri} cannot be used: {error}") from None


class Runs:
    """The runs of one cloud.

    Parameters
    ----------
    runtime: Runtime
        The cloud.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._clusters = Clusters(runtime)
        self._runs: dict[str, Run] = {}

    def begin(self, application: Application, *, resumes: bool = False) -> None:
        """Start an application, from the state that it has chosen; or go on from its last checkpoint."""
        folder = self.folder(application)
        make_private(folder)
        if not resumes:
            shutil.rmtree(folder / str(application.generation) / "checkpoints", ignore_errors=True)
        run = self._runs[application.arn] = Run(self._runtime, application, folder, self._clusters)
        run.begin()

    def of(self, application: Application) -> Run:
        """Return the run of an application that runs."""
        return self._runs[application.arn]

    def drain(self) -> None:
        """Drain every run."""
        for run in list(self._runs.values()):
            run.drain()

    def forget(self, application: Application) -> None:
        """End an application's run, and remove its files."""
        run = self._runs.pop(application.arn, None)
        if run and run.thread:
            run.stop(force=True)
            run.thread.join()
        shutil.rmtree(self.folder(application), ignore_errors=True)

    def folder(self, application: Application) -> Path:
        return self._runtime.workdir / "flink" / application.folder_name


def _forget_checkpoints(folder: Path, *, but: tuple[Path | None, Path]) -> None:
    """Remove the checkpoints of jobs that have ended, except that from which the next one goes on."""
    state, own = but
    kept = (own, state.parent.parent if state else own)
    for each in folder.iterdir():
        if each not in kept:
            shutil.rmtree(each)


def read_code(runtime: Runtime, role: str, region: str, place: Mapping[str, Any]) -> bytes:
    """Return an application's code, read under its role.

    Raises
    ------
    ClientError
        If it cannot be read.
    """
    given = {"Bucket": place["BucketARN"].rpartition(":")[2], "Key": place["FileKey"]}
    if version := place.get("ObjectVersion"):
        given["VersionId"] = version
    content: bytes = runtime.client("s3", region, role=role).get_object(**given)["Body"].read()
    return content

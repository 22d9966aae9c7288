"""One run of a Glue job: a folder with a copy of S3, the script as a process, and what came of it.

Above 200 lines: the life of one run, from its process to its logs.
"""

from __future__ import annotations

import re
import shutil
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from moto.core.utils import utcnow
from moto.glue.models import FakeJob, FakeJobRun

from local_cloud.engines.glue.iceberg_runtime.iceberg_settings import ENDPOINT, TOKEN, replaced_all
from local_cloud.engines.glue.spark import QUICK_JVM, iceberg_jar, spark_configuration, spark_environment
from local_cloud.engines.glue.spark_jvm import SparkJvm, start_settings
from local_cloud.engines.glue.spark_jvms import SparkJvms
from local_cloud.engines.glue.spark_log import AccessLog
from local_cloud.errors import LocalCloudError
from local_cloud.server.access_keys import AccessKey
from local_cloud.server.log_groups import publish_log
from local_cloud.server.objects import Mirror
from local_cloud.server.private_files import file_name
from local_cloud.server.processes import ProcessGroup, Stopped, TimedOut
from local_cloud.server.runtime import Runtime
from local_cloud.server.signatures import BearerToken
from local_cloud.sql.catalog import Catalog

_SECONDS_PER_MINUTE = 60.0
_DEFAULT_TIMEOUT_MINUTES = 480
# Below this much data, a job ends sooner in a JVM for little data.
_SMALL_BYTES = 20_000_000
_UTC = "-Duser.timezone=UTC"
# What the JVM of a run has of the script's variables; those of AWS change from run to run.
_OF_THE_MACHINE = ("HOME", "LANG", "PATH", "TMPDIR")
_RUNTIME_PACKAGES = Path(__file__).parent / "runtime"
_ICEBERG_PACKAGES = Path(__file__).parent / "iceberg_runtime"
_LOGS = "/aws-glue/jobs"
_SYNTAX_ERROR = re.compile(
    r'^  File "(?P<file>[^"]+)", line (?P<line>\d+)\n(?: .*\n)*(?P<message>(?:Syntax|Indentation|Tab)Error: .+)',
    re.MULTILINE,
)
_BEFORE_GLUE_5 = ("0", "1", "2", "3", "4")
_TYPES = ("glueetl", "pythonshell")
_FORMATS = "--datalake-formats"
_OF_THE_RUN = ("_mirror", "_accesses", "_jvm", "_jvms")


class JobExecution:
    """One attempt to run a job, from its pending to its last state."""

    def __init__(self, runtime: Runtime, jvms: SparkJvms, job: FakeJob, run: FakeJobRun, attempt: int) -> None:
        self.job = job
        self.run = run
        self.attempt = attempt
        self._runtime = runtime
        self._jvms = jvms
        self._jvm: SparkJvm | None = None
        self._region: str = job.backend.region_name
        self._arguments: dict[str, str] = run.arguments or {}
        self._stop = threading.Event()
        self._began = time.monotonic()
        self._seconds: int | None = None
        self._error: str | None = None
        self._folder = runtime.workdir / "glue" / run.job_run_id
        self._mirror = Mirror(runtime.objects, self._folder / "s3")
        self._accesses = AccessLog(self._folder)
        logs = runtime.workdir / "logs" / "glue" / file_name(job.name)
        self._iceberg_key: AccessKey | None = None
        self._output = logs / f"{run.job_run_id}.out"
        self._errors = logs / f"{run.job_run_id}.err"

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what only a run needs that goes on: its copy of S3 knows every object."""
        return {name: value for name, value in self.__dict__.items() if name not in _OF_THE_RUN}

    def description(self) -> dict[str, Any]:
        """Return what GetJobRun says of this run, as far as moto does not know it."""
        ended = self._seconds is not None
        described: dict[str, Any] = {
            "Attempt": self.attempt,
            "ExecutionTime": self._seconds if ended else int(time.monotonic() - self._began),
            "GlueVersion": self.job.glue_version,
            "LogGroupName": _LOGS,
            "Timeout": self._timeout_minutes,
            "CompletedOn": self.run.completed_on if ended else None,
        }
        return {**described, "ErrorMessage": self._error} if self._error else described

    def stop(self) -> None:
        """Ask the run to stop; one that has ended stays as it is."""
        if self._seconds is None:
            self.run.status = "STOPPING"
            self._stop.set()

    def perform(self) -> None:
        """Run the script, and leave the run in its last state whatever happens."""
        self._output.parent.mkdir(parents=True, exist_ok=True)
        self._folder.mkdir(parents=True)
        group: ProcessGroup | None = None
        try:
            group = self._start()
            state, error = self._wait(group)
            if self._jvm:
                self._release(self._jvm, state)
            for action, uri in self._accesses.accesses():
                self._note(action, uri)
            self._mirror.push(self._note)
            self._publish_logs()
        except LocalCloudError as problem:
            state, error = "FAILED", f"LocalCloudError: {problem}"
        except Exception as problem:
            # A run that stayed RUNNING because of our own mistake would make its callers wait forever.
            state, error = "FAILED", f"InternalServiceException: {type(problem).__name__}: {problem}"
        if self._jvm:
            self._jvm.kill()
        self._runtime.mirrors.pop(self.run.job_run_id, None)
        if self._iceberg_key:
            # What is left of the run can commit no more.
            self._runtime.keys.forget(self._iceberg_key)
            del self._runtime.mirrors[self._iceberg_key.id]
        self._end(state, error)

        def tidy() -> None:
            if group:
                group.kill()
            shutil.rmtree(self._folder, ignore_errors=True)

        self._runtime.background(tidy, f"tidy {self.run.job_run_id}", lasting=True)

    def _release(self, jvm: SparkJvm, state: str) -> None:
        """Give the JVM back for other runs, or end it."""
        self._jvm = None
        if state == "SUCCEEDED" and jvm.end_run():
            self._jvms.give_back(jvm)
        else:
            jvm.kill()

    @property
    def _is_spark(self) -> bool:
        return bool(self.job.command["Name"] == "glueetl")

    @property
    def _formats(self) -> set[str]:
        return {name.strip() for name in self._arguments.get(_FORMATS, "").split(",") if name.strip()}

    @property
    def _jars(self) -> list[Path]:
        return [iceberg_jar()] if self._formats == {"iceberg"} else []

    @property
    def _packages(self) -> list[Path]:
        return [_RUNTIME_PACKAGES, *([_ICEBERG_PACKAGES] if self._jars else [])]

    @property
    def _timeout_minutes(self) -> int:
        return self.run.timeout or _DEFAULT_TIMEOUT_MINUTES

    def _start(self) -> ProcessGroup:
        if self.job.command["Name"] not in _TYPES:
            raise LocalCloudError(f"job type {self.job.command['Name']!r} cannot be run, only {' and '.join(_TYPES)}")
        if "--extra-jars" in self._arguments:
            raise LocalCloudError("job argument --extra-jars is not supported: the local cloud has no jars to offer")
        if other := sorted(self._formats - {"iceberg"}):
            raise LocalCloudError(f"job argument {_FORMATS} {other[0]!r} is not supported, only 'iceberg'")
        script = self._download(self.job.command["ScriptLocation"])
        environment = {
            **self._runtime.environment(self._region, role=self.job.role),
            "PYTHONPATH": ":".join([*map(str, self._packages), *self._libraries()]),
            "GLUE_VERSION": self.job.glue_version or "",
        }
        if self._is_spark:
            # Glue passes it on to Spark, whose metastore is the catalog then.
            if self._arguments.get("--enable-glue-datacatalog", "false") != "false":
                Catalog(self._runtime, self._region, role=self.job.role).find_default_database()
            size = self._mirror.pull()
            environment |= self._spark_environment(environment, quick=size < _SMALL_BYTES)
            self._runtime.mirrors[self.run.job_run_id] = self._mirror
        given = {**self._arguments, "--JOB_NAME": self.job.name, "--JOB_RUN_ID": self.run.job_run_id}
        self._began = time.monotonic()
        if not self._stop.is_set():
            self.run.status = "RUNNING"
        return ProcessGroup(
            [sys.executable, "-u", str(script), *(part for pair in given.items() for part in pair)],
            folder=self._folder,
            environment=environment,
            output=self._output,
            errors=self._errors,
        )

    def _libraries(self) -> list[str]:
        """Download --extra-py-files; return what to put on Python's path for them."""
        uris = [uri.strip() for uri in self._arguments.get("--extra-py-files", "").split(",") if uri.strip()]
        files = [self._download(uri) for uri in uris]
        return [str(file.parent if file.suffix == ".py" else file) for file in files]

    def _download(self, uri: str) -> Path:
        try:
            content = self._runtime.objects_of(self.job.role).read(uri)
        except KeyError:
            raise LocalCloudError(f"the job needs {uri}, which does not exist") from None
        path: Path = self._folder / uri.rsplit("/", 1)[-1]
        path.write_bytes(content)
        return path

    def _spark_environment(self, given: Mapping[str, str], *, quick: bool) -> dict[str, str]:
        """Return the variables by which the script, whose others are given, finds its JVM."""
        settings = spark_configuration(self._mirror.folders(), workdir=self._folder, jars=self._jars)
        settings |= {"spark.driver.extraJavaOptions": " ".join([_UTC, *(QUICK_JVM if quick else ())])}
        # Glue's way to give several settings in its one argument: "a=1 --conf b=2".
        parts = (setting.strip().partition("=") for setting in self._arguments.get("--conf", "").split("--conf"))
        asked = {name: value for name, _, value in parts if name}
        iceberg = self._iceberg_environment() if self._jars else {}
        settings |= replaced_all(asked, iceberg) if iceberg else asked
        spark = {**spark_environment(self._runtime.cache), **iceberg}
        own = {name: value for name, value in given.items() if name in _OF_THE_MACHINE}
        jvm = self._jvm = self._jvms.take(start_settings(settings), jars=self._jars, environment={**own, **spark})
        found = jvm.begin(
            settings,
            environment={**given, **spark},
            log_settings=self._accesses.settings(),
            output=self._output,
            errors=self._errors,
        )
        return {**spark, **found}

    def _iceberg_environment(self) -> dict[str, str]:
        """Let the run commit to Iceberg tables under its role, whose files are the run's own until then."""
        user = f"-{self.run.job_run_id}"
        key = self._iceberg_key = self._runtime.keys.alias(self._runtime.recording.key_of(self.job.role, user))
        self._runtime.mirrors[key.id] = self._mirror
        token = BearerToken.text(key.id, self._region, key.secret)
        return {ENDPOINT: f"{self._runtime.endpoint}/iceberg", TOKEN: token}

    def _wait(self, group: ProcessGroup) -> tuple[str, str | None]:
        timeout = self._timeout_minutes * _SECONDS_PER_MINUTE
        try:
            code = group.wait(timeout=timeout, stopping=[self._stop, self._runtime.stopping])
        except TimedOut:
            return "TIMEOUT", f"the run exceeded its timeout of {self._timeout_minutes} minutes"
        except Stopped:
            return "STOPPED", None
        if code == 0:
            return "SUCCEEDED", None
        group.kill()
        return "FAILED", error_message(self._errors.read_text(errors="replace"), code)

    def _note(self, action: str, uri: str) -> None:
        self._runtime.recording.note(self.job.role, action, uri.partition("://")[2])

    def _publish_logs(self) -> None:
        for name, path in (("output", self._output), ("error", self._errors)):
            publish_log(
                self._runtime,
                region=self._region,
                role=self.job.role,
                group=self._log_group(name),
                stream=self.run.job_run_id,
                path=path,
            )

    def _log_group(self, name: str) -> str:
        """Return the group that Glue logs to.

        https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html
        """
        early = (self.job.glue_version or "").startswith(_BEFORE_GLUE_5)
        prefix = _LOGS if early else self._arguments.get("--custom-logGroup-prefix", _LOGS)
        security = self.job.security_configuration
        if not security or not self._encrypts_logs(security):
            return f"{prefix}/{name}"
        role = self.job.role.rpartition("/")[2]
        return f"{_LOGS}-{role}-{security}/{name}" if early else f"{prefix}/{security}-role/{role}/{name}"

    def _encrypts_logs(self, security: str) -> bool:
        glue = self._runtime.client("glue", self._region)
        found = glue.get_security_configuration(Name=security)["SecurityConfiguration"]
        mode = found["EncryptionConfiguration"].get("CloudWatchEncryption", {}).get("CloudWatchEncryptionMode")
        return bool(mode == "SSE-KMS")

    def _end(self, state: str, error: str | None) -> None:
        self._error = error
        self.run.completed_on = utcnow()
        self._seconds = int(time.monotonic() - self._began)
        self.run.status = state


def error_message(errors: str, code: int) -> str:
    """Return what Glue shows of a failed script: its exception, without the package of the exception's class."""
    _, traceback, report = errors.rpartition("Traceback (most recent call last):\n")
    lines = report.splitlines()
    first = next((number for number, line in enumerate(lines) if line and not line.startswith((" ", "\t"))), None)
    if not traceback and (syntax := _SYNTAX_ERROR.search(errors)):
        # A script that does not parse has no traceback.
        return f"{syntax['message']} ({Path(syntax['file']).name}, line {syntax['line']})"
    if not traceback or first is None:
        return f"Command failed with exit code {code}"
    message = lines[first]
    # Py4J puts the Java exception, which says what happened, on the line after.
    if first + 1 < len(lines) and lines[first + 1].startswith(": "):
        message += lines[first + 1]
    return re.sub(r"^(?:\w+\.)+(\w+)", r"\1", message)

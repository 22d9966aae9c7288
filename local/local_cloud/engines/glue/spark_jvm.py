"""A JVM of Spark that serves one run of a job after the other.

The script of a run connects to a JVM that is there already, as it does in Glue. A new JVM loads and compiles Spark's
classes, which takes most of the time of a small job. Measured with Spark 3.5.6 on two cores, a MERGE of 1,000 rows into
an Iceberg table: 6.7 s of CPU in a new JVM, then 1.9, 1.5 and 1.1 s in the same one.

What a run leaves in its JVM is removed before the next: the session, its settings, open file systems and log files.
Only a run that succeeded gives its JVM back; any other ends with it.

Above 200 lines: the life of a JVM and of the runs in it.
"""

from __future__ import annotations

import atexit
import contextlib
import shutil
import struct
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from py4j.clientserver import ClientServer, JavaParameters, PythonParameters
from py4j.protocol import Py4JError

from local_cloud.engines.glue.spark import ClassArchive, spark_home
from local_cloud.errors import LocalCloudError
from local_cloud.server.private_files import OWNER_ONLY, make_private
from local_cloud.server.processes import kill_group

_START_SECONDS: Final = 120.0
_END_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.05
_JAVA_OPTIONS: Final = "spark.driver.extraJavaOptions"
# Each run leaves some megabytes of generated classes.
_MOST_RUNS: Final = 40
# Settings that only a new JVM takes, or that spark-submit reads.
_AT_START: Final = ("spark.driver.", "spark.jars", "spark.files", "spark.archives", "spark.submit.", "spark.master")
_NOT_AT_START: Final = ("spark.driver.host", "spark.driver.bindAddress", "spark.driver.maxResultSize")


def start_settings(settings: Mapping[str, str]) -> dict[str, str]:
    """Return those of Spark's settings that a JVM has from its start to its end."""
    return {k: v for k, v in settings.items() if k.startswith(_AT_START) and k not in _NOT_AT_START}


class SparkJvm:
    """A JVM that waits for the scripts of runs, for one at a time.

    Parameters
    ----------
    folder: Path
        Its working directory, which goes with it.
    settings: Mapping[str, str]
        Spark's settings, as `start_settings` returns them.
    archive: ClassArchive
        Archive of Spark's classes. A JVM that finds none writes it when it ends, and serves one run alone.
    environment: Mapping[str, str]
        All of its environment variables.
    """

    def __init__(
        self, folder: Path, *, settings: Mapping[str, str], archive: ClassArchive, environment: Mapping[str, str]
    ) -> None:
        make_private(folder)
        self.settings = dict(settings)
        self._runs = 0
        self._folder = folder
        self._archive = archive
        self._draft = folder / "classes.jsa"
        self._connection = folder / "gateway"
        self._gateway: ClientServer | None = None
        mapping = archive.options()
        self._lasts = bool(mapping)
        options = [*(mapping or archive.recording_options(self._draft)), f"-Djava.io.tmpdir={folder}"]
        asked = settings.get(_JAVA_OPTIONS, "")
        given = {**settings, _JAVA_OPTIONS: " ".join([asked, *options]).strip()}
        properties = folder / "spark.properties"
        properties.write_text("".join(f"{name} {value}\n" for name, value in given.items()))
        with (folder / "jvm.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(spark_home() / "bin" / "spark-submit"), "--properties-file", str(properties), "pyspark-shell"],
                cwd=folder,
                env={**environment, "_PYSPARK_DRIVER_CONN_INFO_PATH": str(self._connection)},
                # It ends when this closes, however the local cloud ends.
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=OWNER_ONLY,
            )
        self.pid = self._process.pid
        atexit.register(self.kill)

    def begin(
        self,
        settings: Mapping[str, str],
        *,
        environment: Mapping[str, str],
        log_settings: Path,
        output: Path,
        errors: Path,
    ) -> dict[str, str]:
        """Prepare for a run; return the variables by which its script finds this JVM.

        Parameters
        ----------
        settings: Mapping[str, str]
            All of Spark's settings for the run.
        environment: Mapping[str, str]
            The variables of the script, which the processes of its Python functions have as well.
        log_settings: Path
            Log4j's configuration for the run.
        output, errors: Path
            Files to whose ends the JVM's standard output and standard error go during the run.

        Raises
        ------
        LocalCloudError
            If the JVM did not start.
        """
        port, secret = self._wait()
        if self._gateway is None:
            self._gateway = ClientServer(
                JavaParameters(port=port, auth_token=secret, auto_convert=True),
                PythonParameters(port=0, eager_load=False),
            )
            self._jvm = self._gateway.jvm
            self._system = self._jvm.java.lang.System
            self._properties = self._system.getProperties().clone()
            self._own_streams = self._system.out, self._system.err
        self._runs += 1
        of_the_run = {name: value for name, value in settings.items() if name not in self.settings}
        of_the_run |= {f"spark.executorEnv.{name}": value for name, value in environment.items()}
        for name, value in of_the_run.items():
            self._system.setProperty(name, value)
        self._streams = self._appending(output), self._appending(errors)
        self._set_streams(*self._streams)
        self._configure_log(log_settings)
        return {"PYSPARK_GATEWAY_PORT": str(port), "PYSPARK_GATEWAY_SECRET": secret}

    def end_run(self) -> bool:
        """Stop the session of the run, and remove what it leaves; return whether another run can begin."""
        try:
            spark = self._jvm.org.apache.spark
            # A method of Scala's companion object that Java has no shorter name for.
            active = getattr(getattr(spark, "SparkContext$"), "MODULE$").getActive()
            if active.isDefined():
                active.get().stop()
            spark.sql.SparkSession.clearActiveSession()
            spark.sql.SparkSession.clearDefaultSession()
            # Those of S3 know the folders of the run.
            self._jvm.org.apache.hadoop.fs.FileSystem.closeAll()
            self._set_streams(*self._own_streams)
            for stream in self._streams:
                stream.close()
            self._system.setProperties(self._properties.clone())
        except (Py4JError, OSError):
            return False
        return self._process.poll() is None

    @property
    def lasts(self) -> bool:
        """Whether another run may have it."""
        return self._lasts and self._runs < _MOST_RUNS

    def end(self) -> None:
        """Let it end by itself, which may write the archive of its classes."""
        self._disconnect()
        with contextlib.suppress(subprocess.TimeoutExpired):
            if self._process.wait(_END_SECONDS) == 0:
                self._archive.keep(self._draft)
        self.kill()

    def kill(self) -> None:
        """End it and its children at once. Killing twice is fine."""
        self._disconnect()
        kill_group(self._process)
        atexit.unregister(self.kill)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _disconnect(self) -> None:
        gateway, self._gateway = self._gateway, None
        if gateway:
            # Or py4j would report each object that it can no longer release.
            gateway.shutdown()
        if self._process.stdin:
            self._process.stdin.close()

    def _wait(self) -> tuple[int, str]:
        """Return port and secret, which it writes when it is ready."""
        deadline = time.monotonic() + _START_SECONDS
        while not self._connection.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = (self._folder / "jvm.log").read_text(errors="replace").strip().splitlines()
                raise LocalCloudError(f"the JVM of Spark did not start: {'; '.join(said[-3:]) or 'no message'}")
            time.sleep(_POLL_SECONDS)
        content = self._connection.read_bytes()
        port, length = struct.unpack(">ii", content[:8])
        return port, content[8 : 8 + length].decode()

    def _appending(self, file: Path) -> Any:
        java = self._jvm.java
        return java.io.PrintStream(java.io.FileOutputStream(str(file), True), True)

    def _set_streams(self, output: Any, errors: Any) -> None:
        self._system.setOut(output)
        self._system.setErr(errors)

    def _configure_log(self, settings: Path) -> None:
        configurator = self._jvm.org.apache.logging.log4j.core.config.Configurator
        configurator.reconfigure(self._jvm.java.net.URI(settings.as_uri()))

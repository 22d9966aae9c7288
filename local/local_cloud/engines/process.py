"""A server program behind an engine, such as a database, on a port of this machine."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from local_cloud.errors import LocalCloudError
from local_cloud.server import supervisor
from local_cloud.server.private_files import OWNER_ONLY, make_private
from local_cloud.server.processes import kill_group
from local_cloud.server.runtime import Runtime

HOST = "127.0.0.1"
_POLL_SECONDS = 0.05
_STARTS = 3


def accepts_connections(port: int) -> bool:
    """Return whether something listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


class EngineProcess:
    """A server program that starts when it is first needed and ends, with its children, when the local cloud ends.

    Parameters
    ----------
    runtime: Runtime
        The cloud that it belongs to.
    name: str
        Name of the program in messages, and of its folder and log.
    command: Callable
        Returns the program and its arguments, given the port.
    environment: Mapping[str, str]
        All of its environment variables, by default none.
    answers: Callable
        Returns whether it is ready, given the port. By default it is once it accepts connections.
    patience: float
        Seconds, by default 30, within which it must be ready.

    Example
    -------
        >>> server = EngineProcess(runtime, name="files", command=lambda port: ["busybox", "httpd", "-p", str(port)])
        >>> port = server.port()
    """

    def __init__(
        self,
        runtime: Runtime,
        *,
        name: str,
        command: Callable[[int], Sequence[str]],
        environment: Mapping[str, str] | None = None,
        answers: Callable[[int], bool] = accepts_connections,
        patience: float = 30,
    ) -> None:
        self._runtime = runtime
        self._name = name
        self._command = command
        self._environment = environment or {}
        self._answers = answers
        self._patience = patience
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._port: int | None = None
        self._starts = 0
        self.folder: Path = runtime.workdir / "processes" / name
        """Its working directory, which only the owner can enter; what it holds outlives a restart."""
        self.log: Path = runtime.workdir / "logs" / "processes" / f"{name}.log"
        """Its standard output and standard error."""
        runtime.cleanup.callback(self.stop)

    def port(self) -> int:
        """Return the port on which it answers; start it if it does not run, on the port that its clients know.

        Raises
        ------
        LocalCloudError
            If it does not become ready, or has ended three times; with the last line that it wrote.
        """
        with self._lock:
            if self._process and self._process.poll() is None and self._port:
                return self._port
            if self._runtime.stopping.is_set():
                raise LocalCloudError(f"the local cloud stops, and {self._name} is not started again")
            # What is left of it would hold the port.
            self._end()
            if self._port:
                return self._start(self._port)
            for _ in range(_STARTS - 1):
                try:
                    return self._start(free_port())
                except _Ended:
                    # Something else may have taken the port in between.
                    continue
            return self._start(free_port())

    def stop(self) -> None:
        """End it and its children. Stopping twice is fine."""
        with self._lock:
            self._end()

    def _start(self, port: int) -> int:
        if self._starts >= _STARTS:
            raise LocalCloudError(f"{self._name} has ended {_STARTS} times{self._last_words()}")
        self._starts += 1
        for folder in (self.folder, self.log.parent):
            make_private(folder)
        with self.log.open("ab") as log:
            self._process = process = subprocess.Popen(
                [sys.executable, "-IS", supervisor.__file__, *self._command(port)],
                cwd=self.folder,
                env=dict(self._environment),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=OWNER_ONLY,
            )
        try:
            self._wait(process, port)
        except BaseException:
            self._end()
            raise
        self._port = port
        return port

    def _wait(self, process: subprocess.Popen[bytes], port: int) -> None:
        deadline = time.monotonic() + self._patience
        while not (self._answers(port) and process.poll() is None):
            if process.poll() is not None:
                raise _Ended(f"{self._name} ended before it was ready{self._last_words()}")
            if time.monotonic() > deadline:
                raise LocalCloudError(f"{self._name} was not ready within {self._patience:g} s{self._last_words()}")
            time.sleep(_POLL_SECONDS)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin:
            process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(supervisor.GRACE_SECONDS + 1)
        kill_group(process)

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").split("\n") if self.log.exists() else []
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f": {last} (log: {self.log})" if last else f" and wrote nothing (log: {self.log})"


class _Ended(LocalCloudError):
    pass


def free_port() -> int:
    """Return a port that nothing listens at now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])

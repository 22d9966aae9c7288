"""The local cloud's server: moto with engines behind it, on localhost only.

Above 200 lines: one server, whose parts share its start and its end.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.base_backend import BackendDict
from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from local_cloud.console.application import Console
from local_cloud.engines.discovery import find_engines
from local_cloud.engines.engine import Engine
from local_cloud.errors import LocalCloudError
from local_cloud.instrumentation.key_uses import KeyUses
from local_cloud.instrumentation.recording import Recording
from local_cloud.operations.classification import Operations
from local_cloud.server.access_keys import AccessKeys
from local_cloud.server.gate import Gate
from local_cloud.server.gateway import Gateway
from local_cloud.server.guard import Guard
from local_cloud.server.issued_keys import issued_secret
from local_cloud.server.keeping import Keeper
from local_cloud.server.objects import ObjectStore
from local_cloud.server.private_files import make_private
from local_cloud.server.receivers import Receivers
from local_cloud.server.runtime import Runtime
from local_cloud.server.state_file import StateFile

_HOST = "127.0.0.1"
_BACKLOG = 128
# How long stopping takes at most; half a second otherwise.
_POLL_SECONDS = 0.05
_ONLY_ONE = threading.Lock()
_LOGGERS = ("werkzeug", "moto", "local_cloud")


class LocalServer:
    """One running local cloud. There can be only one in a process, because moto keeps its state in modules.

    Parameters
    ----------
    workdir: Path
        Folder for logs, scripts and mirrored objects.
    port: int
        Port on localhost; 0 takes that of the data that was kept, or any free one.
    cache: Path | None
        Folder that outlives a reset; by default `cache` in the user's cache folder.
    longest_wait: int | None
        Seconds after which a Wait state ends early. By default it waits as long as it says.
    any_credentials: bool
        Whether requests may be signed with any access key. By default only this cloud's own are taken.
    receivers: Receivers | None
        Programs of this machine that stand for hosts. By default no host is reached.
    """

    def __init__(
        self,
        *,
        workdir: Path,
        port: int = 0,
        cache: Path | None = None,
        longest_wait: int | None = None,
        any_credentials: bool = False,
        receivers: Receivers | None = None,
    ) -> None:
        self._socket = _listen(_port_of(StateFile(workdir.resolve()), port))
        self.port: int = self._socket.getsockname()[1]
        objects = ObjectStore(DEFAULT_ACCOUNT_ID)
        self.runtime = Runtime(
            endpoint=f"http://localhost:{self.port}",
            account=DEFAULT_ACCOUNT_ID,
            workdir=workdir.resolve(),
            cache=cache or Path.home() / ".cache" / "lake-blueprints",
            keys=AccessKeys(any_credentials=any_credentials, issued=issued_secret),
            objects=objects,
            recording=Recording(KeyUses(DEFAULT_ACCOUNT_ID, objects)),
            longest_wait=longest_wait,
            receivers=receivers or Receivers(),
        )
        self._engines: list[Engine] = []
        self.console = Console(self.runtime, engines=self._engines, drain=self.drain)
        self._keeper = Keeper(self.runtime, self._engines)
        self._cleanup = contextlib.ExitStack()

    def start(self) -> None:
        """Serve until `stop`.

        Raises
        ------
        LocalCloudError
            If a local cloud runs in this process already, or what was kept cannot be loaded.
        """
        self._cleanup.callback(self._socket.close)
        if not _ONLY_ONE.acquire(blocking=False):
            raise LocalCloudError("a local cloud runs in this process already; stop it first, or use another process")
        self._cleanup.callback(_ONLY_ONE.release)
        self._cleanup.callback(BackendDict.reset)
        make_private(self.runtime.workdir)
        make_private(self.runtime.cache)
        self._cleanup.enter_context(_logging_to(self.runtime.workdir / "logs" / "server.log"))
        self._cleanup.enter_context(_moto_configured(self.port))
        # What moto held before, if anything used it in this process, was made without that configuration.
        BackendDict.reset()
        self._engines += [engine(self.runtime) for engine in find_engines()]
        for engine in self._engines:
            self._cleanup.enter_context(engine.patches())
        self.operations = Operations(self._engines)
        """Answer that each operation gets."""
        self._keeper.load()
        self._serve()
        for engine in self._engines:
            engine.start()

    def abort(self) -> None:
        """End all work that runs."""
        self._keeper.abort()

    def keep(self) -> None:
        """Write what the cloud holds, for the next start; afterwards it can only be stopped.

        Raises
        ------
        LocalCloudError
            If work is running, or something cannot be kept; the cloud then goes on.
        """
        self._keeper.keep(self._gate, port=self.port)

    def stop(self) -> None:
        """Leave no thread or port behind, and nothing in moto."""
        self.runtime.stopping.set()
        self.runtime.pausing.set()
        for engine in self._engines:
            engine.stop()
        self.runtime.cleanup.close()
        self._cleanup.close()

    def drain(self) -> None:
        """Let every engine finish its buffered work now."""
        for engine in sorted(self._engines, key=lambda one: one.drain_order):
            engine.drain()

    def _serve(self) -> None:
        gateway = Gateway(
            DomainDispatcherApplication(create_backend_app),
            meter=self.runtime.meter,
            faults=self.runtime.faults,
            services=[service for engine in self._engines for service in engine.services()],
            operations=self.operations,
            applications={
                place: application for engine in self._engines for place, application in engine.applications().items()
            },
            controls={
                "GET /_local/health": lambda: {"status": "running"},
                "GET /_local/status": self._status,
                "GET /_local/calls": self._calls,
                "POST /_local/drain": self._drained,
                "POST /_local/abort": self._aborted,
                "POST /_local/keep": self._kept,
            },
        )
        guard = Guard(
            self.runtime.recording.around(gateway),
            port=self.port,
            keys=self.runtime.keys,
            cors=self.runtime.objects.cors,
            console=self.console,
        )
        self._gate = Gate(guard, exempt=frozenset({"/_local/abort", "/_local/keep"}))
        server = make_server(
            _HOST, self.port, self._gate, threaded=True, request_handler=_QuietHandler, fd=self._socket.fileno()
        )
        thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), name="local-cloud", daemon=True)
        thread.start()

        def stop() -> None:
            server.shutdown()
            thread.join()
            server.server_close()

        self._cleanup.callback(stop)

    def _status(self) -> dict[str, Any]:
        return {
            "endpoint": self.runtime.endpoint,
            "console": self.console.address,
            "account": self.runtime.account,
            "workdir": str(self.runtime.workdir),
            "pid": os.getpid(),
            "engines": [type(engine).__name__ for engine in self._engines],
        }

    def _calls(self) -> dict[str, Any]:
        return {"calls": [asdict(call) for call in self.runtime.recording.calls]}

    def _drained(self) -> dict[str, Any]:
        self.drain()
        return {"status": "drained"}

    def _aborted(self) -> dict[str, Any]:
        self.abort()
        return {"status": "aborted"}

    def _kept(self) -> dict[str, Any]:
        self.keep()
        return {"status": "kept"}


class _QuietHandler(MotoRequestHandler):  # type: ignore[misc]
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log only what failed."""
        if str(code).startswith("5"):
            super().log_request(code, size)


def _port_of(kept: StateFile, port: int) -> int:
    """Return the port to listen at: URLs that were kept, such as those of queues, have it in them."""
    before = kept.port
    if before and port not in (0, before):
        raise LocalCloudError(
            f"the data in {kept.path} has URLs of port {before}; start it with --port {before}, or remove it with: "
            "local-cloud reset"
        )
    return before or port


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise LocalCloudError(f"port {port} is in use on localhost; stop what uses it or choose another") from None
        raise LocalCloudError(f"cannot listen on port {port} of localhost: {error.strerror}") from None
    return listener


@contextmanager
def _moto_configured(port: int) -> Iterator[None]:
    """Tell moto to run state machines for real, and where it listens: their tasks call it by HTTP."""
    stepfunctions, iam = default_user_config["stepfunctions"], default_user_config["iam"]
    before = (dict(stepfunctions), dict(iam), os.environ.get("MOTO_PORT"))
    stepfunctions["execute_state_machine"] = True
    iam["load_aws_managed_policies"] = True
    os.environ["MOTO_PORT"] = str(port)
    try:
        yield
    finally:
        stepfunctions.update(before[0])
        iam.update(before[1])
        if before[2] is None:
            del os.environ["MOTO_PORT"]
        else:
            os.environ["MOTO_PORT"] = before[2]


@contextmanager
def _logging_to(path: Path) -> Iterator[None]:
    """Send the server's log into a file instead of the terminal."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [(logger.propagate, logger.level) for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = False
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        for logger, (propagate, level) in zip(loggers, before, strict=True):
            logger.removeHandler(handler)
            logger.propagate = propagate
            logger.setLevel(level)
        handler.close()

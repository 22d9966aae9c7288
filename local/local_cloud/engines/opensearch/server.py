"""The server of one domain or collection: osmem, which speaks OpenSearch's API, behind TLS and a gate."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from local_cloud.engines.opensearch.contents import read_contents, write_contents
from local_cloud.engines.opensearch.gate import Gate
from local_cloud.engines.process import HOST, EngineProcess
from local_cloud.engines.tls_front import TlsFront
from local_cloud.errors import LocalCloudError
from local_cloud.packages import OptionalPackage
from local_cloud.server.private_files import file_name
from local_cloud.server.runtime import Runtime

PACKAGE = OptionalPackage(module="osmem_server", extra="search")
_POLL_SECONDS = 0.05
_SECONDS = 60.0


class SearchServer:
    """A domain or collection that answers OpenSearch's API at `localhost`, on a port of its own.

    Parameters
    ----------
    runtime: Runtime
        The cloud that it belongs to.
    name: str
        Unique name of its program and its log.
    gate: Callable
        Returns the gate in front of it, given what answers the requests that pass.
    kept: mapping, optional
        What `state` has returned, of a server that is there again. By default it is new.
    """

    def __init__(
        self,
        runtime: Runtime,
        *,
        name: str,
        gate: Callable[[Callable[..., Any]], Gate],
        kept: Mapping[str, Any] | None = None,
    ) -> None:
        self._name = name
        self._contents = (kept or {}).get("contents")
        self._starts = 0
        self._lost: str | None = None
        self._filled = threading.RLock()
        self._process = EngineProcess(
            runtime, name=f"opensearch-{file_name(name)}", command=self._command, answers=_answers
        )
        self._plain = make_server(HOST, 0, gate(self.answer), threaded=True, request_handler=_Handler)
        self._front = TlsFront(
            runtime,
            name=f"opensearch-{name}",
            server=lambda: int(self._plain.server_port),
            port=(kept or {}).get("port"),
        )
        self.port = self._front.start()
        self._thread = threading.Thread(
            target=self._plain.serve_forever, args=(_POLL_SECONDS,), name=f"opensearch-{name}", daemon=True
        )
        self._thread.start()
        runtime.cleanup.callback(self.stop)

    @property
    def endpoint(self) -> str:
        """Host and port."""
        return f"localhost:{self.port}"

    def stop(self) -> None:
        """End it. Stopping twice is fine."""
        self._front.stop()
        if self._thread.is_alive():
            self._plain.shutdown()
            self._thread.join()
            _close(self._plain)
        self._process.stop()

    def state(self) -> dict[str, Any]:
        """Return its port and everything that it holds."""
        contents = read_contents(self.call) if self._starts else self._contents
        return {"port": self.port, "contents": contents}

    def answer(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Answer a request of OpenSearch's API.

        Raises
        ------
        LocalCloudError
            If the program cannot be started, or has ended by itself.
        """
        connection = http.client.HTTPConnection(HOST, self._ready(), timeout=_SECONDS)
        try:
            connection.request(method, target, body=body or None, headers=dict(headers))
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            connection.close()

    def call(self, method: str, target: str, body: bytes | None = None, kind: str = "application/json") -> Any:
        """Send a request of the local cloud's own and return the answer's content.

        Raises
        ------
        LocalCloudError
            If the server refuses it.
        """
        status, _, content = self.answer(method, target, {"Content-Type": kind}, body or b"")
        if status >= http.client.BAD_REQUEST:
            raise LocalCloudError(f"{method} {target} of {self._name}: {status} {content.decode(errors='replace')}")
        return json.loads(content) if content else {}

    def _ready(self) -> int:
        if self._lost:
            raise LocalCloudError(self._lost)
        port = self._process.port()
        with self._filled:
            contents, self._contents = self._contents, None
            if contents:
                write_contents(contents, self.call)
        return port

    def _command(self, port: int) -> list[str]:
        # It holds everything in memory.
        if self._starts:
            self._lost = f"the server of {self._name} has ended by itself, and what it held is lost"
            raise LocalCloudError(self._lost)
        self._starts += 1
        binary: str = import_module(PACKAGE.module).resolve_binary()
        return [binary, "--addr", f"{HOST}:{port}", "--no-stdin-watch"]


class _Handler(WSGIRequestHandler):
    # Clients keep their connections.
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        """Log nothing: the program behind has a log."""


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def _close(server: BaseWSGIServer) -> None:
    server.server_close()

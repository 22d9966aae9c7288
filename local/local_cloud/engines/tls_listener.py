"""A port of this machine that speaks TLS, served by the event loop of a thread."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any

from local_cloud.engines.process import HOST
from local_cloud.errors import LocalCloudError
from local_cloud.server.runtime import Runtime

PATIENCE = 30


class TlsListener(ABC):
    """A port whose connections speak TLS; its subclasses say what is spoken within.

    Parameters
    ----------
    runtime: Runtime
        The cloud that it belongs to, whose authority signs its certificate; it ends with the cloud.
    name: str
        Name of its thread, and of itself in errors.
    port: int, optional
        The port that clients know. By default a free one.
    """

    def __init__(self, runtime: Runtime, *, name: str, port: int | None) -> None:
        self._runtime, self._name, self._port = runtime, name, port
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None
        runtime.cleanup.callback(self.stop)

    def start(self) -> int:
        """Listen, and return the port. Starting twice is fine.

        Raises
        ------
        LocalCloudError
            If something else listens on the port that clients know.
        """
        if self._thread is None:
            try:
                listener = socket.create_server((HOST, self._port or 0))
            except OSError as error:
                raise LocalCloudError(f"{self._name} cannot listen on port {self._port}: {error.strerror}") from None
            listener.setblocking(False)
            self._port = int(listener.getsockname()[1])
            self._thread = threading.Thread(target=self._loop.run_forever, name=f"tls-{self._name}", daemon=True)
            self._thread.start()
            self._run(self._prepare())
            self._accepting = asyncio.run_coroutine_threadsafe(self._accept(listener), self._loop)
        assert self._port is not None
        return self._port

    def stop(self) -> None:
        """End it and its connections. Stopping twice is fine."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._accepting.cancel()
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        thread.join(PATIENCE)
        self._loop.close()

    async def _prepare(self) -> None:  # noqa: B027
        """Make what answers clients, before the first one comes."""

    @abstractmethod
    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a client until one of both ends the connection."""

    async def _begins(self, connection: socket.socket) -> bool:
        """Speak what comes before TLS; return whether it begins, and close the connection if it does not."""
        return True

    def _context(self) -> ssl.SSLContext:
        """Return the settings of TLS of the next connection."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(*self._runtime.authority.issue())
        return context

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    async def _accept(self, listener: socket.socket) -> None:
        connections: set[asyncio.Task[None]] = set()
        try:
            while True:
                connection, _ = await self._loop.sock_accept(listener)
                task = asyncio.create_task(self._serve(connection))
                connections.add(task)
                task.add_done_callback(connections.discard)
        finally:
            listener.close()

    async def _serve(self, connection: socket.socket) -> None:
        # A client that breaks off, speaks no TLS or has no certificate that is known ends its own connection only.
        with contextlib.suppress(OSError, EOFError):
            connection.setblocking(False)
            if not await self._begins(connection):
                return
            # From here on the transport alone closes the socket: another connection may have its number at once, and
            # would be cut off from the loop.
            reader = asyncio.StreamReader()
            protocol = asyncio.StreamReaderProtocol(reader)
            transport, _ = await self._loop.connect_accepted_socket(
                lambda: protocol, connection, ssl=self._context(), ssl_handshake_timeout=PATIENCE
            )
            writer = asyncio.StreamWriter(transport, protocol, reader, self._loop)
            try:
                await self._converse(reader, writer)
            finally:
                writer.close()
                await writer.wait_closed()

    async def _end(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

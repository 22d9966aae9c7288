"""A port that speaks TLS, in front of a server that does not."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Sequence

from local_cloud.engines.process import HOST
from local_cloud.errors import LocalCloudError
from local_cloud.server.runtime import Runtime

_CHUNK = 65_536
_PATIENCE = 30

Preamble = Callable[[socket.socket], Awaitable[bool]]
"""Speaks a protocol on a connection, which does not block, until TLS begins; returns whether it begins."""


class TlsFront:
    """A port of this machine that decrypts what clients send and passes it to a server without TLS.

    Parameters
    ----------
    runtime: Runtime
        The cloud that it belongs to, whose authority signs its certificate; it ends with the cloud.
    name: str
        Name of its thread.
    server: Callable
        Returns the port of the server; it is called for each connection, so that the server starts when it is first
        needed.
    port: int, optional
        The port that clients know, of a front that comes again after a restart. By default a free one.
    preamble: Callable, optional
        Part of the protocol that comes before TLS. By default TLS begins with the first byte, as in HTTPS.
    protocols: sequence of str
        Protocols that clients may name in the handshake, by ALPN. By default none.

    Example
    -------
        >>> front = TlsFront(runtime, name="cache", server=EngineProcess(runtime, name="valkey", ...).port)
        >>> port = front.start()
    """

    def __init__(
        self,
        runtime: Runtime,
        *,
        name: str,
        server: Callable[[], int],
        port: int | None = None,
        preamble: Preamble | None = None,
        protocols: Sequence[str] = (),
    ) -> None:
        self._name = name
        self._server = server
        self._port = port
        self._preamble = preamble
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.load_cert_chain(*runtime.authority.issue())
        if protocols:
            self._context.set_alpn_protocols(list(protocols))
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
            asyncio.run_coroutine_threadsafe(self._accept(listener), self._loop)
        assert self._port is not None
        return self._port

    def stop(self) -> None:
        """End it and its connections. Stopping twice is fine."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(_PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        thread.join(_PATIENCE)
        self._loop.close()

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

    async def _end(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, connection: socket.socket) -> None:
        # A client that breaks off, or speaks no TLS, ends its own connection only.
        with contextlib.suppress(OSError, EOFError):
            connection.setblocking(False)
            if not await self._begins(connection):
                return
            # From here on the transport alone closes the socket: another connection may have its number at once, and
            # would be cut off from the loop.
            reader = asyncio.StreamReader()
            protocol = asyncio.StreamReaderProtocol(reader)
            transport, _ = await self._loop.connect_accepted_socket(
                lambda: protocol, connection, ssl=self._context, ssl_handshake_timeout=_PATIENCE
            )
            writer = asyncio.StreamWriter(transport, protocol, reader, self._loop)
            try:
                await self._pass_on(reader, writer)
            finally:
                writer.close()
                await writer.wait_closed()

    async def _begins(self, connection: socket.socket) -> bool:
        """Speak what comes before TLS; return whether it begins, and close the connection if it does not."""
        begins = False
        try:
            begins = self._preamble is None or await self._preamble(connection)
        finally:
            if not begins:
                connection.close()
        return begins

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = await asyncio.to_thread(self._server)
        behind_reader, behind_writer = await asyncio.open_connection(HOST, port)
        try:
            pumps = [
                asyncio.create_task(_pump(reader, behind_writer)),
                asyncio.create_task(_pump(behind_reader, writer)),
            ]
            # TLS knows no half of a connection: what one side ends is ended.
            _, others = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for other in others:
                other.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        finally:
            behind_writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()

"""A port that speaks TLS, in front of a server that does not."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence

from local_cloud.engines.process import HOST
from local_cloud.engines.tls_listener import TlsListener
from local_cloud.server.runtime import Runtime

_CHUNK = 65_536

Preamble = Callable[[socket.socket], Awaitable[bool]]
"""Speaks a protocol on a connection, which does not block, until TLS begins; returns whether it begins."""


class TlsFront(TlsListener):
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
        super().__init__(runtime, name=name, port=port)
        self._server = server
        self._preamble = preamble
        self._settings = super()._context()
        if protocols:
            self._settings.set_alpn_protocols(list(protocols))

    def _context(self) -> ssl.SSLContext:
        return self._settings

    async def _begins(self, connection: socket.socket) -> bool:
        begins = False
        try:
            begins = self._preamble is None or await self._preamble(connection)
        finally:
            if not begins:
                connection.close()
        return begins

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
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

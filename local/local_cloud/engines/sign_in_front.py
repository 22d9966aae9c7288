"""A port at which clients sign in by requests that IAM signs, in front of a server that does not know IAM."""

from __future__ import annotations

import contextlib
import io
import socket
import socketserver
import threading
from collections.abc import Callable
from io import BufferedReader
from typing import cast
from urllib.parse import parse_qs, urlsplit

from local_cloud.engines.process import HOST
from local_cloud.errors import LocalCloudError
from local_cloud.server.runtime import Runtime
from local_cloud.server.signatures import Expired, signature_of

CHUNK = 65_536

Conversation = Callable[[BufferedReader, socket.socket, socket.socket], None]
"""Serves a client until it breaks off, given what the client says, its connection and that to the server."""


def key_of(runtime: Runtime, url: str, *, service: str) -> tuple[str, dict[str, str]] | None:
    """Return the access key id by which a URL is signed for a service, and what it asks; None if it is not valid."""
    parts = urlsplit(url)
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": parts.path,
        "RAW_URI": f"{parts.path}?{parts.query}",
        "QUERY_STRING": parts.query,
        "HTTP_HOST": parts.netloc,
        "wsgi.input": io.BytesIO(b""),
    }
    signature = signature_of(environ)
    if signature is None or signature.service != service:
        return None
    secret = runtime.keys.secret(signature.key)
    try:
        known = runtime.keys.any_credentials or (secret is not None and signature.fits(environ, secret))
    except (Expired, ValueError, KeyError, TypeError):
        return None
    return (signature.key, {name: values[0] for name, values in parse_qs(parts.query).items()}) if known else None


class SignInFront:
    """A port of this machine, with a conversation for each client.

    Parameters
    ----------
    server: Callable
        Returns the port of the server; it is called for each connection.
    converse: Callable
        Serves a client.
    refuse: Callable, optional
        Returns the answer to a client if the server cannot be reached. By default nothing: the connection ends.
    """

    def __init__(
        self,
        *,
        server: Callable[[], int],
        converse: Conversation,
        refuse: Callable[[Exception], bytes] = lambda _: b"",
    ) -> None:
        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                try:
                    behind = socket.create_connection((HOST, server()))
                except (OSError, LocalCloudError) as error:
                    self.connection.sendall(refuse(error))
                    return
                # A client that breaks off, or speaks another protocol, ends its own connection only.
                with behind, contextlib.suppress(OSError, ValueError):
                    converse(cast(BufferedReader, self.rfile), self.connection, behind)

        self._listener = _Listener((HOST, 0), Handler)
        self.port: int = self._listener.server_address[1]
        self._thread = threading.Thread(
            target=self._listener.serve_forever, args=(0.05,), name=f"sign-in-{self.port}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End it. Stopping twice is fine."""
        if self._thread.is_alive():
            self._listener.shutdown()
            self._thread.join()
            self._listener.server_close()


def pass_on(client: BufferedReader, behind: socket.socket) -> None:
    """Pass on what a client says until it ends."""
    while chunk := client.read1(CHUNK):
        behind.sendall(chunk)


def answer_in_background(behind: socket.socket, connection: socket.socket) -> None:
    """Pass on what a server says, from now on."""

    def pump() -> None:
        try:
            with contextlib.suppress(OSError):
                while chunk := behind.recv(CHUNK):
                    connection.sendall(chunk)
        finally:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    threading.Thread(target=pump, daemon=True).start()


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False

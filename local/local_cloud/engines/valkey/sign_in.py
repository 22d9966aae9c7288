"""Signing in to a cache: tokens of IAM are verified, and become the password that the server knows.

Source: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
"""

from __future__ import annotations

import contextlib
import io
import socket
import socketserver
import threading
from collections.abc import Callable
from io import BufferedReader
from typing import cast
from urllib.parse import parse_qs

from local_cloud.engines.process import HOST
from local_cloud.errors import LocalCloudError
from local_cloud.server.runtime import Runtime
from local_cloud.server.signatures import Expired, signature_of

_WRONG = b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"
_CHUNK = 65_536
_PARTS = 2

Command = list[bytes]


def is_signed(runtime: Runtime, token: str, *, cache: str, user: str) -> str | None:
    """Return the access key id of a token for a cache and a user; None if it is none, or not valid any more."""
    host, _, query = token.partition("/?")
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "RAW_URI": f"/?{query}",
        "QUERY_STRING": query,
        "HTTP_HOST": host,
        "wsgi.input": io.BytesIO(b""),
    }
    signature = signature_of(environ)
    if signature is None or signature.service != "elasticache" or host != cache:
        return None
    if (asked.get("Action"), asked.get("User")) != ("connect", user):
        return None
    secret = runtime.keys.secret(signature.key)
    try:
        known = runtime.keys.any_credentials or (secret is not None and signature.fits(environ, secret))
    except (Expired, ValueError, KeyError, TypeError):
        return None
    return signature.key if known else None


class SignIn:
    """A port at which clients of a cache sign in by a token, in front of a server that knows passwords.

    Parameters
    ----------
    server: Callable
        Returns the port of the server.
    password: Callable
        Returns the password of a user who shows a token, given both; None refuses it.
    """

    def __init__(self, *, server: Callable[[], int], password: Callable[[str, str], bytes | None]) -> None:
        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                _serve(cast(BufferedReader, self.rfile), self.connection, server, password)

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


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False


def _serve(
    client: BufferedReader,
    connection: socket.socket,
    server: Callable[[], int],
    password: Callable[[str, str], bytes | None],
) -> None:
    try:
        behind = socket.create_connection((HOST, server()))
    except (OSError, LocalCloudError) as error:
        connection.sendall(f"-ERR {error}\r\n".encode())
        return
    with behind:
        threading.Thread(target=_pump, args=(behind, connection), daemon=True).start()
        try:
            _sign_in(client, connection, behind, password)
            while chunk := client.read1(_CHUNK):
                behind.sendall(chunk)
        except (OSError, ValueError):
            # A client that breaks off, or speaks no RESP, ends its own connection only.
            return


def _sign_in(
    client: BufferedReader,
    connection: socket.socket,
    behind: socket.socket,
    password: Callable[[str, str], bytes | None],
) -> None:
    """Pass commands on until a token has become a password."""
    while command := _read(client):
        place = _token_at(command)
        if place is None:
            behind.sendall(_written(command))
            continue
        user = command[place - 1].decode(errors="replace")
        known = password(user, command[place].decode(errors="replace"))
        if known is None:
            connection.sendall(_WRONG)
            continue
        behind.sendall(_written([*command[:place], known, *command[place + 1 :]]))
        return


def _token_at(command: Command) -> int | None:
    """Return where in a command the token is: AUTH user token, HELLO 3 AUTH user token."""
    words = [part.upper() for part in command]
    if b"AUTH" not in words[:3] or words[0] not in (b"AUTH", b"HELLO"):
        return None
    place = words.index(b"AUTH") + _PARTS
    return place if place < len(command) else None


def _read(client: BufferedReader) -> Command:
    """Read one command, an array of bulk strings; an empty one is the end."""
    head = client.readline()
    if not head:
        return []
    if not head.startswith(b"*"):
        return head.split()
    found = []
    for _ in range(int(head[1:])):
        length = int(client.readline()[1:])
        found.append(client.read(length))
        client.readline()
    return found


def _written(command: Command) -> bytes:
    parts = [b"$%d\r\n%b\r\n" % (len(part), part) for part in command]
    return b"*%d\r\n%b" % (len(command), b"".join(parts))


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        with contextlib.suppress(OSError):
            while chunk := source.recv(_CHUNK):
                target.sendall(chunk)
    finally:
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

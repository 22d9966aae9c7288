"""The beginning of a connection to PostgreSQL, until TLS begins.

https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL
"""

from __future__ import annotations

import asyncio
import socket
import struct

_SSL_REQUEST = 80_877_103
_GSS_REQUEST = 80_877_104
_CANCEL_REQUEST = 80_877_102
_TLS_HANDSHAKE = 0x16
_LARGEST = 10_000
ALPN = ("postgresql",)
"""Protocol that clients name which begin TLS at once."""


async def until_tls(connection: socket.socket) -> bool:
    """Return whether TLS begins next; refuse a client that sends its name without, as `rds.force_ssl` does."""
    loop = asyncio.get_running_loop()
    while True:
        if (await _peek(connection)) == _TLS_HANDSHAKE:
            return True
        length, code = struct.unpack("!ii", await _receive(connection, 8))
        if code == _SSL_REQUEST:
            await loop.sock_sendall(connection, b"S")
            return True
        if code == _GSS_REQUEST:
            await loop.sock_sendall(connection, b"N")
            continue
        if code != _CANCEL_REQUEST and 8 <= length <= _LARGEST:
            startup = await _receive(connection, length - 8)
            await loop.sock_sendall(connection, _refusal(connection, startup))
        return False


def _refusal(connection: socket.socket, startup: bytes) -> bytes:
    texts = startup.decode(errors="replace").split("\0")
    said = dict(zip(texts[::2], texts[1::2], strict=False))
    user = said.get("user", "")
    message = (
        f'no pg_hba.conf entry for host "{connection.getpeername()[0]}", user "{user}", '
        f'database "{said.get("database", user)}", no encryption'
    )
    fields = {"S": "FATAL", "V": "FATAL", "C": "28000", "M": message}
    body = b"".join(f"{kind}{text}\0".encode() for kind, text in fields.items()) + b"\0"
    return b"E" + struct.pack("!i", len(body) + 4) + body


async def _peek(connection: socket.socket) -> int:
    loop, readable = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(connection, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(connection)
    first = connection.recv(1, socket.MSG_PEEK)
    if not first:
        raise EOFError
    return first[0]


async def _receive(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        chunk = await asyncio.get_running_loop().sock_recv(connection, size - len(received))
        if not chunk:
            raise EOFError
        received += chunk
    return received

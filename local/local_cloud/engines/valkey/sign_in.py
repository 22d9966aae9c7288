"""Signing in to a cache: tokens of IAM are verified, and become the password that the server knows.

Source: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from io import BufferedReader

from local_cloud.engines.sign_in_front import SignInFront, answer_in_background, key_of, pass_on
from local_cloud.server.runtime import Runtime

_WRONG = b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"
_PARTS = 2

Command = list[bytes]


def is_signed(runtime: Runtime, token: str, *, cache: str, user: str) -> str | None:
    """Return the access key id of a token for a cache and a user; None if it is none, or not valid any more."""
    found = key_of(runtime, f"https://{token}", service="elasticache")
    if found is None or token.partition("/?")[0] != cache:
        return None
    key, asked = found
    return key if (asked.get("Action"), asked.get("User")) == ("connect", user) else None


def open_front(server: Callable[[], int], password: Callable[[str, str], bytes | None]) -> SignInFront:
    """Return a port at which clients of a cache sign in by a token, in front of a server that knows passwords.

    Parameters
    ----------
    server: Callable
        Returns the port of the server.
    password: Callable
        Returns the password of a user who shows a token, given both; None refuses it.
    """

    def converse(client: BufferedReader, connection: socket.socket, behind: socket.socket) -> None:
        answer_in_background(behind, connection)
        _sign_in(client, connection, behind, password)
        pass_on(client, behind)

    return SignInFront(server=server, converse=converse, refuse=lambda error: f"-ERR {error}\r\n".encode())


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

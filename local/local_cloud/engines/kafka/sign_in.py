"""Signing in to a broker by OAUTHBEARER with a token of IAM, before anything else of Kafka's protocol.

Sources: https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html,
https://kafka.apache.org/protocol
"""

from __future__ import annotations

import base64
import binascii
import re
import socket
import struct
from collections.abc import Callable
from io import BufferedReader
from urllib.parse import parse_qs, urlsplit

from local_cloud.engines.sign_in_front import SignInFront, answer_in_background, key_of, pass_on
from local_cloud.server.runtime import Runtime

_HANDSHAKE, _API_VERSIONS, _AUTHENTICATE = 17, 18, 36
# The keys of both calls of SASL, each with the least and the most version.
_OWN = ((_HANDSHAKE, 0, 1), (_AUTHENTICATE, 0, 1))
_MECHANISM = "OAUTHBEARER"
_UNSUPPORTED_MECHANISM, _FAILED = 33, 58
_FLEXIBLE = 3
_BEARER = re.compile(rb"auth=Bearer ([^\x01]+)\x01")


def signed_by(runtime: Runtime, token: str) -> str | None:
    """Return the access key id of a token that connects to a cluster; None if it is none, or not valid any more."""
    try:
        url = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    # What follows it is added to a token after it has been signed.
    found = key_of(runtime, url.partition("&User-Agent=")[0], service="kafka-cluster")
    if found is None:
        return None
    return found[0] if parse_qs(urlsplit(url).query).get("Action") == ["kafka-cluster:Connect"] else None


def open_front(server: Callable[[], int], key: Callable[[str], str | None]) -> SignInFront:
    """Return a port at which clients sign in to a broker that knows no SASL.

    Parameters
    ----------
    server: Callable
        Returns the port of the broker.
    key: Callable
        Returns the access key id of a token; None refuses it.
    """

    def converse(client: BufferedReader, connection: socket.socket, behind: socket.socket) -> None:
        if _signs_in(client, connection, behind, key):
            answer_in_background(behind, connection)
            pass_on(client, behind)

    return SignInFront(server=server, converse=converse)


def _signs_in(
    client: BufferedReader, connection: socket.socket, behind: socket.socket, key: Callable[[str], str | None]
) -> bool:
    """Answer until a token is taken; return whether one is. A client that asks for anything else is none of IAM."""
    answers = behind.makefile("rb")
    while request := _read(client):
        call, version, number = struct.unpack(">hhi", request[:8])
        body = request[_start(request) :]
        if call == _API_VERSIONS:
            behind.sendall(_framed(request))
            connection.sendall(_framed(_with_own(_read(answers), version)))
        elif call == _HANDSHAKE:
            named = body[2:].decode(errors="replace")
            error = 0 if named == _MECHANISM else _UNSUPPORTED_MECHANISM
            connection.sendall(_framed(struct.pack(">ihi", number, error, 1) + _text(_MECHANISM)))
        elif call == _AUTHENTICATE:
            found = _BEARER.search(body)
            taken = found is not None and key(found[1].decode(errors="replace")) is not None
            reason = struct.pack(">hh", 0, -1) if taken else struct.pack(">h", _FAILED) + _text("Access denied")
            lasting = struct.pack(">q", 0) if version else b""
            connection.sendall(_framed(struct.pack(">i", number) + reason + struct.pack(">i", 0) + lasting))
            if taken:
                return True
        else:
            return False
    return False


def _start(request: bytes) -> int:
    """Return where the body of a request begins, behind the name of the client."""
    length: int = struct.unpack(">h", request[8:10])[0]
    return 10 + max(length, 0)


def _with_own(answer: bytes, version: int) -> bytes:
    """Add both calls of SASL to the calls that a broker knows."""
    (error,) = struct.unpack(">h", answer[4:6])
    if error:
        return answer
    if version < _FLEXIBLE:
        (count,) = struct.unpack(">i", answer[6:10])
        own = b"".join(struct.pack(">hhh", *one) for one in _OWN)
        return answer[:6] + struct.pack(">i", count + len(_OWN)) + own + answer[10:]
    count, end = _number(answer, 6)
    own = b"".join(struct.pack(">hhhb", *one, 0) for one in _OWN)
    return answer[:6] + _written(count + len(_OWN)) + own + answer[end:]


def _number(content: bytes, place: int) -> tuple[int, int]:
    """Return an unsigned number of variable length, and where it ends."""
    value = shift = 0
    while True:
        byte = content[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place


def _written(number: int) -> bytes:
    found = bytearray()
    while number >= 0x80:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def _read(stream: BufferedReader) -> bytes:
    """Read a frame; an empty one is the end."""
    head = stream.read(4)
    return stream.read(int.from_bytes(head)) if len(head) == 4 else b""


def _framed(content: bytes) -> bytes:
    return len(content).to_bytes(4) + content


def _text(value: str) -> bytes:
    return struct.pack(">h", len(value)) + value.encode()

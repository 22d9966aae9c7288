"""TLS in front of servers without it: verified by the cloud's authority, whole in both directions, ended with it."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from local_cloud.engines.process import EngineProcess
from local_cloud.engines.tls_front import TlsFront
from local_cloud.errors import LocalCloudError
from local_cloud.server.authority import Authority
from local_cloud.server.objects import ObjectStore
from local_cloud.server.runtime import Runtime

ACCOUNT = "123456789012"
HOST = "127.0.0.1"


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Runtime]:
    """A runtime without a server."""
    runtime = Runtime(
        endpoint="", account=ACCOUNT, workdir=tmp_path / "work", cache=tmp_path, objects=ObjectStore(ACCOUNT)
    )
    with runtime.cleanup:
        yield runtime


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that sends back what it gets, while it still gets more."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=[connection], daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with connection:
            while chunk := connection.recv(65_536):
                connection.sendall(chunk)

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


def trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority.certificate)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_client_verifies_host_and_authority_and_is_answered(alone: Runtime, host: str) -> None:
    server = EngineProcess(
        alone, name="files", command=lambda port: [sys.executable, "-m", "http.server", "--bind", HOST, str(port)]
    )
    front = TlsFront(alone, name="files", server=server.port)
    port = front.start()
    assert server._process is None, "the server starts with the first connection"
    with urlopen(f"https://{host}:{port}/", context=trusting(alone.authority)) as answer:
        assert answer.status == 200
    assert front.start() == port


def test_a_client_of_another_authority_refuses_it(alone: Runtime, tmp_path: Path, echo: int) -> None:
    port = TlsFront(alone, name="echo", server=lambda: echo).start()
    other = Authority(tmp_path / "other")
    with pytest.raises(URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urlopen(f"https://localhost:{port}/", context=trusting(other))


def test_a_client_without_tls_ends_its_own_connection_only(alone: Runtime, echo: int) -> None:
    port = TlsFront(alone, name="echo", server=lambda: echo).start()
    with socket.create_connection((HOST, port), timeout=10) as plain:
        plain.sendall(b"PING\r\n")
        assert b"PING" not in plain.recv(1024)
    with encrypted(alone, port) as connection:
        connection.sendall(b"PING")
        assert connection.recv(4) == b"PING"


def test_all_bytes_pass_while_both_sides_send(alone: Runtime, echo: int) -> None:
    port = TlsFront(alone, name="echo", server=lambda: echo).start()
    sent = bytes(range(256)) * 40_000
    with encrypted(alone, port) as connection:
        sender = threading.Thread(target=connection.sendall, args=[sent])
        sender.start()
        received = bytearray()
        while len(received) < len(sent):
            received += connection.recv(65_536)
        sender.join()
    assert bytes(received) == sent


def test_the_end_of_the_server_is_the_end_of_the_connection(alone: Runtime) -> None:
    with socket.create_server((HOST, 0)) as listener:
        port = TlsFront(alone, name="ending", server=lambda: listener.getsockname()[1]).start()
        with encrypted(alone, port) as connection:
            connection.sendall(b"x")
            behind, _ = listener.accept()
            assert behind.recv(1) == b"x"
            behind.close()
            assert connection.recv(1) == b""


def test_a_front_comes_again_at_its_port_with_the_same_authority(alone: Runtime, echo: int) -> None:
    first = TlsFront(alone, name="echo", server=lambda: echo)
    port = first.start()
    before = alone.authority.certificate.read_bytes()
    first.stop()
    first.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((HOST, port))
    assert TlsFront(alone, name="echo", server=lambda: echo, port=port).start() == port
    assert alone.authority.certificate.read_bytes() == before
    with encrypted(alone, port) as connection:
        connection.sendall(b"again")
        assert connection.recv(5) == b"again"


def test_a_port_that_is_taken_is_said(alone: Runtime, echo: int) -> None:
    with pytest.raises(LocalCloudError, match=f"echo cannot listen on port {echo}: Address already in use"):
        TlsFront(alone, name="echo", server=lambda: echo, port=echo).start()


def test_a_protocol_may_speak_before_tls(alone: Runtime, echo: int) -> None:
    async def asks(connection: socket.socket) -> bool:
        return await asyncio.get_running_loop().sock_recv(connection, 1) == b"S"

    port = TlsFront(alone, name="echo", server=lambda: echo, preamble=asks).start()
    with socket.create_connection((HOST, port), timeout=10) as refused:
        refused.sendall(b"P")
        assert refused.recv(1) == b""
    accepted = socket.create_connection((HOST, port), timeout=10)
    accepted.sendall(b"S")
    with trusting(alone.authority).wrap_socket(accepted, server_hostname="localhost") as connection:
        connection.sendall(b"PING")
        assert connection.recv(4) == b"PING"


def test_keys_are_readable_by_their_owner_alone(alone: Runtime) -> None:
    certificate, key = alone.authority.issue()
    assert key.stat().st_mode & 0o077 == 0
    assert certificate.parent.stat().st_mode & 0o077 == 0
    shutil.copy(certificate, certificate.with_suffix(".copy"))
    assert alone.authority.issue()[0].read_bytes() == certificate.with_suffix(".copy").read_bytes()


def encrypted(runtime: Runtime, port: int) -> ssl.SSLSocket:
    plain = socket.create_connection((HOST, port), timeout=10)
    return trusting(runtime.authority).wrap_socket(plain, server_hostname="localhost")

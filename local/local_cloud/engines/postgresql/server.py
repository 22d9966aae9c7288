"""A PostgreSQL server on a port of this machine."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_cloud.engines.postgresql import programs
from local_cloud.engines.process import HOST, EngineProcess
from local_cloud.errors import LocalCloudError
from local_cloud.server.private_files import write_private
from local_cloud.server.runtime import Runtime

if TYPE_CHECKING:
    import psycopg

ADMINISTRATOR = "rdsadmin"
"""Superuser of the server, whose name RDS takes too."""
_PASSWORD_FILE = "administrator"
_DATA = "data"
_STARTS_SECONDS = 60


class PostgresqlServer:
    """PostgreSQL 18 on a port of this machine; what it holds outlives a restart of the cloud.

    It speaks no TLS, and takes the passwords of its users only from this machine.

    Parameters
    ----------
    runtime: Runtime
        The cloud that it belongs to.
    name: str
        Name of the server, and of its folder and log.
    parameters: Mapping[str, str], optional
        Those of a parameter group, as RDS names them: `rds.logical_replication`, `max_replication_slots` and others.
        PostgreSQL refuses those that it does not know, unless they have a prefix, such as `rds.`.

    Raises
    ------
    LocalCloudError
        If the packages are missing; names the extra.

    Example
    -------
        >>> server = PostgresqlServer(runtime, name="orders", parameters={"rds.logical_replication": "1"})
        >>> with server.administrator() as connection:
        ...     connection.execute("create table orders (id int primary key)")
    """

    def __init__(self, runtime: Runtime, *, name: str, parameters: Mapping[str, str] | None = None) -> None:
        programs.require(f"the PostgreSQL server {name}")
        self._runtime = runtime
        self._name = name
        self._parameters = dict(parameters or {})
        self._process = self._new_process()

    @property
    def folder(self) -> Path:
        """The folder that holds its data."""
        return self._process.folder

    @property
    def log(self) -> Path:
        """File of its messages."""
        return self._process.log

    def port(self) -> int:
        """Return the port on which it answers; start it if it does not run.

        Raises
        ------
        LocalCloudError
            If it does not become ready; with what it wrote of that.
        """
        try:
            return self._process.port()
        except LocalCloudError as error:
            written = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
            reason = next((line.partition("FATAL:")[2].strip() for line in reversed(written) if "FATAL:" in line), "")
            if not reason:
                raise
            raise LocalCloudError(f"PostgreSQL refuses to start: {reason} (log: {self.log})") from error

    @contextlib.contextmanager
    def administrator(self, database: str = "postgres", *, options: str = "") -> Iterator[psycopg.Connection[Any]]:
        """Return a connection of the superuser, which commits each statement; start the server if it does not run.

        The options are settings of the session, as `-c name=value`.
        """
        import psycopg  # noqa: PLC0415

        address = {**self._address(self.port()), "dbname": database, "options": options}
        with psycopg.connect(**address, autocommit=True) as connection:
            yield connection

    def reboot(self, parameters: Mapping[str, str]) -> None:
        """Take other parameters, as a reboot does; the port may be another one afterwards."""
        self.stop()
        self._parameters = dict(parameters)
        self._process = self._new_process()

    def stop(self) -> None:
        """End it, and the sessions of its clients. Stopping twice is fine."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            # A fast shutdown: what the supervisor asks for waits for the clients.
            os.kill(int((self.folder / _DATA / "postmaster.pid").read_text().split()[0]), signal.SIGINT)
        self._process.stop()

    def _new_process(self) -> EngineProcess:
        process = EngineProcess(
            self._runtime,
            name=f"postgresql-{self._name}",
            command=self._command,
            answers=self._answers,
            patience=_STARTS_SECONDS,
        )
        # Before that of the process, since the last is called first.
        self._runtime.cleanup.callback(self.stop)
        return process

    def _command(self, port: int) -> Sequence[str]:
        data = self.folder / _DATA
        if not data.exists():
            self._initialise(data)
        settings = {
            "wal_level": "logical" if self._parameters.get("rds.logical_replication") == "1" else "replica",
            "timezone": "UTC",
            # A path of a socket has at most 107 characters, fewer than some folders.
            "unix_socket_directories": "",
            "listen_addresses": HOST,
            "port": str(port),
            **self._parameters,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return programs.command("postgres", "-D", str(data), *options)

    def _initialise(self, data: Path) -> None:
        password = self.folder / _PASSWORD_FILE
        write_private(password, secrets.token_urlsafe(24))
        # Moved once it is whole: what an interrupted start has left is no server.
        draft = data.with_name(f"{_DATA}.new")
        shutil.rmtree(draft, ignore_errors=True)
        programs.run(
            "initdb",
            f"--pgdata={draft}",
            f"--username={ADMINISTRATOR}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            # Sorted alike on every machine.
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-sync",
        )
        draft.replace(data)

    def _answers(self, port: int) -> bool:
        import psycopg  # noqa: PLC0415

        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(**self._address(port), dbname="postgres"):
            return True
        return False

    def _address(self, port: int) -> dict[str, Any]:
        password = (self.folder / _PASSWORD_FILE).read_text()
        return {"host": HOST, "port": port, "user": ADMINISTRATOR, "password": password, "sslmode": "disable"}

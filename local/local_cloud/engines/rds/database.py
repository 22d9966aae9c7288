"""A database of RDS on this machine: its server, the TLS port in front of it, its users."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping

from local_cloud.engines.postgresql.negotiation import ALPN, until_tls
from local_cloud.engines.postgresql.server import PostgresqlServer
from local_cloud.engines.tls_front import TlsFront
from local_cloud.errors import LocalCloudError
from local_cloud.server.runtime import Runtime

# The roles that RDS has in each server:
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Roles.html
_ROLES = ("rds_superuser", "rds_replication", "rds_iam", "rds_password")
_MAY = ("pg_monitor", "pg_signal_backend", "pg_checkpoint", "pg_read_all_settings", "pg_create_subscription")

_NEW_MEMBERS = """
select rolname from pg_roles
where rolcanlogin and not rolreplication and pg_has_role(oid, 'rds_replication', 'member')
"""


class Database:
    """PostgreSQL behind one cluster or instance, as RDS gives it to its master user.

    Parameters
    ----------
    runtime: Runtime
        The cloud that it belongs to.
    name: str
        Name of its server and folder.
    port: int, optional
        The port that clients know. By default a free one.
    parameters: Mapping[str, str]
        Those of its parameter groups, which take effect when the server starts.
    available: Callable
        Returns whether it takes connections.
    """

    def __init__(
        self,
        runtime: Runtime,
        *,
        name: str,
        port: int | None = None,
        parameters: Mapping[str, str],
        available: Callable[[], bool],
    ) -> None:
        self.server = PostgresqlServer(runtime, name=name, parameters=parameters)
        self._available = available
        self._front = TlsFront(runtime, name=name, server=self._behind, port=port, preamble=until_tls, protocols=ALPN)

    def listen(self) -> int:
        """Listen, and return the port."""
        return self._front.start()

    def set_up(self, *, username: str, password: str, database: str | None) -> None:
        """Define the roles of RDS, the master user and the first database, as RDS does when it creates a database."""
        from psycopg import sql  # noqa: PLC0415

        user, superuser = sql.Identifier(username), sql.Identifier("rds_superuser")
        with self.server.administrator() as connection:
            for role in _ROLES:
                connection.execute(sql.SQL("create role {}").format(sql.Identifier(role)))
            for role in (*_MAY, *_ROLES[1:]):
                statement = sql.SQL("grant {} to {} with admin option")
                connection.execute(statement.format(sql.Identifier(role), superuser))
            statement = sql.SQL("create role {} login createdb createrole replication password {}")
            connection.execute(statement.format(user, sql.Literal(password)))
            connection.execute(sql.SQL("grant {} to {}").format(superuser, user))
            if database and database != "postgres":
                statement = sql.SQL("create database {} owner {}")
                connection.execute(statement.format(sql.Identifier(database), user))

    def set_password(self, *, username: str, password: str) -> None:
        """Give the master user another password."""
        from psycopg import sql  # noqa: PLC0415

        with self.server.administrator() as connection:
            statement = sql.SQL("alter role {} password {}")
            connection.execute(statement.format(sql.Identifier(username), sql.Literal(password)))

    def remove(self) -> None:
        """End it, and remove all that it holds."""
        self._front.stop()
        self.server.stop()
        shutil.rmtree(self.server.folder, ignore_errors=True)

    def _admit_replication(self) -> None:
        """Let members of rds_replication decode changes, as RDS does; PostgreSQL has an attribute for it.

        At each connection, since nothing tells that a role was granted.
        """
        from psycopg import sql  # noqa: PLC0415

        with self.server.administrator() as connection:
            for (name,) in connection.execute(_NEW_MEMBERS).fetchall():
                connection.execute(sql.SQL("alter role {} replication").format(sql.Identifier(name)))

    def _behind(self) -> int:
        if not self._available():
            raise ConnectionRefusedError
        import psycopg  # noqa: PLC0415

        try:
            self._admit_replication()
            return self.server.port()
        except (LocalCloudError, psycopg.Error) as error:
            raise ConnectionRefusedError(str(error)) from None

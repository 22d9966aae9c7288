"""Address of a database: engine, host, port, name and credentials."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from aws_cdk import Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_secretsmanager as secretsmanager

from lake_blueprints.foundation.arguments import checked


class DatabaseEngine(StrEnum):
    """Engines that Glue has drivers for.

    https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-connect-jdbc-home.html
    """

    POSTGRESQL = "postgresql"
    MYSQL = "mysql"
    MARIADB = "mariadb"
    ORACLE = "oracle"
    SQL_SERVER = "sqlserver"
    REDSHIFT = "redshift"


_PORTS = {
    DatabaseEngine.POSTGRESQL: 5432,
    DatabaseEngine.MYSQL: 3306,
    DatabaseEngine.MARIADB: 3306,
    DatabaseEngine.ORACLE: 1521,
    DatabaseEngine.SQL_SERVER: 1433,
    DatabaseEngine.REDSHIFT: 5439,
}
# Where they differ from `jdbc:<engine>://<host>:<port>/<database>`; MariaDB is reached by the driver of MySQL.
_URLS = {
    DatabaseEngine.MARIADB: "jdbc:mysql://{host}:{port}/{database}",
    DatabaseEngine.ORACLE: "jdbc:oracle:thin://@{host}:{port}/{database}",
    DatabaseEngine.SQL_SERVER: "jdbc:sqlserver://{host}:{port};databaseName={database}",
}


@checked
@dataclass(frozen=True, kw_only=True)
class DatabaseEndpoint:
    """Address of a database, and the secret that opens it.

    Parameters
    ----------
    engine: DatabaseEngine
        What speaks there.
    host: str
        Name or address of the server, without a scheme and a port.
    port: int, optional
        Port, 1 to 65,535. By default that of the engine: 5432, 3306, 1521, 1433 or 5439.
    database: str
        Name of the database; of Oracle, the service.
    secret: secretsmanager.ISecret
        The credentials, JSON with `username` and `password`: a `DatabaseSecret`, or one that RDS manages.
    connections: ec2.Connections, optional
        Security groups of the server. By default its owner admits the clients.

    Raises
    ------
    ValueError
        If the host holds more than a host, or the port is out of range.

    Notes
    -----
    https://docs.aws.amazon.com/glue/latest/dg/connection-properties.html#connection-properties-jdbc
    """

    engine: DatabaseEngine
    host: str
    port: int | None = None
    database: str
    secret: secretsmanager.ISecret
    connections: ec2.Connections | None = None

    def __post_init__(self) -> None:
        if not Token.is_unresolved(self.host) and any(mark in self.host for mark in ":/@ "):
            raise ValueError(f"'host' must be a name or address without scheme, user and port, got '{self.host}'")
        if self.port is not None and not Token.is_unresolved(self.port) and not 1 <= self.port <= 65_535:
            raise ValueError(f"'port' must be 1 to 65,535, got {self.port}")

    @property
    def listens_on(self) -> int:
        """The port."""
        return _PORTS[self.engine] if self.port is None else self.port

    @property
    def jdbc_url(self) -> str:
        """The address as Glue's drivers take it."""
        pattern = _URLS.get(self.engine, f"jdbc:{self.engine}://{{host}}:{{port}}/{{database}}")
        port = Token.as_string(self.listens_on) if Token.is_unresolved(self.listens_on) else self.listens_on
        return pattern.format(host=self.host, port=port, database=self.database)

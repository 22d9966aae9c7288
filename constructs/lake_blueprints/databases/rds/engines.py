"""Engines of RDS and Aurora: their families, ports, logs, and the parameters that a lake needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lake_blueprints.foundation.connections import DatabaseEngine

# Of PostgreSQL the first part of a version is the major one, of MySQL the first two.
_MAJOR_PARTS = {DatabaseEngine.POSTGRESQL: 1, DatabaseEngine.MYSQL: 2}
_AURORA = {DatabaseEngine.POSTGRESQL: "aurora-postgresql", DatabaseEngine.MYSQL: "aurora-mysql"}
_RDS = {DatabaseEngine.POSTGRESQL: "postgres", DatabaseEngine.MYSQL: "mysql"}
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mysql-ssl-connections.require-ssl.html
_TLS = {
    DatabaseEngine.POSTGRESQL: {"rds.force_ssl": "1"},
    DatabaseEngine.MYSQL: {"require_secure_transport": "ON"},
}
# https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Source.PostgreSQL.html
# https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Source.MySQL.html
_REPLICATION = {
    DatabaseEngine.POSTGRESQL: {"rds.logical_replication": "1"},
    DatabaseEngine.MYSQL: {"binlog_format": "ROW", "binlog_row_image": "full"},
}
# Not the general log of MySQL, which has every statement with its values.
_LOGS = {
    "aurora-postgresql": ("postgresql",),
    "aurora-mysql": ("audit", "error", "slowquery"),
    "postgres": ("postgresql", "upgrade"),
    "mysql": ("error", "slowquery"),
}
# Without these, the logs that are exported stay empty.
_LOGGING = {
    "aurora-mysql": {
        "server_audit_logging": "1",
        "server_audit_events": "CONNECT,QUERY_DCL,QUERY_DDL",
        "slow_query_log": "1",
    },
    "mysql": {"slow_query_log": "1", "log_output": "FILE"},
}


@dataclass(frozen=True, kw_only=True)
class Engine:
    """An engine as RDS names it.

    Parameters
    ----------
    name: str
        Name of the engine.
    family: str
        Family of its parameter groups.
    logs: tuple of str
        Logs that are exported to CloudWatch.
    parameters: mapping
        Those that clients, logs and, if asked, replication need.
    """

    name: str
    family: str
    logs: tuple[str, ...]
    parameters: Mapping[str, str]


def engine_of(
    engine: DatabaseEngine, version: str, *, aurora: bool, replication: bool, parameters: Mapping[str, str]
) -> Engine:
    """Return an engine with its parameters and those of the caller.

    Raises
    ------
    ValueError
        If there is no such engine, or a parameter is one that options set.
    """
    names = _AURORA if aurora else _RDS
    if engine not in names:
        raise ValueError(f"'engine' must be {' or '.join(names)}, got '{engine}'")
    set_here = {**_TLS[engine], **_REPLICATION[engine]}
    if taken := sorted(set_here.keys() & parameters.keys()):
        options = "TLS is always required, and 'replication' sets the others"
        raise ValueError(
            f"'parameters' must leave out {', '.join(sorted(set_here))}, got {', '.join(taken)}; {options}"
        )
    name = names[engine]
    major = ".".join(version.split(".")[: _MAJOR_PARTS[engine]])
    return Engine(
        name=name,
        family=f"{name}{major}",
        logs=_LOGS[name],
        parameters={
            **_LOGGING.get(name, {}),
            **_TLS[engine],
            **(_REPLICATION[engine] if replication else {}),
            **parameters,
        },
    )

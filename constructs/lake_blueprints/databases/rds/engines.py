"""Engines of RDS and Aurora: their families, ports, logs, and the parameters that a lake needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lake_blueprints.foundation.connections import DatabaseEngine
from template_checks.limits.zero_etl import SOURCE_PARAMETERS

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
# Of RDS for PostgreSQL a slot for each integration, and no end of a session that sends nothing for a while.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/zero-etl.setting-up.html
_ZERO_ETL = {
    **SOURCE_PARAMETERS,
    "postgres": {
        **SOURCE_PARAMETERS["postgres"],
        "session_replication_role": "origin",
        "wal_sender_timeout": "30000",
        "max_wal_senders": "20",
        "max_replication_slots": "20",
    },
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
        Those that clients, logs and, if asked, replication and zero-ETL need.
    """

    name: str
    family: str
    logs: tuple[str, ...]
    parameters: Mapping[str, str]


def engine_of(
    engine: DatabaseEngine,
    version: str,
    *,
    aurora: bool,
    replication: bool,
    zero_etl: bool,
    parameters: Mapping[str, str],
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
    name = names[engine]
    set_here = {**_TLS[engine], **_REPLICATION[engine], **(_ZERO_ETL[name] if zero_etl else {})}
    if taken := sorted(set_here.keys() & parameters.keys()):
        options = f"TLS is always required, and '{'zero_etl' if zero_etl else 'replication'}' sets the others"
        raise ValueError(
            f"'parameters' must leave out {', '.join(sorted(set_here))}, got {', '.join(taken)}; {options}"
        )
    major = ".".join(version.split(".")[: _MAJOR_PARTS[engine]])
    return Engine(
        name=name,
        family=f"{name}{major}",
        logs=_LOGS[name],
        parameters={
            **_LOGGING.get(name, {}),
            **_TLS[engine],
            **(_REPLICATION[engine] if replication or zero_etl else {}),
            **(_ZERO_ETL[name] if zero_etl else {}),
            **parameters,
        },
    )

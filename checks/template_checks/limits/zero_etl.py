"""Demands of zero-ETL integrations on their sources and targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from template_checks.core.limit import Limit, Span

RDS_INTEGRATION: Final = "AWS::RDS::Integration"
REDSHIFT_INTEGRATION: Final = "AWS::Redshift::Integration"
_ALTER: Final = "https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DATABASE.html"

FILTER_LENGTH = Limit(
    RDS_INTEGRATION,
    "DataFilter",
    Span(1, 25_600, 1),
    unit="characters",
    source="https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateIntegration.html",
)
REFRESH_SECONDS = Limit(RDS_INTEGRATION, "", Span(0, 432_000, 1), unit="seconds", source=_ALTER)
"""Of REFRESH_INTERVAL, which no template has: the database in Redshift is made by SQL."""
DYNAMODB_REFRESH_SECONDS = Limit(REDSHIFT_INTEGRATION, "", Span(900, 432_000, 1), unit="seconds", source=_ALTER)

SOURCE_PARAMETERS: Final[Mapping[str, Mapping[str, str]]] = {
    "aurora-postgresql": {
        "rds.logical_replication": "1",
        "aurora.enhanced_logical_replication": "1",
        "aurora.logical_replication_backup": "0",
        "aurora.logical_replication_globaldb": "0",
    },
    "aurora-mysql": {
        "aurora_enhanced_binlog": "1",
        "binlog_backup": "0",
        "binlog_format": "ROW",
        "binlog_replication_globaldb": "0",
        "binlog_row_image": "full",
        "binlog_row_metadata": "full",
    },
    "postgres": {"rds.logical_replication": "1", "rds.replica_identity_full": "1"},
    "mysql": {"binlog_format": "ROW", "binlog_row_image": "full"},
}
"""By engine, the parameters of its group, with their values.

https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/zero-etl.setting-up.html,
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/zero-etl.setting-up.html
"""
CASE_SENSITIVE: Final = "enable_case_sensitive_identifier"
"""Parameter of the target that must be true."""

# Of each major version, the first minor one; a later major version has it from the start.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.Aurora_Fea_Regions_DB-eng.Feature.Zero-ETL.html
_AURORA_POSTGRESQL: Final = {16: 4, 17: 4}
_LEAST_POSTGRES: Final = 15


def least_version(engine: str, version: str) -> str | None:
    """Return the least version of which integrations read an engine, if this one is known to be older."""
    parts = version.split(".")
    if not all(part.isdecimal() for part in parts):
        return None
    major, *minor = map(int, parts)
    if engine == "postgres":
        return str(_LEAST_POSTGRES) if major < _LEAST_POSTGRES else None
    if engine != "aurora-postgresql":
        return None
    first = min(_AURORA_POSTGRESQL)
    if major < first:
        return f"{first}.{_AURORA_POSTGRESQL[first]}"
    # The major version alone means its newest minor one.
    if minor and minor[0] < _AURORA_POSTGRESQL.get(major, 0):
        return f"{major}.{_AURORA_POSTGRESQL[major]}"
    return None


def wrong_parameters(engine: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that an integration needs, and that have another value or none."""
    wanted = SOURCE_PARAMETERS.get(engine, {})
    return {name: value for name, value in wanted.items() if parameters.get(name, "").lower() != value.lower()}

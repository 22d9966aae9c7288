"""Preconditions of an integration, which AWS names only after it has tried for half an hour."""

from __future__ import annotations

import re

from aws_cdk import Duration, Stack, Token
from constructs import Construct

from lake_blueprints.databases.aurora import AuroraCluster
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.databases.rds import RdsInstance
from lake_blueprints.databases.redshift import Warehouse
from lake_blueprints.foundation.connections import DatabaseEngine
from template_checks.limits import zero_etl as limits

_ENGINES = {
    AuroraCluster: {DatabaseEngine.POSTGRESQL: "aurora-postgresql", DatabaseEngine.MYSQL: "aurora-mysql"},
    RdsInstance: {DatabaseEngine.POSTGRESQL: "postgres", DatabaseEngine.MYSQL: "mysql"},
}
# https://docs.aws.amazon.com/redshift/latest/dg/r_names.html
_DATABASE = re.compile(r"[a-z_][a-z0-9_$]{0,126}")


def check_database_source(source: AuroraCluster | RdsInstance) -> None:
    """Refuse a database whose changes no integration reads.

    Raises
    ------
    ValueError
        With the option or the version.
    """
    name, engine = source.node.id, _ENGINES[type(source)][source.endpoint.engine]
    if not source.zero_etl:
        raise ValueError(
            f"source '{name}' does not log what a zero-ETL integration reads: give it zero_etl=True, and reboot it if "
            "it exists already"
        )
    if not Token.is_unresolved(source.version) and (least := limits.least_version(engine, source.version)):
        raise ValueError(f"'version' of source '{name}' must be {least} or later for zero-ETL, got {source.version}")


def check_table_source(source: ServingTable) -> None:
    """Refuse a table that cannot be exported.

    Raises
    ------
    ValueError
        With the option.
    """
    if not source.point_in_time_recovery:
        raise ValueError(
            f"source '{source.node.id}' has no 'point_in_time_recovery', from which zero-ETL reads its items: switch "
            "it on"
        )


def check_target(target: Warehouse) -> None:
    """Refuse a warehouse that takes no integration.

    Raises
    ------
    ValueError
        With the option.
    """
    if not target.case_sensitive_identifiers:
        raise ValueError(
            f"target '{target.node.id}' must keep the case of names: give it case_sensitive_identifiers=True"
        )


def check_place(source: Construct, target: Construct) -> None:
    """Refuse a source in another account or Region, whose stacks say so.

    Raises
    ------
    ValueError
        With both.
    """
    one, other = Stack.of(source), Stack.of(target)
    for what, mine, others in (("Region", one.region, other.region), ("account", one.account, other.account)):
        if mine != others and not Token.is_unresolved(mine) and not Token.is_unresolved(others):
            raise ValueError(f"source and target must be in one {what}, got {mine} and {others}")


def check_destination(name: str, target: Warehouse) -> str:
    """Return the name of a database, if the warehouse can have it.

    Raises
    ------
    ValueError
        With the name.
    """
    if Token.is_unresolved(name):
        return name
    if not _DATABASE.fullmatch(name):
        raise ValueError(
            f"'database' must be up to 127 lower case letters, digits, '_' and '$', not beginning with a digit, got "
            f"'{name}'"
        )
    if name == target.database:
        raise ValueError(f"'database' must not be '{name}', which warehouse '{target.node.id}' has already")
    return name


def refresh_seconds(interval: Duration | None, *, of_table: bool) -> int | None:
    """Return the seconds between two refreshes; None: as Redshift chooses.

    Raises
    ------
    ValueError
        If Redshift does not take them.
    """
    if interval is None:
        return None
    limit = limits.DYNAMODB_REFRESH_SECONDS if of_table else limits.REFRESH_SECONDS
    limit.check("refresh_interval", seconds := interval.to_seconds())
    return int(seconds)

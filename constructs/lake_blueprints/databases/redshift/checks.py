"""Validation of a warehouse's arguments and of the tables it loads.

https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-capacity.html,
https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-usage-considerations.html
"""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration, Token

from lake_blueprints.catalog import Table
from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.contracts import DatasetFormat
from lake_blueprints.databases.redshift import statements
from lake_blueprints.databases.redshift.merge import check_mergeable
from template_checks.limits import redshift as limits

_ZONES, _ZONES_WITH_ENHANCED_ROUTING = 2, 3
_LONGEST_QUERY_SECONDS = 86_399
_RETIRED = ("dc1", "dc2", "ds2")
_LONGEST_SNAPSHOT_DAYS = 3_653


def check_capacity(base: int, maximum: int) -> None:
    """Refuse capacities that Redshift Serverless would refuse, in RPUs.

    Raises
    ------
    ValueError
        If the base capacity is none of those offered, or the maximum is not more than it.
    """
    if Token.is_unresolved(base) or Token.is_unresolved(maximum):
        return
    limits.BASE_CAPACITY.check("base_capacity", base)
    limits.MAX_CAPACITY.check("max_capacity", maximum)
    if maximum < base:
        raise ValueError(f"'max_capacity' must be no less than the base capacity of {base} RPUs, got {maximum}")


def check_port(port: int) -> None:
    """Refuse a port that Redshift does not listen on.

    Raises
    ------
    ValueError
        If the port is in neither range.
    """
    if not Token.is_unresolved(port):
        limits.PORT.check("port", port)


def check_nodes(node_type: str, nodes: int) -> None:
    """Refuse nodes of another type than those with managed storage, or another number than the type's.

    Raises
    ------
    ValueError
        With the value and the values allowed.
    """
    if not Token.is_unresolved(node_type) and node_type not in limits.NODE_TYPES:
        family = node_type.partition(".")[0]
        since = "have no managed storage and no successor but RA3 and RG" if family in _RETIRED else "are no RA3 or RG"
        raise ValueError(
            f"'node_type' must be {', '.join(limits.NODE_TYPES[:-1])} or {limits.NODE_TYPES[-1]}, got '{node_type}'; "
            f"nodes of {family} {since}"
        )
    if Token.is_unresolved(nodes):
        return
    limits.NODES.check("nodes", nodes)
    if nodes == 1 and node_type in limits.MULTI_NODE:
        raise ValueError(f"'nodes' must be 2 or more of {node_type}, got 1")


def check_snapshots(kept_for: Duration) -> None:
    """Refuse a time to keep automated snapshots that Redshift would refuse.

    Raises
    ------
    ValueError
        With the value and the values allowed.
    """
    if not kept_for.is_unresolved():
        limits.SNAPSHOT_DAYS.check("snapshots_kept_for", kept_for.to_days())


def check_zones(zones: Sequence[str], enhanced_vpc_routing: bool) -> None:
    """Refuse subnets in too few Availability Zones.

    Raises
    ------
    ValueError
        If there are fewer than two, or than three with enhanced VPC routing.
    """
    needed = _ZONES_WITH_ENHANCED_ROUTING if enhanced_vpc_routing else _ZONES
    found = len(set(zones))
    if found < needed:
        routing = " with enhanced VPC routing" if enhanced_vpc_routing else ""
        raise ValueError(
            f"Redshift Serverless{routing} needs isolated subnets in {needed} Availability Zones, got {found}; "
            f"a LakeNetwork has them with az_count={needed}"
        )


def check_query_timeout(timeout: Duration) -> None:
    """Refuse a time limit that is not 1 second to almost 24 hours.

    Raises
    ------
    ValueError
        With the value and the values allowed.
    """
    if not timeout.is_unresolved() and not 1 <= timeout.to_seconds() <= _LONGEST_QUERY_SECONDS:
        raise ValueError(
            f"'query_timeout' must be 1 to {_LONGEST_QUERY_SECONDS} seconds, got {timeout.to_seconds()} seconds"
        )


def check_snapshot(kept_for: Duration | None) -> None:
    """Refuse a time to keep a snapshot that is not 1 to 3,653 days.

    Raises
    ------
    ValueError
        With the value and the values allowed.
    """
    if kept_for and not kept_for.is_unresolved() and not 1 <= kept_for.to_days() <= _LONGEST_SNAPSHOT_DAYS:
        raise ValueError(
            f"'final_snapshot_kept_for' must be 1 to {_LONGEST_SNAPSHOT_DAYS} days, got {kept_for.to_days()} days"
        )


def check_loadable(table: Table | IcebergTable) -> None:
    """Refuse a table that Redshift could not hold, or could not read from the lake.

    Raises
    ------
    ValueError
        With what is in the way, and the fix.
    """
    name = table.table_name
    statements.check_dataset(table.dataset)
    for identifier in (name, table.database.database_name):
        if not Token.is_unresolved(identifier):
            statements.check_name(identifier)
    if isinstance(table, IcebergTable):
        check_mergeable(table.dataset)
        return
    if table.format is not DatasetFormat.PARQUET:
        raise ValueError(f"table '{name}' is {table.format}; a warehouse loads Parquet, as the lake's jobs write it")
    if table.layout.projection(table.dataset):
        raise ValueError(
            f"the partitions of table '{name}' are projected, which only Athena sees; "
            "register them by ByPartitionKeys() so that Redshift Spectrum sees them as well"
        )

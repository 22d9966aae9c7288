"""Tables and operations of records, as functions, jq queries and the stream's configuration say them.

https://docs.aws.amazon.com/firehose/latest/dev/apache-iceberg-format-input-record-different.html
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from local_cloud.engines.firehose.iceberg.settings import IcebergDestination
from local_cloud.engines.firehose.records import Record


class Operation(StrEnum):
    """Operation of a record on its table."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"


class RoutingError(ValueError):
    """A record that no table can be found for.

    Parameters
    ----------
    code: str
        Error code.
    message: str
        What is wrong.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Route:
    """Table and operation of one record."""

    database: str
    table: str
    operation: Operation


def route(record: Record, destination: IcebergDestination) -> Route:
    """Return where a record goes: as it says, or else to the one table that is configured.

    Raises
    ------
    RoutingError
        If it says nothing and not one table is configured, or says what is no name or operation.
    """
    given = {name: value for name, value in record.routing.items() if value not in (None, "")}
    database, table = given.get("destinationDatabaseName"), given.get("destinationTableName")
    if database is None or table is None:
        if len(destination.tables) != 1:
            message = "the record names no database and table, and not exactly one table is configured"
            raise RoutingError("Iceberg.InvalidTableName", message)
        database, table = destination.tables[0].database, destination.tables[0].name
    if not isinstance(database, str) or not isinstance(table, str):
        raise RoutingError("Iceberg.InvalidTableName", f"{database!r}.{table!r} is no name of a table")
    operation = given.get("operation", Operation.INSERT)
    if operation not in list(Operation):
        message = f"operation must be one of {', '.join(Operation)}, got {operation!r}"
        raise RoutingError("Iceberg.InvalidOperation", message)
    return Route(database=database, table=table, operation=Operation(operation))

"""One delivery into Iceberg tables: from a buffer's records to commits, and to the objects of those that fail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pyiceberg.exceptions import NoSuchIcebergTableError, NoSuchPropertyException, NoSuchTableError
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.types import PrimitiveType

from local_cloud.engines.firehose.delivery import Delivery, OutputObject
from local_cloud.engines.firehose.iceberg.commit import Change, TableCommit
from local_cloud.engines.firehose.iceberg.routing import Operation, RoutingError, route
from local_cloud.engines.firehose.iceberg.settings import FAILED, DestinationTable, IcebergDestination
from local_cloud.engines.firehose.iceberg.values import MissingColumn, Row, document, rows_of
from local_cloud.engines.firehose.processing import process
from local_cloud.engines.firehose.records import Failure, Record
from local_cloud.errors import LocalCloudError
from local_cloud.iceberg.catalog import IcebergCatalog

_NO_TABLE = (NoSuchTableError, NoSuchIcebergTableError, NoSuchPropertyException)
# What Firehose writes to: https://docs.aws.amazon.com/firehose/latest/dev/apache-iceberg-stream.html
_VERSION = 2

_Routed = list[tuple[Record, Operation]]


@dataclass(frozen=True, kw_only=True)
class IcebergDelivery(Delivery):
    """Delivery of one stream to tables.

    Parameters
    ----------
    destination: IcebergDestination
        What is deployed.
    catalog: IcebergCatalog
        The tables, under the stream's role.
    """

    destination: IcebergDestination
    catalog: IcebergCatalog

    def commits(self, records: Sequence[Record]) -> tuple[list[TableCommit], list[OutputObject]]:
        """Return what to commit, and the objects of what fails; every record is in one of them, unless dropped."""
        passed, failures = process(records, self.destination, client=self.client, context=self.context)
        routed: dict[tuple[str, str], _Routed] = defaultdict(list)
        for record in passed:
            try:
                found = route(record, self.destination)
            except RoutingError as error:
                failures.append(_failure(record, error.code, str(error)))
            else:
                routed[found.database, found.table].append((record, found.operation))
        commits, objects = [], self._failed(failures)
        for (database, name), members in routed.items():
            commit, failed = self._commit(database, name, members)
            commits += [commit] if commit else []
            objects += self._of_table(self.destination.table(database, name), failed)
        return commits, [self.finished(one) for one in objects]

    def _of_table(self, configured: DestinationTable | None, failures: Sequence[Failure]) -> list[OutputObject]:
        prefix = configured.error_prefix if configured else None
        if prefix is None:
            return self._failed(failures)
        return replace(self, destination=replace(self.destination, error_prefix=prefix))._failed(failures)

    def _commit(self, database: str, name: str, members: _Routed) -> tuple[TableCommit | None, list[Failure]]:
        try:
            table = self.catalog.load_table((database, name))
            if table.format_version != _VERSION:
                raise NoSuchTableError(f"{database}.{name} has format version {table.format_version}, not {_VERSION}")
        except _NO_TABLE as error:
            return None, [_failure(record, "Iceberg.NoSuchTable", str(error)) for record, _ in members]
        configured = self.destination.table(database, name)
        code = "Iceberg.InvalidUniqueKeys"
        try:
            keys = unique_keys_of(table, configured.unique_keys if configured else ())
            code = "Iceberg.InvalidRecord"
            row = rows_of(table.schema())
        except LocalCloudError as error:
            return None, [_failure(record, code, str(error)) for record, _ in members]
        changes, failures = _read(table, row, keys, members)
        if not changes:
            return None, failures
        commit = TableCommit(
            catalog=self.catalog,
            database=database,
            table=name,
            unique_keys=keys,
            changes=changes,
            stream=self.context["deliveryStreamArn"].rpartition("/")[2],
        )
        return commit, failures


def check_tables(destination: IcebergDestination, catalog: IcebergCatalog) -> None:
    """Do nothing if each configured table exists, as it must when the stream is created.

    Raises
    ------
    LocalCloudError
        If one does not, or has a unique key that the local cloud cannot use.
    """
    for configured in destination.tables:
        try:
            table = catalog.load_table((configured.database, configured.name))
        except _NO_TABLE:
            raise LocalCloudError(
                f"Role {destination.role} is not authorized to perform: glue:GetTable for the given table or the table "
                f"does not exist: {configured.database}.{configured.name} must be an Iceberg table"
            ) from None
        nested = [key for key in configured.unique_keys if _named(table.schema(), key) not in ([], [key])]
        if nested:
            raise LocalCloudError(f"{', '.join(nested)}: a nested field as a unique key is not run by the local cloud")


def unique_keys_of(table: Table, configured: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that identify a row: those of the stream's configuration, or else of the table.

    Raises
    ------
    LocalCloudError
        If a configured one is no column that can be a key.
    """
    schema = table.schema()
    columns = {field.name: field for field in schema.fields}
    for name in configured:
        if name not in columns:
            nested = _named(schema, name)
            message = "a nested field as a unique key is not run by the local cloud" if nested else "no column"
            raise LocalCloudError(f"unique key {name} of table {'.'.join(table.name())}: {message}")
        if not isinstance(columns[name].field_type, PrimitiveType) or len(_named(schema, name)) > 1:
            raise LocalCloudError(
                f"unique key {name} of table {'.'.join(table.name())} must be one column of a primitive type, whose "
                "name no nested field has"
            )
    return tuple(configured) or tuple(sorted(schema.identifier_field_names()))


def _named(schema: Schema, name: str) -> list[str]:
    """Return the full names of the columns and nested fields with a name."""
    return [full for full in schema.column_names if full.rpartition(".")[2] == name]


def _read(table: Table, row: Row, keys: Sequence[str], members: _Routed) -> tuple[list[Change], list[Failure]]:
    schema = table.schema()
    partitioned = (schema.find_column_name(field.source_id) or "" for field in table.spec().fields)
    # A nested field has its column's name first.
    located = frozenset([*keys, *(name.partition(".")[0] for name in partitioned)])
    changes, failures = list[Change](), list[Failure]()
    for record, operation in members:
        if operation is not Operation.INSERT and not keys:
            message = f"operation {operation} needs unique keys or identifier-field-ids, and the table has neither"
            failures.append(_failure(record, "Iceberg.InvalidUniqueKeys", message))
            continue
        try:
            values = row(document(record.data), only=located if operation is Operation.DELETE else None)
        except MissingColumn as error:
            failures.append(_failure(record, "Iceberg.MissingColumnWithinRecord", str(error)))
        except ValueError as error:
            failures.append(_failure(record, "Iceberg.InvalidRecord", str(error)))
        else:
            changes.append(Change(operation=operation, values=values))
    return changes, failures


def _failure(record: Record, code: str, message: str) -> Failure:
    return Failure(kind=FAILED, code=code, message=message, record=record)

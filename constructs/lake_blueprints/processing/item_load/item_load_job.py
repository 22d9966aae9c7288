"""The Glue job that keeps the items of a DynamoDB table as the rows of a curated table."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.catalog.table import Table
from lake_blueprints.contracts.types import ScalarType
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.databases.dynamodb.permissions import load_items
from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.encryption import GlueSecurityConfiguration
from lake_blueprints.foundation.units import KnownDurationInMinutes
from lake_blueprints.processing.glue.worker import Worker
from lake_blueprints.processing.item_load.table_load import LoadJob

# What becomes seconds since 1970.
_TIMES = ("timestamp", "date", "int", "bigint")


@checked
class ItemLoadJob(LoadJob):
    """Define a Glue Spark job that makes the items of a `ServingTable` the rows of a curated table.

    A run puts the rows that an Iceberg table has gained since the run before, and deletes the items of those that it
    has lost. The first run, and one after a run that failed or whose snapshot has expired, puts every row and deletes
    every other item; so does each run of a table of files. A run may be repeated at any time. Nulls are left out,
    numbers keep every digit, dates and times become ISO 8601 text, and the attribute of the time to live becomes
    seconds since 1970. The run fails, and says so, if two rows have the same key, if DynamoDB cannot hold a number, or
    if not every row was written.

    Parameters
    ----------
    source: IcebergTable or Table
        The curated table.
    target: ServingTable
        The table that receives the items.
    mirror: bool
        Whether items that the table does not hold are deleted, those of other writers included. By default they are;
        else every run puts every row, and items whose rows are gone stay.
    restricted: bool
        Whether restricted columns are served. By default not, and a table that has some is refused: load the table of
        `dataset.masked()` instead.
    worker: Worker
        Glue version, size and number of workers. By default two G.1X workers of Glue 5.1.
    timeout: Duration
        Time after which a run is stopped, whole minutes, 1 to 10,079: less than 7 days. By default 1 hour.
    security_configuration: GlueSecurityConfiguration, optional
        Encryption of logs and bookmarks; an account has 250 of them, so many jobs share one. By default a new one is
        defined, with the key of the target.
    log_retention: logs.RetentionDays
        How long the logs of runs are kept. By default one year.
    removal_policy: RemovalPolicy
        What happens to the logs when the job leaves the stack, subject to the removal guard. By default they are
        retained.

    Defines
    -------
    The job, named `job_name`, with its `role`; its log groups, as `log_groups`; the script and its packages as assets,
    which all loads of a stack share; a security configuration, unless it is given.

    Raises
    ------
    ValueError
        If the source has restricted columns, lacks a key of the target or has a time to live that is no time, the
        timeout is out of range, or another job loads the target too, and one of them deletes.

    Example
    -------
        >>> serving = ServingTable(self, "Serving", dataset=contract["flights"])
        >>> ItemLoadJob(self, "LoadFlights", source=flights, target=serving)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        source: IcebergTable | Table,
        target: ServingTable,
        mirror: bool = True,
        restricted: bool = False,
        worker: Worker | None = None,
        timeout: KnownDurationInMinutes | None = None,
        security_configuration: GlueSecurityConfiguration | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        _check_keys(source, target)
        _check_time_to_live(source, target)
        super().__init__(
            scope,
            construct_id,
            source=source,
            store=target,
            service="DynamoDB",
            place="items",
            keys=target.keys,
            arguments={
                "--store": "items",
                "--table": target.table_name,
                "--table_arn": target.table.table_arn,
                **({"--time_to_live": target.time_to_live} if target.time_to_live else {}),
            },
            grant=lambda role: allow(role, *load_items(target.table, target.key)),
            key=target.key,
            mirror=mirror,
            restricted=restricted,
            worker=worker,
            timeout=timeout,
            security_configuration=security_configuration,
            log_retention=log_retention,
            removal_policy=removal_policy,
        )
        self.source, self.target = source, target


def _check_keys(source: IcebergTable | Table, target: ServingTable) -> None:
    for key in target.keys:
        if key not in source.dataset.column_names:
            raise ValueError(
                f"'target' has the key '{key}', which is no column of table '{source.table_name}'; its columns are "
                f"{', '.join(source.dataset.column_names)}"
            )


def _check_time_to_live(source: IcebergTable | Table, target: ServingTable) -> None:
    dataset, column = source.dataset, target.time_to_live
    if column is None or column not in dataset.column_names:
        return
    kind = dataset.column(column).type
    if not isinstance(kind, ScalarType) or kind.name not in _TIMES:
        raise ValueError(
            f"items of 'target' expire by '{column}', which is a {kind} in table '{source.table_name}'; it must be one "
            f"of {', '.join(_TIMES)}"
        )

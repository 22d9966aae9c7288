"""The Glue job that keeps the documents of an index of OpenSearch as the rows of a curated table."""

from __future__ import annotations

import json

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.catalog.table import Table
from lake_blueprints.databases.opensearch import CollectionKind, SearchCollection, index_definition
from lake_blueprints.databases.opensearch.mapping import check_index
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.encryption import GlueSecurityConfiguration
from lake_blueprints.foundation.units import KnownDurationInMinutes
from lake_blueprints.processing.glue.worker import Worker
from lake_blueprints.processing.item_load.table_load import LoadJob


@checked
class IndexLoadJob(LoadJob):
    """Define a Glue Spark job that makes the documents of an index of a `SearchCollection` the rows of a curated table.

    The first run creates the index with the definition that the contract gives; later ones add its new columns. A
    document has the primary key of its row as its id, so that a run may be repeated at any time. A run puts the rows
    that an Iceberg table has gained since the run before, and deletes the documents of those that it has lost. The
    first run, and one after a run that failed or whose snapshot has expired, puts every row and deletes every other
    document; so does each run of a table of files. The run fails, and says so, if two rows have the same key, the index
    refuses a document, or not every row was written.

    Parameters
    ----------
    source: IcebergTable or Table
        The curated table, with a primary key.
    target: SearchCollection
        The collection, for search and without a network.
    index: str, optional
        Name of the index. By default the table's.
    mirror: bool
        Whether documents that the table does not hold are deleted, those of other writers included. By default they
        are; else every run puts every row, and documents whose rows are gone stay.
    restricted: bool
        Whether restricted columns are searched. By default not, and a table that has some is refused: load the table
        of `dataset.masked()` instead.
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
        If the source has restricted columns or no primary key, the collection is of another kind or in a network, the
        index's name is invalid, the timeout is out of range, or another job loads the index too, and one of them
        deletes.

    Example
    -------
        >>> search = SearchCollection(self, "Search")
        >>> IndexLoadJob(self, "LoadFlights", source=flights, target=search)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        source: IcebergTable | Table,
        target: SearchCollection,
        index: str | None = None,
        mirror: bool = True,
        restricted: bool = False,
        worker: Worker | None = None,
        timeout: KnownDurationInMinutes | None = None,
        security_configuration: GlueSecurityConfiguration | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        index = index or source.table_name
        _check(source, target, index)
        super().__init__(
            scope,
            construct_id,
            source=source,
            store=target,
            service="OpenSearch",
            place=index,
            keys=source.dataset.primary_key,
            arguments={
                "--store": "documents",
                "--collection": target.collection_endpoint,
                "--index": index,
                "--definition": json.dumps(index_definition(source.dataset)),
            },
            grant=lambda role: _grant(role, target, index),
            key=target.key,
            mirror=mirror,
            restricted=restricted,
            worker=worker,
            timeout=timeout,
            security_configuration=security_configuration,
            log_retention=log_retention,
            removal_policy=removal_policy,
        )
        self.source, self.target, self.index = source, target, index


def _grant(role: ServiceRole, target: SearchCollection, index: str) -> None:
    target.grant_index(role, index=index)
    with role.used_for("finds documents whose rows are gone"):
        target.grant_search(role, index=index)


def _check(source: IcebergTable | Table, target: SearchCollection, index: str) -> None:
    if not source.dataset.primary_key:
        raise ValueError(
            f"table '{source.table_name}' has no primary key, of which the ids of documents are made; give one to "
            f"dataset '{source.dataset.name}'"
        )
    if target.kind is not CollectionKind.SEARCH:
        raise ValueError(
            f"'target' must be a collection of kind SEARCH, whose documents have ids, got {target.kind.value}"
        )
    if target.in_network:
        raise ValueError("'target' must be a collection without a 'network', which the workers of Glue are not in")
    check_index(index)

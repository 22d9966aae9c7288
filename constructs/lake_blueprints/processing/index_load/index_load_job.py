"""The Glue job that writes the rows of a curated table into an index of OpenSearch."""

from __future__ import annotations

import json
import re
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy, Stack, Token
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.catalog.table import Table
from lake_blueprints.databases.opensearch import CollectionKind, SearchCollection, index_definition
from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.encryption import GlueSecurityConfiguration
from lake_blueprints.processing.glue.job_logs import define_job_logs, log_group_pattern
from lake_blueprints.processing.glue.permissions import run_as_job
from lake_blueprints.processing.glue.spark_job import define_spark_job
from lake_blueprints.processing.glue.table_source import read_table
from lake_blueprints.processing.glue.worker import Worker
from template_checks.limits import glue as limits

_SCRIPT = Path(__file__).parent / "scripts" / "load_index.py"
# https://docs.opensearch.org/latest/api-reference/index-apis/create-index/, and what collections take.
_INDEX = re.compile(r"[a-z][a-z0-9_-]{0,254}")


@checked
class IndexLoadJob(Construct):
    """Define a Glue Spark job that puts every row of a curated table into an index of a `SearchCollection`.

    The first run creates the index with the definition that the contract gives; later ones add its new columns. A
    document has the primary key of its row as its id, so that a run may be repeated at any time; documents whose rows
    are gone stay. The run fails, and says so, if two rows have the same key, the index refuses a document, or not every
    row was written.

    Parameters
    ----------
    source: IcebergTable or Table
        The curated table, with a primary key.
    target: SearchCollection
        The collection, for search and without a network.
    index: str, optional
        Name of the index. By default the table's.
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
    The job, named `job_name`, with its `role`; its log groups, as `log_groups`; the script as an asset; a security
    configuration, unless it is given.

    Raises
    ------
    ValueError
        If the source has restricted columns or no primary key, the collection is of another kind or in a network, the
        index's name is invalid, or the timeout is out of range.

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
        restricted: bool = False,
        worker: Worker | None = None,
        timeout: Duration | None = None,
        security_configuration: GlueSecurityConfiguration | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        worker, timeout = worker or Worker(), timeout or Duration.hours(1)
        limits.JOB_TIMEOUT.check("timeout", timeout.to_minutes())
        source.require_unmasked_access(restricted)
        self.source, self.target, self.index = source, target, index or source.table_name
        _check(source, target, self.index)
        security = security_configuration or GlueSecurityConfiguration(self, "Security", encryption_key=target.key)
        self.role = ServiceRole(
            self,
            "Role",
            services=["glue.amazonaws.com"],
            description=f"Loads the table {source.dataset.name} into OpenSearch",
        )
        self.script = s3_assets.Asset(self, "Script", path=str(_SCRIPT))
        read = read_table(self.role, source, restricted=restricted)
        target.grant_index(self.role, index=self.index)
        groups = log_group_pattern(security, worker.glue_version)
        allow(self.role, *run_as_job(self.role, key=security.key, assets=[self.script], log_groups=groups))
        self.log_groups = define_job_logs(
            self,
            role=self.role,
            security=security,
            glue_version=worker.glue_version,
            retention=log_retention,
            removal_policy=removal_policy,
        )
        job = define_spark_job(
            self,
            role=self.role,
            script=self.script,
            arguments={
                **read,
                "--columns": json.dumps([(column.name, column.type.spark) for column in source.dataset.columns]),
                "--collection": target.collection_endpoint,
                "--index": self.index,
                "--keys": json.dumps(list(source.dataset.primary_key)),
                "--definition": json.dumps(index_definition(source.dataset)),
            },
            description=f"Loads the table {source.dataset.name} into OpenSearch",
            worker=worker,
            timeout=timeout,
            max_retries=0,
            security=security,
            log_groups=self.log_groups,
        )
        self.job_name: str = job.ref
        self.job_arn = Stack.of(self).format_arn(service="glue", resource="job", resource_name=job.ref)


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
    if not Token.is_unresolved(index) and not _INDEX.fullmatch(index):
        raise ValueError(f"an 'index' has 1 to 255 of a-z, 0-9, '_' and '-' and begins with a letter, got '{index}'")

"""The Glue job that writes the rows of a curated table into DynamoDB."""

from __future__ import annotations

import json
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.catalog.table import Table
from lake_blueprints.contracts.types import ScalarType
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.databases.dynamodb.permissions import put_items
from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.encryption import GlueSecurityConfiguration
from lake_blueprints.processing.glue.job_logs import define_job_logs, log_group_pattern
from lake_blueprints.processing.glue.permissions import run_as_job
from lake_blueprints.processing.glue.spark_job import define_spark_job
from lake_blueprints.processing.glue.table_source import read_table
from lake_blueprints.processing.glue.worker import Worker
from template_checks.limits import glue as limits

# What becomes seconds since 1970.
_TIMES = ("timestamp", "date", "int", "bigint")
_SCRIPT = Path(__file__).parent / "scripts" / "load_items.py"


@checked
class ItemLoadJob(Construct):
    """Define a Glue Spark job that puts every row of a curated table into a `ServingTable` as an item.

    A second run puts the same items again, so that it may be repeated at any time. Items whose rows are gone stay;
    give them a time to live. Nulls are left out, numbers keep every digit, dates and times become ISO 8601 text, and
    the attribute of the time to live becomes seconds since 1970. The run fails, and says so, if two rows have the same
    key, if DynamoDB cannot hold a number, or if not every row was written.

    Parameters
    ----------
    source: IcebergTable or Table
        The curated table.
    target: ServingTable
        The table that receives the items.
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
    The job, named `job_name`, with its `role`; its log groups, as `log_groups`; the script as an asset; a security
    configuration, unless it is given.

    Raises
    ------
    ValueError
        If the source has restricted columns, lacks a key of the target or has a time to live that is no time, or the
        timeout is out of range.

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
        _check_keys(source, target)
        _check_time_to_live(source, target)
        self.source, self.target = source, target
        security = security_configuration or GlueSecurityConfiguration(self, "Security", encryption_key=target.key)
        self.role = ServiceRole(
            self,
            "Role",
            services=["glue.amazonaws.com"],
            description=f"Loads the table {source.dataset.name} into DynamoDB",
        )
        self.script = s3_assets.Asset(self, "Script", path=str(_SCRIPT))
        read = read_table(self.role, source, restricted=restricted)
        allow(self.role, *put_items(target.table, target.key))
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
        columns = [(column.name, column.type.spark) for column in source.dataset.columns]
        job = define_spark_job(
            self,
            role=self.role,
            script=self.script,
            arguments={
                **read,
                "--columns": json.dumps(columns),
                "--table": target.table_name,
                "--keys": json.dumps(list(target.keys)),
                **({"--time_to_live": target.time_to_live} if target.time_to_live else {}),
            },
            description=f"Loads the table {source.dataset.name} into DynamoDB",
            worker=worker,
            timeout=timeout,
            max_retries=0,
            security=security,
            log_groups=self.log_groups,
        )
        self.job_name: str = job.ref
        self.job_arn = Stack.of(self).format_arn(service="glue", resource="job", resource_name=job.ref)


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

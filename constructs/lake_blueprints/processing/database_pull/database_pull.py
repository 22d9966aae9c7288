"""The Glue job that copies the changed rows of a database's table into a zone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import evolve
from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from lake_blueprints.catalog import Envelope, Landing, Unpartitioned
from lake_blueprints.contracts import Dataset, DatasetFormat
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.connections import Connection
from lake_blueprints.foundation.encryption import GlueSecurityConfiguration
from lake_blueprints.foundation.units import KnownDurationInMinutes, KnownDurationInSeconds, KnownText
from lake_blueprints.processing.curation.permissions import keep_state, write_files
from lake_blueprints.processing.database_pull.query import check_pull, query_of, quoted, table_of
from lake_blueprints.processing.glue.spark_job import SparkJob
from lake_blueprints.processing.glue.worker import Worker
from lake_blueprints.storage.s3 import Zone

_SCRIPT = Path(__file__).parent / "scripts" / "pull.py"


@checked
class DatabasePull(SparkJob):
    """Define a Glue Spark job that copies the rows of a table that have changed since its last run, as Parquet.

    A run reads in one query the rows whose watermark, the time of their last change, is not older than the newest one
    that was pulled, less the look-back. Rows that are pulled twice, as those of a run that was killed are too, become
    one by their primary key: curate the `landing` by `merge_changes`. Pulls see no deletion; a `Replication` does.

    Parameters
    ----------
    connection: Connection
        The way to the database, which is PostgreSQL or MySQL 8.0.19 or later.
    dataset: Dataset
        The contract of the rows.
    zone: Zone
        Where the rows are put.
    watermark: str
        Column with the time, in UTC, of the last change to a row: a required timestamp of the contract. The source
        sets it at each change, and has an index of it.
    table: str, optional
        Name of the table, such as `sales.orders`. By default that of the contract's server, else the dataset's name.
    look_back: Duration, optional
        Time for which a transaction may go on after it has set the watermark, whole seconds. By default 10 minutes;
        what is committed later than that is not seen.
    prefix: str, optional
        Where in the zone the rows are put, ending in a slash. By default the dataset's name.
    worker: Worker
        Glue version, size and number of workers; one of them reads. By default two G.1X workers of Glue 5.1.
    timeout: Duration
        Time after which a run is stopped, whole minutes, 1 to 10,079: less than 7 days. By default 1 hour.
    security_configuration: GlueSecurityConfiguration, optional
        Encryption of logs and bookmarks; an account has 250 of them, so many jobs share one. By default a new one is
        defined, with the key of the zone.
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
        If the engine is another, the dataset has no primary key, the watermark is no required timestamp in UTC, the
        prefix does not end in a slash, or the timeout is out of range.

    Example
    -------
        >>> changed = Column(name="updated_at", type="timestamp", required=True)
        >>> orders = Dataset(name="orders", columns=[Column(name="id", type="int"), changed], primary_key=["id"])
        >>> pull = DatabasePull(self, "PullOrders", connection=shop, dataset=orders, zone=raw, watermark="updated_at")
        >>> table, curation = database.add_iceberg_table(orders), merge_changes(pull.landing)
        >>> merge = CurationJob(self, "MergeOrders", source=pull.landing, target=table, curation=curation)
        >>> Pipeline(self, "Orders", steps=[Pull(job=pull), Curate(job=merge)])
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        connection: Connection,
        dataset: Dataset,
        zone: Zone,
        watermark: str,
        table: KnownText | None = None,
        look_back: KnownDurationInSeconds | None = None,
        prefix: str | None = None,
        worker: Worker | None = None,
        timeout: KnownDurationInMinutes | None = None,
        security_configuration: GlueSecurityConfiguration | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id, worker=worker, timeout=timeout or Duration.hours(1))
        look_back = look_back or Duration.minutes(10)
        engine = connection.endpoint.engine
        check_pull(engine, dataset, watermark)
        prefix = prefix or f"{dataset.name}/"
        if not prefix.endswith("/"):
            raise ValueError(f"'prefix' must end in a slash, got '{prefix}'")
        parquet: Any = evolve(dataset, format=DatasetFormat.PARQUET)
        self.landing = Landing(
            zone=zone,
            prefix=prefix,
            dataset=parquet,
            layout=Unpartitioned(),
            envelope=Envelope(order=watermark),
        )
        zone.restrict(prefix, columns=[column.name for column in dataset.restricted_columns])

        self._choose_security(security_configuration, default=zone.key)
        described = f"Pulls the dataset {dataset.name}"
        self.role = ServiceRole(self, "Role", services=["glue.amazonaws.com"], description=described)
        self.script = s3_assets.Asset(self, "Script", path=str(_SCRIPT))
        state = f"_state/{dataset.name}/"
        keep_state(self.role, zone, state)
        with self.role.used_for("puts the rows"):
            write_files(self.role, zone, prefix)
        connection.grant_connect(self.role)
        self._define_logs(self.script, retention=log_retention, removal_policy=removal_policy)
        named = table_of(engine, dataset, table)
        source = dataset.column(watermark).source or watermark
        self._define_job(
            self.script,
            {
                "--connection": connection.connection_name,
                "--engine": engine.value,
                "--table": named,
                "--query": query_of(engine, dataset, named),
                "--column": quoted(engine, source),
                "--watermark": source,
                "--look_back": str(look_back.to_seconds()),
                "--target": self.landing.uri,
                "--state": zone.uri(f"{state}pull.json"),
            },
            description=described,
            connections=[connection.connection_name],
        )

"""The Glue job that turns raw records into a curated table.

Above 200 lines: half of it is the signature and documentation of one construct.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from lake_blueprints.catalog.database import Database
from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.catalog.landing import Landing
from lake_blueprints.catalog.s3_tables import S3Table
from lake_blueprints.catalog.table import Table
from lake_blueprints.contracts import Dataset
from lake_blueprints.contracts.evolution import Consumer, names_in
from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.encryption import GlueSecurityConfiguration, HashSalt
from lake_blueprints.foundation.generated_asset import generated_asset
from lake_blueprints.foundation.units import KnownDurationInMinutes
from lake_blueprints.processing.curation import permissions
from lake_blueprints.processing.curation.changes import check_changes
from lake_blueprints.processing.curation.destination import Destination
from lake_blueprints.processing.curation.landing import landing_of
from lake_blueprints.processing.curation.masked_output import check_masked, needs_salt, write_masked
from lake_blueprints.processing.curation.plan import Curation
from lake_blueprints.processing.curation.quarantine import quarantine_table
from lake_blueprints.processing.curation.script_package import curation_script
from lake_blueprints.processing.glue.iceberg_session import S3_TABLES, session_of
from lake_blueprints.processing.glue.permissions import look_for_folder
from lake_blueprints.processing.glue.spark_job import SparkJob
from lake_blueprints.processing.glue.worker import Worker
from lake_blueprints.storage.s3 import Zone
from template_checks.limits import glue as limits


@checked
class CurationJob(SparkJob):
    """Define a Glue Spark job that curates a dataset as its contract says.

    The job reads what arrived since its last run, casts and validates every record, sets bad ones aside with the
    reasons, removes duplicates by primary key, and commits each batch to the table. A rerun adds nothing; a run that
    died is completed by the next one. docs/etl.md describes the guarantees and the run report.

    Parameters
    ----------
    source: Zone or Landing
        Where the records arrive: the landing of a delivery, or a zone that files are uploaded to.
    target: IcebergTable or S3Table
        The curated table; make it of `curation.curated(dataset)`. It gets one commit for each batch, and of the rows
        of a key the first or, with `curation.keep`, the newest or all. Beside an S3Table the ledger is kept in the
        quarantine's zone.
    dataset: Dataset, optional
        The contract of the records. By default the landing's.
    source_prefix: str, optional
        Where below the source they arrive. By default the landing's prefix, else the dataset's name.
    quarantine: Zone, optional
        Where bad records are set aside, below `quarantine/<dataset>/`. By default the source. The table of them is in
        the target's database, `<table>_quarantine`, for those who may read them there.
    quarantine_database: Database, optional
        Database of that table if the target is an S3Table, whose table bucket has no room for it. By default there is
        no such table then.
    curation: Curation
        What is done beyond the contract. By default nothing.
    references: sequence of Table or IcebergTable
        The tables of the datasets that `curation.joins` names. The role has room for about 40.
    masked: IcebergTable or S3Table, optional
        Table of the masked copy, in a zone that more people read, or in the zone of the target if that is an S3Table;
        make it of `curation.curated(dataset).masked()`. By default there is no copy.
    salt: HashSalt, optional
        What values are hashed with, where the contract says so. By default a new one is defined if it is needed;
        hashes of datasets that share one can be joined.
    worker: Worker
        Glue version, size and number of workers. By default two G.1X workers of Glue 5.1.
    timeout: Duration
        Time after which a run is stopped, whole minutes, 1 to 10,079: less than 7 days. By default 1 hour.
    max_retries: int
        How often Glue starts a failed run again, 0 to 10. By default it does not: the orchestration decides.
    encryption_key: kms.IKey, optional
        Key for logs and bookmarks; its policy must let CloudWatch Logs use it. By default the target zone's.
    security_configuration: GlueSecurityConfiguration, optional
        How logs and bookmarks are encrypted instead; an account has 250 of them, so many jobs share one. By default a
        new one is defined, with the key.
    log_retention: logs.RetentionDays
        How long the logs of runs are kept. By default one year.
    removal_policy: RemovalPolicy
        What happens to the logs when the job leaves the stack, subject to the removal guard. By default they are
        retained.

    Defines
    -------
    The job, named `job_name`, with its `role`; below the target, the table of what is refused, as `quarantine_table`,
    which jobs with one quarantine share, unless it has no database; log groups, as `log_groups`; the script, its
    package and the plan as assets; a security configuration and a salt if hashes need one, unless they are given.

    Raises
    ------
    ValueError
        If the source is a landing and has another dataset or prefix, or is one of changes that are not merged, or is a
        zone and the dataset is missing; a table is not that of the curated dataset or of its masked copy, the copy is
        of another kind or in another table bucket than the target, an IcebergTable's database is given again, the
        database has another table of the quarantine's name, the quarantine is archived, a join has no table, timeout
        or retries are out of range, both a key and a security configuration are given, or the joins need more
        permissions than a role holds.

    Example
    -------
        >>> flights = contract["flights"]
        >>> table = database.add_iceberg_table(flights)
        >>> CurationJob(self, "CurateFlights", dataset=flights, source=raw, target=table)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        source: Zone | Landing,
        target: IcebergTable | S3Table,
        dataset: Dataset | None = None,
        source_prefix: str | None = None,
        quarantine: Zone | None = None,
        quarantine_database: Database | None = None,
        curation: Curation | None = None,
        references: Sequence[Table | IcebergTable] = (),
        masked: IcebergTable | S3Table | None = None,
        salt: HashSalt | None = None,
        worker: Worker | None = None,
        timeout: KnownDurationInMinutes | None = None,
        max_retries: int = 0,
        encryption_key: kms.IKey | None = None,
        security_configuration: GlueSecurityConfiguration | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id, worker=worker, timeout=timeout or Duration.hours(1))
        curation = curation or Curation()
        limits.JOB_RETRIES.check("max_retries", max_retries)
        landing = landing_of(source, dataset, source_prefix)
        check_changes(landing, curation)
        dataset, source = landing.dataset, landing.zone
        curated = curation.curated(dataset)
        _check_target(curated, target)
        if masked:
            check_masked(curated, masked, target)
        joined = {join.reference.name: _table_of(join.reference, references) for join in curation.joins}

        self.dataset = dataset
        self.curation = curation
        self.source, self.source_prefix = source, landing.prefix
        self.target = target
        self.references = tuple(joined.values())
        self.quarantine, self.quarantine_prefix = quarantine or source, f"quarantine/{dataset.name}/"
        self.state_prefix = f"_state/{dataset.name}/"
        self._destination = Destination.of(target, quarantine=self.quarantine)
        self.key = self._choose_security(security_configuration, key=encryption_key, default=target.zone.key).key

        self.role = ServiceRole(
            self,
            "Role",
            services=["glue.amazonaws.com"],
            description=f"Curates the dataset {dataset.name}",
            relief="join fewer datasets, or some of them in a job that curates the result",
        )
        self.script, self.package = curation_script(self)
        plan = json.dumps(curation.plan(dataset), indent=1).encode()
        self.plan = generated_asset(self, "Plan", name=f"{dataset.name}.json", content=plan)

        # The records themselves hold what is restricted, and so do the bad ones that are set aside.
        restricted = [column.name for column in dataset.restricted_columns]
        source.restrict(self.source_prefix, columns=restricted)
        self.quarantine.restrict(self.quarantine_prefix, columns=restricted)
        self.quarantine_table = quarantine_table(
            dataset,
            target=target,
            database=quarantine_database,
            zone=self.quarantine,
            prefix=self.quarantine_prefix,
        )
        written = self._allow_data()
        assets = (self.script, self.package, self.plan)
        self._define_logs(*assets, retention=log_retention, removal_policy=removal_policy)
        arguments = {
            "--plan": self.plan.s3_object_url,
            "--source": source.uri(self.source_prefix),
            "--quarantine": self.quarantine.uri(self.quarantine_prefix),
            **self._destination.arguments(self.state_prefix),
            "--extra-py-files": self.package.s3_object_url,
            **written,
        }
        self.masked, self.salt = masked, salt
        if masked and needs_salt(curated):
            self.salt = salt or HashSalt(self, "Salt", encryption_key=self.key)
        if masked:
            arguments |= write_masked(self.role, masked, self.salt)
        if joined:
            names = {name: [table.database.database_name, table.table_name] for name, table in joined.items()}
            arguments["--joins"] = json.dumps(
                {name: {"database": database, "table": table} for name, (database, table) in names.items()}
            )
        described = f"Curates the dataset {dataset.name}, contract version {dataset.version}"
        self._define_job(self.script, arguments, description=described, max_retries=max_retries)

    def consumers(self) -> Iterator[Consumer]:
        """Return the columns that the options of the curation name, its joins included."""
        curation, columns = self.curation, set(self.dataset.column_names)
        name = f"curation of '{self.dataset.name}'"
        kept = curation.keep
        expressions = [curation.filter or "", *(rule.expression for rule in curation.derive.values())]
        named = {*curation.drop, *curation.drop_null_rows, *(key for join in curation.joins for key in join.on)}
        if kept:
            named.add(kept.by or "")
            expressions.append(kept.deleted or "")
        yield Consumer(name, self.dataset.name, frozenset(named.union(*map(names_in, expressions)) & columns))
        for join in curation.joins:
            yield Consumer(f"{name}, which joins it", join.reference.name, frozenset((*join.on, *join.columns)))

    def _allow_data(self) -> dict[str, str]:
        """Let the script read, write and look up what it must, and return arguments that say how it writes."""
        with self.role.used_for("reads the records that arrived"):
            self.source.grant_objects(self.role, prefix=self.source_prefix, restricted=True)
        permissions.keep_state(self.role, self._destination.state, self.state_prefix)
        with self.role.used_for("sets bad records aside"):
            permissions.write_files(self.role, self.quarantine, self.quarantine_prefix)
        with self.role.used_for("writes the table"):
            self.target.grant_read_write(self.role, restricted=True)
        # No template can change the columns of a table of S3 Tables.
        evolving = {"--catalog": S3_TABLES, "--evolve": "true"} if isinstance(self.target, S3Table) else {}
        for table in self.references:
            self._allow_reference(table)
        return {**evolving, **session_of((self.target, *self.references))}

    def _allow_reference(self, table: Table | IcebergTable) -> None:
        with self.role.used_for("looks up reference data"):
            if isinstance(table, IcebergTable):
                table.grant_read(self.role, restricted=True)
                return
            table.zone.grant_objects(self.role, prefix=table.prefix, restricted=True)
        allow(self.role, *look_for_folder(table))
        with self.role.used_for("looks up reference data"):
            table.grant_describe(self.role)


def _check_target(curated: Dataset, target: IcebergTable | S3Table) -> None:
    expected = curated.column_names
    found = target.dataset.column_names
    if found != expected:
        raise ValueError(
            f"'target' has the columns {', '.join(found)}, but curation writes {', '.join(expected)}; "
            "make the table of 'curation.curated(dataset)'"
        )


def _table_of(reference: Dataset, tables: Sequence[Table | IcebergTable]) -> Table | IcebergTable:
    for table in tables:
        if table.dataset.name == reference.name:
            return table
    given = ", ".join(table.dataset.name for table in tables) or "none"
    raise ValueError(f"'references' has no table of the joined dataset '{reference.name}'; given are: {given}")

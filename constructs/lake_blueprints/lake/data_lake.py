"""A whole lake, compiled from the contracts of its datasets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.access import combine
from lake_blueprints.catalog import ArrivalTime, Database, Table, Unpartitioned
from lake_blueprints.contracts import Dataset, DatasetFormat
from lake_blueprints.contracts.by_name import by_name
from lake_blueprints.encryption import HashSalt, LakeKey
from lake_blueprints.etl import Curation, CurationJob, in_waves
from lake_blueprints.etl.masked_output import needs_salt
from lake_blueprints.lake import people, promises
from lake_blueprints.lake.checks import check_known
from lake_blueprints.lake.homes import Homes
from lake_blueprints.lake.notes import show_notes
from lake_blueprints.lake.pipelines import Pipelines
from lake_blueprints.lake.placing import placed_database, placed_prefix
from lake_blueprints.lake.shards import Shards
from lake_blueprints.lake.tagging import tag
from lake_blueprints.lake.timing import given_timing, promised_timing
from lake_blueprints.orchestration import Curate, Evaluate, Load, step_name
from lake_blueprints.quality import QualityRuleset, define_promised
from lake_blueprints.query import Workgroup
from lake_blueprints.rules.plugin import LakeRules
from lake_blueprints.storage import AccessLogBucket, LifecycleRule, Zone
from lake_blueprints.streaming import Buffer, Delivery
from lake_blueprints.warehouse import Warehouse

# Id of the workgroup of those who may see restricted columns.
_RESTRICTED = "RestrictedWorkgroup"


class DataLake(Construct):
    """Define a lake: zones, catalog, deliveries, curation, queries and the pipeline that runs them.

    Datasets in JSON get a delivery stream that producers put records to; those in CSV or Parquet are uploaded to
    the raw zone below the dataset's name. The pipeline curates every dataset as its contract says. What columns are
    restricted to few is masked on the way to the analytics zone. All that is defined costs next to nothing while
    nobody uses it. docs/governance.md lists what each statement of a contract does.

    Parameters
    ----------
    datasets: iterable of Dataset
        What the lake holds, for instance `Contract.from_file(path).datasets`.
    curations: mapping of str to Curation
        What curation does beyond the contract, by dataset. By default nothing.
    shards: Shards, optional
        A split of the datasets into stacks, for a lake of more than about 30. By default all are in one stack.
    buffers: mapping of str to Buffer
        How much a delivery collects before it writes, by dataset. By default 128 MiB or 300 seconds.
    warehouse: bool
        Whether curated datasets, masked, are also loaded into Redshift Serverless. By default they are not. With
        shards, define a `Warehouse` of the datasets that it needs.
    schedule: events.Schedule, optional
        When the pipeline starts. By default as often as the contract that wants it most often says; where none says
        so, it is started by hand or by another system; see `pipeline`.
    raw_expire_after: Duration, optional
        Age at which raw records are deleted. By default as contracts say, and else they are kept for ever.
    placements: bool
        Whether the database of curated tables and their prefixes are named as the contracts' servers say. By default
        they are not: a second lake of the same contracts in the account would be in the way.
    notify_support: bool
        Whether failures are mailed to the addresses that contracts name for notifications, once these have confirmed
        it. By default they are not: a contract is often written by somebody else.
    removal_policy: RemovalPolicy
        What happens to data when the lake leaves the stack, subject to the removal guard. By default it is retained.

    Defines
    -------
    `key`; the zones `raw`, `curated` and `analytics`; the databases `raw_database`, `curated_database` and
    `analytics_database`; by dataset, the curated `tables`, the `masked` copies of those with restricted columns, the
    `jobs`, for JSON the `deliveries`, and the `rulesets` of those whose contract promises quality; the Athena
    `workgroup`; the `pipeline`, which tells the `topic` of failures; the `redshift` warehouse if it is asked for.

    Raises
    ------
    ValueError
        If there is no dataset, two have one name, an option is for a dataset that the lake does not hold, a promise
        of a contract cannot be kept, or a stack would have more than 450 resources.

    Example
    -------
        >>> lake = DataLake(self, "Lake", datasets=Contract.from_file("flights.odcs.yaml").datasets)
        >>> lake.grant_put_records(producer, "flights")
        >>> lake.grant_query(analyst)
        >>> lake.grant_role(steward, "flights", "data-steward")
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        datasets: Iterable[Dataset],
        curations: Mapping[str, Curation] | None = None,
        shards: Shards | None = None,
        buffers: Mapping[str, Buffer] | None = None,
        warehouse: bool = False,
        schedule: events.Schedule | None = None,
        raw_expire_after: Duration | None = None,
        placements: bool = False,
        notify_support: bool = False,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        LakeRules.enable(self)
        self.datasets = by_name(datasets)
        self._curations, self._buffers = dict(curations or {}), dict(buffers or {})
        check_known(self._curations, self._buffers, self.datasets)
        self._removal_policy = removal_policy
        self._placements = placements
        self._homes = Homes(self, shards)
        waves = in_waves(self.datasets, self._curations)
        if warehouse and shards:
            raise ValueError(
                "'warehouse' holds every dataset, too many for one role and one state machine where there are "
                "'shards'; define a Warehouse of those that it needs"
            )
        self.timing = given_timing(schedule) if schedule else promised_timing(self.datasets.values())

        self.key = LakeKey(self, "Key", cloudwatch_alarms=True, removal_policy=removal_policy).key
        self._logs = AccessLogBucket(self, "AccessLogs", removal_policy=removal_policy)
        self.raw, self.curated, self.analytics = (
            self._zone(name, rules)
            for name, rules in (("Raw", _expiry(raw_expire_after)), ("Curated", []), ("Analytics", []))
        )
        self.raw_database = self._database("RawDatabase", self.raw)
        name = placed_database(self.datasets.values()) if placements else None
        self.curated_database = self._database("CuratedDatabase", self.curated, name)
        self.analytics_database = self._database("AnalyticsDatabase", self.analytics)
        self.workgroup = self._workgroup("Workgroup")
        self.topic = sns.Topic(self, "Topic", master_key=self.key, enforce_ssl=True)
        self.tables: dict[str, Table] = {}
        self.masked: dict[str, Table] = {}
        self.jobs: dict[str, CurationJob] = {}
        self.deliveries: dict[str, Delivery] = {}
        for wave in waves:
            for dataset in wave:
                self._define(dataset)
                promises.keep_retention(self, dataset, raw_expire_after=raw_expire_after)
                promises.keep_latency(self, dataset, given=schedule is not None)
                promises.check_frequency(self, dataset)
        self.rulesets = self._define_rulesets()
        self.redshift = self._define_warehouse() if warehouse else None
        options = {"topic": self.topic, "encryption_key": self.key, "removal_policy": removal_policy}
        self.pipeline = Pipelines(lake=self, homes=self._homes, options=options).define(
            [
                *(
                    [(one.name, Curate(job=self.jobs[one.name], name=step_name("Curate", one.name))) for one in wave]
                    for wave in waves
                ),
                [(name, Evaluate(ruleset=ruleset)) for name, ruleset in self.rulesets.items()],
            ],
            [Load(warehouse=self.redshift)] if self.redshift else [],
            schedule=self.timing.schedule,
        )
        show_notes(self, self.datasets.values())
        if notify_support:
            people.subscribe_support(self.topic, self.datasets.values())
        self._homes.check_sizes()

    def grant_put_records(self, grantee: iam.IGrantable, dataset: str) -> iam.Grant:
        """Allow sending records of a JSON dataset to its delivery stream."""
        if dataset not in self.deliveries:
            raise ValueError(f"no delivery takes records of '{dataset}'; these do: {', '.join(self.deliveries)}")
        return self.deliveries[dataset].grant_write(grantee)

    def grant_query(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow asking questions of every dataset through Athena: curated, or masked where columns are restricted."""
        return combine(
            self.curated.grant_read(grantee),
            *(table.grant_read(grantee) for table in self.masked.values()),
            self.workgroup.grant_run_queries(grantee),
        )

    def grant_role(self, grantee: iam.IGrantable, dataset: str, role: str) -> iam.Grant:
        """Allow what the contract of a dataset says that a role may do.

        A role that reads may query the dataset through Athena: its masked copy if it has restricted columns, unless
        the role may see them. One that writes may send records to its delivery, or upload files.

        Parameters
        ----------
        grantee: iam.IGrantable
            Who has the role.
        dataset: str
            Name of the dataset.
        role: str
            Name of the role, as the contract spells it.

        Raises
        ------
        ValueError
            If there is no such dataset or role; the message names those that there are.
        """
        return people.grant_role(self, grantee, dataset, role)

    def restricted_workgroup(self) -> Workgroup:
        """Return the workgroup of those who may see restricted columns, whose results nobody else can read.

        It is defined when the first of them is granted a role.
        """
        found = self.node.try_find_child(_RESTRICTED)
        return found if isinstance(found, Workgroup) else self._workgroup(_RESTRICTED)

    def _define(self, dataset: Dataset) -> None:
        home, name = self._homes.of(dataset.name), dataset.name
        arrival = ArrivalTime() if dataset.format is DatasetFormat.JSON else Unpartitioned()
        self._add_table(self.raw_database, dataset, format=dataset.format, layout=arrival)
        if dataset.format is DatasetFormat.JSON:
            self.deliveries[name] = Delivery(
                home,
                f"Deliver {name}",
                dataset=dataset,
                zone=self.raw,
                buffer=self._buffers.get(name),
                removal_policy=self._removal_policy,
            )
        curation = self._curations.get(name, Curation())
        curated = curation.curated(dataset)
        prefix = placed_prefix(dataset) if self._placements else None
        table = self._add_table(self.curated_database, curated, prefix=prefix)
        if curated.restricted_columns:
            self.masked[name] = self._add_table(self.analytics_database, curated.masked())
        self.jobs[name] = CurationJob(
            home,
            f"Curate {name}",
            dataset=dataset,
            source=self.raw,
            target=table,
            curation=curation,
            references=[self.tables[join.reference.name] for join in curation.joins],
            masked=self.masked.get(name),
            salt=self._salt() if needs_salt(curated) else None,
        )
        self.tables[name] = table
        tag([self.jobs[name], *([self.deliveries[name]] if name in self.deliveries else [])], dataset)

    def _define_rulesets(self) -> dict[str, QualityRuleset]:
        tables = list(self.tables.values())
        found = {
            name: define_promised(self._homes.of(name), f"Quality {name}", table=table, references=tables)
            for name, table in self.tables.items()
        }
        return {name: ruleset for name, ruleset in found.items() if ruleset}

    def _define_warehouse(self) -> Warehouse:
        warehouse = Warehouse(self, "Warehouse", encryption_key=self.key, removal_policy=self._removal_policy)
        for name, table in self.tables.items():
            warehouse.add_dataset(self.masked.get(name, table))
        return warehouse

    def _add_table(self, database: Database, dataset: Dataset, **options: Any) -> Table:
        home = self._homes.of(dataset.name)
        if home is self:
            return database.add_table(dataset, **options)
        return Table(home, f"{database.node.id} {dataset.name}", database=database, dataset=dataset, **options)

    def _salt(self) -> HashSalt:
        """Return the one salt of all datasets, so that their hashes can be joined."""
        found = self.node.try_find_child("Salt")
        options: dict[str, Any] = {"encryption_key": self.key, "removal_policy": self._removal_policy}
        return found if isinstance(found, HashSalt) else HashSalt(self, "Salt", **options)

    def _zone(self, name: str, lifecycle: list[LifecycleRule]) -> Zone:
        options: dict[str, Any] = {"access_logs": self._logs, "removal_policy": self._removal_policy}
        return Zone(self, name, encryption_key=self.key, lifecycle=lifecycle, **options)

    def _database(self, construct_id: str, zone: Zone, name: str | None = None) -> Database:
        return Database(self, construct_id, zone=zone, database_name=name, removal_policy=self._removal_policy)

    def _workgroup(self, construct_id: str) -> Workgroup:
        options: dict[str, Any] = {"access_logs": self._logs, "removal_policy": self._removal_policy}
        return Workgroup(self, construct_id, encryption_key=self.key, **options)


def _expiry(age: Duration | None) -> list[LifecycleRule]:
    return [LifecycleRule(expire_after=age)] if age else []

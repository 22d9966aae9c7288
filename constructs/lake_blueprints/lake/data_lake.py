"""A whole lake, compiled from the contracts of its datasets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.access import combine
from lake_blueprints.catalog import ArrivalTime, Database, Table, Unpartitioned
from lake_blueprints.contracts import Dataset, DatasetFormat
from lake_blueprints.contracts.by_name import by_name
from lake_blueprints.encryption import LakeKey
from lake_blueprints.etl import Curation, CurationJob, in_waves
from lake_blueprints.lake.homes import Homes
from lake_blueprints.lake.shards import Shards
from lake_blueprints.orchestration import Curate, Evaluate, Load, Pipeline, Run, Step, Together, step_name
from lake_blueprints.quality import QualityRuleset, define_promised
from lake_blueprints.query import Workgroup
from lake_blueprints.rules.plugin import LakeRules
from lake_blueprints.storage import AccessLogBucket, LifecycleRule, Zone
from lake_blueprints.streaming import Delivery
from lake_blueprints.warehouse import Warehouse


class DataLake(Construct):
    """Define a lake: zones, catalog, deliveries, curation, queries and the pipeline that runs them.

    Datasets in JSON get a delivery stream that producers put records to; those in CSV or Parquet are uploaded to
    the raw zone below the dataset's name. The pipeline curates every dataset as its contract says. All that is
    defined costs next to nothing while nobody uses it.

    Parameters
    ----------
    datasets: iterable of Dataset
        What the lake holds, for instance `Contract.from_file(path).datasets`.
    curations: mapping of str to Curation
        What curation does beyond the contract, by dataset. By default nothing.
    shards: Shards, optional
        A split of the datasets into stacks, for a lake of more than about 30. By default all are in one stack.
    warehouse: bool
        Whether curated datasets are also loaded into Redshift Serverless. By default they are not. With shards,
        define a `Warehouse` of the datasets that it needs.
    schedule: events.Schedule, optional
        When the pipeline starts. By default it is started by hand or by another system; see `pipeline`.
    raw_expire_after: Duration, optional
        Age at which raw records are deleted. By default they are kept for ever.
    removal_policy: RemovalPolicy
        What happens to data when the lake leaves the stack, subject to the removal guard. By default it is retained.

    Defines
    -------
    `key`; the zones `raw`, `curated` and `analytics`; the databases `raw_database` and `curated_database`; by
    dataset, the curated `tables`, the `jobs`, for JSON the `deliveries`, and the `rulesets` of those whose contract
    promises quality; the Athena `workgroup`; the `pipeline` with its failure topic; the `redshift` warehouse if it is
    asked for.

    Raises
    ------
    ValueError
        If there is no dataset, two have one name, a curation is of a dataset that the lake does not hold, or a
        stack would have more than 450 resources.

    Example
    -------
        >>> lake = DataLake(self, "Lake", datasets=Contract.from_file("flights.odcs.yaml").datasets)
        >>> lake.grant_put_records(producer, "flights")
        >>> lake.grant_query(analyst)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        datasets: Iterable[Dataset],
        curations: Mapping[str, Curation] | None = None,
        shards: Shards | None = None,
        warehouse: bool = False,
        schedule: events.Schedule | None = None,
        raw_expire_after: Duration | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        LakeRules.enable(self)
        self.datasets = by_name(datasets)
        self._curations = dict(curations or {})
        _check_known(self._curations, self.datasets)
        self._removal_policy = removal_policy
        self._homes = Homes(self, shards)
        waves = in_waves(self.datasets, self._curations)
        if warehouse and shards:
            raise ValueError(
                "'warehouse' holds every dataset, too many for one role and one state machine where there are "
                "'shards'; define a Warehouse of those that it needs"
            )

        self.key = LakeKey(self, "Key", cloudwatch_alarms=True, removal_policy=removal_policy).key
        logs = AccessLogBucket(self, "AccessLogs", removal_policy=removal_policy)
        self.raw, self.curated, self.analytics = (
            Zone(self, name, encryption_key=self.key, access_logs=logs, lifecycle=rules, removal_policy=removal_policy)
            for name, rules in (("Raw", _expiry(raw_expire_after)), ("Curated", []), ("Analytics", []))
        )
        self.raw_database = Database(self, "RawDatabase", zone=self.raw, removal_policy=removal_policy)
        self.curated_database = Database(self, "CuratedDatabase", zone=self.curated, removal_policy=removal_policy)
        self.workgroup = Workgroup(
            self, "Workgroup", encryption_key=self.key, access_logs=logs, removal_policy=removal_policy
        )
        self.tables: dict[str, Table] = {}
        self.jobs: dict[str, CurationJob] = {}
        self.deliveries: dict[str, Delivery] = {}
        for wave in waves:
            for dataset in wave:
                self._define(dataset)
        self.rulesets = self._define_rulesets()
        self.redshift = self._define_warehouse() if warehouse else None
        self.pipeline = self._define_pipeline(waves, schedule)
        self._homes.check_sizes()

    def grant_put_records(self, grantee: iam.IGrantable, dataset: str) -> iam.Grant:
        """Allow sending records of a JSON dataset to its delivery stream."""
        if dataset not in self.deliveries:
            raise ValueError(f"no delivery takes records of '{dataset}'; these do: {', '.join(self.deliveries)}")
        return self.deliveries[dataset].grant_write(grantee)

    def grant_query(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow asking questions of every curated dataset through Athena."""
        return combine(self.curated.grant_read(grantee), self.workgroup.grant_run_queries(grantee))

    def _define(self, dataset: Dataset) -> None:
        home = self._homes.of(dataset.name)
        arrival = ArrivalTime() if dataset.format is DatasetFormat.JSON else Unpartitioned()
        self._add_table(self.raw_database, dataset, format=dataset.format, layout=arrival)
        if dataset.format is DatasetFormat.JSON:
            self.deliveries[dataset.name] = Delivery(
                home,
                f"Deliver {dataset.name}",
                dataset=dataset,
                zone=self.raw,
                removal_policy=self._removal_policy,
            )
        curation = self._curations.get(dataset.name, Curation())
        table = self._add_table(self.curated_database, curation.curated(dataset))
        self.jobs[dataset.name] = CurationJob(
            home,
            f"Curate {dataset.name}",
            dataset=dataset,
            source=self.raw,
            target=table,
            curation=curation,
            references=[self.tables[join.reference.name] for join in curation.joins],
        )
        self.tables[dataset.name] = table

    def _define_rulesets(self) -> dict[str, QualityRuleset]:
        tables = list(self.tables.values())
        found = {
            name: define_promised(self._homes.of(name), f"Quality {name}", table=table, references=tables)
            for name, table in self.tables.items()
        }
        return {name: ruleset for name, ruleset in found.items() if ruleset}

    def _define_warehouse(self) -> Warehouse:
        warehouse = Warehouse(self, "Warehouse", encryption_key=self.key, removal_policy=self._removal_policy)
        for table in self.tables.values():
            warehouse.add_dataset(table)
        return warehouse

    def _add_table(self, database: Database, dataset: Dataset, **options: Any) -> Table:
        home = self._homes.of(dataset.name)
        if home is self:
            return database.add_table(dataset, **options)
        return Table(home, f"{database.node.id} {dataset.name}", database=database, dataset=dataset, **options)

    def _define_pipeline(self, waves: Sequence[Sequence[Dataset]], schedule: events.Schedule | None) -> Pipeline:
        """Define the pipeline: what stands side by side in a wave runs at the same time; the last evaluates."""
        work: list[list[tuple[str, Step]]] = [
            [(item.name, Curate(job=self.jobs[item.name], name=step_name("Curate", item.name))) for item in wave]
            for wave in waves
        ]
        work.append([(name, Evaluate(ruleset=ruleset)) for name, ruleset in self.rulesets.items()])
        steps = [step for number, wave in enumerate(work, start=1) for step in self._steps(number, wave)]
        load: list[Step] = [Load(warehouse=self.redshift)] if self.redshift else []
        return Pipeline(
            self._homes.orchestration(),
            "Pipeline",
            steps=[*steps, *load],
            schedule=schedule,
            encryption_key=self.key,
            removal_policy=self._removal_policy,
        )

    def _steps(self, number: int, wave: Sequence[tuple[str, Step]]) -> list[Step]:
        """Return the steps of a wave; a shard's are a pipeline of their own, one definition could not hold them."""
        by_home: dict[Construct, list[Step]] = {}
        for name, step in wave:
            by_home.setdefault(self._homes.of(name), []).append(step)
        if list(by_home) == [self]:
            return _together(by_home[self], number)
        return _together([self._run(home, number, steps) for home, steps in by_home.items()], number)

    def _run(self, home: Construct, number: int, steps: Sequence[Step]) -> Step:
        pipeline = Pipeline(
            home,
            f"Pipeline{number}",
            steps=_together(steps, number),
            encryption_key=self.key,
            # The pipeline that runs this one tells of its failures.
            alarm=False,
            removal_policy=self._removal_policy,
        )
        return Run(pipeline=pipeline, name=step_name("Run", f"{home.node.id} {number}"))


def _together(steps: Sequence[Step], number: int) -> list[Step]:
    return [Together(branches=steps, name=f"Wave {number}")] if len(steps) > 1 else list(steps)


def _check_known(curations: Mapping[str, Curation], datasets: Mapping[str, Dataset]) -> None:
    named = [(name, "'curations'") for name in curations]
    named += [(join.reference.name, f"the curation of '{n}'") for n, c in curations.items() for join in c.joins]
    for name, where in named:
        if name not in datasets:
            raise ValueError(f"{where} names a dataset '{name}'; the lake holds {', '.join(datasets)}")


def _expiry(age: Duration | None) -> list[LifecycleRule]:
    return [LifecycleRule(expire_after=age)] if age else []

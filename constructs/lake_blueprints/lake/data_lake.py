"""A whole lake, compiled from the contracts of its datasets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.access import combine
from lake_blueprints.catalog import ArrivalTime, Database, Table, Unpartitioned
from lake_blueprints.contracts import Dataset, DatasetFormat
from lake_blueprints.encryption import LakeKey
from lake_blueprints.etl import Curation, CurationJob
from lake_blueprints.orchestration import Curate, Load, Pipeline, Step, Together
from lake_blueprints.query import Workgroup
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
    warehouse: bool
        Whether curated datasets are also loaded into Redshift Serverless. By default they are not.
    schedule: events.Schedule, optional
        When the pipeline starts. By default it is started by hand or by another system; see `pipeline`.
    raw_expire_after: Duration, optional
        Age at which raw records are deleted. By default they are kept for ever.
    removal_policy: RemovalPolicy
        What happens to data when the lake leaves the stack, subject to the removal guard. By default it is retained.

    Defines
    -------
    `key`; the zones `raw`, `curated` and `analytics`; the databases `raw_database` and `curated_database`; by
    dataset, the curated `tables`, the `jobs` and, for JSON, the `deliveries`; the Athena `workgroup`; the `pipeline`
    with its failure topic; the `redshift` warehouse if it is asked for.

    Raises
    ------
    ValueError
        If there is no dataset, two have one name, or a curation is of a dataset that the lake does not hold.

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
        warehouse: bool = False,
        schedule: events.Schedule | None = None,
        raw_expire_after: Duration | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        self.datasets = _by_name(datasets)
        self._curations = dict(curations or {})
        _check_known(self._curations, self.datasets)
        self._removal_policy = removal_policy

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
        for dataset in _references_first(self.datasets, self._curations):
            self._define(dataset)
        self.redshift = self._define_warehouse() if warehouse else None
        self.pipeline = Pipeline(
            self,
            "Pipeline",
            steps=self._steps(),
            schedule=schedule,
            encryption_key=self.key,
            removal_policy=removal_policy,
        )

    def grant_put_records(self, grantee: iam.IGrantable, dataset: str) -> iam.Grant:
        """Allow sending records of a JSON dataset to its delivery stream."""
        if dataset not in self.deliveries:
            raise ValueError(f"no delivery takes records of '{dataset}'; these do: {', '.join(self.deliveries)}")
        return self.deliveries[dataset].grant_write(grantee)

    def grant_query(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow asking questions of every curated dataset through Athena."""
        return combine(self.curated.grant_read(grantee), self.workgroup.grant_run_queries(grantee))

    def _define(self, dataset: Dataset) -> None:
        arrival = ArrivalTime() if dataset.format is DatasetFormat.JSON else Unpartitioned()
        self.raw_database.add_table(dataset, format=dataset.format, layout=arrival)
        if dataset.format is DatasetFormat.JSON:
            self.deliveries[dataset.name] = Delivery(
                self,
                f"Deliver {dataset.name}",
                dataset=dataset,
                zone=self.raw,
                removal_policy=self._removal_policy,
            )
        curation = self._curations.get(dataset.name, Curation())
        table = self.curated_database.add_table(curation.curated(dataset))
        self.jobs[dataset.name] = CurationJob(
            self,
            f"Curate {dataset.name}",
            dataset=dataset,
            source=self.raw,
            target=table,
            curation=curation,
            references=list(self.tables.values()),
        )
        self.tables[dataset.name] = table

    def _define_warehouse(self) -> Warehouse:
        warehouse = Warehouse(self, "Warehouse", encryption_key=self.key, removal_policy=self._removal_policy)
        for table in self.tables.values():
            warehouse.add_dataset(table)
        return warehouse

    def _steps(self) -> list[Step]:
        """Return the steps: datasets without joins side by side, then one after the other those that join them."""
        joining = [name for name, curation in self._curations.items() if curation.joins]
        alone: list[Step] = [Curate(job=job) for name, job in self.jobs.items() if name not in joining]
        first: list[Step] = [Together(branches=alone)] if len(alone) > 1 else alone
        then: list[Step] = [Curate(job=job) for name, job in self.jobs.items() if name in joining]
        load: list[Step] = [Load(warehouse=self.redshift)] if self.redshift else []
        return [*first, *then, *load]


def _by_name(datasets: Iterable[Dataset]) -> dict[str, Dataset]:
    found: dict[str, Dataset] = {}
    for dataset in datasets:
        if dataset.name in found:
            raise ValueError(f"'datasets' has two named '{dataset.name}'; rename one")
        found[dataset.name] = dataset
    if not found:
        raise ValueError("'datasets' must hold at least one dataset, got none")
    return found


def _check_known(curations: Mapping[str, Curation], datasets: Mapping[str, Dataset]) -> None:
    named = [(name, "'curations'") for name in curations]
    named += [(join.reference.name, f"the curation of '{n}'") for n, c in curations.items() for join in c.joins]
    for name, where in named:
        if name not in datasets:
            raise ValueError(f"{where} names a dataset '{name}'; the lake holds {', '.join(datasets)}")


def _references_first(datasets: Mapping[str, Dataset], curations: Mapping[str, Curation]) -> list[Dataset]:
    """Return the datasets so that each comes after those that its curation joins."""
    ordered: dict[str, Dataset] = {}

    def place(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise ValueError(f"'curations' join in a circle: {' -> '.join((*path, name))}; break it")
        for join in curations[name].joins if name in curations else ():
            place(join.reference.name, (*path, name))
        ordered.setdefault(name, datasets[name])

    for name in datasets:
        place(name, ())
    return list(ordered.values())


def _expiry(age: Duration | None) -> list[LifecycleRule]:
    return [LifecycleRule(expire_after=age)] if age else []

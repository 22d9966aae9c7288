"""A whole lake, compiled from the contracts of its datasets.

Above 200 lines: half of it is the signature and documentation of one construct.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from aws_cdk import RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.analytics.athena import Workgroup
from lake_blueprints.analytics.quality import Evaluate, QualityRuleset
from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.contracts import Dataset
from lake_blueprints.contracts.by_name import by_name
from lake_blueprints.contracts.lake_checks import check_parquet, check_relationships
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.databases.opensearch import SearchCollection
from lake_blueprints.databases.redshift import Load, Warehouse
from lake_blueprints.foundation.access import combine
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import DurationInDays, KnownDurationInSeconds
from lake_blueprints.ingestion.dms import Replication
from lake_blueprints.ingestion.firehose import Buffer, DeliveryStream
from lake_blueprints.lake import service_levels
from lake_blueprints.lake.checks import check_ingestion, check_known, check_waves
from lake_blueprints.lake.contract_warnings import add_contract_warnings
from lake_blueprints.lake.dataset_definitions import DatasetDefinitions
from lake_blueprints.lake.dataset_resources import DatasetResources
from lake_blueprints.lake.notifications import subscribe_support
from lake_blueprints.lake.pipelines import Pipelines, loads_of, starts_of
from lake_blueprints.lake.role_grants import grant_role
from lake_blueprints.lake.server_names import placed_database
from lake_blueprints.lake.shards import Shards
from lake_blueprints.lake.shared_resources import SharedResources
from lake_blueprints.lake.stack_placement import StackPlacement
from lake_blueprints.lake.timing import given_timing, promised_timing
from lake_blueprints.orchestration import step_name
from lake_blueprints.processing.curation import Curate, Curation, CurationJob, dependency_levels
from template_checks.cdk_plugin import LakeRules


@checked
class DataLake(Construct):
    """Define a lake: zones, catalog, deliveries, curation, queries and the pipeline that runs them.

    Datasets in JSON get a delivery stream that producers put records to; those in CSV or Parquet are uploaded to
    the raw zone below the dataset's name. The pipeline curates every dataset as its contract says, into Apache Iceberg
    tables. What columns are restricted to few is masked on the way to the analytics zone. All that is defined costs
    next to nothing while nobody uses it. docs/governance.md lists what each statement of a contract does.

    Parameters
    ----------
    datasets: iterable of Dataset
        What the lake holds, for instance `Contract.from_file(path).datasets`.
    curations: mapping of str to Curation
        What curation does beyond the contract, by dataset. By default nothing.
    ingestion: mapping of str to Replication
        Replications that bring the changes of datasets from databases, by dataset, and that the pipeline starts. The
        curated tables follow the source. By default records are sent or uploaded.
    shards: Shards, optional
        A split of the datasets into stacks, for a lake of more than about 20. By default all are in one stack.
    buffers: mapping of str to Buffer
        How much a delivery collects before it writes, by dataset. By default 128 MiB or 300 seconds.
    csv_columns: mapping of str to sequence of str
        Order of the columns in the CSV files of a dataset, where it is not the contract's: a column that was added in
        the midst of a contract comes last here, so that the raw table, which is read by position, shows older files
        right. See `Table`. Curation reads by the header and does not need it. By default the contracts' order.
    table_optimizers: bool
        Whether Glue compacts the curated tables, expires their snapshots and deletes orphan files. By default it does;
        in Regions where CloudFormation has no table optimizers this must be False, and OPTIMIZE and VACUUM run in
        Athena.
    warehouse: bool
        Whether curated datasets, masked, are also loaded into Redshift Serverless. By default they are not. With
        shards, define a `Warehouse` of the datasets that it needs.
    serving: mapping of str to sequence of ServingTable and SearchCollection
        DynamoDB tables and collections of OpenSearch that the pipeline loads when everything is curated and the rules
        of quality hold, by dataset. Of a dataset with restricted columns it loads the masked copy. By default none.
    schedule: events.Schedule, optional
        When the pipeline starts. By default as often as the contract that wants it most often says; where none says
        so, it is started by hand or by another system; see `pipeline`.
    poll_interval: Duration, optional
        Time between the first two looks of the pipeline at what it has started, at least 1 second; further looks are
        farther apart. By default 5 seconds.
    raw_expire_after: Duration, optional
        Age at which raw records are deleted. By default as contracts say, and else they are kept forever.
    placements: bool
        Whether the database of curated tables and their prefixes are named as the contracts' servers say. By default
        they are not: a second lake of the same contracts in the account would be in the way.
    notify_support: bool
        Whether failures are mailed to the addresses that contracts name for notifications, once these have confirmed
        it. By default they are not: a contract is often written by someone else.
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
        If there is no dataset, two have one name, one is a key of a column that another does not have, an option is
        for a dataset that the lake does not hold, a promise of a contract cannot be kept, or a stack would have more
        than 480 resources.

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
        ingestion: Mapping[str, Replication] | None = None,
        shards: Shards | None = None,
        buffers: Mapping[str, Buffer] | None = None,
        csv_columns: Mapping[str, Sequence[str]] | None = None,
        table_optimizers: bool = True,
        warehouse: bool = False,
        serving: Mapping[str, Sequence[ServingTable | SearchCollection]] | None = None,
        schedule: events.Schedule | None = None,
        poll_interval: KnownDurationInSeconds | None = None,
        raw_expire_after: DurationInDays | None = None,
        placements: bool = False,
        notify_support: bool = False,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        LakeRules.enable(self)
        self.datasets = by_name(datasets)
        curations, buffers, csv_columns = curations or {}, buffers or {}, csv_columns or {}
        ingestion, serving = ingestion or {}, serving or {}
        options = {
            "'ingestion'": ingestion,
            "'buffers'": buffers,
            "'csv_columns'": csv_columns,
            "'serving'": serving,
        }
        check_known(curations, options, self.datasets)
        check_ingestion(ingestion, {"'buffers'": buffers, "'csv_columns'": csv_columns})
        for dataset in self.datasets.values():
            check_relationships(dataset, self.datasets)
            check_parquet(dataset)
        placement = StackPlacement(self, shards)
        waves = dependency_levels(self.datasets, curations)
        check_waves(waves)
        if warehouse and shards:
            raise ValueError(
                "'warehouse' holds every dataset, too many for one role and one state machine where there are "
                "'shards'; define a Warehouse of those that it needs"
            )
        self.timing = given_timing(schedule) if schedule else promised_timing(self.datasets.values())

        self._shared = base = SharedResources(
            self,
            raw_expire_after=raw_expire_after,
            curated_database_name=placed_database(self.datasets.values()) if placements else None,
            removal_policy=removal_policy,
        )
        self.key, self.workgroup, self.topic = base.key, base.workgroup, base.topic
        self.raw, self.curated, self.analytics = base.raw, base.curated, base.analytics
        self.raw_database, self.curated_database = base.raw_database, base.curated_database
        self.analytics_database = base.analytics_database
        definitions = DatasetDefinitions(
            self,
            shared=base,
            placement=placement,
            curations=curations,
            ingestion=ingestion,
            buffers=buffers,
            csv_columns=csv_columns,
            table_optimizers=table_optimizers,
            placements=placements,
            removal_policy=removal_policy,
        )
        for dataset in chain.from_iterable(waves):
            resources = definitions.define(dataset)
            service_levels.apply_retention(resources, self.timing, raw_expire_after=raw_expire_after)
            service_levels.add_delivery_alarms(self, resources, self.timing, self.topic, given=schedule is not None)
            service_levels.check_frequency(self, self.timing, dataset)
        definitions.define_rulesets()
        definitions.define_loads(serving)
        self._resources = definitions.resources
        self.redshift = self._define_warehouse(removal_policy) if warehouse else None
        of_pipelines = {
            "topic": self.topic,
            "encryption_key": self.key,
            "poll_interval": poll_interval,
            "removal_policy": removal_policy,
        }
        self.pipeline = Pipelines(lake=self, placement=placement, options=of_pipelines).define(
            [
                *starts_of(ingestion),
                *(
                    [(one.name, Curate(job=self.jobs[one.name], name=step_name("Curate", one.name))) for one in wave]
                    for wave in waves
                ),
                [(name, Evaluate(ruleset=ruleset)) for name, ruleset in self.rulesets.items()],
                loads_of(self._resources),
            ],
            [Load(warehouse=self.redshift)] if self.redshift else [],
            schedule=self.timing.schedule,
        )
        add_contract_warnings(self, self.datasets.values())
        if notify_support:
            subscribe_support(self.topic, self.datasets.values())
        placement.check_sizes()

    def __getitem__(self, dataset: str) -> DatasetResources:
        """Return the resources of a dataset.

        Raises
        ------
        ValueError
            If the lake does not hold it.
        """
        if dataset not in self._resources:
            raise ValueError(f"the lake has no dataset '{dataset}'; it holds {', '.join(self._resources)}")
        return self._resources[dataset]

    @property
    def tables(self) -> dict[str, IcebergTable]:
        """The curated tables, by dataset."""
        return {name: found.table for name, found in self._resources.items()}

    @property
    def masked(self) -> dict[str, IcebergTable]:
        """The masked copies of the tables that have restricted columns, by dataset."""
        return {name: found.masked for name, found in self._resources.items() if found.masked}

    @property
    def jobs(self) -> dict[str, CurationJob]:
        """The curation jobs, by dataset."""
        return {name: found.job for name, found in self._resources.items()}

    @property
    def deliveries(self) -> dict[str, DeliveryStream]:
        """The delivery streams of the JSON datasets, by dataset."""
        return {name: found.delivery for name, found in self._resources.items() if found.delivery}

    @property
    def rulesets(self) -> dict[str, QualityRuleset]:
        """The rulesets of the datasets whose contract promises quality, by dataset."""
        return {name: found.ruleset for name, found in self._resources.items() if found.ruleset}

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
        return grant_role(self._shared, self[dataset], grantee, role)

    def restricted_workgroup(self) -> Workgroup:
        """Return the workgroup of those who may see restricted columns, whose results nobody else can read.

        It is defined when the first of them is granted a role.
        """
        return self._shared.restricted_workgroup()

    def _define_warehouse(self, removal_policy: RemovalPolicy) -> Warehouse:
        warehouse = Warehouse(self, "Warehouse", encryption_key=self.key, removal_policy=removal_policy)
        for name, table in self.tables.items():
            warehouse.add_dataset(self.masked.get(name, table))
        return warehouse

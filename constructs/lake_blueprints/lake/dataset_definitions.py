"""Definition of the resources of each dataset of a lake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import RemovalPolicy
from constructs import Construct

from lake_blueprints.analytics.quality import define_promised
from lake_blueprints.catalog import Database, Landing, Table, Unpartitioned
from lake_blueprints.catalog.iceberg import WITHOUT_OPTIMIZERS, IcebergTable, IcebergTableOptions
from lake_blueprints.contracts import Dataset, DatasetFormat
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.databases.opensearch import SearchCollection
from lake_blueprints.foundation.encryption import GlueSecurityConfiguration
from lake_blueprints.ingestion.dms import Replication
from lake_blueprints.ingestion.firehose import Buffer, DeliveryStream, S3Destination
from lake_blueprints.lake.dataset_resources import DatasetResources
from lake_blueprints.lake.retention import retaining
from lake_blueprints.lake.server_names import placed_prefix
from lake_blueprints.lake.shared_resources import SharedResources
from lake_blueprints.lake.stack_placement import StackPlacement
from lake_blueprints.lake.tagging import tag
from lake_blueprints.processing.curation import Curation, CurationJob, merge_changes
from lake_blueprints.processing.curation.masked_output import needs_salt
from lake_blueprints.processing.index_load import IndexLoadJob
from lake_blueprints.processing.item_load import ItemLoadJob

# Id of what is defined when the first job of a stack needs it: an account has 250 of them
# (https://docs.aws.amazon.com/general/latest/gr/glue.html), and audits look for a job's in its own stack.
_SECURITY = "JobSecurity"


class DatasetDefinitions:
    """Definitions of the resources of datasets, with what they share.

    Parameters
    ----------
    lake: Construct
        The lake.
    shared: SharedResources
        Its zones and databases.
    placement: StackPlacement
        Where each dataset is defined.
    curations: mapping of str to Curation
        What is done beyond the contracts.
    ingestion: mapping of str to Replication
        Replications that bring the records of datasets.
    buffers: mapping of str to Buffer
        What deliveries collect.
    csv_columns: mapping of str to sequence of str
        Orders of the columns of CSV files.
    table_optimizers: bool
        Whether Glue maintains curated tables.
    placements: bool
        Whether tables lie where contracts say.
    removal_policy: RemovalPolicy
        What happens to the logs of deliveries and jobs.
    """

    def __init__(
        self,
        lake: Construct,
        *,
        shared: SharedResources,
        placement: StackPlacement,
        curations: Mapping[str, Curation],
        ingestion: Mapping[str, Replication],
        buffers: Mapping[str, Buffer],
        csv_columns: Mapping[str, Sequence[str]],
        table_optimizers: bool,
        placements: bool,
        removal_policy: RemovalPolicy,
    ) -> None:
        self._lake = lake
        self._shared = shared
        self._placement = placement
        self._curations = curations
        self._ingestion = ingestion
        self._buffers = buffers
        self._csv_columns = csv_columns
        self._table_optimizers = table_optimizers
        self._placements = placements
        self._removal_policy = removal_policy
        self.resources: dict[str, DatasetResources] = {}

    def define(self, dataset: Dataset) -> DatasetResources:
        """Define the resources of a dataset; those of the datasets that it joins come first."""
        home, name, shared = self._placement.of(dataset.name), dataset.name, self._shared
        landing, delivery = self._bring(home, dataset)
        raw: dict[str, Any] = {
            "format": landing.format,
            "layout": landing.layout,
            "csv_columns": self._csv_columns.get(name, ()),
        }
        if landing.zone is not shared.raw:
            raw |= {"zone": landing.zone, "prefix": landing.prefix}
        self._add_table(shared.raw_database, landing.dataset, **raw)
        curation = self._curations.get(name, Curation())
        if landing.envelope:
            curation = merge_changes(landing, curation)
        curation = retaining(curation, dataset)
        curated = curation.curated(landing.dataset)
        prefix = placed_prefix(dataset) if self._placements else None
        table = self._add_curated(shared.curated_database, curated, prefix=prefix)
        masked = self._add_curated(shared.analytics_database, curated.masked()) if curated.restricted_columns else None
        job = CurationJob(
            home,
            f"Curate {name}",
            source=landing,
            target=table,
            curation=curation,
            references=[self.resources[join.reference.name].table for join in curation.joins],
            masked=masked,
            salt=shared.salt() if needs_salt(curated) else None,
            security_configuration=self._security(home),
            removal_policy=self._removal_policy,
        )
        tag([job, *([delivery] if delivery else [])], dataset)
        found = DatasetResources(
            dataset=dataset,
            raw=landing.zone,
            table=table,
            masked=masked,
            job=job,
            delivery=delivery,
            replication=self._ingestion.get(name),
        )
        self.resources[name] = found
        return found

    def _bring(self, home: Construct, dataset: Dataset) -> tuple[Landing, DeliveryStream | None]:
        """Return where the records of a dataset land, and the delivery stream that brings them, if one does."""
        if replication := self._ingestion.get(dataset.name):
            return replication.landing(dataset), None
        raw = self._shared.raw
        if dataset.format is not DatasetFormat.JSON:
            return Landing(zone=raw, prefix=f"{dataset.name}/", dataset=dataset, layout=Unpartitioned()), None
        destination = S3Destination(zone=raw, dataset=dataset)
        delivery = DeliveryStream(
            home,
            f"Deliver {dataset.name}",
            destination=destination,
            buffer=self._buffers.get(dataset.name),
            removal_policy=self._removal_policy,
        )
        return destination.landing, delivery

    def define_rulesets(self) -> None:
        """Define the rulesets of those datasets whose contract promises quality, once every table is defined."""
        tables = [resources.table for resources in self.resources.values()]
        for name, resources in self.resources.items():
            resources.ruleset = define_promised(
                self._placement.of(name), f"Quality {name}", table=resources.table, references=tables
            )

    def define_loads(self, serving: Mapping[str, Sequence[ServingTable | SearchCollection]]) -> None:
        """Define the jobs that load what applications read."""
        for name, targets in serving.items():
            home, resources = self._placement.of(name), self.resources[name]
            common: dict[str, Any] = {
                "source": resources.unrestricted,
                "security_configuration": self._security(home),
                "removal_policy": self._removal_policy,
            }
            for number, target in enumerate(targets, start=1):
                job_id = f"Serve {name}" if len(targets) == 1 else f"Serve {name} {number}"
                if isinstance(target, ServingTable):
                    resources.loads.append(ItemLoadJob(home, job_id, target=target, **common))
                else:
                    resources.loads.append(IndexLoadJob(home, job_id, target=target, **common))
            tag(resources.loads, resources.dataset)

    def _security(self, home: Construct) -> GlueSecurityConfiguration:
        """Return the one of all jobs in a stack."""
        found = home.node.try_find_child(_SECURITY)
        if isinstance(found, GlueSecurityConfiguration):
            return found
        return GlueSecurityConfiguration(home, _SECURITY, encryption_key=self._shared.key)

    def _add_curated(self, database: Database, dataset: Dataset, *, prefix: str | None = None) -> IcebergTable:
        options = IcebergTableOptions(**WITHOUT_OPTIMIZERS)
        if self._table_optimizers:
            options = IcebergTableOptions(optimizer_role=self._shared.optimizer_role(database))
        options["removal_policy"] = self._removal_policy
        if prefix:
            options["prefix"] = prefix
        home = self._placement.of(dataset.name)
        if home is self._lake:
            return database.add_iceberg_table(dataset, **options)
        return IcebergTable(home, f"{database.node.id} {dataset.name}", database=database, dataset=dataset, **options)

    def _add_table(self, database: Database, dataset: Dataset, **options: Any) -> Table:
        home = self._placement.of(dataset.name)
        if home is self._lake:
            return database.add_table(dataset, **options)
        return Table(home, f"{database.node.id} {dataset.name}", database=database, dataset=dataset, **options)

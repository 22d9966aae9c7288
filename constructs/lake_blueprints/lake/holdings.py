"""What a lake has for each of its datasets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import RemovalPolicy
from constructs import Construct

from lake_blueprints.analytics.quality import QualityRuleset, define_promised
from lake_blueprints.catalog import ArrivalTime, Database, Table, Unpartitioned
from lake_blueprints.contracts import Dataset, DatasetFormat
from lake_blueprints.foundation.encryption import GlueSecurityConfiguration
from lake_blueprints.ingestion.firehose import Buffer, Delivery
from lake_blueprints.lake.foundations import Foundations
from lake_blueprints.lake.homes import Homes
from lake_blueprints.lake.placing import placed_prefix
from lake_blueprints.lake.tagging import tag
from lake_blueprints.processing.curation import Curation, CurationJob
from lake_blueprints.processing.curation.masked_output import needs_salt

# Id of what is defined when the first job of a stack needs it: an account has 250 of them
# (https://docs.aws.amazon.com/general/latest/gr/glue.html), and audits look for a job's in its own stack.
_SECURITY = "JobSecurity"


class Holdings:
    """Tables, deliveries, jobs and rulesets of a lake, by dataset.

    Parameters
    ----------
    lake: Construct
        The lake.
    foundations: Foundations
        Its zones and databases.
    homes: Homes
        Where each dataset is defined.
    curations: mapping of str to Curation
        What is done beyond the contracts.
    buffers: mapping of str to Buffer
        What deliveries collect.
    placements: bool
        Whether tables lie where contracts say.
    removal_policy: RemovalPolicy
        What happens to the logs of deliveries and jobs.
    """

    def __init__(
        self,
        lake: Construct,
        *,
        foundations: Foundations,
        homes: Homes,
        curations: Mapping[str, Curation],
        buffers: Mapping[str, Buffer],
        placements: bool,
        removal_policy: RemovalPolicy,
    ) -> None:
        self._lake = lake
        self._base = foundations
        self._homes = homes
        self._curations = curations
        self._buffers = buffers
        self._placements = placements
        self._removal_policy = removal_policy
        self.tables: dict[str, Table] = {}
        self.masked: dict[str, Table] = {}
        self.jobs: dict[str, CurationJob] = {}
        self.deliveries: dict[str, Delivery] = {}

    def define(self, dataset: Dataset) -> None:
        """Define what a dataset needs; those that it joins come first."""
        home, name, base = self._homes.of(dataset.name), dataset.name, self._base
        arrival = ArrivalTime() if dataset.format is DatasetFormat.JSON else Unpartitioned()
        self._add_table(base.raw_database, dataset, format=dataset.format, layout=arrival)
        if dataset.format is DatasetFormat.JSON:
            self.deliveries[name] = Delivery(
                home,
                f"Deliver {name}",
                dataset=dataset,
                zone=base.raw,
                buffer=self._buffers.get(name),
                removal_policy=self._removal_policy,
            )
        curation = self._curations.get(name, Curation())
        curated = curation.curated(dataset)
        prefix = placed_prefix(dataset) if self._placements else None
        self.tables[name] = self._add_table(base.curated_database, curated, prefix=prefix)
        if curated.restricted_columns:
            self.masked[name] = self._add_table(base.analytics_database, curated.masked())
        self.jobs[name] = CurationJob(
            home,
            f"Curate {name}",
            dataset=dataset,
            source=base.raw,
            target=self.tables[name],
            curation=curation,
            references=[self.tables[join.reference.name] for join in curation.joins],
            masked=self.masked.get(name),
            salt=base.salt() if needs_salt(curated) else None,
            security_configuration=self._security(home),
            removal_policy=self._removal_policy,
        )
        tag([self.jobs[name], *([self.deliveries[name]] if name in self.deliveries else [])], dataset)

    def define_rulesets(self) -> dict[str, QualityRuleset]:
        """Define the rulesets of those datasets whose contract promises quality, once every table is defined."""
        tables = list(self.tables.values())
        found = {
            name: define_promised(self._homes.of(name), f"Quality {name}", table=table, references=tables)
            for name, table in self.tables.items()
        }
        return {name: ruleset for name, ruleset in found.items() if ruleset}

    def _security(self, home: Construct) -> GlueSecurityConfiguration:
        """Return the one of all jobs in a stack."""
        found = home.node.try_find_child(_SECURITY)
        if isinstance(found, GlueSecurityConfiguration):
            return found
        return GlueSecurityConfiguration(home, _SECURITY, encryption_key=self._base.key)

    def _add_table(self, database: Database, dataset: Dataset, **options: Any) -> Table:
        home = self._homes.of(dataset.name)
        if home is self._lake:
            return database.add_table(dataset, **options)
        return Table(home, f"{database.node.id} {dataset.name}", database=database, dataset=dataset, **options)

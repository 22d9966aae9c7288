"""From raw to curated: contracts enforced, datasets joined as they are related, rules defined."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from constructs import Construct

from lake_blueprints.analytics.quality import define_promised
from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.contracts import Dataset
from lake_blueprints.ingestion.crawler import Crawler
from lake_blueprints.processing.curation import Curation, CurationJob, Worker, dependency_levels, related_joins
from stacks.environment import Environment
from stacks.naming import pascal
from stacks.storage import StorageStack


class ProcessingStack(cdk.Stack):
    """A crawler for data without a contract; a curation job and a ruleset for each dataset that has one."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        storage: StorageStack,
        datasets: Mapping[str, Dataset],
        **options: Any,
    ) -> None:
        super().__init__(scope, construct_id, **options)
        self.crawler = Crawler(
            self,
            "ReferenceCrawler",
            database=storage.raw_database,
            prefixes=["reference/"],
            log_retention=environment.log_retention,
            removal_policy=environment.removal_policy,
        )
        curations = {name: Curation(joins=related_joins(one, datasets.values())) for name, one in datasets.items()}
        self.tables: dict[str, IcebergTable] = {}
        # What is joined is curated first.
        self.waves: list[list[CurationJob]] = []
        for wave in dependency_levels(datasets, curations):
            self.waves.append([self._define(one, curations[one.name], environment, storage) for one in wave])
        tables = list(self.tables.values())
        found = [
            define_promised(self, f"{pascal(table.dataset.name)}Quality", table=table, references=tables)
            for table in tables
        ]
        self.rulesets = [ruleset for ruleset in found if ruleset]

    def _define(
        self, dataset: Dataset, curation: Curation, environment: Environment, storage: StorageStack
    ) -> CurationJob:
        table = storage.add_curated(curation.curated(dataset))
        job = CurationJob(
            self,
            f"Curate{pascal(dataset.name)}",
            dataset=dataset,
            source=storage.raw,
            target=table,
            curation=curation,
            references=[self.tables[join.reference.name] for join in curation.joins],
            worker=Worker(count=environment.workers),
            log_retention=environment.log_retention,
            removal_policy=environment.removal_policy,
        )
        self.tables[dataset.name] = table
        return job

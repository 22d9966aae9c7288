"""From raw to curated: contracts enforced, flights joined with the weather, reference data crawled, rules defined."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from constructs import Construct

from lake_blueprints.catalog import Crawler
from lake_blueprints.contracts import Dataset
from lake_blueprints.etl import Curation, CurationJob, ReferenceJoin, Worker
from lake_blueprints.quality import QualityRuleset
from stacks.environment import Environment
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
        flights: Dataset,
        weather: Dataset,
        **options: Any,
    ) -> None:
        super().__init__(scope, construct_id, **options)
        worker = Worker(count=environment.workers)
        self.crawler = Crawler(self, "ReferenceCrawler", database=storage.raw_database, prefixes=["reference/"])
        self.weather = storage.curated_database.add_table(Curation().curated(weather))
        self.curate_weather = CurationJob(
            self, "CurateWeather", dataset=weather, source=storage.raw, target=self.weather, worker=worker
        )
        station = [column for column in weather.primary_key if column in flights.column_names]
        conditions = [c.name for c in weather.columns if c.name not in flights.column_names]
        curation = Curation(joins=[ReferenceJoin(reference=weather, on=station, columns=conditions)])
        self.flights = storage.curated_database.add_table(curation.curated(flights))
        self.curate_flights = CurationJob(
            self,
            "CurateFlights",
            dataset=flights,
            source=storage.raw,
            target=self.flights,
            curation=curation,
            references=[self.weather],
            worker=worker,
        )
        self.rulesets = [
            QualityRuleset(self, "FlightsQuality", table=self.flights),
            QualityRuleset(self, "WeatherQuality", table=self.weather),
        ]

"""Two lakes in one account, with everything that the library has roles for, each spread over two stacks."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk

from lake_blueprints.catalog import Database
from lake_blueprints.contracts import Column, Dataset, DatasetFormat
from lake_blueprints.encryption import LakeKey
from lake_blueprints.etl import Curation, CurationJob, ReferenceJoin
from lake_blueprints.storage import Zone

FLIGHTS = Dataset(
    name="flights",
    columns=[
        Column(name="flight", type="string"),
        Column(name="origin", type="string"),
        Column(name="day", type="date"),
    ],
    primary_key=["flight"],
    partition_keys=["day"],
    format=DatasetFormat.JSON,
)
AIRPORTS = Dataset(
    name="airports",
    columns=[Column(name="origin", type="string"), Column(name="city", type="string")],
    primary_key=["origin"],
    format=DatasetFormat.CSV,
)


class SampleLake:
    """Zones and catalog in one stack, what works on them in another."""

    def __init__(self, app: cdk.App, name: str) -> None:
        data, work = cdk.Stack(app, f"{name}-data"), cdk.Stack(app, f"{name}-work")
        self.key = LakeKey(data, f"{name}Key").key
        common: dict[str, Any] = {"encryption_key": self.key}
        self.raw = Zone(data, f"{name}Raw", **common)
        self.curated = Zone(data, f"{name}Curated", **common)
        self.raw_database = Database(data, f"{name}RawDatabase", zone=self.raw)
        self.database = Database(data, f"{name}CuratedDatabase", zone=self.curated)
        self.raw_database.add_table(FLIGHTS, format=FLIGHTS.format)
        join = Curation(joins=[ReferenceJoin(reference=AIRPORTS, on=["origin"], columns=["city"])])
        self.airports = self.database.add_table(Curation().curated(AIRPORTS))
        self.flights = self.database.add_table(join.curated(FLIGHTS))
        self.job = CurationJob(
            work,
            f"{name}Curate",
            dataset=FLIGHTS,
            source=self.raw,
            target=self.flights,
            curation=join,
            references=[self.airports],
        )

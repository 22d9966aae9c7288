"""Every construct of the library in its smallest form, for tests of what must hold for all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_events as events

from lake_blueprints import Column, CurationJob, Database, DataLake, Dataset, LakeKey, Pipeline, Table, Workgroup, Zone
from lake_blueprints.analytics.athena import Query
from lake_blueprints.analytics.quality import QualityRuleset
from lake_blueprints.databases.redshift import Warehouse
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.encryption import GlueSecurityConfiguration, HashSalt
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.ingestion.crawler import Crawler
from lake_blueprints.ingestion.firehose import DeliveryStream, S3Destination
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.machine_learning.training import InputChannel, TrainingJob
from lake_blueprints.storage.s3 import AccessLogBucket, LakeBucket

Build = Callable[[cdk.Stack, str], object]

FLIGHTS = Dataset(
    name="flights",
    columns=[Column(name="id", type="int", unique=True), Column(name="delay", type="double")],
    primary_key=["id"],
)


def database(stack: cdk.Stack, name: str, **options: Any) -> Database:
    return Database(stack, name, zone=Zone(stack, f"{name}Zone"), **options)


def curation(stack: cdk.Stack, name: str) -> CurationJob:
    raw = Zone(stack, f"{name}Raw")
    return CurationJob(stack, name, dataset=FLIGHTS, source=raw, target=database(stack, f"{name}DB").add_table(FLIGHTS))


def delivery(stack: cdk.Stack, name: str) -> DeliveryStream:
    key = LakeKey(stack, f"{name}Key").key
    zone = Zone(stack, f"{name}Zone", encryption_key=key)
    source = Stream(stack, f"{name}Stream", encryption_key=key)
    return DeliveryStream(stack, name, source=source, destination=S3Destination(zone=zone, dataset=FLIGHTS))


def pipeline(stack: cdk.Stack, name: str) -> Pipeline:
    query = Query(workgroup=Workgroup(stack, f"{name}Queries"), sql="SELECT 1", database="lake", name="Ask")
    return Pipeline(stack, name, steps=[query], schedule=events.Schedule.cron(hour="3", minute="0"))


def training(stack: cdk.Stack, name: str) -> TrainingJob:
    table = database(stack, f"{name}DB").add_table(FLIGHTS)
    return TrainingJob(stack, name, channels={"train": InputChannel(table=table)}, output=table.zone)


def warehouse(stack: cdk.Stack, name: str) -> Warehouse:
    found = Warehouse(stack, name, enhanced_vpc_routing=False)
    found.add_dataset(database(stack, f"{name}DB").add_table(FLIGHTS))
    return found


EVERYTHING: dict[type, Build] = {
    AccessLogBucket: AccessLogBucket,
    Crawler: lambda stack, name: Crawler(stack, name, database=database(stack, f"{name}DB"), prefixes=["files/"]),
    CurationJob: curation,
    DataLake: lambda stack, name: DataLake(stack, name, datasets=[FLIGHTS], warehouse=True),
    Database: lambda stack, name: database(stack, name, lake_formation=True).add_table(FLIGHTS),
    DeliveryStream: delivery,
    GlueSecurityConfiguration: lambda stack, name: GlueSecurityConfiguration(
        stack, name, encryption_key=LakeKey(stack, f"{name}Key").key
    ),
    HashSalt: lambda stack, name: HashSalt(stack, name, encryption_key=LakeKey(stack, f"{name}Key").key),
    LakeBucket: LakeBucket,
    LakeKey: lambda stack, name: LakeKey(stack, name, eventbridge=True, cloudtrail=True, s3_tables=True),
    LakeNetwork: LakeNetwork,
    Pipeline: pipeline,
    QualityRuleset: lambda stack, name: QualityRuleset(
        stack, name, table=database(stack, f"{name}DB").add_table(FLIGHTS)
    ),
    ServiceRole: lambda stack, name: ServiceRole(stack, name, services=["glue.amazonaws.com"], description="A role"),
    Stream: lambda stack, name: Stream(stack, name, encryption_key=LakeKey(stack, f"{name}Key").key),
    Table: lambda stack, name: database(stack, name).add_table(FLIGHTS),
    TrainingJob: training,
    Warehouse: warehouse,
    Workgroup: Workgroup,
    Zone: Zone,
}

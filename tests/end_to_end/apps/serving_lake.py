"""Curated flights served by a DynamoDB table, which is exported to the raw zone and curated again."""

import aws_cdk as cdk
from attrs import evolve

from lake_blueprints import Column, CurationJob, Database, Dataset, LakeKey, Zone
from lake_blueprints.databases.dynamodb import ExportItems, ServingTable
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.orchestration import Pipeline
from lake_blueprints.processing.curation import Curate
from lake_blueprints.processing.item_load import ItemLoadJob, LoadItems

FLIGHTS = Dataset(
    name="flights",
    columns=[
        Column(name="flight", type="string", required=True),
        Column(name="scheduled", type="timestamp", required=True),
        Column(name="delay", type="int"),
        Column(name="distance", type="decimal(12,3)"),
        Column(name="speed", type="double"),
        Column(name="on_time", type="boolean"),
        Column(name="stops", type="array<string>"),
        Column(name="gate", type="struct<terminal:string,number:int>"),
        Column(name="photo", type="binary"),
        Column(name="day", type="date", required=True),
    ],
    primary_key=["flight"],
    partition_keys=["day"],
)
SERVED = evolve(FLIGHTS, name="served")

app = cdk.App(builtin_cloud_formation_validation=False)
stack = cdk.Stack(app, "Serving")
key = LakeKey(stack, "Key").key
raw, curated = (Zone(stack, name, encryption_key=key) for name in ("Raw", "Curated"))
database = Database(stack, "Database", zone=curated)
flights = database.add_iceberg_table(FLIGHTS)
again = database.add_iceberg_table(SERVED)
changes = Stream(stack, "Changes", encryption_key=key)
table = ServingTable(stack, "Table", dataset=FLIGHTS, stream=changes.stream, encryption_key=key)
curate = CurationJob(stack, "Curate", dataset=FLIGHTS, source=raw, target=flights)
load = ItemLoadJob(stack, "Load", source=flights, target=table)
export = ExportItems(table=table, zone=raw, prefix="served/")
curate_again = CurationJob(stack, "CurateServed", source=export.landing(SERVED), target=again)
pipeline = Pipeline(
    stack,
    "Pipeline",
    steps=[
        Curate(job=curate),
        LoadItems(job=load),
        export,
        Curate(job=curate_again),
        ExportItems(
            table=table, zone=raw, prefix="changes/", changes_of=cdk.Duration.minutes(15), name="Export changes"
        ),
    ],
    encryption_key=key,
)
for name, value in {
    "RawBucket": raw.bucket.bucket_name,
    "DatabaseName": database.database_name,
    "CuratedBucket": curated.bucket.bucket_name,
    "TableName": table.table_name,
    "StreamName": changes.stream.stream_name,
    "LoadJob": load.job_name,
    "StateMachine": pipeline.state_machine.state_machine_arn,
}.items():
    cdk.CfnOutput(stack, name, value=value)
app.synth()

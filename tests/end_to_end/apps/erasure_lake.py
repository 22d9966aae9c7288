"""Persons in Iceberg tables, a Parquet table with its masked copy, quarantines and exports, and their erasure."""

import aws_cdk as cdk

from lake_blueprints import Column, CurationJob, Database, Dataset, LakeKey, Zone
from lake_blueprints.contracts import Bucket, DatasetFormat, Masking, Part
from lake_blueprints.orchestration import Pipeline
from lake_blueprints.processing.curation import Curate
from lake_blueprints.processing.erasure import Erase, Erasure, ExportedObjects
from lake_blueprints.storage.s3 import AccessLogBucket, LakeBucket

ORDERS = Dataset(
    name="orders",
    columns=[
        Column(name="id", type="bigint", required=True),
        Column(name="customer", type="string", required=True, source="customerId", tags=["subject"]),
        Column(name="amount", type="decimal(9,2)"),
    ],
    primary_key=["id"],
    partitioning=[Bucket("customer", 2)],
)
PROFILES = Dataset(
    name="profiles",
    columns=[
        Column(name="id", type="bigint", required=True),
        Column(
            name="owner",
            type="struct<person:string,city:string>",
            parts=[Part(path=".person", tags=("subject",)), Part(path=".city")],
        ),
    ],
    primary_key=["id"],
)
VISITS = Dataset(
    name="visits",
    columns=[
        Column(name="id", type="bigint", required=True),
        Column(
            name="visitor",
            type="string",
            required=True,
            classification="restricted",
            masking=Masking.HASH,
            tags=["subject"],
        ),
        Column(name="pages", type="int"),
        Column(name="month", type="int", required=True),
    ],
    primary_key=["id"],
    partition_keys=["month"],
    format=DatasetFormat.CSV,
)
LETTERS = Dataset(
    name="letters",
    columns=[
        Column(name="sender", type="string", tags=["subject"]),
        Column(name="receiver", type="string", tags=["subject"]),
        Column(name="text", type="string"),
    ],
)

ARCHIVE = Dataset(
    name="archive",
    columns=[Column(name="id", type="bigint"), Column(name="owner", type="string", tags=["subject"])],
)

app = cdk.App(builtin_cloud_formation_validation=False)
stack = cdk.Stack(app, "Erasing")
key = LakeKey(stack, "Key").key
logs = AccessLogBucket(stack, "Logs")
raw, curated, analytics, private = (
    Zone(stack, name, encryption_key=key, access_logs=logs) for name in ("Raw", "Curated", "Analytics", "Private")
)
results = LakeBucket(stack, "Results", encryption_key=key, access_logs=logs)
database = Database(stack, "Database", zone=curated)
masked = Database(stack, "Masked", zone=analytics).add_iceberg_table(VISITS.masked())
jobs = [
    CurationJob(stack, "CurateOrders", dataset=ORDERS, source=raw, target=database.add_iceberg_table(ORDERS)),
    CurationJob(stack, "CurateProfiles", dataset=PROFILES, source=raw, target=database.add_iceberg_table(PROFILES)),
    CurationJob(
        stack, "CurateVisits", dataset=VISITS, source=raw, target=database.add_iceberg_table(VISITS), masked=masked
    ),
]
erasure = Erasure(
    stack,
    "Erasure",
    requests=private,
    curations=jobs,
    tables=[database.add_table(ARCHIVE)],
    exports=[
        ExportedObjects(storage=analytics, prefix="exports/", dataset=LETTERS),
        ExportedObjects(storage=results, prefix="results/"),
    ],
)
curate = Pipeline(stack, "Curation", steps=[Curate(job=job) for job in jobs], encryption_key=key)
erase = Pipeline(stack, "Erasing", steps=[Erase(job=erasure)], encryption_key=key)
for name, value in {
    "RawBucket": raw.bucket.bucket_name,
    "CuratedBucket": curated.bucket.bucket_name,
    "AnalyticsBucket": analytics.bucket.bucket_name,
    "PrivateBucket": private.bucket.bucket_name,
    "ResultsBucket": results.bucket.bucket_name,
    "DatabaseName": database.database_name,
    "MaskedName": masked.database.database_name,
    "CurateMachine": curate.state_machine.state_machine_arn,
    "EraseMachine": erase.state_machine.state_machine_arn,
    "Job": erasure.job_name,
}.items():
    cdk.CfnOutput(stack, name, value=value)
app.synth()

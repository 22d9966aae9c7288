"""Orders curated into a table of S3 Tables; the context `version` says by which version of their contract."""

import aws_cdk as cdk
from attrs import evolve

from lake_blueprints import Column, CurationJob, Database, Dataset, LakeKey, Zone
from lake_blueprints.catalog.iceberg import Month
from lake_blueprints.catalog.s3_tables import S3Table, SnapshotManagement, TableZone
from lake_blueprints.contracts import Masking
from lake_blueprints.orchestration import Pipeline
from lake_blueprints.processing.curation import Curate, Curation, Newest

COLUMNS = [
    Column(name="id", type="bigint", required=True),
    Column(name="ordered", type="timestamp", required=True),
    Column(name="amount", type="decimal(9,2)"),
    Column(name="version", type="int", required=True),
    Column(name="lines", type="array<struct<sku:string,number:int>>"),
    Column(name="op", type="string"),
    Column(name="card", type="string", classification="restricted", masking=Masking.HASH),
]

app = cdk.App(builtin_cloud_formation_validation=False)
stack = cdk.Stack(app, "Orders")
version = app.node.try_get_context("version") or "1.0.0"
orders = Dataset(
    name="orders",
    version=version,
    description=f"Orders, as of {version}.",
    columns=COLUMNS,
    primary_key=["id"],
)
first = orders
if version >= "1.2.0":
    wider = Column(name="amount", type="decimal(12,2)")
    orders = evolve(orders, columns=[*COLUMNS[:2], wider, Column(name="city", type="string"), *COLUMNS[3:]])
curation = Curation(keep=Newest(by="version", deleted="op = 'D'"), drop=["op"])
key = LakeKey(stack, "Key").key
raw = Zone(stack, "Raw", encryption_key=key)
zone = TableZone(stack, "Tables", encryption_key=key)
table = S3Table(
    stack,
    "Table",
    zone=zone,
    dataset=curation.curated(orders),
    created_as=curation.curated(first),
    partitioning=[Month("ordered")],
    snapshot_management=SnapshotManagement(min_snapshots=2 if version == "1.0.0" else 3),
)
copy = S3Table(
    stack,
    "Masked",
    zone=zone,
    dataset=curation.curated(orders).masked(),
    created_as=curation.curated(first).masked(),
    namespace="analytics",
    partitioning=[Month("ordered")],
)
refused = Database(stack, "Refused", zone=Zone(stack, "Aside", encryption_key=key, access_logs=raw.access_logs))
job = CurationJob(
    stack,
    "Curate",
    dataset=orders,
    source=raw,
    target=table,
    curation=curation,
    masked=copy,
    quarantine_database=refused,
)
pipeline = Pipeline(stack, "Pipeline", steps=[Curate(job=job)], encryption_key=key)
for name, value in {
    "RawBucket": raw.bucket.bucket_name,
    "TableBucket": zone.table_bucket_arn,
    "TableBucketName": zone.table_bucket_name,
    "QuarantineDatabase": refused.database_name,
    "AnswersBucket": refused.zone.bucket.bucket_name,
    "StateMachine": pipeline.state_machine.state_machine_arn,
}.items():
    cdk.CfnOutput(stack, name, value=value)
app.synth()

"""A lake as version 0.1 left it, of Parquet folders; with the context `beside`, one of this version beside it."""

import aws_cdk as cdk

from lake_blueprints import Column, Database, DataLake, Dataset, LakeKey, Workgroup, Zone
from lake_blueprints.contracts import DatasetFormat, Masking

app = cdk.App(builtin_cloud_formation_validation=False)
stack = cdk.Stack(app, "Migration")
orders = Dataset(
    name="orders",
    columns=[
        Column(name="id", type="bigint", required=True),
        Column(name="ordered", type="timestamp"),
        Column(name="amount", type="decimal(9,2)"),
        Column(name="buyer", type="string", classification="restricted", masking=Masking.HASH),
        Column(name="day", type="date", required=True),
    ],
    primary_key=["id"],
    partition_keys=["day"],
)
key = LakeKey(stack, "Key").key
raw, curated = (Zone(stack, name, encryption_key=key) for name in ("OldRaw", "OldCurated"))
raw_database, database = Database(stack, "OldRawDatabase", zone=raw), Database(stack, "OldDatabase", zone=curated)
raw_database.add_table(orders, format=DatasetFormat.JSON)
database.add_table(orders)
outputs = {
    "OldRawBucket": raw.bucket.bucket_name,
    "OldRecords": raw_database.database_name,
    "OldTables": database.database_name,
    "Asking": Workgroup(stack, "Queries", encryption_key=key).workgroup_name,
}
if app.node.try_get_context("beside"):
    lake = DataLake(stack, "IcebergLake", datasets=[orders])
    outputs |= {
        "NewRawBucket": lake.raw.bucket.bucket_name,
        "NewDelivery": lake.deliveries["orders"].delivery_stream_name,
        "NewMachine": lake.pipeline.state_machine.state_machine_arn,
        "NewTables": lake.curated_database.database_name,
        "NewMasked": lake.analytics_database.database_name,
    }
for name, value in outputs.items():
    cdk.CfnOutput(stack, name, value=value)
app.synth()

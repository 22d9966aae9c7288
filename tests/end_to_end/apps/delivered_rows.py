"""Orders that Firehose makes rows of an Iceberg table, each in place of the one with its number."""

import aws_cdk as cdk

from lake_blueprints import Column, Dataset, Zone
from lake_blueprints.analytics.athena import Workgroup
from lake_blueprints.catalog import Database
from lake_blueprints.catalog.iceberg import Bucket
from lake_blueprints.contracts import DatasetFormat
from lake_blueprints.ingestion.firehose import DeliveryStream, IcebergDestination

app = cdk.App(builtin_cloud_formation_validation=False)
stack = cdk.Stack(app, "Rows")
orders = Dataset(
    name="orders",
    columns=[
        Column(name="id", type="bigint"),
        Column(name="amount", type="decimal(9,2)"),
        Column(name="ordered", type="timestamp"),
    ],
    primary_key=["id"],
    format=DatasetFormat.JSON,
)
raw = Zone(stack, "Raw", removal_policy=cdk.RemovalPolicy.DESTROY)
curated = Zone(stack, "Curated", encryption_key=raw.key, removal_policy=cdk.RemovalPolicy.DESTROY)
database = Database(stack, "Database", zone=curated)
table = database.add_iceberg_table(orders, partitioning=[Bucket("id", 4)])
delivery = DeliveryStream(stack, "Orders", destination=IcebergDestination(table=table, upsert=True, zone=raw))
workgroup = Workgroup(stack, "Workgroup", encryption_key=raw.key)
outputs = {
    "Stream": delivery.delivery_stream_name,
    "RawBucket": raw.bucket.bucket_name,
    "Table": f'"{database.database_name}"."{table.table_name}"',
    "Athena": workgroup.workgroup_name,
}
for name, value in outputs.items():
    cdk.CfnOutput(stack, name, value=value)
app.synth()

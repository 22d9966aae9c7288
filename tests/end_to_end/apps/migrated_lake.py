"""A lake of Parquet folders, as version 0.1 made it; with the context `beside`, one of Iceberg tables beside it."""

import aws_cdk as cdk

from lake_blueprints import Column, DataLake, Dataset
from lake_blueprints.catalog import TableFormat
from lake_blueprints.contracts import Masking

app = cdk.App()
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
lakes = {"Old": DataLake(stack, "Lake", datasets=[orders])}
if app.node.try_get_context("beside"):
    lakes["New"] = DataLake(stack, "IcebergLake", datasets=[orders], table_format=TableFormat.ICEBERG)
for prefix, lake in lakes.items():
    for name, value in {
        "Raw": lake.raw.bucket.bucket_name,
        "Delivery": lake.deliveries["orders"].delivery_stream_name,
        "Machine": lake.pipeline.state_machine.state_machine_arn,
        "Curated": lake.curated_database.database_name,
        "Masked": lake.analytics_database.database_name,
        "Workgroup": lake.workgroup.workgroup_name,
    }.items():
        cdk.CfnOutput(stack, f"{prefix}{name}", value=value)
app.synth()

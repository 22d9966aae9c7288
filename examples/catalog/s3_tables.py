"""A table of orders in S3 Tables, by the day of the order: a job writes it, an analyst reads it."""

import aws_cdk as cdk

from lake_blueprints import Column, Dataset
from lake_blueprints.catalog.iceberg import Day
from lake_blueprints.catalog.s3_tables import S3Table, TableZone
from lake_blueprints.foundation.access import ServiceRole

app = cdk.App()
stack = cdk.Stack(app, "OrderTables")
orders = Dataset(
    name="orders",
    columns=[
        Column(name="id", type="bigint"),
        Column(name="ordered", type="timestamp"),
        Column(name="total", type="decimal(12,2)"),
    ],
    primary_key=["id"],
)
zone = TableZone(stack, "Tables")
table = S3Table(stack, "Orders", zone=zone, dataset=orders, partitioning=[Day("ordered")])
job = ServiceRole(stack, "Job", services=["glue.amazonaws.com"], description="Writes orders")
analyst = ServiceRole(stack, "Analyst", services=["lambda.amazonaws.com"], description="Reads orders")
table.grant_read_write(job)
table.grant_read(analyst)
app.synth()

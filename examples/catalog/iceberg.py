"""An Iceberg table of orders, by the day of the order: a job appends to it, an analyst reads it."""

import aws_cdk as cdk

from lake_blueprints import Column, Database, Dataset, Zone
from lake_blueprints.catalog.iceberg import Day, IcebergTable, SortField
from lake_blueprints.foundation.access import ServiceRole

app = cdk.App()
stack = cdk.Stack(app, "Orders")
orders = Dataset(
    name="orders",
    columns=[
        Column(name="id", type="bigint"),
        Column(name="ordered", type="timestamp"),
        Column(name="total", type="decimal(12,2)"),
    ],
    primary_key=["id"],
)
database = Database(stack, "Curated", zone=Zone(stack, "Zone"))
table = IcebergTable(
    stack, "Orders", database=database, dataset=orders, partitioning=[Day("ordered")], sort_order=[SortField("id")]
)
job = ServiceRole(stack, "Job", services=["glue.amazonaws.com"], description="Appends orders")
analyst = ServiceRole(stack, "Analyst", services=["lambda.amazonaws.com"], description="Reads orders")
table.grant_write(job)
table.grant_read(analyst)
app.synth()

"""A database and a table for a dataset, which an analyst reads with its data."""

import aws_cdk as cdk

from lake_blueprints import Column, Database, Dataset, Table, Zone
from lake_blueprints.foundation.access import ServiceRole

app = cdk.App()
stack = cdk.Stack(app, "Catalog")
flights = Dataset(
    name="flights",
    columns=[Column(name="carrier", type="string"), Column(name="day", type="date")],
    partition_keys=["day"],
)
database = Database(stack, "Curated", zone=Zone(stack, "Zone"))
table = Table(stack, "Flights", database=database, dataset=flights)
analyst = ServiceRole(stack, "Analyst", services=["lambda.amazonaws.com"], description="Reads flights")
table.grant_read(analyst)
app.synth()

"""A warehouse that loads orders from the curated zone; a role runs statements on it."""

import aws_cdk as cdk
from aws_cdk import Duration

from lake_blueprints import Column, Database, Dataset, Zone
from lake_blueprints.databases.redshift import Warehouse
from lake_blueprints.foundation.access import ServiceRole

app = cdk.App()
stack = cdk.Stack(app, "Warehouse")
orders = Dataset(name="orders", columns=[Column(name="order_id", type="string"), Column(name="amount", type="double")])
curated = Zone(stack, "Curated")
table = Database(stack, "Database", zone=curated).add_table(orders)
warehouse = Warehouse(stack, "Warehouse", encryption_key=curated.key, query_timeout=Duration.minutes(10))
warehouse.add_dataset(table)
reports = ServiceRole(stack, "Reports", services=["lambda.amazonaws.com"], description="Asks for sums")
warehouse.grant_run_statements(reports)
app.synth()

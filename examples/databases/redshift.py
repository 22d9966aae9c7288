"""Two warehouses with the same orders: serverless for a role that asks now and then, a cluster for working days."""

import aws_cdk as cdk
from aws_cdk import Duration

from lake_blueprints import Column, Database, Dataset, Zone
from lake_blueprints.databases.redshift import PauseResume, Priority, Queue, Warehouse, WarehouseCluster
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.network import LakeNetwork

app = cdk.App()
stack = cdk.Stack(app, "Warehouse")
orders = Dataset(name="orders", columns=[Column(name="order_id", type="string"), Column(name="amount", type="double")])
curated = Zone(stack, "Curated")
table = Database(stack, "Database", zone=curated).add_table(orders)
network = LakeNetwork(stack, "Network", encryption_key=curated.key)
warehouse = Warehouse(
    stack, "Warehouse", network=network, encryption_key=curated.key, query_timeout=Duration.minutes(10)
)
cluster = WarehouseCluster(
    stack,
    "Cluster",
    network=network,
    encryption_key=curated.key,
    query_timeout=Duration.minutes(10),
    nodes=2,
    schedule=PauseResume(),
    queues=[Queue(user_groups=["analysts"], priority=Priority.HIGH)],
)
for one in (warehouse, cluster):
    one.add_dataset(table)
reports = ServiceRole(stack, "Reports", services=["lambda.amazonaws.com"], description="Asks for sums")
warehouse.grant_run_statements(reports)
app.synth()

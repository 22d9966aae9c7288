"""A database instance of orders, whose changes others may read; a role signs in as its first user."""

import aws_cdk as cdk

from lake_blueprints.databases.rds import RdsInstance
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.network import LakeNetwork

app = cdk.App()
stack = cdk.Stack(app, "Rds")
network = LakeNetwork(stack, "Network")
orders = RdsInstance(stack, "Orders", database="orders", network=network, encryption_key=network.key, replication=True)
migrations = ServiceRole(stack, "Migrations", services=["lambda.amazonaws.com"], description="Defines the tables")
orders.grant_connect(migrations)
app.synth()

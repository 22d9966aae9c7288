"""A database instance of orders, whose changes others may read; a role signs in, and a pipeline exports it."""

import aws_cdk as cdk
from aws_cdk import aws_sns_subscriptions as subscriptions

from lake_blueprints import Pipeline, Zone
from lake_blueprints.databases.rds import ExportInstance, InstanceExport, RdsInstance
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.network import LakeNetwork

app = cdk.App()
stack = cdk.Stack(app, "Rds")
network = LakeNetwork(stack, "Network")
orders = RdsInstance(stack, "Orders", database="orders", network=network, encryption_key=network.key, replication=True)
migrations = ServiceRole(stack, "Migrations", services=["lambda.amazonaws.com"], description="Defines the tables")
orders.grant_connect(migrations)

raw = Zone(stack, "Raw", encryption_key=network.key)
export = InstanceExport(stack, "Export", instance=orders, zone=raw, prefix="orders/")
nightly = Pipeline(stack, "Nightly", steps=[ExportInstance(export=export)], encryption_key=network.key)
nightly.topic.add_subscription(subscriptions.EmailSubscription("on-call@example.com"))
app.synth()

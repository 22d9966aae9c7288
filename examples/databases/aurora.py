"""An Aurora cluster of orders, which pauses while nobody uses it, with a Glue connection to it and an export of it."""

import aws_cdk as cdk
from aws_cdk import aws_sns_subscriptions as subscriptions

from lake_blueprints import Pipeline, Zone
from lake_blueprints.databases.aurora import AuroraCluster, ClusterExport, ExportCluster
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.connections import Connection
from lake_blueprints.foundation.network import LakeNetwork

app = cdk.App()
stack = cdk.Stack(app, "Aurora")
network = LakeNetwork(stack, "Network")
orders = AuroraCluster(stack, "Orders", database="orders", network=network, encryption_key=network.key)
Connection(stack, "ToOrders", endpoint=orders.endpoint, network=network)
reports = ServiceRole(stack, "Reports", services=["lambda.amazonaws.com"], description="Reads orders")
orders.grant_sign_in(reports, "reader")

raw = Zone(stack, "Raw", encryption_key=network.key)
export = ClusterExport(stack, "Export", cluster=orders, zone=raw, prefix="orders/")
nightly = Pipeline(stack, "Nightly", steps=[ExportCluster(export=export)], encryption_key=network.key)
nightly.topic.add_subscription(subscriptions.EmailSubscription("on-call@example.com"))
app.synth()

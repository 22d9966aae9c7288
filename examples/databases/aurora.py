"""An Aurora cluster of orders, which pauses while nobody uses it; a Glue connection leads to it."""

import aws_cdk as cdk

from lake_blueprints.databases.aurora import AuroraCluster
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
app.synth()

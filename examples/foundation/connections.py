"""A connection to a PostgreSQL database outside AWS, which the role of a Glue job may use."""

import aws_cdk as cdk

from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.connections import Connection, DatabaseEndpoint, DatabaseEngine, DatabaseSecret
from lake_blueprints.foundation.network import LakeNetwork

app = cdk.App()
stack = cdk.Stack(app, "Connections")
network = LakeNetwork(stack, "Network")
user = DatabaseSecret(stack, "ShopUser", username="lake_reader", encryption_key=network.key)
shop = DatabaseEndpoint(engine=DatabaseEngine.POSTGRESQL, host="shop.example.com", database="shop", secret=user.secret)
connection = Connection(stack, "Shop", endpoint=shop, network=network)
role = ServiceRole(stack, "Role", services=["glue.amazonaws.com"], description="Reads the shop's database")
connection.grant_connect(role)
app.synth()

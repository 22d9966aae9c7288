"""A shop's orders, current in a warehouse without a job: a cluster, an integration, and the database that it writes."""

import aws_cdk as cdk
from aws_cdk import aws_sns_subscriptions as subscriptions

from lake_blueprints import Column, Dataset, LakeKey, Pipeline
from lake_blueprints.databases.aurora import AuroraCluster
from lake_blueprints.databases.redshift import Warehouse
from lake_blueprints.databases.zero_etl import CreateDestination, ZeroEtl
from lake_blueprints.foundation.network import LakeNetwork

orders = Dataset(
    name="orders",
    columns=[
        Column(name="id", type="bigint", required=True),
        Column(name="customer", type="string", required=True),
        Column(name="amount", type="decimal(10,2)"),
    ],
    primary_key=["id"],
)

app = cdk.App()
stack = cdk.Stack(app, "ZeroEtl")
key = LakeKey(stack, "Key").key
network = LakeNetwork(stack, "Network", encryption_key=key)
shop = AuroraCluster(stack, "Shop", database="shop", network=network, encryption_key=key, zero_etl=True)
warehouse = Warehouse(stack, "Warehouse", network=network, encryption_key=key, case_sensitive_identifiers=True)
integration = ZeroEtl(stack, "Orders", source=shop, target=warehouse, datasets=[orders])
setup = Pipeline(stack, "SetUp", steps=[CreateDestination(integration=integration)], encryption_key=key)
setup.topic.add_subscription(subscriptions.EmailSubscription("on-call@example.com"))
integration.add_alarms(setup.topic)
app.synth()

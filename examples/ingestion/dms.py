"""A table of a shop's database: loaded once, then followed change by change, and merged into an Iceberg table."""

import aws_cdk as cdk
from aws_cdk import aws_sns_subscriptions as subscriptions

from lake_blueprints import Column, Database, Dataset, Pipeline, Zone
from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.foundation.connections import DatabaseEndpoint, DatabaseEngine, DatabaseSecret
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.ingestion.dms import Replication, StartReplication
from lake_blueprints.processing.curation import Curate, CurationJob, merge_changes

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
stack = cdk.Stack(app, "Shop")
raw, curated = Zone(stack, "Raw"), Zone(stack, "Curated")
user = DatabaseSecret(stack, "User", username="lake_reader", host="shop.example.com", port=5432)
shop = DatabaseEndpoint(engine=DatabaseEngine.POSTGRESQL, host="shop.example.com", database="shop", secret=user.secret)
network = LakeNetwork(stack, "Network")
replication = Replication(stack, "Replication", source=shop, datasets=[orders], zone=raw, network=network)

landing = replication.landing(orders)
merged = merge_changes(landing)
database = Database(stack, "Database", zone=curated)
table = IcebergTable(stack, "Orders", database=database, dataset=merged.curated(landing.dataset))
job = CurationJob(stack, "CurateOrders", source=landing, target=table, curation=merged)
refresh = Pipeline(stack, "Refresh", steps=[StartReplication(replication=replication), Curate(job=job)])
refresh.topic.add_subscription(subscriptions.EmailSubscription("on-call@example.com"))
app.synth()

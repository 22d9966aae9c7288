"""Orders of a PostgreSQL database, pulled each night and merged into an Iceberg table."""

import aws_cdk as cdk
from aws_cdk import aws_sns_subscriptions as subscriptions

from lake_blueprints import Column, CurationJob, Database, Dataset, LakeKey, Pipeline, Zone
from lake_blueprints.foundation.connections import Connection, DatabaseEndpoint, DatabaseEngine, DatabaseSecret
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.processing.curation import Curate, merge_changes
from lake_blueprints.processing.database_pull import DatabasePull, Pull

app = cdk.App()
stack = cdk.Stack(app, "Pulls")
key = LakeKey(stack, "Key").key
orders = Dataset(
    name="orders",
    columns=[Column(name="id", type="int"), Column(name="updated_at", type="timestamp", required=True)],
    primary_key=["id"],
)
user = DatabaseSecret(stack, "User", username="lake_reader", encryption_key=key)
shop = DatabaseEndpoint(engine=DatabaseEngine.POSTGRESQL, host="shop.example.com", database="shop", secret=user.secret)
connection = Connection(stack, "Shop", endpoint=shop, network=LakeNetwork(stack, "Network", encryption_key=key))
raw = Zone(stack, "Raw", encryption_key=key)
pull = DatabasePull(stack, "Pull", connection=connection, dataset=orders, zone=raw, watermark="updated_at")
curated = Database(stack, "Database", zone=Zone(stack, "Curated", encryption_key=key))
table = curated.add_iceberg_table(orders)
curate = CurationJob(stack, "Curate", source=pull.landing, target=table, curation=merge_changes(pull.landing))
nightly = Pipeline(stack, "Pipeline", steps=[Pull(job=pull), Curate(job=curate)], encryption_key=key)
nightly.topic.add_subscription(subscriptions.EmailSubscription("on-call@example.com"))
app.synth()

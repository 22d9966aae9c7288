"""A curated table, served by key: a pipeline loads its rows into DynamoDB."""

import aws_cdk as cdk
from aws_cdk import aws_sns_subscriptions as subscriptions

from lake_blueprints import Column, Database, Dataset, LakeKey, Pipeline, Zone
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.processing.item_load import ItemLoadJob, LoadItems

app = cdk.App()
stack = cdk.Stack(app, "Serving")
key = LakeKey(stack, "Key").key
airports = Dataset(
    name="airports",
    columns=[Column(name="code", type="string"), Column(name="city", type="string")],
    primary_key=["code"],
)
curated = Database(stack, "Database", zone=Zone(stack, "Curated", encryption_key=key)).add_table(airports)
served = ServingTable(stack, "Airports", dataset=airports, encryption_key=key)
job = ItemLoadJob(stack, "LoadAirports", source=curated, target=served)
nightly = Pipeline(stack, "Pipeline", steps=[LoadItems(job=job)], encryption_key=key)
nightly.topic.add_subscription(subscriptions.EmailSubscription("on-call@example.com"))
app.synth()

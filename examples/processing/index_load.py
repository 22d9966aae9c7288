"""A curated table, searched by its text: a pipeline loads its rows into a collection that costs nothing while idle."""

import aws_cdk as cdk
from aws_cdk import aws_sns_subscriptions as subscriptions

from lake_blueprints import Column, Database, Dataset, LakeKey, Pipeline, Zone
from lake_blueprints.databases.opensearch import SearchCollection
from lake_blueprints.processing.index_load import IndexLoadJob, LoadIndex

app = cdk.App()
stack = cdk.Stack(app, "Searching")
key = LakeKey(stack, "Key").key
airports = Dataset(
    name="airports",
    columns=[Column(name="code", type="string"), Column(name="city", type="string")],
    primary_key=["code"],
)
curated = Database(stack, "Database", zone=Zone(stack, "Curated", encryption_key=key)).add_table(airports)
search = SearchCollection(stack, "Airports", encryption_key=key)
job = IndexLoadJob(stack, "LoadAirports", source=curated, target=search)
nightly = Pipeline(stack, "Pipeline", steps=[LoadIndex(job=job)], encryption_key=key)
nightly.topic.add_subscription(subscriptions.EmailSubscription("on-call@example.com"))
app.synth()

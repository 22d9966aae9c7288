"""A whole lake from one dataset: zones, tables, delivery, curation, queries and the pipeline."""

import aws_cdk as cdk
from aws_cdk import aws_sns_subscriptions as subscriptions

from lake_blueprints import Column, DataLake, Dataset
from lake_blueprints.contracts import DatasetFormat
from lake_blueprints.foundation.access import ServiceRole

app = cdk.App()
stack = cdk.Stack(app, "Lake")
flights = Dataset(
    name="flights",
    columns=[
        Column(name="flight", type="string", required=True),
        Column(name="delay", type="double"),
        Column(name="day", type="date", required=True),
    ],
    primary_key=["flight", "day"],
    partition_keys=["day"],
    format=DatasetFormat.JSON,
)
lake = DataLake(stack, "Lake", datasets=[flights])
producer = ServiceRole(stack, "Producer", services=["lambda.amazonaws.com"], description="Sends flights")
analyst = ServiceRole(stack, "Analyst", services=["lambda.amazonaws.com"], description="Asks for delays")
lake.grant_put_records(producer, "flights")
lake.grant_query(analyst)
lake.topic.add_subscription(subscriptions.EmailSubscription("on-call@example.com"))
app.synth()

"""A stream of clicks for a week: one role writes, another reads, and a pipeline writes a range to S3 again."""

import aws_cdk as cdk
from aws_cdk import Duration
from aws_cdk import aws_sns_subscriptions as subscriptions

from lake_blueprints.contracts import Column, Dataset, DatasetFormat
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.ingestion.kinesis import ReplayStream, Stream, StreamReplay
from lake_blueprints.orchestration import Pipeline
from lake_blueprints.storage.s3 import Zone

app = cdk.App()
stack = cdk.Stack(app, "Clicks")
clicks = Stream(stack, "Clicks", retention=Duration.days(7))
website = ServiceRole(stack, "Website", services=["lambda.amazonaws.com"], description="Sends clicks")
counter = ServiceRole(stack, "Counter", services=["lambda.amazonaws.com"], description="Counts clicks")
clicks.grant_write(website)
clicks.grant_read(counter)
columns = [Column(name="page", type="string"), Column(name="at", type="timestamp")]
dataset = Dataset(name="clicks", columns=columns, format=DatasetFormat.JSON)
raw = Zone(stack, "Raw", encryption_key=clicks.key)
replay = StreamReplay(stack, "Replay", stream=clicks, zone=raw, dataset=dataset)
again = Pipeline(stack, "Again", steps=[ReplayStream(replay=replay)], encryption_key=clicks.key)
again.topic.add_subscription(subscriptions.EmailSubscription("on-call@example.com"))
app.synth()

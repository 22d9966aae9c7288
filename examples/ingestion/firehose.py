"""Clicks from a stream into the raw zone, in objects of at most a minute."""

import aws_cdk as cdk
from aws_cdk import Duration

from lake_blueprints import Column, Dataset, Zone
from lake_blueprints.ingestion.firehose import Buffer, DeliveryStream, S3Destination
from lake_blueprints.ingestion.kinesis import Stream

app = cdk.App()
stack = cdk.Stack(app, "Delivery")
clicks = Dataset(name="clicks", columns=[Column(name="page", type="string"), Column(name="at", type="timestamp")])
raw = Zone(stack, "Raw")
stream = Stream(stack, "Stream", encryption_key=raw.key)
buffer = Buffer(interval=Duration.minutes(1))
DeliveryStream(stack, "Clicks", source=stream, destination=S3Destination(zone=raw, dataset=clicks), buffer=buffer)
app.synth()

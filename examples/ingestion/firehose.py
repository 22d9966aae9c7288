"""Clicks from a stream into the raw zone, in objects of at most a minute, and orders to an HTTP endpoint."""

import aws_cdk as cdk
from aws_cdk import Duration
from aws_cdk import aws_secretsmanager as secretsmanager

from lake_blueprints import Column, Dataset, Zone
from lake_blueprints.ingestion.firehose import Buffer, DeliveryStream, HttpDestination, S3Destination
from lake_blueprints.ingestion.kinesis import Stream

app = cdk.App()
stack = cdk.Stack(app, "Delivery")
clicks = Dataset(name="clicks", columns=[Column(name="page", type="string"), Column(name="at", type="timestamp")])
raw = Zone(stack, "Raw")
stream = Stream(stack, "Stream", encryption_key=raw.key)
buffer = Buffer(interval=Duration.minutes(1))
DeliveryStream(stack, "Clicks", source=stream, destination=S3Destination(zone=raw, dataset=clicks), buffer=buffer)

orders = Dataset(name="orders", columns=[Column(name="id", type="bigint"), Column(name="total", type="double")])
# Its value is given after the deployment: {"api_key": "..."}.
secret = secretsmanager.Secret(stack, "ApiKey", encryption_key=raw.key)
not_ours = cdk.Acknowledgment(id="AwsSolutions-SMG4", reason="the owner of the endpoint renews the key")
cdk.Validations.of(secret).acknowledge(not_ours)
shop = HttpDestination(url="https://collector.example.com/orders", secret=secret, zone=raw, dataset=orders)
DeliveryStream(stack, "Orders", destination=shop, buffer=buffer)
app.synth()

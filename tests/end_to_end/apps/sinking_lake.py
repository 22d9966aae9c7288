"""A stream whose newest records are served and whose anomalies reach people: `NewestRecords` and `StreamAlerts`."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

from lake_blueprints import Column, Dataset, LakeKey, Zone
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.processing.stream_sinks import NewestRecords, StreamAlerts

READINGS = Dataset(
    name="readings",
    columns=[
        Column(name="device", type="string"),
        Column(name="temp", type="double", business_name="Temperature"),
        Column(name="owner", type="string", classification="restricted"),
        Column(name="measured", type="timestamp"),
    ],
    primary_key=["device"],
)

app = cdk.App(context={"lake-blueprints:destroy-data": True})
stack = cdk.Stack(app, "Sinking")
key = LakeKey(stack, "Key").key
raw = Zone(stack, "Raw", encryption_key=key)
stream = Stream(stack, "Readings", shards=2, encryption_key=key)
served = ServingTable(stack, "Served", dataset=READINGS, time_to_live="expires", encryption_key=key)
common: dict[str, Any] = {"stream": stream, "dataset": READINGS, "errors": raw, "retries": 1}
newest = NewestRecords(
    stack, "Newest", event_time="measured", target=served, expires_after=cdk.Duration.days(1), **common
)
topic = sns.Topic(stack, "People", master_key=key)
StreamAlerts(stack, "Alerts", about=["device"], headline="{device} measures {temp} °C", topic=topic, **common)
messages = sqs.Queue(stack, "Messages", encryption_master_key=key)
topic.add_subscription(subscriptions.SqsSubscription(messages))
for name, value in {
    "StreamName": stream.stream.stream_name,
    "TableName": served.table_name,
    "RawBucket": raw.bucket.bucket_name,
    "QueueUrl": messages.queue_url,
    "MappingId": newest.mapping_id,
}.items():
    cdk.CfnOutput(stack, name, value=value)
app.synth()

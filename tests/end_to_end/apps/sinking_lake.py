"""Streams whose newest records are served, whose anomalies reach people, and whose figures are watched."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

from lake_blueprints import Column, Dataset, LakeKey, Zone
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.databases.valkey import ServerlessCache
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.processing.stream_sinks import CacheTarget, NewestRecords, StreamAlerts, StreamMetrics
from lake_blueprints.processing.streaming import (
    LateRecords,
    Mean,
    RejectedRecords,
    StreamPlan,
    StreamSource,
    WindowAggregates,
)

READINGS = Dataset(
    name="readings",
    columns=[
        Column(name="device", type="string", required=True),
        Column(name="temp", type="double", business_name="Temperature"),
        Column(name="owner", type="string", classification="restricted"),
        Column(name="measured", type="timestamp"),
    ],
    primary_key=["device"],
)

app = cdk.App(context={"lake-blueprints:destroy-data": True}, builtin_cloud_formation_validation=False)
stack = cdk.Stack(app, "Sinking")
key = LakeKey(stack, "Key").key
raw = Zone(stack, "Raw", encryption_key=key)
stream = Stream(stack, "Readings", shards=2, encryption_key=key)
served = ServingTable(stack, "Served", dataset=READINGS, time_to_live="expires", encryption_key=key)
common: dict[str, Any] = {"stream": stream, "dataset": READINGS, "errors": raw, "retries": 1}
newest = NewestRecords(
    stack, "Newest", event_time="measured", target=served, expires_after=cdk.Duration.days(1), **common
)
cache = ServerlessCache(stack, "State", encryption_key=key)
cached = NewestRecords(
    stack,
    "Cached",
    event_time="measured",
    target=CacheTarget(cache=cache, keys=["device"]),
    expires_after=cdk.Duration.days(1),
    **common,
)
topic = sns.Topic(stack, "People", master_key=key)
StreamAlerts(stack, "Alerts", about=["device"], headline="{device} measures {temp} °C", topic=topic, **common)
messages = sqs.Queue(stack, "Messages", encryption_master_key=key)
topic.add_subscription(subscriptions.SqsSubscription(messages))
minutes = WindowAggregates(
    name="minutes", window=cdk.Duration.minutes(1), keys=["device"], measures={"mean": Mean("temp")}
)
windows, late, bad = (Stream(stack, name, encryption_key=key) for name in ("Minutes", "Late", "Bad"))
plan = StreamPlan(
    source=StreamSource(stream=stream, dataset=READINGS, event_time="measured"),
    outputs={minutes: windows, LateRecords(): late, RejectedRecords(): bad},
)
metrics = StreamMetrics(stack, "Metrics", plan=plan, aggregates=minutes, errors=raw)
watched: dict[str, Any] = {"measure": "mean", "of": {"device": "D0"}, "topic": topic, "periods": 2}
metrics.add_alarm("Unusual", **watched)
metrics.add_alarm("Hot", threshold=60, **watched)
for name, value in {
    "MinutesName": windows.stream.stream_name,
    "CacheName": cache.cache_name,
    "UserName": cache.user_name,
    "StreamName": stream.stream.stream_name,
    "TableName": served.table_name,
    "RawBucket": raw.bucket.bucket_name,
    "QueueUrl": messages.queue_url,
    "MappingId": newest.mapping_id,
}.items():
    cdk.CfnOutput(stack, name, value=value)
app.synth()

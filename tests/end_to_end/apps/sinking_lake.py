"""Streams whose newest records are served, whose anomalies reach people, and whose figures are watched."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

from lake_blueprints import Column, Dataset, LakeKey, Zone
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.databases.valkey import ServerlessCache
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.orchestration import Pipeline, Step, StepContext, object_created
from lake_blueprints.orchestration.asl import Fragment
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


class Nothing(Step):
    """A step that does nothing, in a pipeline whose start is what matters."""

    def render(self, context: StepContext) -> Fragment:
        return Fragment(start="Nothing", end="Nothing", states={"Nothing": {"Type": "Pass"}})

    def grant(self, role: ServiceRole) -> None:
        pass


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
bus = events.EventBus(stack, "Bus")
headline = "{device} measures {temp} °C"
StreamAlerts(stack, "Alerts", about=["device"], headline=headline, topic=topic, bus=bus, **common)
heard = sqs.Queue(stack, "Heard")
alerts = events.EventPattern(source=["lake"], detail_type=["Alert readings"])
events.Rule(stack, "Alerted", event_bus=bus, event_pattern=alerts, targets=[targets.SqsQueue(heard)])
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
arrivals = Pipeline(stack, "OnArrival", steps=[Nothing()], event_pattern=object_created(raw, prefix="in/"))
for name, value in {
    "ArrivalsMachine": arrivals.state_machine.state_machine_arn,
    "HeardUrl": heard.queue_url,
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

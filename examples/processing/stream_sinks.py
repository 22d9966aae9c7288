"""Telemetry for applications, people and alarms: the newest reading of each device, late ones, and means."""

import aws_cdk as cdk
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

from lake_blueprints import Column, Dataset, LakeKey, Zone
from lake_blueprints.databases.valkey import ServerlessCache
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.processing import stream_sinks as sinks
from lake_blueprints.processing import streaming

app = cdk.App()
stack = cdk.Stack(app, "Telemetry")
key = LakeKey(stack, "Key").key
kinds = {"device": "string", "temp": "double", "measured": "timestamp"}
columns = [Column(name=name, type=kind) for name, kind in kinds.items()]
readings = Dataset(name="readings", columns=columns, primary_key=["device", "measured"])
raw = Zone(stack, "Raw", encryption_key=key)
arrived, clean, late, bad, hours = (
    Stream(stack, name, shards=1, encryption_key=key) for name in ("Arrived", "Clean", "Late", "Bad", "Hours")
)
means = streaming.WindowAggregates(
    name="means", window=cdk.Duration.hours(1), measures={"mean": streaming.Mean("temp")}
)
places: dict[streaming.Output, Stream] = {streaming.CleanRecords(): clean, streaming.LateRecords(): late}
outputs = {**places, streaming.RejectedRecords(): bad, means: hours}
plan = streaming.StreamPlan(source=streaming.StreamSource(stream=arrived, dataset=readings), outputs=outputs)
streaming.StreamFunction(stack, "Follow", plan=plan, state=raw)
state = sinks.CacheTarget(cache=ServerlessCache(stack, "Cache", encryption_key=key), keys=["device"])
sinks.NewestRecords(stack, "Newest", stream=clean, dataset=readings, event_time="measured", target=state, errors=raw)
people, headline = sns.Topic(stack, "People", master_key=key, enforce_ssl=True), "{device} was late with {temp} °C"
people.add_subscription(subscriptions.EmailSubscription("on-call@example.com"))
sinks.StreamAlerts(
    stack, "Alerts", stream=late, dataset=readings, about=["device"], headline=headline, topic=people, errors=raw
)
metrics = sinks.StreamMetrics(stack, "Metrics", plan=plan, aggregates=means, errors=raw)
metrics.add_alarm("Unexpected", measure="mean", topic=people)
app.synth()

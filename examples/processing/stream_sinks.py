"""Telemetry for applications, people and alarms: the newest reading of each device, anomalies, and figures."""

import aws_cdk as cdk
from aws_cdk import aws_sns as sns

from lake_blueprints import Column, Dataset, LakeKey, Zone
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.databases.valkey import ServerlessCache
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.processing.stream_sinks import CacheTarget, NewestRecords, StreamAlerts, StreamMetrics
from lake_blueprints.processing.streaming import (
    CleanRecords,
    LateRecords,
    Mean,
    RejectedRecords,
    StreamFunction,
    StreamPlan,
    StreamSource,
    WindowAggregates,
)

app = cdk.App()
stack = cdk.Stack(app, "Telemetry")
key = LakeKey(stack, "Key").key
readings = Dataset(
    name="readings",
    columns=[
        Column(name="device", type="string", required=True),
        Column(name="temp", type="double", business_name="Temperature in °C"),
        Column(name="measured", type="timestamp"),
    ],
    primary_key=["device"],
)
raw = Zone(stack, "Raw", encryption_key=key)
names = ("Arrived", "Clean", "Late", "Rejected", "Hours", "Unusual")
arrived, clean, late, rejected, hours, unusual = (Stream(stack, name, shards=1, encryption_key=key) for name in names)
means = WindowAggregates(name="means", window=cdk.Duration.hours(1), measures={"temp": Mean("temp")})
plan = StreamPlan(
    source=StreamSource(stream=arrived, dataset=readings),
    outputs={CleanRecords(): clean, LateRecords(): late, RejectedRecords(): rejected, means: hours},
    deduplicate=False,
)
StreamFunction(stack, "Follow", plan=plan, state=raw)
served = ServingTable(stack, "Served", dataset=readings, encryption_key=key)
cached = CacheTarget(cache=ServerlessCache(stack, "Cache", encryption_key=key), keys=["device"])
for name, target in {"Newest": served, "Hot": cached}.items():
    NewestRecords(stack, name, stream=clean, dataset=readings, event_time="measured", target=target, errors=raw)
people = sns.Topic(stack, "People", master_key=key, enforce_ssl=True)
StreamAlerts(
    stack,
    "Alerts",
    stream=unusual,
    dataset=readings,
    about=["device"],
    headline="{device} measures {temp} °C",
    topic=people,
    errors=raw,
)
metrics = StreamMetrics(stack, "Metrics", plan=plan, aggregates=means, errors=raw)
metrics.add_alarm("Unexpected", measure="temp", topic=people)
app.synth()

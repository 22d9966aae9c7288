"""Telemetry for applications and people: the newest reading of each device by key, and anomalies as alerts."""

import aws_cdk as cdk
from aws_cdk import aws_sns as sns

from lake_blueprints import Column, Dataset, LakeKey, Zone
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.processing.stream_sinks import NewestRecords, StreamAlerts

app = cdk.App()
stack = cdk.Stack(app, "Telemetry")
key = LakeKey(stack, "Key").key
readings = Dataset(
    name="readings",
    columns=[
        Column(name="device", type="string"),
        Column(name="temp", type="double", business_name="Temperature in °C"),
        Column(name="measured", type="timestamp"),
    ],
    primary_key=["device"],
)
raw = Zone(stack, "Raw", encryption_key=key)
clean, unusual = (Stream(stack, name, encryption_key=key) for name in ("Clean", "Unusual"))
served = ServingTable(stack, "Served", dataset=readings, encryption_key=key)
NewestRecords(stack, "Newest", stream=clean, dataset=readings, event_time="measured", target=served, errors=raw)
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
app.synth()

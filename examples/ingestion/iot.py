"""Telemetry of devices: a rule selects it, a stream and a delivery take it, and each device publishes as itself."""

import aws_cdk as cdk

from lake_blueprints import Column, Dataset, Zone
from lake_blueprints.ingestion.firehose import DeliveryStream, S3Destination
from lake_blueprints.ingestion.iot import DeviceIngest, DevicePolicy, StreamAction
from lake_blueprints.ingestion.kinesis import Stream

app = cdk.App()
stack = cdk.Stack(app, "Devices")
telemetry = Dataset(
    name="telemetry",
    columns=[
        Column(name="device", type="string", required=True),
        Column(name="temp", type="double"),
        Column(name="received", type="bigint", description="Milliseconds since 1970."),
    ],
)
raw = Zone(stack, "Raw")
stream = Stream(stack, "Telemetry", encryption_key=raw.key)
DeliveryStream(stack, "Delivery", source=stream, destination=S3Destination(zone=raw, dataset=telemetry))
ingest = DeviceIngest(
    stack,
    "Ingest",
    topic_filter="dt/+/telemetry",
    dataset=telemetry,
    derive={"device": "topic(2)", "received": "timestamp()"},
    where="temp < 200",
    actions=[StreamAction(stream=stream, partition_key="${topic(2)}")],
    errors=raw,
)
DevicePolicy(stack, "Sensors", ingests=[ingest], basic_ingest=True)
app.synth()

"""Readings of sensors: good ones once into a zone, their means per minute, and what is odd, late or broken apart."""

import aws_cdk as cdk

from lake_blueprints import Column, Dataset, Zone
from lake_blueprints.ingestion.firehose import DeliveryStream, S3Destination
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.processing import streaming

app = cdk.App()
stack = cdk.Stack(app, "Streaming")
readings = Dataset(
    name="readings",
    columns=[
        Column(name="sensor", type="string", required=True),
        Column(name="celsius", type="double"),
        Column(name="at", type="timestamp"),
    ],
    primary_key=["sensor", "at"],
)
raw = Zone(stack, "Raw")
source = streaming.StreamSource(stream=Stream(stack, "Readings", shards=1), dataset=readings)
figures = {"readings": streaming.Count(), "mean_c": streaming.Mean("celsius")}
minutes = streaming.WindowAggregates(name="minutes", window=cdk.Duration.minutes(1), keys=["sensor"], measures=figures)
odd = streaming.Anomalies(column="celsius", keys=["sensor"])
outputs: dict[streaming.Output, Stream | DeliveryStream] = {odd: Stream(stack, "Odd", shards=1)}
for output in (streaming.CleanRecords(), minutes, streaming.LateRecords(), streaming.RejectedRecords()):
    dataset = output.dataset_of(source)
    place = S3Destination(zone=raw, dataset=dataset)
    outputs[output] = DeliveryStream(stack, dataset.name, destination=place)
plan = streaming.StreamPlan(source=source, outputs=outputs)
# With more traffic, StreamProcessor(stack, "Watch", code=plan) runs the same plan as Flink's SQL.
streaming.StreamFunction(stack, "Watch", plan=plan, state=raw)
app.synth()

"""Flights that come by a stream, counted per carrier and minute by Flink SQL, which two pipelines start and stop."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_sns_subscriptions as subscriptions

from lake_blueprints import Pipeline
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.processing.flink import PythonApplication, StartStream, StopStream, StreamProcessor

app = cdk.App()
stack = cdk.Stack(app, "FlightsPerMinute")
flights, counts = Stream(stack, "Flights"), Stream(stack, "Counts")
processor = StreamProcessor(
    stack,
    "Count",
    # Its connector is not on PyPI: put flink-sql-connector-aws-kinesis-streams from Maven into its folder lib.
    code=PythonApplication(path=Path(__file__).with_name("flights_per_minute")),
    reads=[flights],
    writes=[counts],
    properties={
        "flights": {
            "source": flights.stream.stream_arn,
            "sink": counts.stream.stream_arn,
            "region": cdk.Aws.REGION,
        }
    },
)
start = Pipeline(stack, "Start", steps=[StartStream(processor=processor)])
stop = Pipeline(stack, "Stop", steps=[StopStream(processor=processor)])
for pipeline in (start, stop):
    pipeline.topic.add_subscription(subscriptions.EmailSubscription("on-call@example.com"))
app.synth()

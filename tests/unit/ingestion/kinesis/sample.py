"""Samples of a data stream, of a consumer and of a replay."""

from __future__ import annotations

from aws_cdk import Duration

from lake_blueprints.ingestion.kinesis import Stream, StreamConsumer, StreamReplay
from template_checks.limits import kinesis
from tests.conformance.sample import Limited, Sample

CONSUMER = Sample(
    construct=StreamConsumer,
    options=lambda lake: {"stream": lake.stream, "alarm_topic": lake.topic},
)
SAMPLE = Sample(
    construct=Stream,
    options=lambda lake: {"alarm_topic": lake.topic},
    limits={"retention": Limited(limit=kinesis.RETENTION, options=lambda _, n: {"retention": Duration.hours(n)})},
)
WITH_SHARDS = Sample(construct=Stream, variant="shards", options=lambda lake: {"alarm_topic": lake.topic, "shards": 2})
REPLAY = Sample(
    construct=StreamReplay,
    options=lambda lake: {"stream": lake.stream, "zone": lake.raw, "dataset": lake.dataset},
)

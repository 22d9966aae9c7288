"""Sample of a video stream."""

from __future__ import annotations

from aws_cdk import Duration

from lake_blueprints.ingestion.kinesisvideo import VideoStream
from template_checks.limits import kinesis_video
from tests.conformance.sample import Limited, Sample

SAMPLE = Sample(
    construct=VideoStream,
    unavailable_in=frozenset({"aws-cn"}),
    limits={"retention": Limited(limit=kinesis_video.RETENTION, options=lambda _, n: {"retention": Duration.hours(n)})},
)

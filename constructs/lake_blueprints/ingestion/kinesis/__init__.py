"""Kinesis data streams."""

from lake_blueprints.ingestion.kinesis.producer import PRODUCER
from lake_blueprints.ingestion.kinesis.step import ReplayStream
from lake_blueprints.ingestion.kinesis.stream import Stream
from lake_blueprints.ingestion.kinesis.stream_consumer import StreamConsumer
from lake_blueprints.ingestion.kinesis.stream_replay import StreamReplay

__all__ = (
    "PRODUCER",
    "ReplayStream",
    "Stream",
    "StreamConsumer",
    "StreamReplay",
)

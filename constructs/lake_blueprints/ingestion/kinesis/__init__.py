"""Kinesis data streams."""

from lake_blueprints.ingestion.kinesis.producer import PRODUCER
from lake_blueprints.ingestion.kinesis.stream import Stream
from lake_blueprints.ingestion.kinesis.stream_consumer import StreamConsumer

__all__ = (
    "PRODUCER",
    "Stream",
    "StreamConsumer",
)

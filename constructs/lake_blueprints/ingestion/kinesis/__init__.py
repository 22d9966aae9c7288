"""Kinesis data streams."""

from lake_blueprints.ingestion.kinesis.producer import PRODUCER
from lake_blueprints.ingestion.kinesis.stream import Stream

__all__ = (
    "PRODUCER",
    "Stream",
)

"""Data Firehose delivery streams."""

from lake_blueprints.ingestion.firehose.buffering import Buffer
from lake_blueprints.ingestion.firehose.delivery_stream import DeliveryStream
from lake_blueprints.ingestion.firehose.transform import Transform

__all__ = (
    "Buffer",
    "DeliveryStream",
    "Transform",
)

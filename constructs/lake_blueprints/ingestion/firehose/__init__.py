"""Data Firehose delivery streams, their sources and destinations."""

from lake_blueprints.ingestion.firehose.buffering import Buffer, BufferingHints
from lake_blueprints.ingestion.firehose.delivery_stream import DeliveryStream
from lake_blueprints.ingestion.firehose.destination import Destination, DestinationBindOptions
from lake_blueprints.ingestion.firehose.iceberg_destination import IcebergDestination
from lake_blueprints.ingestion.firehose.parquet_destination import ParquetDestination
from lake_blueprints.ingestion.firehose.s3_destination import S3Destination
from lake_blueprints.ingestion.firehose.source import DirectPut, KinesisStreamSource, Source, SourceConfig
from lake_blueprints.ingestion.firehose.transform import Transform

__all__ = (
    "Buffer",
    "BufferingHints",
    "DeliveryStream",
    "Destination",
    "DestinationBindOptions",
    "DirectPut",
    "IcebergDestination",
    "KinesisStreamSource",
    "ParquetDestination",
    "S3Destination",
    "Source",
    "SourceConfig",
    "Transform",
)

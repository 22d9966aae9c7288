"""Data Firehose delivery streams, their sources and destinations."""

from lake_blueprints.ingestion.firehose.buffering import Buffer, BufferingHints
from lake_blueprints.ingestion.firehose.delivery_stream import DeliveryStream
from lake_blueprints.ingestion.firehose.destination import Destination, DestinationBindOptions
from lake_blueprints.ingestion.firehose.http_destination import HttpDestination
from lake_blueprints.ingestion.firehose.iceberg_destination import IcebergDestination
from lake_blueprints.ingestion.firehose.kafka_source import KafkaSource
from lake_blueprints.ingestion.firehose.opensearch_destination import IndexRotation, OpenSearchDestination
from lake_blueprints.ingestion.firehose.opensearch_serverless_destination import OpenSearchServerlessDestination
from lake_blueprints.ingestion.firehose.parquet_destination import ParquetDestination
from lake_blueprints.ingestion.firehose.redshift_destination import RedshiftDestination
from lake_blueprints.ingestion.firehose.s3_destination import S3Destination
from lake_blueprints.ingestion.firehose.snowflake_destination import SnowflakeDestination
from lake_blueprints.ingestion.firehose.source import DirectPut, KinesisStreamSource, Source, SourceConfig
from lake_blueprints.ingestion.firehose.splunk_destination import SplunkDestination
from lake_blueprints.ingestion.firehose.transform import Transform

__all__ = (
    "Buffer",
    "BufferingHints",
    "DeliveryStream",
    "Destination",
    "DestinationBindOptions",
    "DirectPut",
    "HttpDestination",
    "IcebergDestination",
    "IndexRotation",
    "KafkaSource",
    "KinesisStreamSource",
    "OpenSearchDestination",
    "OpenSearchServerlessDestination",
    "ParquetDestination",
    "RedshiftDestination",
    "S3Destination",
    "SnowflakeDestination",
    "Source",
    "SourceConfig",
    "SplunkDestination",
    "Transform",
)

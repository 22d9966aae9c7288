"""Ingestion: Kinesis Data Streams, Data Firehose, Glue crawlers."""

from template_checks.core.node import require_node

require_node()

"""Ingestion: Kinesis Data Streams, Data Firehose, Glue crawlers."""

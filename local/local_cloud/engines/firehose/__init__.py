"""Data Firehose: buffering, processing, conversion and delivery to S3, behind moto's API."""

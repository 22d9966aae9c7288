"""S3 Tables: table buckets whose tables have real Iceberg metadata."""

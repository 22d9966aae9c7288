"""Apache Iceberg tables as the destination of a delivery stream."""

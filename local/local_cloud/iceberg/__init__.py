"""Apache Iceberg tables of the Glue catalog: their metadata in S3, and the REST API over them."""

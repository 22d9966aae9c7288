"""Apache Iceberg in the Glue catalog: tables made by Glue's own API, and Iceberg's REST API."""

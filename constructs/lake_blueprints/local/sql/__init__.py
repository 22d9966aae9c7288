"""SQL engines of the local cloud: Athena and the Redshift Data API, run by DuckDB."""

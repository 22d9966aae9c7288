"""SQL engines of the local cloud: Athena and the Redshift Data API, run by DuckDB."""

from local_cloud.sql.reach import check_trino

__all__ = ("check_trino",)

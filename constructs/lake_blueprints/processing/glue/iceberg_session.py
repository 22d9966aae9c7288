"""Spark's settings for the catalogs of Iceberg tables, as arguments of a Glue job."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aws_cdk import Aws

from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.catalog.s3_tables import S3Table

GLUE, S3_TABLES = "glue_catalog", "s3_tables"
"""The names of the catalogs in SQL."""
_COMMON = {"io-impl": "org.apache.iceberg.aws.s3.S3FileIO"}


def session_of(tables: Iterable[object]) -> dict[str, str]:
    """Return the arguments of a job whose session knows the catalogs of its Iceberg tables; none if it has none."""
    catalogs: dict[str, dict[str, str]] = {}
    for table in tables:
        if isinstance(table, S3Table):
            catalogs.setdefault(S3_TABLES, _s3_tables(table))
        elif isinstance(table, IcebergTable):
            catalogs.setdefault(GLUE, _glue(table.uri))
    return _session(catalogs) if catalogs else {}


def glue_session(warehouse: str) -> dict[str, str]:
    """Return the arguments of a job whose session knows the Iceberg tables of the Data Catalog."""
    return _session({GLUE: _glue(warehouse)})


def _session(catalogs: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    settings = {"spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions"}
    for catalog, options in catalogs.items():
        settings[f"spark.sql.catalog.{catalog}"] = "org.apache.iceberg.spark.SparkCatalog"
        settings |= {f"spark.sql.catalog.{catalog}.{name}": value for name, value in options.items()}
    return {
        "--datalake-formats": "iceberg",
        # One argument, in which Glue finds several settings.
        "--conf": " --conf ".join(f"{name}={value}" for name, value in settings.items()),
    }


def _glue(warehouse: str) -> dict[str, str]:
    """Return the options of Glue's own catalog.

    https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-format-iceberg.html
    """
    implementation = "org.apache.iceberg.aws.glue.GlueCatalog"
    return {"catalog-impl": implementation, **_COMMON, "warehouse": warehouse}


def _s3_tables(target: S3Table) -> dict[str, str]:
    """Return the options of the table bucket's REST catalog, for which Glue has all jars, and no integration is needed.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-integrating-glue.html
    """
    return {
        "type": "rest",
        "uri": f"https://s3tables.{Aws.REGION}.{Aws.URL_SUFFIX}/iceberg",
        "warehouse": target.zone.table_bucket_arn,
        "rest.sigv4-enabled": "true",
        "rest.signing-name": "s3tables",
        "rest.signing-region": Aws.REGION,
        "rest-metrics-reporting-enabled": "false",
        **_COMMON,
    }

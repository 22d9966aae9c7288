"""The Iceberg table that a curation job writes to, as arguments of its script and of Spark."""

from __future__ import annotations

from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.foundation.access import ServiceRole

_CATALOG = "spark.sql.catalog.glue_catalog"


def write_iceberg(role: ServiceRole, target: IcebergTable) -> dict[str, str]:
    """Let a script commit to a table, and return the arguments that tell it so."""
    with role.used_for("writes the table"):
        target.grant_read_write(role, restricted=True)
    return {"--table_format": "iceberg", **iceberg_session(target.uri)}


def iceberg_session(warehouse: str) -> dict[str, str]:
    """Return the arguments that make a job's session know the Iceberg tables of the Data Catalog.

    https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-format-iceberg.html
    """
    settings = {
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        _CATALOG: "org.apache.iceberg.spark.SparkCatalog",
        f"{_CATALOG}.catalog-impl": "org.apache.iceberg.aws.glue.GlueCatalog",
        f"{_CATALOG}.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        f"{_CATALOG}.warehouse": warehouse,
    }
    return {
        "--datalake-formats": "iceberg",
        # One argument, in which Glue finds several settings.
        "--conf": " --conf ".join(f"{name}={value}" for name, value in settings.items()),
    }

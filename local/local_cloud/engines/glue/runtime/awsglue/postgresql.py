"""Rows of PostgreSQL by a Glue connection, with the types that Spark's JDBC source gives them.

https://github.com/apache/spark/blob/v3.5.6/sql/core/src/main/scala/org/apache/spark/sql/jdbc/PostgresDialect.scala
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as spark

if TYPE_CHECKING:
    import psycopg

_OPTIONS = ("useConnectionProperties", "connectionName", "dbtable", "sampleQuery")
_TYPES = {
    "bool": spark.BooleanType(),
    "int2": spark.ShortType(),
    "int4": spark.IntegerType(),
    "int8": spark.LongType(),
    "float4": spark.FloatType(),
    "float8": spark.DoubleType(),
    "bytea": spark.BinaryType(),
    "date": spark.DateType(),
    "timestamp": spark.TimestampType(),
    "timestamptz": spark.TimestampType(),
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "uuid", "json", "jsonb"), spark.StringType()),
}
# Of a numeric without digits.
_DIGITS, _SCALE = 38, 18
_AS_TEXT = ("uuid", "json", "jsonb")


def read(session: SparkSession, options: Mapping[str, Any]) -> DataFrame:
    """Return the rows of a table or query.

    Raises
    ------
    NotImplementedError
        If an option or the type of a column is one that this machine does not have, or psycopg is not installed.
    """
    if others := sorted(options.keys() - {*_OPTIONS}):
        raise NotImplementedError(f"connection_options {others} do not exist in the local cloud")
    if str(options.get("useConnectionProperties")).lower() != "true":
        raise NotImplementedError("a database is read by its connection in the local cloud: useConnectionProperties")
    with _connect(options["connectionName"]) as connection, connection.cursor("rows") as cursor:
        cursor.execute(options.get("sampleQuery") or f"SELECT * FROM {options['dbtable']}")
        fields = [_field(connection, column) for column in cursor.description or ()]
        convert = [_conversion(field.dataType) for field in fields]
        rows = [_row(convert, row) for row in cursor]
    # One query is one partition.
    return session.createDataFrame(rows, spark.StructType(fields)).coalesce(1)


def _connect(name: str) -> psycopg.Connection[Any]:
    try:
        import psycopg  # noqa: PLC0415  it comes with an extra
        from psycopg.types.string import TextLoader  # noqa: PLC0415
    except ImportError:
        raise NotImplementedError(
            "a connection to PostgreSQL needs the package psycopg; install it by "
            "pip install 'lake-local-cloud[databases]'"
        ) from None
    found = boto3.client("glue").get_connection(Name=name)["Connection"]["ConnectionProperties"]
    url = re.fullmatch(r"jdbc:(postgresql://.+)", found["JDBC_CONNECTION_URL"])
    if not url:
        raise ValueError(f"the connection {name} is not one to PostgreSQL: {found['JDBC_CONNECTION_URL']}")
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=found["SECRET_ID"])["SecretString"]
    user, place = json.loads(secret), urlsplit(url[1])
    # https://docs.aws.amazon.com/glue/latest/dg/connection-properties.html: with hostname matching.
    enforced = str(found.get("JDBC_ENFORCE_SSL")).lower() == "true"
    connection = psycopg.connect(
        host=place.hostname,
        port=place.port,
        dbname=place.path.lstrip("/"),
        user=user["username"],
        password=user["password"],
        sslmode="verify-full" if enforced else "prefer",
        sslrootcert=os.environ.get("SSL_CERT_FILE") if enforced else None,
    )
    for kind in _AS_TEXT:
        connection.adapters.register_loader(kind, TextLoader)
    # The driver's is that of the JVM, which is this one in Glue.
    connection.execute("SET TIME ZONE 'UTC'")
    return connection


def _field(connection: psycopg.Connection[Any], column: psycopg.Column) -> spark.StructField:
    known = connection.adapters.types.get(column.type_code)
    kind = known.name if known and known.oid == column.type_code else f"with the OID {column.type_code}"
    if kind == "numeric":
        precise = column.precision is not None
        digits = min(column.precision or _DIGITS, _DIGITS)
        return spark.StructField(column.name, spark.DecimalType(digits, column.scale or 0 if precise else _SCALE))
    if kind not in _TYPES:
        raise NotImplementedError(f"the column {column.name} has the type {kind}, which the local cloud does not read")
    return spark.StructField(column.name, _TYPES[kind])


def _conversion(kind: spark.DataType) -> Callable[[Any], Any]:
    if isinstance(kind, spark.DecimalType):
        step = Decimal(1).scaleb(-kind.scale)
        return lambda value: value.quantize(step, ROUND_HALF_UP)
    return _in_utc if isinstance(kind, spark.TimestampType) else lambda value: value


def _in_utc(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _row(convert: Sequence[Callable[[Any], Any]], row: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(None if value is None else change(value) for change, value in zip(convert, row, strict=True))

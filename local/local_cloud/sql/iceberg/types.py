"""Types of Iceberg and their counterparts in DuckDB and Athena.

https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-supported-data-types.html
"""

from __future__ import annotations

from pyiceberg import types as iceberg

from local_cloud.errors import LocalCloudError
from local_cloud.sql.duck import identifier

_SCALARS: dict[type[iceberg.IcebergType], tuple[str, str]] = {
    iceberg.BooleanType: ("BOOLEAN", "boolean"),
    iceberg.IntegerType: ("INTEGER", "int"),
    iceberg.LongType: ("BIGINT", "bigint"),
    iceberg.FloatType: ("FLOAT", "float"),
    iceberg.DoubleType: ("DOUBLE", "double"),
    iceberg.DateType: ("DATE", "date"),
    iceberg.TimestampType: ("TIMESTAMP", "timestamp"),
    iceberg.TimestamptzType: ("TIMESTAMP WITH TIME ZONE", "timestamp with time zone"),
    iceberg.StringType: ("VARCHAR", "string"),
    iceberg.UUIDType: ("UUID", "uuid"),
    iceberg.BinaryType: ("BLOB", "binary"),
}


def duckdb_type(kind: iceberg.IcebergType, *, instants: str | None = None) -> str:
    """Return the DuckDB type of a column.

    Parameters
    ----------
    kind: IcebergType
        The column's type.
    instants: str, optional
        Type that stands for timestamps. By default their own.

    Raises
    ------
    LocalCloudError
        If Athena does not read the type, or not with a meaning that is reproduced here.
    """
    match kind:
        case iceberg.DecimalType():
            return f"DECIMAL({kind.precision},{kind.scale})"
        case iceberg.ListType():
            return f"{duckdb_type(kind.element_type, instants=instants)}[]"
        case iceberg.MapType():
            key, value = (duckdb_type(one, instants=instants) for one in (kind.key_type, kind.value_type))
            return f"MAP({key}, {value})"
        case iceberg.StructType():
            fields = [f"{identifier(one.name)} {duckdb_type(one.field_type, instants=instants)}" for one in kind.fields]
            return f"STRUCT({', '.join(fields)})"
        case iceberg.TimestampType() | iceberg.TimestamptzType() if instants:
            return instants
    if type(kind) not in _SCALARS:
        raise LocalCloudError(f"NOT_SUPPORTED: Iceberg's type {kind} is not read by the local Athena")
    return _SCALARS[type(kind)][0]


def athena_type(kind: iceberg.IcebergType) -> str:
    """Return a type as Athena's DDL writes it."""
    match kind:
        case iceberg.DecimalType():
            return f"decimal({kind.precision},{kind.scale})"
        case iceberg.ListType():
            return f"array<{athena_type(kind.element_type)}>"
        case iceberg.MapType():
            return f"map<{athena_type(kind.key_type)},{athena_type(kind.value_type)}>"
        case iceberg.StructType():
            return f"struct<{','.join(f'{one.name}:{athena_type(one.field_type)}' for one in kind.fields)}>"
    return _SCALARS[type(kind)][1] if type(kind) in _SCALARS else str(kind)

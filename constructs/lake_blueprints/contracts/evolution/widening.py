"""Type widening without loss of values."""

from __future__ import annotations

from lake_blueprints.contracts.types import DataType, ScalarType

# Curation brings older files to the wider type before it adds rows, since neither Spark 3.5 nor Redshift reads a
# file's INT32 as a bigint or its FLOAT as a double: https://issues.apache.org/jira/browse/SPARK-40876,
# https://docs.aws.amazon.com/redshift/latest/dg/c-spectrum-data-errors.html
_WIDER = (("tinyint", "smallint", "int", "bigint"), ("float", "double"))


def widens(old: DataType, new: DataType) -> bool:
    """Tell whether every value of the old scalar type is a value of the new one, and of the same family."""
    if not isinstance(old, ScalarType) or not isinstance(new, ScalarType):
        return False
    if old.name == new.name == "string":
        return new.length is None or (old.length is not None and old.length <= new.length)
    if old.name == new.name == "decimal":
        return _digits(old) <= _digits(new) and (old.scale or 0) <= (new.scale or 0)
    return any(
        old.name in chain and new.name in chain and chain.index(old.name) <= chain.index(new.name) for chain in _WIDER
    )


def _digits(kind: ScalarType) -> int:
    """Return how many digits a decimal has before its point."""
    return (kind.precision or 0) - (kind.scale or 0)

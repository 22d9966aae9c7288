"""Figures of a window of time."""

from __future__ import annotations

from dataclasses import dataclass

from lake_blueprints.contracts import Column, DataType, ScalarType
from lake_blueprints.contracts.types import DECIMAL_DIGITS_MAX
from lake_blueprints.foundation.arguments import checked

_INTEGERS = ("tinyint", "smallint", "int", "bigint")
NUMBERS = (*_INTEGERS, "float", "double", "decimal")


@checked
@dataclass(frozen=True)
class Measure:
    """A figure of the records in a window; use one of its kinds.

    Parameters
    ----------
    column: str, optional
        Column that is measured; records without a value do not count.
    """

    column: str | None = None

    @property
    def kind(self) -> str:
        """The kind, as the plan has it."""
        return type(self).__name__.lower()

    def type_of(self, column: Column | None) -> DataType:
        """Return the type of the figure."""
        return ScalarType("bigint") if column is None else column.type


@checked
@dataclass(frozen=True)
class Count(Measure):
    """The number of records, or of values of a column.

    Parameters
    ----------
    column: str, optional
        Column whose values are counted. By default all records are.

    Example
    -------
        >>> {"readings": Count()}
    """

    def type_of(self, column: Column | None) -> DataType:
        return ScalarType("bigint")


@checked
@dataclass(frozen=True)
class Mean(Measure):
    """The mean of a column of numbers, as a double.

    Parameters
    ----------
    column: str
        Column of numbers.

    Example
    -------
        >>> {"mean_c": Mean("celsius")}
    """

    def type_of(self, column: Column | None) -> DataType:
        return ScalarType("double")


@checked
@dataclass(frozen=True)
class Sum(Measure):
    """The sum of a column of numbers: of whole numbers and decimals a decimal of 38 digits, else a double.

    Parameters
    ----------
    column: str
        Column of numbers.

    Example
    -------
        >>> {"litres": Sum("litres")}
    """

    def type_of(self, column: Column | None) -> DataType:
        found = column.type if column else None
        if isinstance(found, ScalarType) and found.name in (*_INTEGERS, "decimal"):
            return ScalarType("decimal", precision=DECIMAL_DIGITS_MAX, scale=found.scale or 0)
        return ScalarType("double")


@checked
@dataclass(frozen=True)
class Min(Measure):
    """The least number of a column.

    Parameters
    ----------
    column: str
        Column of numbers.

    Example
    -------
        >>> {"coldest": Min("celsius")}
    """


@checked
@dataclass(frozen=True)
class Max(Measure):
    """The greatest number of a column.

    Parameters
    ----------
    column: str
        Column of numbers.

    Example
    -------
        >>> {"hottest": Max("celsius")}
    """

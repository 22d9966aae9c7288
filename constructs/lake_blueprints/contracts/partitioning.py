"""Hidden partitioning of Apache Iceberg: transforms of columns, held against the columns' types.

https://iceberg.apache.org/spec/#partition-transforms

Above 200 lines: seven transforms, each with its documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lake_blueprints.contracts.errors import ContractError

if TYPE_CHECKING:
    from lake_blueprints.contracts.column import Column

_WORD = re.compile(r"(?P<name>[a-z]+)(?:[\[(]\s*(?P<number>\d+)\s*[\])])?")
# A count and a width are ints of Java.
_INT_MAX = 2**31 - 1
_DATES = frozenset({"date", "timestamp"})


@dataclass(frozen=True)
class PartitionTransform:
    """A transform of a column, by whose values the rows of an Iceberg table are laid out in files.

    Parameters
    ----------
    column: str
        Name of the column.

    Example
    -------
        >>> partitioning = [Day("scheduled"), Bucket("customer_id", 16)]
    """

    column: str

    word: ClassVar[str] = ""
    types: ClassVar[frozenset[str]] = frozenset()
    """Names of the scalar types that it takes; none stands for all of them."""

    @property
    def text(self) -> str:
        """The transform as Iceberg's specification writes it: `day`, `bucket[16]`."""
        return self.word

    @property
    def name(self) -> str:
        """Name of the partition field, as Iceberg's own catalogs give it."""
        return f"{self.column}_{self.word}"

    def check(self, column: Column) -> None:
        """Refuse a column of a type that the transform does not take.

        Raises
        ------
        ContractError
            With the column, its type and the types that are taken.
        """
        name = getattr(column.type, "name", None)
        if name is None or (self.types and name not in self.types):
            allowed = ", ".join(sorted(self.types)) or "any type without parts"
            raise ContractError(
                f"column '{column.name}' is a {column.type}, and the transform '{self.text}' takes {allowed}; use "
                "another transform or column"
            )


@dataclass(frozen=True)
class Identity(PartitionTransform):
    """Partitions by the value itself."""

    word = "identity"

    @property
    def name(self) -> str:
        return self.column


@dataclass(frozen=True)
class Year(PartitionTransform):
    """Partitions by the year of a date or timestamp."""

    word, types = "year", _DATES


@dataclass(frozen=True)
class Month(PartitionTransform):
    """Partitions by the month of a date or timestamp."""

    word, types = "month", _DATES


@dataclass(frozen=True)
class Day(PartitionTransform):
    """Partitions by the day of a date or timestamp."""

    word, types = "day", _DATES


@dataclass(frozen=True)
class Hour(PartitionTransform):
    """Partitions by the hour of a timestamp."""

    word, types = "hour", frozenset({"timestamp"})


@dataclass(frozen=True)
class Bucket(PartitionTransform):
    """Partitions by a hash of the value.

    Parameters
    ----------
    column: str
        Name of the column.
    buckets: int
        Number of buckets, at least 1.
    """

    buckets: int

    word = "bucket"
    types = frozenset({"tinyint", "smallint", "int", "bigint", "decimal", "string", "date", "timestamp", "binary"})

    def __post_init__(self) -> None:
        _check_number(self, "buckets", self.buckets)

    @property
    def text(self) -> str:
        return f"bucket[{self.buckets}]"

    @property
    def name(self) -> str:
        return f"{self.column}_bucket_{self.buckets}"


@dataclass(frozen=True)
class Truncate(PartitionTransform):
    """Partitions by the first characters of a text, or by a number rounded down.

    Parameters
    ----------
    column: str
        Name of the column.
    width: int
        Characters, bytes or step of the numbers, at least 1.
    """

    width: int

    word = "truncate"
    types = frozenset({"tinyint", "smallint", "int", "bigint", "decimal", "string", "binary"})

    def __post_init__(self) -> None:
        _check_number(self, "width", self.width)

    @property
    def text(self) -> str:
        return f"truncate[{self.width}]"

    @property
    def name(self) -> str:
        return f"{self.column}_trunc_{self.width}"


_PLAIN: tuple[type[PartitionTransform], ...] = (Identity, Year, Month, Day, Hour)
_NUMBERED = {"bucket": Bucket, "truncate": Truncate}
_TIMES = (Year, Month, Day, Hour)


def parse_transform(column: str, text: str) -> PartitionTransform:
    """Read a transform as Iceberg's specification or Spark writes it: `day`, `bucket[16]`, `bucket(16)`.

    Raises
    ------
    ContractError
        If it is none, with those that there are.
    """
    found = _WORD.fullmatch(text.strip().lower())
    name, number = (found["name"], found["number"]) if found else ("", None)
    if name in _NUMBERED and number:
        return _NUMBERED[name](column, int(number))
    plain = {one.word: one for one in _PLAIN}
    if name in plain and not number:
        return plain[name](column)
    raise ContractError(
        f"the partition transform of '{column}' must be one of {', '.join(plain)}, bucket[n] or truncate[width], "
        f"got '{text}'"
    )


def check_partitioning(dataset: str, columns: Iterable[Column], fields: Iterable[PartitionTransform]) -> None:
    """Refuse partition fields that Iceberg does not take together, or not of these columns.

    Raises
    ------
    ContractError
        With the field and the way out.
    """
    by_name = {column.name: column for column in columns}
    names: set[str] = set()
    timed: set[str] = set()
    for one in fields:
        if one.column not in by_name:
            raise ContractError(
                f"partition field '{one.name}' of dataset '{dataset}' is of '{one.column}', which is not a column; "
                f"its columns are {', '.join(by_name)}"
            )
        one.check(by_name[one.column])
        if one.name in by_name and not isinstance(one, Identity):
            raise ContractError(
                f"partition field '{one.name}' of dataset '{dataset}' has the name of a column; rename the column, or "
                "partition by it"
            )
        if one.name in names or (isinstance(one, _TIMES) and one.column in timed):
            raise ContractError(
                f"dataset '{dataset}' is partitioned twice by '{one.column}'; leave one out: a finer time holds the "
                "coarser one"
            )
        names.add(one.name)
        timed |= {one.column} if isinstance(one, _TIMES) else set()


def _check_number(transform: PartitionTransform, option: str, value: int) -> None:
    if not 1 <= value <= _INT_MAX:
        raise ContractError(f"'{option}' of {transform.word} must be 1 to {_INT_MAX}, got {value}")

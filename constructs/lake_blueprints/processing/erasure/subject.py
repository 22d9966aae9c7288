"""The columns of a dataset that say which person a record is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lake_blueprints.contracts import Column, Dataset, DataType
from lake_blueprints.contracts.types import StructType

# Of a property, in its contract.
TAG = "subject"
_TYPES = ("string", "tinyint", "smallint", "int", "bigint")


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A value by which a record is of a person.

    Parameters
    ----------
    column: Column
        The column that it is, or is inside of.
    path: tuple of str
        Names from the column on, as tables have them.
    sent: tuple of str
        The same as the source's records spell them.
    type: str
        Type as Spark writes it.
    """

    column: Column
    path: tuple[str, ...]
    sent: tuple[str, ...]
    type: str

    @property
    def name(self) -> str:
        return ".".join(self.path)


def subjects_of(dataset: Dataset) -> list[Subject]:
    """Return the values that are tagged `subject`.

    Raises
    ------
    ValueError
        If one has a type that is no key, is in a list or map, or is in the names of folders.
    """
    found = [one for column in dataset.columns for one in _subjects(dataset, column)]
    for one in found:
        if one.type not in _TYPES:
            raise ValueError(
                f"'{one.name}' of dataset '{dataset.name}' is tagged '{TAG}' and is a {one.type}; a key of persons is "
                f"one of {', '.join(_TYPES)}"
            )
        if one.column.name in dataset.partition_keys:
            raise ValueError(
                f"'{one.name}' of dataset '{dataset.name}' is tagged '{TAG}' and is a partition key: its values are in "
                "the names of objects, which cannot be rewritten; partition by another column"
            )
    return found


def _subjects(dataset: Dataset, column: Column) -> Iterator[Subject]:
    source = column.source or column.name
    if TAG in column.tags:
        yield Subject(column=column, path=(column.name,), sent=(source,), type=column.type.spark)
    for part in column.parts:
        if TAG in part.tags:
            names = part.path.removeprefix(".").split(".")
            where = f"'{column.name}{part.path}' of dataset '{dataset.name}'"
            path, kind = _walked(column.type, names, where)
            yield Subject(column=column, path=(column.name, *path), sent=(source, *names), type=kind.spark)


def _walked(kind: DataType, names: Sequence[str], where: str) -> tuple[list[str], DataType]:
    """Return the names in the catalog of fields that the source calls otherwise, and the type of the last."""
    path = []
    for name in names:
        if not isinstance(kind, StructType) or name not in kind.sources:
            raise ValueError(
                f"{where} is tagged '{TAG}' and is in a list or map, of which one record may have several persons; tag "
                "a value that a record has once"
            )
        field, kind = kind.fields[kind.sources.index(name)]
        path.append(field)
    return path, kind

"""Ids of columns, nested fields and partition fields: calculated from their names, so that no state is needed.

Files know a column by its id. Since the template changes columns, an id must be the same at each synth, whatever other
columns come and go: it is a hash of the name. A column that was dropped and comes back under its name is the same
column. Columns and partition fields have ranges of their own, because engines put both into one schema when they read
`_partition`: https://iceberg.apache.org/spec/#reserved-field-ids
"""

from __future__ import annotations

import hashlib

from lake_blueprints.contracts import Column, Dataset, PartitionTransform

# Iceberg numbers partition fields from 1000 on. Engines that add columns go on after the highest id, up to 2^31 - 201.
_PARTITIONS = range(1000, 2**24)
_COLUMNS = range(2**24, 2**30)
# What a contract may state; below 1000 no hash falls.
_STATED = range(1, 1000)
_STATE_ONE = (
    f"state another one for a column that no table has yet, {_STATED.start} to {_STATED.stop - 1}: customProperties "
    "fieldId in its contract, or Column(field_id=...)"
)


class FieldIds:
    """Ids of the fields of one table.

    Parameters
    ----------
    dataset: Dataset
        Dataset of the table.

    Raises
    ------
    ValueError
        If a stated id is out of range or given twice, or the names of two columns have one hash.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset.name
        self._taken: dict[int, str] = {}
        # Stated ids first, so that it is a calculated one that has to give way.
        for column in sorted(dataset.columns, key=lambda column: column.field_id is None):
            self._take(self.of_column(column), column.name)
        for column in dataset.columns:
            _check_stated(column, dataset.name)

    def of_column(self, column: Column) -> int:
        """Return the id of a column."""
        return column.field_id if column.field_id is not None else _hashed(column.name, _COLUMNS)

    def of_part(self, path: str) -> int:
        """Return the id of a field, element, key or value inside a column, by its path: `address.street`."""
        number = _hashed(path, _COLUMNS)
        self._take(number, path)
        return number

    def of_partition(self, transform: PartitionTransform) -> int:
        """Return the id of a partition field; one that is removed and comes back is the same field."""
        number = _hashed(f"{transform.text} {transform.column}", _PARTITIONS)
        self._take(number, f"partition field {transform.name}", "use another transform")
        return number

    def _take(self, number: int, name: str, fix: str = _STATE_ONE) -> None:
        other = self._taken.setdefault(number, name)
        if other != name:
            raise ValueError(f"'{other}' and '{name}' of dataset '{self._dataset}' have the field id {number}; {fix}")


def _check_stated(column: Column, dataset: str) -> None:
    number = column.field_id
    if number is not None and number not in _STATED and number not in _COLUMNS:
        raise ValueError(
            f"the field id of '{column.name}' of dataset '{dataset}' must be {_STATED.start} to {_STATED.stop - 1}, or "
            f"one that was calculated from an older name, {_COLUMNS.start} to {_COLUMNS.stop - 1}, got {number}"
        )


def _hashed(text: str, among: range) -> int:
    digest = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    return among[digest % len(among)]

"""References: tables whose columns records get by a key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from attrs import evolve

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.processing.streaming.columns import column_of, kind_of
from lake_blueprints.processing.streaming.rows import KEYS, TYPES, rows_of, value_of

MOST_ROWS, MOST_CHARACTERS, MOST_IN_ROW = 10_000, 300_000, 2_000


@checked
@dataclass(frozen=True, kw_only=True)
class Reference:
    """A small table, such as the places of sensors: each good record gets columns of the row that has its key.

    The rows are part of the plan: a deployment changes them, for the records that come after it.

    Parameters
    ----------
    dataset: Dataset
        Contract of the rows.
    rows: Path or sequence of mappings
        The rows by the columns' names in the source, or their file: JSON lines, or CSV with a header, as the contract
        says. At most 10,000 rows and 300,000 characters, for they are constants of Flink's SQL, which it plans with.
    on: mapping of str to str
        Columns of the records by which a row is found, each with the row's column that it equals: strings or whole
        numbers.
    columns: sequence of str, optional
        Columns that the records get: strings, numbers, booleans. By default all but those of the key.
    otherwise: mapping of str to str, int, float or bool
        Values of columns for a record that no row matches. By default it gets none.

    Raises
    ------
    ValueError
        If a column is not known, of another type or restricted, a row breaks the contract's types, two have the same
        key, or they are too many.

    Example
    -------
        >>> columns = [Column(name="id", type="string"), Column(name="place", type="string")]
        >>> sensors = Dataset(name="sensors", columns=columns)
        >>> Reference(dataset=sensors, rows=[{"id": "a-1", "place": "Hall 1"}], on={"sensor": "id"})
    """

    dataset: Dataset
    rows: Path | Sequence[Mapping[str, Any]]
    on: Mapping[str, str]
    columns: Sequence[str] | None = None
    otherwise: Mapping[str, str | int | float | bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.on:
            raise ValueError("'on' must name a column of the records, and the row's column that it equals")
        for option, names, allowed in (("on", self.on.values(), KEYS), ("columns", self._names, TYPES)):
            for name in names:
                column = column_of(self.dataset, name, option)
                if kind_of(column) not in allowed:
                    raise ValueError(
                        f"'{option}' names '{name}', a {column.type}; it must be one of {', '.join(allowed)}"
                    )
        if unknown := sorted(self.otherwise.keys() - set(self._names)):
            raise ValueError(f"'otherwise' names '{unknown[0]}', which is none of 'columns', {', '.join(self._names)}")
        if restricted := [column.name for column in self._columns if column.restricted]:
            raise ValueError(
                f"'columns' must not have '{restricted[0]}', which few may see: the rows lie in the plan's package; "
                "leave it out, and join it in curation"
            )
        # Here, so that a row that is wrong is refused here.
        _ = self.as_dict

    @property
    def added(self) -> Sequence[Column]:
        """The columns that the records get, required if there is always a value."""
        return [
            evolve(one, source=None, unique=False, field_id=None, required=one.required and one.name in self.otherwise)
            for one in self._columns
        ]

    def check_fits(self, records: Dataset) -> None:
        """Refuse records that have no such key, or already a column that they would get.

        Raises
        ------
        ValueError
            With the column.
        """
        for name, key in self.on.items():
            ours, theirs = column_of(records, name, "on"), self.dataset.column(key)
            if kind_of(ours) not in KEYS or (kind_of(ours) == "string") != (kind_of(theirs) == "string"):
                raise ValueError(
                    f"'on' compares '{name}', a {ours.type}, with '{key}' of dataset '{self.dataset.name}', a "
                    f"{theirs.type}; both must be strings, or both whole numbers"
                )
        taken = {name for column in records.columns for name in (column.name, column.source)}
        if twice := [name for name in self._names if name in taken]:
            raise ValueError(
                f"'columns' has '{twice[0]}', which records of dataset '{records.name}' have already; rename it in the "
                f"contract of '{self.dataset.name}'"
            )

    @cached_property
    def as_dict(self) -> Mapping[str, Any]:
        """The reference as the plan has it."""
        keys = [evolve(self.dataset.column(key), required=True) for key in self.on.values()]
        rows = rows_of(self.dataset, self.rows, [*keys, *self._columns])
        self._check_size(rows)
        times = Counter(tuple(row[: len(keys)]) for row in rows)
        if twice := [key for key, count in times.items() if count > 1]:
            shown = ", ".join(f"{key.name} {value!r}" for key, value in zip(keys, twice[0], strict=True))
            raise ValueError(f"'rows' of '{self.dataset.name}' has two of {shown}; leave one of them out")
        return {
            "keys": list(self.on),
            "columns": [{"name": one.name, "source": one.name, "type": one.type.glue} for one in self._columns],
            "rows": rows,
            "otherwise": [value_of(one, self.otherwise.get(one.name), "'otherwise'") for one in self.added],
        }

    def _check_size(self, rows: Sequence[Sequence[Any]]) -> None:
        sizes = [sum(len(str(value)) for value in row) for row in rows]
        for found, most, what in (
            (len(rows), MOST_ROWS, "rows"),
            (sum(sizes), MOST_CHARACTERS, "characters"),
            (max(sizes, default=0), MOST_IN_ROW, "characters in a row"),
        ):
            if found > most:
                raise ValueError(
                    f"'rows' of '{self.dataset.name}' must have at most {most:,} {what}, got {found:,}; name fewer "
                    "'columns', or join the table in curation"
                )

    @property
    def _names(self) -> Sequence[str]:
        others = [name for name in self.dataset.column_names if name not in self.on.values()]
        return others if self.columns is None else self.columns

    @property
    def _columns(self) -> Sequence[Column]:
        return [self.dataset.column(name) for name in self._names]

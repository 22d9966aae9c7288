"""The plan that the curation script follows, compiled from a dataset and what the caller adds to it.

Above 200 lines: one class for each part of the plan, with its documentation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from attrs import evolve

from lake_blueprints.contracts import (
    Column,
    Constraints,
    ContractError,
    Dataset,
    DatasetFormat,
    DataType,
    Masking,
    parse_type,
)
from lake_blueprints.contracts.row_rules import RowRule, row_rules
from lake_blueprints.contracts.spark_sql import check_expression
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.processing.curation.history import History
from lake_blueprints.processing.curation.newest import Newest
from lake_blueprints.processing.curation.retention import RowRetention


@checked
@dataclass(frozen=True, kw_only=True)
class Derivation:
    """A column that is computed, not read.

    Parameters
    ----------
    expression: str
        Spark SQL over the dataset's and the joined columns.
    type: DataType or str
        Type of the result, for instance `double`.
    classification: str, optional
        As of any column. It must be given if the expression names a restricted column: only you know whether its
        result tells anything about the values. By default none.
    masking: Masking
        What becomes of the result in a masked copy if its classification is restricted. By default it is redacted.
    """

    expression: str
    type: DataType | str
    classification: str | None = None
    masking: Masking = Masking.REDACT

    @property
    def column_type(self) -> DataType:
        return parse_type(self.type) if isinstance(self.type, str) else self.type


@checked
@dataclass(frozen=True, kw_only=True)
class ReferenceJoin:
    """Columns looked up in reference data.

    Parameters
    ----------
    reference: Dataset
        The reference data; its curated table is read.
    on: sequence of str
        Columns that both sides have, and that identify a row of the reference data.
    columns: sequence of str
        Columns that are added.
    how: 'left' or 'inner'
        What happens to a row without a match: it is kept with nulls, or left out and counted. By default kept.
    """

    reference: Dataset
    on: Sequence[str]
    columns: Sequence[str]
    how: Literal["left", "inner"] = "left"

    def __post_init__(self) -> None:
        known = self.reference.column_names
        for name in [*self.on, *self.columns]:
            if name not in known:
                raise ContractError(
                    f"join column '{name}' is not a column of dataset '{self.reference.name}'; "
                    f"its columns are {', '.join(known)}"
                )


@checked
@dataclass(frozen=True, kw_only=True)
class Curation:
    """Curation of a dataset beyond its contract: derivations, filters, joins.

    Parameters
    ----------
    drop: sequence of str
        Columns that are not written. By default none.
    drop_null_rows: sequence of str
        Columns without whose value a row is left out and counted. By default none.
    filter: str, optional
        Spark SQL condition; other rows are left out and counted. By default every row is kept.
    derive: mapping of str to Derivation
        Columns that are computed, by name. By default none.
    joins: sequence of ReferenceJoin
        Columns looked up in reference data. By default none.
    keep: Newest or History, optional
        Of the rows with one primary key the newest, or all with the times for which they were valid. By default the
        first stays.
    retention: RowRetention, optional
        Age at which rows are deleted. By default they stay.

    Raises
    ------
    ContractError
        From `curated` and `plan`, if a named column does not exist, or Spark cannot compute an expression.
    """

    drop: Sequence[str] = ()
    drop_null_rows: Sequence[str] = ()
    filter: str | None = None
    derive: Mapping[str, Derivation] = field(default_factory=dict)
    joins: Sequence[ReferenceJoin] = ()
    keep: Newest | History | None = None
    retention: RowRetention | None = None

    def __post_init__(self) -> None:
        if self.retention and isinstance(self.keep, History):
            raise ContractError("'retention' deletes rows by their age, and 'keep' keeps all versions; leave one out")

    def curated(self, dataset: Dataset) -> Dataset:
        """Return the dataset as it is after curation: what the curated table is made of."""
        self._check(dataset)
        kept = [column for column in dataset.columns if column.name not in self.drop]
        joined = [_optional(join.reference.column(name)) for join in self.joins for name in join.columns]
        derived = [
            Column(
                name=name,
                type=rule.column_type,
                classification=rule.classification,
                masking=rule.masking,
                classifications=dataset.classifications,
            )
            for name, rule in self.derive.items()
        ]
        self._check_derived([*dataset.columns, *joined, *derived])
        self._check_sql([*dataset.columns, *joined], derived)
        written = {column.name: column.type for column in (*kept, *joined, *derived)}
        if self.keep:
            known = {column.name: column.type for column in (*dataset.columns, *joined, *derived)}
            self.keep.check(dataset, written, known)
        if self.retention:
            self.retention.check(written)
        curated = evolve(dataset, columns=[*kept, *joined, *derived], format=DatasetFormat.PARQUET)
        return self.keep.versioned(curated) if isinstance(self.keep, History) else curated

    def plan(self, dataset: Dataset) -> dict[str, Any]:
        """Return the document that the curation script reads; its format is described in docs/etl.md."""
        self._check(dataset)
        rules = row_rules(dataset)
        return {
            "dataset": dataset.name,
            "version": dataset.version,
            "format": dataset.format.value,
            "csv": {"delimiter": dataset.delimiter},
            "columns": [
                _column(column, [rule for rule in rules if rule.column == column.name]) for column in dataset.columns
            ],
            "primary_key": list(dataset.primary_key),
            "partition_keys": list(dataset.partition_keys),
            "drop": list(self.drop),
            "drop_null_rows": list(self.drop_null_rows),
            "filter": self.filter,
            "derive": {
                name: {"expression": rule.expression, "type": rule.column_type.spark}
                for name, rule in self.derive.items()
            },
            "joins": [_join(join, dataset) for join in self.joins],
            "masked": _masked(self.curated(dataset)),
            "table": {column.name: column.type.spark for column in self.curated(dataset).data_columns},
            **({"expire_by": self.retention.by, "expire_days": self.retention.days} if self.retention else {}),
            **({self.keep.plan_key: True, "order_by": self.keep.by, "deleted": self.keep.deleted} if self.keep else {}),
        }

    def _check_derived(self, columns: Sequence[Column]) -> None:
        restricted = [column.name for column in columns if column.restricted]
        for name, rule in self.derive.items():
            # Spark takes names in any case.
            used = [r for r in restricted if re.search(rf"\b{r}\b", rule.expression, re.IGNORECASE) and r != name]
            if used and rule.classification is None:
                raise ContractError(
                    f"'derive' computes '{name}' from the restricted column '{used[0]}'; give it a classification: "
                    "'restricted', or for instance 'public' if the result tells nothing about the values"
                )

    def _check_sql(self, columns: Sequence[Column], derived: Sequence[Column]) -> None:
        """Refuse expressions that Spark cannot compute; each may use the columns that are derived before it."""
        known = {column.name: column.type for column in columns}
        for column in derived:
            _check_expression(f"'derive' computes '{column.name}' by", self.derive[column.name].expression, known)
            known[column.name] = column.type
        if self.filter:
            _check_expression("'filter' is", self.filter, known)

    def _check(self, dataset: Dataset) -> None:
        known = dataset.column_names
        for option in ("drop", "drop_null_rows"):
            for name in getattr(self, option):
                if name not in known:
                    raise ContractError(
                        f"'{option}' names '{name}', which is not a column of dataset '{dataset.name}'; "
                        f"its columns are {', '.join(known)}"
                    )
        found = set(known)
        for join in self.joins:
            if missing := [name for name in join.on if name not in found]:
                raise ContractError(
                    f"'joins' looks up '{join.reference.name}' by '{missing[0]}', which is not a column of dataset "
                    f"'{dataset.name}'; its columns are {', '.join(known)}"
                )
            found.update(join.columns)
        for name in self.drop:
            if name in (*dataset.primary_key, *dataset.partition_keys):
                raise ContractError(f"'drop' names '{name}', which is a key of dataset '{dataset.name}'; keys stay")


def _check_expression(what: str, sql: str, columns: Mapping[str, DataType]) -> None:
    try:
        check_expression(sql, columns)
    except ContractError as error:
        raise ContractError(f"{what} {sql!r}: {error}") from None


def _optional(column: Column) -> Column:
    return evolve(
        column, source=None, required=False, unique=False, format=None, time_zone=None, constraints=Constraints()
    )


def _join(join: ReferenceJoin, dataset: Dataset) -> dict[str, Any]:
    restricted = {column.name for side in (dataset, join.reference) for column in side.restricted_columns}
    described = {"name": join.reference.name, "on": list(join.on), "columns": list(join.columns), "how": join.how}
    hidden = [name for name in join.on if name in restricted]
    return {**described, "hidden": hidden} if hidden else described


def _masked(curated: Dataset) -> list[dict[str, str]]:
    if not curated.restricted_columns:
        return []
    return [
        {
            "name": column.name,
            "type": column.type.spark,
            "masking": (column.masking if column.restricted else Masking.NONE).value,
        }
        for column in curated.columns
    ]


def _column(column: Column, quality: Sequence[RowRule]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": column.name,
        "source": column.source or column.name,
        "type": column.type.spark,
        "required": column.required,
    }
    if column.type.nested:
        described["sent"] = column.type.sent
    if column.format:
        described["format"] = column.format
    if column.time_zone:
        described["time_zone"] = column.time_zone
    if quality:
        described["quality"] = [_quality(rule) for rule in quality]
    return {**described, **column.constraints.as_dict()}


def _quality(rule: RowRule) -> dict[str, Any]:
    broken = rule.broken
    return {
        "rule": rule.name,
        "null": broken.null,
        "any_of": _plain(broken.any_of),
        "none_of": None if broken.none_of is None else _plain(broken.none_of),
        "unlike": broken.unlike,
    }


def _plain(values: Sequence[Any]) -> list[Any]:
    # A decimal as its digits: JSON's numbers would lose some.
    return [f"{value:f}" if isinstance(value, Decimal) else value for value in values]

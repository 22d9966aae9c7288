"""Outputs of a plan, and the contract that the records of each have.

Above 200 lines: a class for each output, with its documentation.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from attrs import evolve

from lake_blueprints.contracts import Column, Constraints, Dataset, DataType, Masking, ScalarType
from lake_blueprints.contracts.column import NAME
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInMilliseconds
from lake_blueprints.processing.streaming.columns import column_of, kind_of
from lake_blueprints.processing.streaming.detectors import RandomCutForest, ZScore
from lake_blueprints.processing.streaming.measures import NUMBERS, Count, Measure
from lake_blueprints.processing.streaming.source import StreamSource

_STRING, _DOUBLE, _TIMESTAMP = ScalarType("string"), ScalarType("double"), ScalarType("timestamp")
# Beyond it Flink has no interval.
LONGEST_DAYS = 99


class Output(ABC):
    """Records that a plan puts somewhere; use one of its kinds."""

    kind: ClassVar[str]

    @property
    def output_name(self) -> str:
        """The name of the output within the plan."""
        return self.kind

    @abstractmethod
    def dataset_of(self, source: StreamSource) -> Dataset:
        """Return the contract of the output's records.

        Raises
        ------
        ValueError
            If the output does not fit the source's records.
        """

    def as_dict(self, source: StreamSource) -> dict[str, Any]:
        """Return the output as the plan has it."""
        return {"name": self.output_name, "kind": self.kind}


@checked
@dataclass(frozen=True, kw_only=True, eq=False)
class CleanRecords(Output):
    """The records that keep the contract, in time, each once.

    Example
    -------
        >>> CleanRecords().dataset_of(source)
    """

    kind = "clean"

    def dataset_of(self, source: StreamSource) -> Dataset:
        return source.enriched


@checked
@dataclass(frozen=True, kw_only=True, eq=False)
class LateRecords(Output):
    """The records that keep the contract and came after one of their windows was closed: they are in no window.

    Example
    -------
        >>> LateRecords().dataset_of(source)
    """

    kind = "late"

    def dataset_of(self, source: StreamSource) -> Dataset:
        return evolve(source.enriched, name=f"{source.dataset.name}_late")


@checked
@dataclass(frozen=True, kw_only=True, eq=False)
class RejectedRecords(Output):
    """The records that break the contract: each with its text, as `record`, and the first rule it breaks, as `reason`.

    Example
    -------
        >>> RejectedRecords().dataset_of(source)
    """

    kind = "rejected"

    def dataset_of(self, source: StreamSource) -> Dataset:
        given = source.dataset
        # The text tells what the most secret of its columns does.
        secret = max(
            (column.classification for column in given.restricted_columns if column.classification),
            key=given.classifications.strictness,
            default="restricted" if given.restricted_columns else None,
        )
        text = Column(
            name="record", type=_STRING, required=True, classification=secret, classifications=given.classifications
        )
        reason = Column(name="reason", type=_STRING, required=True, classifications=given.classifications)
        return Dataset(name=f"{given.name}_rejected", columns=[text, reason], version=given.version)


@checked
@dataclass(frozen=True, kw_only=True, eq=False)
class WindowAggregates(Output):
    """Figures of the clean records in each window of time, once the window is closed.

    Parameters
    ----------
    name: str
        Name of the dataset, as a contract has it.
    window: Duration
        Length of the windows, 1 second to 99 days; they begin at whole multiples of it since 1970, in UTC.
    keys: sequence of str
        Columns whose values have figures of their own; the contract requires them. By default none.
    measures: mapping of str to Measure
        The figures, by the column that each becomes: `Count`, `Sum`, `Mean`, `Min`, `Max`.

    Raises
    ------
    ValueError
        If the name is none of a dataset, the window is out of range, or there are no measures. From `dataset_of`, if a
        column is not known, not required as a key, or no number as a measure.

    Example
    -------
        >>> minutes = WindowAggregates(
        ...     name="minutes", window=Duration.minutes(1), keys=["carrier"], measures={"late": Mean("delay")}
        ... )
    """

    kind = "window"

    name: str
    window: KnownDurationInMilliseconds
    measures: Mapping[str, Measure]
    keys: Sequence[str] = ()

    def __post_init__(self) -> None:
        _check_name(self.name)
        seconds = self.window.to_seconds(integral=False)
        if not 1 <= seconds <= LONGEST_DAYS * 86_400:
            raise ValueError(f"'window' must be 1 second to {LONGEST_DAYS} days, got {seconds:g} seconds")
        if not self.measures:
            raise ValueError(f"'measures' of '{self.name}' must have at least one figure, such as Count()")

    @property
    def output_name(self) -> str:
        return self.name

    def dataset_of(self, source: StreamSource) -> Dataset:
        keys = list(_keys(self.keys, source, self.name))
        bounds = [_made(name, _TIMESTAMP, required=True) for name in ("window_start", "window_end")]
        figures = [self._figure(name, measure, source) for name, measure in self.measures.items()]
        return Dataset(
            name=self.name,
            columns=[*keys, *bounds, *figures],
            primary_key=[*self.keys, "window_start"],
            version=source.dataset.version,
        )

    def as_dict(self, source: StreamSource) -> dict[str, Any]:
        measures = {
            name: {"measure": measure.kind, **({"column": measure.column} if measure.column else {})}
            for name, measure in self.measures.items()
        }
        window = {"window_ms": self.window.to_milliseconds(), "keys": list(self.keys), "measures": measures}
        return {**super().as_dict(source), **window}

    def _figure(self, name: str, measure: Measure, source: StreamSource) -> Column:
        if measure.column is None:
            if not isinstance(measure, Count):
                raise ValueError(f"'measures' of '{self.name}' must name the column of '{name}'")
            return _made(name, measure.type_of(None), required=True)
        column = column_of(source.enriched, measure.column, f"measures.{name}")
        if not isinstance(measure, Count):
            _check_number(column, f"measures.{name}")
        return _made(name, measure.type_of(column), of=column)


@checked
@dataclass(frozen=True, kw_only=True, eq=False)
class Anomalies(Output):
    """The clean records whose value of a column is unlike those before it of the same keys, as soon as they come.

    Parameters
    ----------
    name: str
        Name of the dataset, as a contract has it. By default `anomalies`.
    column: str
        Column of numbers.
    keys: sequence of str
        Columns that tell apart what is measured, such as a sensor's name; the contract requires them.
    detector: ZScore or RandomCutForest
        How an anomaly is known. By default by its z-score.

    Raises
    ------
    ValueError
        If the name is none of a dataset, or there are no keys. From `dataset_of`, if a column is not known, no number,
        or not required as a key.

    Example
    -------
        >>> Anomalies(column="delay", keys=["carrier"], detector=ZScore(rows=60, at_least=30, threshold=4))
    """

    kind = "anomalies"

    column: str
    keys: Sequence[str]
    detector: ZScore | RandomCutForest = field(default_factory=ZScore)
    name: str = "anomalies"

    def __post_init__(self) -> None:
        _check_name(self.name)
        if not self.keys:
            raise ValueError(f"'keys' of '{self.name}' must tell apart what is measured, such as a sensor's name")

    @property
    def output_name(self) -> str:
        return self.name

    def dataset_of(self, source: StreamSource) -> Dataset:
        keys = list(_keys(self.keys, source, self.name))
        column = column_of(source.enriched, self.column, "column")
        _check_number(column, "column")
        if len({self.column, source.time.name, *self.keys}) < 2 + len(self.keys):
            raise ValueError(f"'column', 'keys' and the event time of '{self.name}' must be different columns")
        time, value = (_made(one.name, one.type, of=one, required=True) for one in (source.time, column))
        added = [
            _made(column.name, column.type, of=column, required=column.required)
            for column in source.enriched.columns[len(source.dataset.columns) :]
            if column.name not in (*self.keys, self.column)
        ]
        scores = [_made(name, _DOUBLE, of=column, required=True) for name in self.detector.columns]
        return Dataset(name=self.name, columns=[*keys, time, value, *added, *scores], version=source.dataset.version)

    def as_dict(self, source: StreamSource) -> dict[str, Any]:
        found = {"column": self.column, "keys": list(self.keys), "detector": self.detector.as_dict()}
        return {**super().as_dict(source), **found}


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name) or name in ("clean", "late", "rejected"):
        raise ValueError(
            "'name' must be that of a dataset, of lower case letters, digits and underscores, and none of clean, late "
            f"and rejected, got '{name}'"
        )


def _check_number(column: Column, option: str) -> None:
    if kind_of(column) not in NUMBERS:
        raise ValueError(f"'{option}' must name a column of numbers; '{column.name}' is a {column.type}")


def _keys(names: Sequence[str], source: StreamSource, output: str) -> Iterator[Column]:
    if len(set(names)) < len(names):
        raise ValueError(f"'keys' of '{output}' names a column twice: {', '.join(names)}")
    for name in names:
        column = column_of(source.enriched, name, "keys")
        if not (column.required or name in source.dataset.primary_key or column == source.time):
            raise ValueError(
                f"'keys' of '{output}' names '{name}', which the contract does not require; a record without it would "
                "have no figures (of a reference it must also have a value in 'otherwise')"
            )
        yield _made(name, column.type, of=column, required=True)


def _made(name: str, kind: DataType, *, of: Column | None = None, required: bool = False) -> Column:
    """Return a column of an output; who may see it is as for the column that it comes from."""
    if of is None:
        return Column(name=name, type=kind, required=required)
    return evolve(
        of,
        name=name,
        type=kind,
        source=None,
        required=required,
        unique=False,
        format=None,
        time_zone=None,
        constraints=Constraints(),
        masking=of.masking if kind == of.type or of.masking is not Masking.HASH else Masking.REDACT,
        declared_type=None,
        field_id=None,
    )

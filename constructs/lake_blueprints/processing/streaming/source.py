"""The stream that a plan reads, and the contract of its records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from attrs import evolve

from lake_blueprints.contracts import Column, Dataset, DatasetFormat
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.processing.streaming.columns import column_of, kind_of
from lake_blueprints.processing.streaming.reference import Reference

_TIMES = ("timestamp", "bigint")


@checked
@dataclass(frozen=True, kw_only=True)
class StreamSource:
    """A stream of records that are JSON objects.

    Parameters
    ----------
    stream: Stream
        The stream.
    dataset: Dataset
        Contract of its records.
    event_time: str, optional
        Column with the time at which something happened: a timestamp, or a bigint of milliseconds since 1970. By
        default the dataset's only timestamp.
    references: sequence of Reference
        Tables whose columns each good record gets by its key. By default none.

    Raises
    ------
    ValueError
        If the records are no JSON, a column is of a type or format that no stream is read with, it is not known which
        column the event time is, or a reference does not fit the records.

    Example
    -------
        >>> StreamSource(stream=stream, dataset=readings, event_time="at")
    """

    stream: Stream
    dataset: Dataset
    event_time: str | None = None
    references: Sequence[Reference] = ()

    def __post_init__(self) -> None:
        if self.dataset.format is not DatasetFormat.JSON:
            raise ValueError(
                f"records of a stream must be JSON; dataset '{self.dataset.name}' is {self.dataset.format}"
            )
        for column in self.dataset.columns:
            _check_readable(column, self.dataset)
        if self.time.time_zone:
            raise ValueError(
                f"the event time '{self.time.name}' of dataset '{self.dataset.name}' is in the zone "
                f"{self.time.time_zone}, whose hours overlap once a year; let the producers write the offset"
            )
        for reference in self.references:
            reference.check_fits(self.dataset)
        # Of two references with a column of one name there is none.
        _ = self.enriched

    @property
    def enriched(self) -> Dataset:
        """The contract of clean records: that of the stream's, and the columns of the references."""
        added = [column for reference in self.references for column in reference.added]
        columns: Any = (*self.dataset.columns, *added)
        return evolve(self.dataset, columns=columns) if added else self.dataset

    @property
    def time(self) -> Column:
        """The column of the event time."""
        times = [column.name for column in self.dataset.columns if kind_of(column) == "timestamp"]
        if self.event_time is None:
            if len(times) != 1:
                raise ValueError(
                    f"'event_time' must say which column of dataset '{self.dataset.name}' tells when something "
                    f"happened; its timestamps are: {', '.join(times) or 'none'}"
                )
            return self.dataset.column(times[0])
        column = column_of(self.dataset, self.event_time, "event_time")
        if kind_of(column) not in _TIMES:
            raise ValueError(
                f"'event_time' must be a timestamp, or a bigint of milliseconds since 1970; column "
                f"'{column.name}' is a {column.type}"
            )
        return column


def _check_readable(column: Column, dataset: Dataset) -> None:
    where = f"column '{column.name}' of dataset '{dataset.name}'"
    if column.type.nested:
        raise ValueError(
            f"{where} is a {column.type}, and a plan reads no nested values; declare it a string if the producers send "
            "it as text, or leave the stream to curation"
        )
    if column.format:
        raise ValueError(f"{where} has the format '{column.format}', and a plan reads times of ISO 8601 only")
    source = column.source or column.name
    if set(source) & set("'\"\\`"):
        raise ValueError(
            f"{where} is called {source!r} in the records; a plan reads no names with quotes or backslashes"
        )

"""A plan of what becomes of each record of a stream, for Flink or for a function."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aws_cdk import Aws, Duration
from constructs import Construct

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.generated_asset import generated_asset
from lake_blueprints.foundation.units import KnownDurationInMilliseconds
from lake_blueprints.ingestion.firehose import DeliveryStream
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.processing.flink.code import ApplicationCode, BoundCode
from lake_blueprints.processing.streaming.detectors import RandomCutForest
from lake_blueprints.processing.streaming.outputs import (
    LONGEST_DAYS,
    Anomalies,
    CleanRecords,
    LateRecords,
    Output,
    RejectedRecords,
    WindowAggregates,
)
from lake_blueprints.processing.streaming.package import MODULES, application, connector_of
from lake_blueprints.processing.streaming.source import StreamSource

PROPERTIES = "lake.stream"
_CONSTRAINTS = ("minimum", "maximum", "exclusive_minimum", "exclusive_maximum", "min_length", "max_length", "enum")
_WHOLE = (CleanRecords, LateRecords, RejectedRecords)


@checked
@dataclass(frozen=True, kw_only=True)
class StreamPlan(ApplicationCode):
    """A plan for the records of a stream: what is good, each once; what is late; figures of windows; anomalies.

    A `StreamProcessor` runs it as Flink's SQL, a `StreamFunction` in plain Python; both give the same rows.

    Parameters
    ----------
    source: StreamSource
        The stream, and the contract of its records.
    outputs: mapping of Output to Stream or DeliveryStream
        What goes where, each to a place of its own. There must be `RejectedRecords`, and with windows `LateRecords`:
        without them records would vanish.
    lateness: Duration
        How far behind the newest a record may be before its window is closed, 0 to 99 days. By default 30 seconds.
    deduplicate: bool
        Whether a second record with the same primary key is dropped. By default it is.
    remember: Duration
        How long a key is remembered, of records and of anomalies, 1 minute to 99 days; the state grows with it. By
        default 1 hour.
    connectors: sequence of Path
        The jar that Flink reads and writes streams with, for a `StreamProcessor`; see `PythonApplication`. By default
        none, and a warning says so.

    Raises
    ------
    ValueError
        If an output does not fit the records, two have a name or a place in common, records would vanish, or a duration
        is out of range.

    Example
    -------
        >>> counts, late, bad = Stream(self, "Counts"), Stream(self, "Late"), Stream(self, "Bad")
        >>> minutes = WindowAggregates(name="minutes", window=Duration.minutes(1), measures={"readings": Count()})
        >>> StreamPlan(source=source, outputs={minutes: counts, LateRecords(): late, RejectedRecords(): bad})
    """

    source: StreamSource
    outputs: Mapping[Output, Stream | DeliveryStream]
    lateness: KnownDurationInMilliseconds = field(default_factory=lambda: Duration.seconds(30))
    deduplicate: bool = True
    remember: KnownDurationInMilliseconds = field(default_factory=lambda: Duration.hours(1))
    connectors: Sequence[Path] = ()

    def __post_init__(self) -> None:
        names = [output.output_name for output in self.outputs]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"'outputs' has two named '{twice[0]}'; give each a name of its own")
        places = list(self.outputs.values())
        for at, place in enumerate(places):
            if place in places[:at] or place is self.source.stream:
                raise ValueError(
                    f"'outputs' puts '{names[at]}' where other records are, '{place.node.path}'; give it a stream or "
                    "delivery of its own"
                )
        for output in self.outputs:
            output.dataset_of(self.source)
        self._check_nothing_vanishes()
        _check_days("lateness", self.lateness, least=0)
        _check_days("remember", self.remember, least=60)
        if self.deduplicate and not self.source.dataset.primary_key:
            raise ValueError(
                f"'deduplicate' needs a primary key, and dataset '{self.source.dataset.name}' has none; add one to the "
                "contract, or set 'deduplicate' to False"
            )

    def dataset_of(self, output: Output) -> Dataset:
        """Return the contract of an output's records; before there is a plan, `output.dataset_of(source)` does."""
        return output.dataset_of(self.source)

    def bind(self, scope: Construct) -> BoundCode:
        """Return the plan as an application of Flink.

        Raises
        ------
        ValueError
            If a detector has no form in SQL.
        """
        for output in self.outputs:
            if isinstance(output, Anomalies) and isinstance(output.detector, RandomCutForest):
                raise ValueError(
                    f"'{output.name}' is detected by a random cut forest, which Flink's SQL does not have; use "
                    "ZScore(), or run the plan in a StreamFunction"
                )
        asset = generated_asset(
            scope, "Code", name="application.zip", content=application(self.to_json(), self.connectors)
        )
        return BoundCode(
            asset=asset,
            options={"python": "main.py", "pyFiles": MODULES, **connector_of(scope, self.connectors)},
            properties={PROPERTIES: {"region": Aws.REGION, **self.places}},
            reads=(self.source.stream,),
            writes=tuple(self.outputs.values()),
        )

    @property
    def places(self) -> Mapping[str, str]:
        """Places that the plan's records come from and go to, which only the deployment knows."""
        sinks = {f"to.{output.output_name}": _address(place) for output, place in self.outputs.items()}
        return {"source": self.source.stream.stream.stream_arn, **sinks}

    def to_json(self) -> str:
        """Return the plan as the scripts read it."""
        dataset = self.source.dataset
        document = {
            "dataset": dataset.name,
            "columns": [_column(column) for column in dataset.columns],
            "event_time": self.source.time.name,
            "lateness_ms": self.lateness.to_milliseconds(),
            "keys": list(dataset.primary_key) if self.deduplicate else [],
            "remember_ms": self.remember.to_milliseconds(),
            "references": [reference.as_dict for reference in self.source.references],
            "outputs": [output.as_dict(self.source) for output in self.outputs],
        }
        return json.dumps(document, indent=1, sort_keys=True)

    def _check_nothing_vanishes(self) -> None:
        kinds = {type(output) for output in self.outputs}
        if RejectedRecords not in kinds:
            raise ValueError("'outputs' must have RejectedRecords(); records that break the contract would vanish")
        if WindowAggregates in kinds and LateRecords not in kinds:
            raise ValueError("'outputs' must have LateRecords(); what comes after its window is closed would vanish")
        if LateRecords in kinds and WindowAggregates not in kinds:
            raise ValueError(
                "'outputs' has LateRecords(), and without WindowAggregates() nothing is late; leave it out"
            )
        if kinds <= {LateRecords, RejectedRecords}:
            raise ValueError(
                "'outputs' must have CleanRecords(), WindowAggregates() or Anomalies(); good records vanish"
            )


def _address(place: Stream | DeliveryStream) -> str:
    return place.stream.stream_arn if isinstance(place, Stream) else place.delivery_stream_name


def _check_days(option: str, duration: Duration, least: int) -> None:
    seconds = duration.to_seconds(integral=False)
    if not least <= seconds <= LONGEST_DAYS * 86_400:
        raise ValueError(f"'{option}' must be {least} seconds to {LONGEST_DAYS} days, got {seconds:g} seconds")


def _column(column: Column) -> dict[str, Any]:
    constraints = column.constraints.as_dict()
    # Bounds of times are texts, which curation compares.
    checked_here = {
        name: list(value) if name == "enum" else value
        for name, value in constraints.items()
        if name in _CONSTRAINTS and not (isinstance(value, str) and name != "enum")
    }
    return {
        "name": column.name,
        "source": column.source or column.name,
        "type": column.type.glue,
        "required": column.required,
        **checked_here,
    }

"""The plan: what becomes of each record, compiled to JSON by the constructs.

Above 200 lines: a class for each part of the plan, and how it is read.
"""

from __future__ import annotations

import json
import re
from dataclasses import MISSING, dataclass, field, fields
from decimal import Decimal
from functools import cached_property
from typing import Any

from lake_stream.errors import StreamError

INTEGERS = {"tinyint": 2**7, "smallint": 2**15, "int": 2**31, "bigint": 2**63}
NUMBERS = (*INTEGERS, "float", "double", "decimal")
TYPES = (*NUMBERS, "boolean", "string", "binary", "date", "timestamp")
CLEAN, WINDOW, ANOMALIES, LATE, REJECTED = KINDS = ("clean", "window", "anomalies", "late", "rejected")
# Of a rejected record.
RECORD, REASON = "record", "reason"
# Characters of its text that are kept: each may take six bytes in JSON, and streams and deliveries take 1 MB.
LONGEST_TEXT = 150_000
WINDOW_START, WINDOW_END = "window_start", "window_end"
MEASURES = ("count", "sum", "mean", "min", "max")
ZSCORE, FOREST = DETECTORS = ("zscore", "random_cut_forest")


@dataclass(frozen=True, kw_only=True)
class Field:
    """A column of the records: its name in the contract and in the record, its type, and the rules for its values."""

    name: str
    source: str
    type: str
    required: bool = False
    minimum: int | float | None = None
    maximum: int | float | None = None
    exclusive_minimum: int | float | None = None
    exclusive_maximum: int | float | None = None
    min_length: int | None = None
    max_length: int | None = None
    enum: list[Any] | None = None

    @property
    def family(self) -> str:
        """The type without its parameters: `decimal(10,2)` is a `decimal`."""
        return self.type.partition("(")[0]

    @property
    def digits(self) -> tuple[int, int]:
        """The digits of a decimal, and those after its point."""
        precision, scale = re.findall(r"\d+", self.type)
        return int(precision), int(scale)


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A table that records get columns of: `keys` are the records' columns, with whose values each row begins.

    `otherwise` are the values for a record that no row matches. Decimals are texts, with all their digits.
    """

    keys: list[str]
    columns: list[Field]
    rows: list[list[Any]]
    otherwise: list[Any]

    def of(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the columns for a record of these values."""
        found = self._by_key.get(tuple(values[key] for key in self.keys), self.otherwise)
        return {
            column.name: Decimal(value) if column.family == "decimal" and value is not None else value
            for column, value in zip(self.columns, found, strict=True)
        }

    @cached_property
    def _by_key(self) -> dict[tuple[Any, ...], list[Any]]:
        return {tuple(row[: len(self.keys)]): row[len(self.keys) :] for row in self.rows}


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A figure of a window: how it is calculated, and of which column."""

    measure: str
    column: str | None = None


@dataclass(frozen=True, kw_only=True)
class Detector:
    """A detector of anomalies and its settings; each kind has its own of them."""

    kind: str
    threshold: float
    at_least: int
    rows: int = 0
    trees: int = 0
    sample: int = 0
    shingle: int = 1
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Output:
    """An output of the plan; `window_ms` and `measures` are a window's, `column` and `detector` those of anomalies."""

    name: str
    kind: str
    keys: list[str] = field(default_factory=list)
    window_ms: int = 0
    measures: dict[str, Measure] = field(default_factory=dict)
    column: str | None = None
    detector: Detector | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The ways of the records of a stream; docs/capabilities/processing/streaming.md explains each part."""

    dataset: str
    columns: list[Field]
    event_time: str
    lateness_ms: int
    outputs: list[Output]
    # Columns by which a record is known again, for so long; none if duplicates stay.
    keys: list[str] = field(default_factory=list)
    remember_ms: int = 0
    references: list[Reference] = field(default_factory=list)

    @classmethod
    def parse(cls, text: str) -> Plan:
        """Read a plan; raise StreamError that names the key at fault."""
        try:
            document = json.loads(text)
        except ValueError as error:
            raise StreamError(f"plan: not valid JSON: {error}") from None
        given = _given(cls, document, "plan")
        columns = [Field(**_given(Field, item, f"plan: columns[{i}]")) for i, item in enumerate(given.pop("columns"))]
        outputs = [_output(item, f"plan: outputs[{i}]") for i, item in enumerate(given.pop("outputs"))]
        references = [_reference(item, f"plan: references[{i}]") for i, item in enumerate(given.pop("references", []))]
        plan = cls(columns=columns, outputs=outputs, references=references, **given)
        plan._check()
        return plan

    @property
    def enriched(self) -> list[Field]:
        """The columns of clean records: their own, and those of the references."""
        return [*self.columns, *(column for reference in self.references for column in reference.columns)]

    def of_anomaly(self, output: Output) -> list[str]:
        """Return the columns of the record that an anomaly tells."""
        added = (column.name for column in self.enriched[len(self.columns) :])
        return list(dict.fromkeys((*output.keys, self.event_time, str(output.column), *added)))

    def of_kind(self, kind: str) -> list[Output]:
        """Return the outputs of a kind."""
        return [output for output in self.outputs if output.kind == kind]

    def column(self, name: str) -> Field:
        """Return the column of that name."""
        return next(column for column in self.enriched if column.name == name)

    def _check(self) -> None:
        names = [column.name for column in self.enriched]
        for column in self.enriched:
            if column.family not in TYPES:
                raise StreamError(f"plan: columns: type {column.type!r} of {column.name!r} is none of {TYPES}")
        used = [self.event_time, *self.keys]
        for output in self.outputs:
            if output.kind not in KINDS:
                raise StreamError(f"plan: outputs: kind {output.kind!r} of {output.name!r} is none of {KINDS}")
            if (output.kind == WINDOW) != (output.window_ms > 0):
                raise StreamError(
                    f"plan: outputs: {output.name!r} must have a window_ms if it is a window, and only then"
                )
            measured = [measure.column for measure in output.measures.values()]
            used += [*output.keys, *(name for name in (*measured, output.column) if name)]
        for name in used:
            if name not in names:
                raise StreamError(f"plan: {name!r} is not a column; columns are {', '.join(names)}")


def _reference(document: Any, where: str) -> Reference:
    given = _given(Reference, document, where)
    columns = [Field(**_given(Field, item, f"{where}: columns[{i}]")) for i, item in enumerate(given.pop("columns"))]
    return Reference(**given, columns=columns)


def _output(document: Any, where: str) -> Output:
    given = _given(Output, document, where)
    measures = {
        name: Measure(**_given(Measure, item, f"{where}: measures.{name}"))
        for name, item in given.pop("measures", {}).items()
    }
    detector = given.pop("detector", None)
    parsed = Detector(**_given(Detector, detector, f"{where}: detector")) if detector else None
    return Output(**given, measures=measures, detector=parsed)


def _given(cls: type, document: Any, where: str) -> dict[str, Any]:
    """Return what `document` gives for the fields of a dataclass; null counts as not given."""
    if not isinstance(document, dict):
        raise StreamError(f"{where}: must be a JSON object, got {type(document).__name__}")
    known = {item.name: item for item in fields(cls)}
    if unknown := sorted(document.keys() - known.keys()):
        raise StreamError(f"{where}: unknown key {unknown[0]!r}; known keys are {', '.join(known)}")
    given = {key: value for key, value in document.items() if value is not None}
    for key, item in known.items():
        if key not in given and item.default is MISSING and item.default_factory is MISSING:
            raise StreamError(f"{where}: {key} is missing")
    return given

"""Quality rules of a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from attrs import field, frozen


class Metric(StrEnum):
    """The metrics of the standard's library."""

    NULL_VALUES = "nullValues"
    MISSING_VALUES = "missingValues"
    INVALID_VALUES = "invalidValues"
    DUPLICATE_VALUES = "duplicateValues"
    ROW_COUNT = "rowCount"


class Operator(StrEnum):
    """Comparison of a measured value; `mustBeBetween` includes its bounds."""

    EQUAL = "mustBe"
    NOT_EQUAL = "mustNotBe"
    GREATER = "mustBeGreaterThan"
    GREATER_OR_EQUAL = "mustBeGreaterOrEqualTo"
    LESS = "mustBeLessThan"
    LESS_OR_EQUAL = "mustBeLessOrEqualTo"
    BETWEEN = "mustBeBetween"
    NOT_BETWEEN = "mustNotBeBetween"


class Severity(StrEnum):
    """Consequence of a broken rule."""

    ERROR = "error"
    """The run fails."""
    WARNING = "warning"
    """Rows that break it are quarantined; a rule about no single row is reported."""
    INFO = "info"
    """It is reported."""


@frozen(kw_only=True)
class Comparison:
    """A bound on a measured value.

    Parameters
    ----------
    operator: Operator
        How to compare.
    value: number, or pair of numbers
        What to compare with; a pair for the two `Between` operators.
    """

    operator: Operator = field(converter=Operator)
    value: Any


@frozen(kw_only=True)
class QualityRule:
    """One promise about the data.

    Parameters
    ----------
    place: str
        Where it stands in the contract, for instance `schema[0].properties[2].quality[0]`.
    kind: str
        `library`, `sql`, `text` or `custom`.
    name: str, optional
        As the contract calls it.
    column: str, optional
        Catalog name of the column it is about. By default it is about the whole dataset.
    metric: Metric, optional
        What is measured; of a library rule.
    arguments: mapping
        Of the metric, for instance `validValues` or `pattern`.
    comparison: Comparison, optional
        What the measured value must be; of a library or sql rule.
    unit: str
        `rows` or `percent`. By default rows.
    query: str, optional
        SQL that yields the measured value; `${object}` (or `${table}`) and `${property}` (or `${column}`) stand for
        the names. Of a sql rule.
    system: str, optional
        Type of the server in whose SQL the query is written, for instance `snowflake`. By default it is Spark's.
    engine, implementation: optional
        Of a custom rule: who evaluates it and what it says.
    severity: Severity
        What happens when it is broken. By default the run fails.
    dimension, description: str, optional
        For people.
    """

    place: str
    kind: str
    name: str | None = None
    column: str | None = None
    metric: Metric | None = None
    arguments: Mapping[str, Any] = field(factory=dict, hash=False)
    comparison: Comparison | None = None
    unit: str = "rows"
    query: str | None = None
    system: str | None = None
    engine: str | None = None
    implementation: Any = field(default=None, hash=False)
    severity: Severity = Severity.ERROR
    dimension: str | None = None
    description: str | None = None

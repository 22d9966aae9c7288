"""Row rules: warnings about single rows, and the values that break them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from lake_blueprints.contracts import Column, Comparison, Dataset, Metric, Operator, QualityRule, Severity
from lake_blueprints.contracts.row_rules import BrokenValue, broken_value, row_rules, rule_name, tolerates_none


def rule(**more: Any) -> QualityRule:
    given = {"place": "quality[0]", "kind": "library", "metric": Metric.NULL_VALUES, "column": "n"}
    none = Comparison(operator=Operator.EQUAL, value=0)
    return QualityRule(**{**given, "comparison": none, "severity": Severity.WARNING, **more})


def dataset(*rules: QualityRule) -> Dataset:
    return Dataset(name="d", columns=[Column(name="n", type="int")], quality=rules)


@pytest.mark.parametrize(
    ("operator", "value", "unit", "none"),
    [
        (Operator.EQUAL, 0, "rows", True),
        (Operator.EQUAL, 0.0, "percent", True),
        (Operator.LESS_OR_EQUAL, 0, "percent", True),
        (Operator.LESS, 1, "rows", True),
        (Operator.LESS, 1, "percent", False),
        (Operator.LESS, 2, "rows", False),
        (Operator.LESS, 0, "rows", False),
        (Operator.EQUAL, 1, "rows", False),
        (Operator.GREATER, 0, "rows", False),
        (Operator.BETWEEN, [0, 1], "rows", False),
    ],
)
def test_a_bound_that_tolerates_not_one_row_is_about_each(
    operator: Operator, value: Any, unit: str, none: bool
) -> None:
    assert tolerates_none(Comparison(operator=operator, value=value), unit) is none


def test_a_rule_without_a_bound_is_about_no_row() -> None:
    assert not tolerates_none(None, "rows")


def test_only_warnings_on_values_of_a_column_set_rows_aside() -> None:
    kept = rule(name="kept")
    others = [
        rule(severity=Severity.ERROR),
        rule(severity=Severity.INFO),
        rule(metric=Metric.DUPLICATE_VALUES),
        rule(metric=Metric.ROW_COUNT, column=None),
        rule(column="nowhere"),
        rule(kind="sql", metric=None, query="SELECT 0"),
        rule(metric=Metric.INVALID_VALUES),
        rule(comparison=Comparison(operator=Operator.LESS, value=5)),
    ]
    (found,) = row_rules(dataset(*others, kept))
    assert (found.name, found.column, found.broken) == ("kept", "n", BrokenValue(null=True))


@pytest.mark.parametrize(
    ("kind", "listed", "kept"),
    [
        ("string", ["a", 1, True, "", None, ["a"], {"a": 1}], ("a", "1", "true", "")),
        ("int", [1, "2", "", "x", True, "NaN"], (Decimal(1), Decimal(2))),
        ("decimal(5,2)", [1.5, "1.50"], (Decimal("1.5"),)),
        ("boolean", [True, "False", "maybe"], (True, False)),
        ("date", ["2013-01-01", "2013-02-30"], ("2013-01-01",)),
        ("timestamp", ["2013-01-01T05:00:00Z", "noon"], ("2013-01-01T05:00:00Z",)),
    ],
)
def test_listed_values_are_those_that_the_column_can_hold(kind: str, listed: list[Any], kept: tuple[Any, ...]) -> None:
    item = rule(metric=Metric.MISSING_VALUES, arguments={"missingValues": listed})
    assert broken_value(item, Column(name="n", type=kind)).any_of == kept


@pytest.mark.parametrize(
    ("item", "name"),
    [
        (rule(name='a "b"\n c\\d'), "a 'b' c/d"),
        (rule(), "nullValues of n mustBe 0"),
        (rule(comparison=Comparison(operator=Operator.BETWEEN, value=[1, 2])), "nullValues of n mustBeBetween 1 and 2"),
        (rule(kind="text", metric=None, column=None, comparison=None), "text"),
        (rule(kind="text", metric=None, column=None, comparison=None, description="Looks\nright."), "Looks right."),
        (rule(name="x" * 300), "x" * 200),
    ],
)
def test_a_rule_has_a_name_that_messages_and_labels_can_hold(item: QualityRule, name: str) -> None:
    assert rule_name(item) == name

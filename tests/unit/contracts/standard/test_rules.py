"""Quality of a contract: every kind, metric, operator and unit, and the names of v3.0."""

from __future__ import annotations

from typing import Any

import pytest

from lake_blueprints.contracts import (
    Comparison,
    Contract,
    ContractError,
    Dataset,
    Metric,
    Note,
    Operator,
    QualityRule,
    Severity,
)

HEAD = "version: 1.2.0\napiVersion: {version}\nkind: DataContract\nid: orders\nstatus: active\n"
OBJECT = (
    "schema: [{{name: orders, quality: [{rules}], properties: ["
    "{{name: Order Id, id: order_id_prop, logicalType: string, quality: [{column}]}},"
    "{{name: address, logicalType: object, properties: [{{name: zip, logicalType: string, quality: [{inner}]}}]}}"
    "]}}]"
)


def dataset(rules: str = "", column: str = "", inner: str = "", version: str = "v3.2.0") -> Dataset:
    head = HEAD.format(version=version)
    return Contract.from_text(head + OBJECT.format(rules=rules, column=column, inner=inner))["orders"]


def rule(**where: str) -> QualityRule:
    (found,) = dataset(**where).quality
    return found


def test_reads_a_rule_of_a_property() -> None:
    found = rule(
        column="{id: no_nulls, name: No nulls, metric: nullValues, mustBeLessThan: 1, unit: percent, "
        "severity: warning, dimension: completeness, description: 'Each\n order has one'}"
    )
    assert found == QualityRule(
        place="schema[0].properties[0].quality[0]",
        kind="library",
        name="No nulls",
        column="order_id",
        metric=Metric.NULL_VALUES,
        comparison=Comparison(operator=Operator.LESS, value=1),
        unit="percent",
        severity=Severity.WARNING,
        dimension="completeness",
        description="Each order has one",
    )


def test_reads_a_rule_of_an_object() -> None:
    found = rule(rules="{id: enough, metric: rowCount, mustBeBetween: [100, 120]}")
    assert (found.place, found.name, found.column) == ("schema[0].quality[0]", "enough", None)
    assert found.comparison == Comparison(operator=Operator.BETWEEN, value=(100, 120))
    assert (found.unit, found.severity) == ("rows", Severity.ERROR)


@pytest.mark.parametrize("operator", Operator)
def test_reads_every_operator(operator: Operator) -> None:
    value: Any = [1, 2] if "Between" in operator else 1
    found = rule(column=f"{{metric: nullValues, {operator}: {value}}}")
    assert found.comparison == Comparison(operator=operator, value=(1, 2) if "Between" in operator else 1)


@pytest.mark.parametrize("metric", Metric)
def test_reads_every_metric(metric: Metric) -> None:
    assert rule(column=f"{{metric: {metric}, mustBe: 0}}").metric is metric
    assert rule(column=f"{{type: library, metric: {metric}, mustBe: 0}}").metric is metric


def test_the_number_of_rows_is_of_no_column() -> None:
    assert rule(column="{metric: rowCount, mustBe: 5}").column is None


def test_several_operators_are_several_rules() -> None:
    found = dataset(rules="{metric: rowCount, mustBeGreaterThan: 0, mustBeLessThan: 100}").quality
    assert [one.comparison for one in found] == [
        Comparison(operator=Operator.GREATER, value=0),
        Comparison(operator=Operator.LESS, value=100),
    ]


def test_arguments_name_columns_as_the_catalog_does() -> None:
    found = rule(rules="{metric: duplicateValues, mustBe: 0, arguments: {properties: [Order Id, address, none]}}")
    assert found.arguments == {"properties": ["order_id", "address", "none"]}
    by_id = rule(rules="{metric: duplicateValues, mustBe: 0, arguments: {properties: [order_id_prop]}}")
    assert by_id.arguments == {"properties": ["order_id"]}


def test_keeps_other_arguments() -> None:
    found = rule(column="{metric: missingValues, mustBe: 0, arguments: {missingValues: [null, '', N/A]}}")
    assert found.arguments == {"missingValues": [None, "", "N/A"]}


def test_reads_sql() -> None:
    found = rule(column="{type: sql, query: 'SELECT count(*) FROM {object}', mustBeGreaterOrEqualTo: 1}")
    assert (found.kind, found.query, found.column) == ("sql", "SELECT count(*) FROM {object}", "order_id")
    assert found.comparison == Comparison(operator=Operator.GREATER_OR_EQUAL, value=1)


def test_reads_text() -> None:
    found = rule(rules="{type: text, description: Verified by hand}")
    assert (found.kind, found.description, found.comparison) == ("text", "Verified by hand", None)


def test_reads_custom_engines() -> None:
    found = rule(rules="{type: custom, engine: soda, implementation: {type: duplicate_percent}}")
    assert (found.kind, found.engine, found.implementation) == ("custom", "soda", {"type": "duplicate_percent"})
    assert hash(found)


def test_reads_rules_inside_a_column() -> None:
    found = rule(inner="{metric: nullValues, mustBe: 0}")
    assert (found.column, found.place) == ("address.zip", "schema[0].properties[1].properties[0].quality[0]")


@pytest.mark.parametrize(
    ("inside", "column", "place"),
    [
        ("logicalType: array, items: {logicalType: string, quality: [Q]}", "x.items", "items"),
        ("logicalType: map, map: {key: {logicalType: string}, value: {logicalType: string, quality: [Q]}}", "x.value",
         "map.value"),
    ],
)  # fmt: skip
def test_reads_rules_inside_arrays_and_maps(inside: str, column: str, place: str) -> None:
    prop = inside.replace("Q", "{metric: nullValues, mustBe: 0}")
    found = Contract.from_text(
        f"{HEAD.format(version='v3.2.0')}schema: [{{name: a, properties: [{{name: x, {prop}}}]}}]"
    )
    (rule,) = found["a"].quality
    assert (rule.column, rule.place) == (column, f"schema[0].properties[0].{place}.quality[0]")


@pytest.mark.parametrize(
    ("given", "metric", "arguments"),
    [
        ("rule: rowCount, mustBeGreaterThan: 0", Metric.ROW_COUNT, {}),
        ("rule: nullCheck, mustBe: 0", Metric.NULL_VALUES, {}),
        ("rule: duplicateCount, mustBe: 0", Metric.DUPLICATE_VALUES, {}),
        ("rule: unique", Metric.DUPLICATE_VALUES, {}),
        ("rule: validValues, validValues: [a]", Metric.INVALID_VALUES, {"validValues": ["a"]}),
        ("type: library, metric: nullValues, mustBe: 0", Metric.NULL_VALUES, {}),
    ],
)
def test_knows_the_names_of_v3_0(given: str, metric: Metric, arguments: dict[str, Any]) -> None:
    found = rule(column=f"{{{given}}}", version="v3.0.2")
    assert (found.metric, found.arguments) == (metric, arguments)


def test_in_v3_0_a_rule_without_an_operator_means_that_nothing_breaks_it() -> None:
    found = rule(column="{rule: validValues, validValues: [pounds]}", version="v3.0.2")
    assert found.comparison == Comparison(operator=Operator.EQUAL, value=0)
    assert rule(rules="{rule: rowCount}", version="v3.0.2").comparison is None


def test_an_unknown_metric_of_v3_0_is_kept_as_text_with_a_warning() -> None:
    found = dataset(rules="{rule: freshness, mustBeLessThan: 2, name: Fresh}", version="v3.0.2")
    assert [(one.kind, one.name, one.metric) for one in found.quality] == [("text", "Fresh", None)]
    assert found.notes == (
        Note(
            place="schema[0].quality[0]",
            text="'freshness' is not evaluated; metrics are nullValues, missingValues, invalidValues, duplicateValues, "
            "rowCount",
            warning=True,
        ),
    )


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("error", Severity.ERROR),
        ("CRITICAL", Severity.ERROR),
        ("warn", Severity.WARNING),
        ("medium", Severity.WARNING),
        ("info", Severity.INFO),
        ("low", Severity.INFO),
        ("P1", Severity.ERROR),
    ],
)
def test_reads_severities(word: str, severity: Severity) -> None:
    assert rule(rules=f"{{metric: rowCount, mustBe: 1, severity: {word}}}").severity is severity


@pytest.mark.parametrize(("word", "unit"), [("rows", "rows"), ("'%'", "percent"), ("Percentage", "percent")])
def test_reads_units(word: str, unit: str) -> None:
    assert rule(column=f"{{metric: nullValues, mustBe: 0, unit: {word}}}").unit == unit


def test_notes_words_that_are_not_known_and_schedules() -> None:
    found = dataset(rules="{metric: rowCount, mustBe: 1, severity: P1, unit: files, schedule: 0 20 * * *}")
    assert sorted(str(note) for note in found.notes) == [
        "schema[0].quality[0].schedule: rules are evaluated whenever the dataset is curated",
        "schema[0].quality[0].severity: 'P1' is taken for an error, which fails the run; "
        "severities are error, warning, info",
        "schema[0].quality[0].unit: 'files' is neither rows nor percent",
    ]


@pytest.mark.parametrize("value", ["{a: 1}", "[1]", "null"])
def test_refuses_to_compare_with_what_is_no_number(value: str) -> None:
    with pytest.raises(ContractError, match=r"schema\[0\].quality\[0\].mustBe: must be a number to compare with"):
        dataset(rules=f"{{metric: rowCount, mustBe: {value}}}")


@pytest.mark.parametrize(
    ("comparison", "what"),
    [
        ("mustBeGreaterThan: {a: 1}", "mustBeGreaterThan: must be a number"),
        ("mustBeBetween: 5", "mustBeBetween: must be two numbers"),
        ("mustBeBetween: [1]", "mustBeBetween: must be two numbers"),
        ("mustNotBeBetween: [a, b]", "mustNotBeBetween: must be two numbers"),
    ],
)
def test_refuses_what_the_schema_of_v3_0_leaves_open(comparison: str, what: str) -> None:
    with pytest.raises(ContractError, match=rf"schema\[0\].quality\[0\].{what} to compare with"):
        dataset(rules=f"{{rule: rowCount, {comparison}}}", version="v3.0.2")

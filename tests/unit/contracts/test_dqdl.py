"""Contract rules in DQDL: the text of each, and what is reported instead. What they measure: tests/unit/quality."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from lake_blueprints.contracts import (
    Column,
    Comparison,
    ContractError,
    Dataset,
    Metric,
    Operator,
    QualityRule,
    Relationship,
    Severity,
)
from lake_blueprints.contracts.dqdl import compile_ruleset

FLIGHTS = Dataset(
    name="flights",
    columns=[
        Column(name="carrier", type="string", source="Carrier"),
        Column(name="delay", type="int"),
        Column(name="day", type="date"),
        Column(name="stops", type="array<string>"),
    ],
)
NONE = Comparison(operator=Operator.EQUAL, value=0)


def rule(**more: Any) -> QualityRule:
    return QualityRule(**{"place": "schema[0].quality[0]", "kind": "library", "comparison": NONE, **more})


def expressions(*rules: QualityRule, dataset: Dataset = FLIGHTS, others: tuple[str, ...] = ()) -> list[str]:
    compiled = compile_ruleset(evolve(dataset, quality=rules), others=others)
    assert compiled.notes == ()
    return [item.expression for item in compiled.rules]


def reported(item: QualityRule, dataset: Dataset = FLIGHTS) -> str:
    compiled = compile_ruleset(evolve(dataset, quality=[item]))
    assert compiled.rules == ()
    (note,) = compiled.notes
    assert note.warning
    assert note.place == item.place
    return note.text


@pytest.mark.parametrize(
    ("operator", "value", "written"),
    [
        (Operator.EQUAL, 5, "RowCount = 5"),
        (Operator.NOT_EQUAL, 5, "RowCount != 5"),
        (Operator.GREATER, 5, "RowCount > 5"),
        (Operator.GREATER_OR_EQUAL, 5, "RowCount >= 5"),
        (Operator.LESS, 1e21, "RowCount < 1000000000000000000000"),
        (Operator.LESS_OR_EQUAL, 0.5, "RowCount <= 0.5"),
        (Operator.BETWEEN, [1, 5], "((RowCount >= 1) and (RowCount <= 5))"),
        (Operator.NOT_BETWEEN, [-1, 5], "((RowCount < -1) or (RowCount > 5))"),
        (Operator.EQUAL, True, "RowCount = 1"),
    ],
)
def test_operators_keep_their_bounds_and_numbers_have_no_exponent(operator: Operator, value: Any, written: str) -> None:
    comparison = Comparison(operator=operator, value=value)
    assert expressions(rule(metric=Metric.ROW_COUNT, comparison=comparison)) == [written]


@pytest.mark.parametrize(
    ("column", "arguments", "condition"),
    [
        ("carrier", {"validValues": ["A", "O'Neil", 1]}, r"`carrier` not in ('A', 'O\'Neil', '1')"),
        ("carrier", {"validValues": []}, "`carrier` is not null"),
        ("carrier", {"pattern": r"^\d+'$"}, r"not (`carrier` rlike '^\\d+\'$')"),
        ("carrier", {"pattern": '^"$'}, r"not (`carrier` rlike '^\\x22$')"),
        ("carrier", {"validValues": ["A"], "pattern": "B"}, "`carrier` not in ('A') or not (`carrier` rlike 'B')"),
        ("delay", {"validValues": [1, "2", "N/A", 0.5, None]}, "`delay` not in (1, 2, 0.5)"),
        ("day", {"validValues": ["2013-01-01", "never"]}, "`day` not in (date '2013-01-01')"),
        ("Carrier", {"validValues": ["A"]}, "`carrier` not in ('A')"),
    ],
)
def test_values_are_written_as_the_column_holds_them(column: str, arguments: dict[str, Any], condition: str) -> None:
    item = rule(metric=Metric.INVALID_VALUES, column=column, arguments=arguments)
    assert expressions(item) == [f'CustomSql "select count(*) as broken from primary where {condition}" = 0']


@pytest.mark.parametrize(
    ("query", "written"),
    [
        ("SELECT count(*) FROM ${object} WHERE ${property} > 1", "SELECT COUNT(*) FROM primary WHERE `delay` > 1"),
        ("SELECT count(*) FROM ${table} WHERE ${column} > 1;", "SELECT COUNT(*) FROM primary WHERE `delay` > 1"),
        ("SELECT count(*) FROM ${schema}.${table}", "SELECT COUNT(*) FROM primary"),
        ("SELECT count(*) FROM {model} WHERE {field} > 1", "SELECT COUNT(*) FROM primary WHERE `delay` > 1"),
        ('SELECT count(distinct "delay") FROM flights', "SELECT COUNT(DISTINCT `delay`) FROM primary"),
        ("SELECT count(flights.delay) AS n FROM lake.flights", "SELECT COUNT(primary.delay) AS n FROM primary"),
        ("SELECT count(*) FROM ${object} f JOIN db.airlines a ON f.carrier = a.carrier",
         "SELECT COUNT(*) FROM primary AS f JOIN airlines AS a ON f.carrier = a.carrier"),
        ("SELECT count(*) FROM ${object} WHERE extract(year FROM day) = 1",
         "SELECT COUNT(*) FROM primary WHERE EXTRACT(YEAR FROM day) = 1"),
    ],
)  # fmt: skip
def test_sql_speaks_of_the_table_as_primary(query: str, written: str) -> None:
    item = rule(kind="sql", query=query, column="delay")
    assert expressions(item, others=("airlines",)) == [f'CustomSql "{written}" = 0']


VERDICT = 'CustomSql "select case when cast(({}) as double) {} then 0 else 1 end as broken" = 0'


@pytest.mark.parametrize(
    ("query", "written"),
    [
        ('SELECT max("delay") FROM flights', "SELECT MAX(`delay`) FROM primary"),
        ("SELECT max(flights.delay) FROM lake.flights", "SELECT MAX(primary.delay) FROM primary"),
        ("SELECT count(*) + max(delay) FROM ${object}", "SELECT COUNT(*) + MAX(delay) FROM primary"),
        ("SELECT count(*) * 2 FROM ${object}", "SELECT COUNT(*) * 2 FROM primary"),
        ("SELECT count(*) FROM ${object} UNION SELECT max(delay) FROM ${object}",
         "SELECT COUNT(*) FROM primary UNION SELECT MAX(delay) FROM primary"),
        ("WITH late AS (SELECT * FROM ${object}) SELECT count(*) FROM late",
         "WITH late AS (SELECT * FROM primary) SELECT COUNT(*) FROM late"),
        ("SELECT max(delay) FROM ${object} -- the latest", "SELECT MAX(delay) FROM primary"),
    ],
)  # fmt: skip
def test_sql_that_is_no_plain_count_only_says_whether_the_rule_holds(query: str, written: str) -> None:
    compiled = compile_ruleset(evolve(FLIGHTS, quality=[rule(kind="sql", name="r", query=query)]))
    (found,) = compiled.rules
    assert found.expression == VERDICT.format(written, "= 0e0")
    assert str(found).endswith(' labels=["rule"="r", "severity"="error", "reports"="pass or fail"]')


@pytest.mark.parametrize(
    ("operator", "value", "written"),
    [
        (Operator.NOT_EQUAL, -1.5, "!= -1.5e0"),
        (Operator.LESS, 1e21, "< 1000000000000000000000e0"),
        (Operator.BETWEEN, [1, 5], "between 1e0 and 5e0"),
        (Operator.NOT_BETWEEN, [1, 5], "not between 1e0 and 5e0"),
    ],
)
def test_bounds_of_sql_that_is_no_count_are_inside_the_sql(operator: Operator, value: Any, written: str) -> None:
    comparison = Comparison(operator=operator, value=value)
    item = rule(kind="sql", query="SELECT max(delay) FROM flights", comparison=comparison)
    assert expressions(item) == [VERDICT.format("SELECT MAX(delay) FROM primary", written)]


def test_rules_carry_their_name_and_severity_as_labels() -> None:
    items = [
        rule(metric=Metric.ROW_COUNT, name='"many"  rows\\', severity=Severity.INFO),
        rule(metric=Metric.NULL_VALUES, column="delay"),
    ]
    assert compile_ruleset(evolve(FLIGHTS, quality=items)).text == (
        "Rules = [\n"
        '    RowCount = 0 labels=["rule"="\'many\' rows/", "severity"="info"],\n'
        '    CustomSql "select count(*) as broken from primary where `delay` is null" = 0 '
        'labels=["rule"="nullValues of delay mustBe 0", "severity"="error"]\n'
        "]"
    )


def test_keys_that_curation_does_not_ensure_are_warnings() -> None:
    def implied(**more: Any) -> list[str]:
        compiled = compile_ruleset(evolve(FLIGHTS, **more))
        assert compiled.notes == ()
        assert {item.severity for item in compiled.rules} <= {Severity.WARNING}
        return [item.name for item in compiled.rules]

    unique = [evolve(column, unique=column.name == "delay") for column in FLIGHTS.columns]
    assert implied(columns=unique) == ["no repeated delay"]
    assert implied(primary_key=["carrier", "delay"]) == []
    assert implied(primary_key=["carrier"], partition_keys=["day"]) == ["no repeated carrier"]
    assert implied(primary_key=["carrier", "day"], partition_keys=["day"]) == []
    assert implied(partition_keys=["day"]) == []
    stated = rule(metric=Metric.DUPLICATE_VALUES, column="delay", name="mine")
    assert [item.name for item in compile_ruleset(evolve(FLIGHTS, columns=unique, quality=[stated])).rules] == ["mine"]


def test_a_relationship_is_referential_integrity_with_the_other_dataset() -> None:
    dataset = evolve(
        FLIGHTS,
        relationships=[Relationship(columns=("carrier", "delay"), dataset="airlines", references=("code", "n"))],
    )
    compiled = compile_ruleset(dataset, others=["airlines", "planes"])
    (item,) = compiled.rules
    assert item.expression == 'ReferentialIntegrity "carrier,delay" "airlines.{code,n}" = 1.0'
    assert compiled.reads == ("airlines",)
    (note,) = compile_ruleset(dataset).notes
    assert "'carrier, delay in airlines'" in note.text
    assert "the dataset 'airlines' is not in this lake" in note.text


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (rule(kind="text", name="nice"), "'nice' of dataset 'flights' is not evaluated: it is a text for people"),
        (rule(kind="custom", engine="soda"), "it is written for the engine 'soda'"),
        (rule(metric=Metric.ROW_COUNT, unit="percent"), "the number of rows has no percentage"),
        (rule(metric=Metric.ROW_COUNT, unit="kilobytes"), "its unit is 'kilobytes'"),
        (rule(metric=Metric.ROW_COUNT, comparison=None), "nothing that the measured value must be"),
        (rule(metric=Metric.ROW_COUNT, comparison=Comparison(operator="mustBe", value="x")), "compares with 'x'"),
        (rule(metric=Metric.ROW_COUNT, comparison=Comparison(operator="mustBeBetween", value=[1])), "two bounds"),
        (rule(metric=Metric.ROW_COUNT, comparison=Comparison(operator="mustBeBetween", value=[2, 1])), "wrong order"),
        (rule(metric=Metric.NULL_VALUES), "stands beside none"),
        (rule(metric=Metric.NULL_VALUES, column="tail"), "no column 'tail'; it has carrier, delay, day, stops"),
        (rule(metric=Metric.NULL_VALUES, column="delay", arguments={"at": 1}), "argument 'at' is not known"),
        (rule(metric=Metric.INVALID_VALUES, column="delay"), "neither by 'validValues' nor by 'pattern'"),
        (rule(metric=Metric.INVALID_VALUES, column="delay", arguments={"pattern": "1"}), "a pattern describes text"),
        (rule(metric=Metric.INVALID_VALUES, column="delay", arguments={"validValues": "1"}), "must be a list"),
        (rule(metric=Metric.INVALID_VALUES, column="carrier", arguments={"validValues": ['"']}), "a double quote"),
        (rule(metric=Metric.MISSING_VALUES, column="stops", arguments={"missingValues": ["x"]}), "cannot be listed"),
        (rule(metric=Metric.INVALID_VALUES, column="carrier", arguments={"validValues": ["x" * 20_000]}), "more than"),
        (rule(metric=Metric.DUPLICATE_VALUES), "it names no column"),
        (rule(metric=Metric.DUPLICATE_VALUES, arguments={"properties": [1]}), "must be a list of names, got"),
        (rule(metric=Metric.DUPLICATE_VALUES, column="stops"), "column 'stops' is nested"),
        (rule(kind="sql", query="SELECT 1 FROM ${thing}"), "'${thing}' could stand for"),
        (rule(kind="sql", query="SELECT count(*) FROM crew"), "reads the table 'crew'"),
        (rule(kind="sql", query=""), "it has no query"),
    ],
)
def test_a_rule_without_a_faithful_form_is_reported_by_name_with_the_reason(item: QualityRule, reason: str) -> None:
    assert reason in reported(item)


def test_refuses_a_ruleset_that_is_longer_than_glue_takes() -> None:
    item = rule(metric=Metric.INVALID_VALUES, column="carrier", arguments={"validValues": ["x" * 15_000]})
    with pytest.raises(ContractError, match=r"the quality rules of dataset 'flights' are .* Glue takes 65536"):
        compile_ruleset(evolve(FLIGHTS, quality=[item] * 5))

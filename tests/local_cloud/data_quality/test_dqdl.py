from __future__ import annotations

import pytest

from local_cloud.engines.glue.data_quality.dqdl import parse
from local_cloud.engines.glue.data_quality.rules import Composite, Condition, Keyword, Rule
from local_cloud.errors import LocalCloudError


def only(text: str) -> Rule:
    (rule,) = parse(f"Rules = [ {text} ]")
    assert isinstance(rule, Rule)
    return rule


@pytest.mark.parametrize(
    ("text", "parameters", "condition"),
    [
        ("RowCount > 0", (), Condition(operator=">", operands=(0.0,))),
        ("RowCount != -1.5", (), Condition(operator="!=", operands=(-1.5,))),
        ("RowCount between 1 and 5", (), Condition(operator="between", operands=(1.0, 5.0))),
        ("RowCount not between 1 and 5", (), Condition(operator="between", operands=(1.0, 5.0), negated=True)),
        ('IsComplete "a"', ("a",), None),
        ('IsPrimaryKey "a" "b"', ("a", "b"), None),
        ('ColumnValues "a" in ["x", NULL, EMPTY]', ("a",),
         Condition(operator="in", operands=("x", Keyword("NULL"), Keyword("EMPTY")))),
        ('ColumnValues "a" not in [1, 2]', ("a",), Condition(operator="in", operands=(1.0, 2.0), negated=True)),
        ('ColumnValues "a" matches "[a-z]\\d"', ("a",), Condition(operator="matches", operands=("[a-z]\\d",))),
        ('CustomSql "select \'a\\\\b\' from primary" = 1', ("select 'a\\\\b' from primary",),
         Condition(operator="=", operands=(1.0,))),
    ],
)  # fmt: skip
def test_reads_a_rule(text: str, parameters: tuple[str, ...], condition: Condition | None) -> None:
    rule = only(text)
    assert (rule.parameters, rule.condition, rule.text) == (parameters, condition, text)


def test_reads_what_stands_after_the_condition() -> None:
    rule = only('ColumnValues "a" > 1 where "b = 2" labels=["rule"="x", "team"="y"] with threshold > 0.9')
    assert rule.where == "b = 2"
    assert rule.labels == {"rule": "x", "team": "y"}
    assert rule.threshold == Condition(operator=">", operands=(0.9,))


def test_reads_composites_and_their_labels() -> None:
    (rule,) = parse('Rules = [ ((RowCount > 1) and (RowCount < 5)) labels=["rule"="some"] ]')
    assert isinstance(rule, Composite)
    assert (rule.joined_by, rule.labels) == ("and", {"rule": "some"})
    assert [part.text for part in rule.rules] == ["RowCount > 1", "RowCount < 5"]


def test_reads_comments_no_rules_and_default_labels() -> None:
    assert parse("# none yet\nRules = [ ]") == []
    (rule,) = parse('DefaultLabels = ["team"="a", "env"="x"]\nRules = [ RowCount > 0 labels=["team"="b"] ]')
    assert rule.labels == {"team": "b", "env": "x"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"expected Rules = \[...\]"),
        ("Rules = [ RowCount > ]", "expected a number"),
        ("Rules = [ RowCount > avg(last(3)) ]", "computes no expressions"),
        ('Rules = [ ColumnValues "a ]', "cannot be parsed"),
        ("Rules = [ RowCount > 1", r"expected '\]'"),
        ("Rules = [ (RowCount > 1) and (RowCount < 5) or (RowCount = 9) ]", "parentheses"),
        ("Rules = [ RowCount > 1 ] Analyzers = [ RowCount ]", "no analyzers"),
        ("Rules = [ RowCount not > 1 ]", "between, in or matches"),
        ('Rules = [ RowCount > 1 with limit > 2 ]', "'threshold' after 'with'"),
    ],
)  # fmt: skip
def test_says_what_it_expected_instead(text: str, message: str) -> None:
    with pytest.raises(LocalCloudError, match=message):
        parse(text)


@pytest.mark.parametrize(
    ("condition", "value", "holds"),
    [
        ("between 1 and 5", 1, False),
        ("between 1 and 5", 3, True),
        ("not between 1 and 5", 5, True),
        ("not between 1 and 5", 3, False),
        ("in [1, 2]", 2, True),
        ("not in [1, 2]", 2, False),
        ("= 2", 2, True),
        ("!= 2", 2, False),
        (">= 2", 2, True),
        ("<= 2", 2, True),
        ("> 2", 2, False),
        ("< 2", 2, False),
    ],
)
def test_compares_as_glue_does(condition: str, value: float, holds: bool) -> None:
    found = only(f"RowCount {condition}").condition
    assert found is not None
    assert found.holds(value) is holds


def test_a_number_is_not_compared_with_text() -> None:
    condition = only('RowCount = "many"').condition
    assert condition is not None
    with pytest.raises(LocalCloudError, match="a number cannot be compared"):
        condition.holds(1)


def test_a_text_that_does_not_end_is_refused_at_once() -> None:
    with pytest.raises(LocalCloudError, match="cannot be parsed"):
        parse('Rules = [ CustomSql "' + "\\" * 10_001)


def test_refuses_rules_that_are_too_deep_in_one_line() -> None:
    with pytest.raises(LocalCloudError, match="expected at most 50 parentheses inside one another"):
        parse(f"Rules = [ {'(' * 1_100}RowCount > 1{')' * 1_100} ]")

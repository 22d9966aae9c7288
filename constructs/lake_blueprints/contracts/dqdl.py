"""Quality rules of a contract in the Data Quality Definition Language (DQDL) of AWS Glue.

Nearly every rule becomes `CustomSql`, which reports the very number that the contract bounds and takes a table
without rows for what it is. The plain rule types would not: `Completeness` and `Uniqueness` are ratios, fail without
rows, and leave rounding to the reader. The grammar, and that `between` excludes its bounds, that numbers have no
exponent, and that nothing inside a quoted parameter is unescaped: https://github.com/awslabs/dqdl.
What the rule types compute: https://docs.aws.amazon.com/glue/latest/dg/dqdl-rule-types.html and
https://github.com/awslabs/deequ (package dqdl).

SQL of a contract's author that is no plain count answers with pass or fail alone: what Glue measures is in its
results, and in the history and the log of the state machine that reads them.

Above 200 lines: one function for each kind of rule, read side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from attrs import frozen

from lake_blueprints.contracts.column import Column
from lake_blueprints.contracts.dataset import Dataset
from lake_blueprints.contracts.errors import ContractError
from lake_blueprints.contracts.governance import Note, Relationship
from lake_blueprints.contracts.measures import condition, counted, repeated
from lake_blueprints.contracts.quality import Comparison, Metric, Operator, QualityRule, Severity
from lake_blueprints.contracts.row_rules import broken_value, labelled
from lake_blueprints.contracts.sql_rules import column_of, spark_rule

# https://docs.aws.amazon.com/glue/latest/webapi/API_CreateDataQualityRuleset.html
_LONGEST = 65_536
# No limit of Glue's: one rule should leave room for others.
_LONGEST_RULE = _LONGEST // 4
_SYMBOLS = {
    Operator.EQUAL: "=",
    Operator.NOT_EQUAL: "!=",
    Operator.GREATER: ">",
    Operator.GREATER_OR_EQUAL: ">=",
    Operator.LESS: "<",
    Operator.LESS_OR_EQUAL: "<=",
}


@frozen(kw_only=True)
class CompiledRule:
    """One rule in DQDL.

    Parameters
    ----------
    name: str
        What messages call it.
    severity: Severity
        What happens when it is broken.
    expression: str
        The rule, without its labels.
    reads: tuple of str
        Datasets that it reads besides its own; their names are the aliases of further data sources.
    counts: bool
        Whether the number that it measures is a count or a share of rows; otherwise it only says whether the rule
        holds. By default it is.
    """

    name: str
    severity: Severity
    expression: str
    reads: tuple[str, ...] = ()
    counts: bool = True

    def __str__(self) -> str:
        reports = "" if self.counts else ', "reports"="pass or fail"'
        return f'{self.expression} labels=["rule"="{self.name}", "severity"="{self.severity.value}"{reports}]'


@frozen(kw_only=True)
class Ruleset:
    """The rules of a dataset in DQDL, and what of its contract could not be said so.

    Parameters
    ----------
    rules: tuple of CompiledRule
        In the contract's order; those that follow from its columns and relationships come last.
    notes: tuple of Note
        One for each rule that nobody evaluates, with its name and the reason.
    """

    rules: tuple[CompiledRule, ...]
    notes: tuple[Note, ...]

    @property
    def text(self) -> str:
        """The ruleset as Glue takes it."""
        return "Rules = [\n    " + ",\n    ".join(map(str, self.rules)) + "\n]"

    @property
    def reads(self) -> tuple[str, ...]:
        """The datasets that the rules read besides their own."""
        return tuple(dict.fromkeys(name for rule in self.rules for name in rule.reads))


def compile_ruleset(dataset: Dataset, *, others: Iterable[str] | Mapping[str, Dataset] = ()) -> Ruleset:
    """Return the rules of a dataset in DQDL.

    Besides the rules of the contract these are, as warnings, that values of a unique column do not repeat, that a
    primary key does not repeat in another partition, and that keys of other datasets are there. Required values,
    enums, patterns and bounds are not repeated: a row that breaks them never reaches a curated table.

    Parameters
    ----------
    dataset: Dataset
        Whose table is evaluated; its columns are those of the table.
    others: iterable of str, or mapping of str to Dataset
        Names of the datasets that rules may read as well; a mapping tells their columns too. By default none.

    Raises
    ------
    ContractError
        If the ruleset is longer than Glue takes.
    """
    known = others if isinstance(others, Mapping) else dict.fromkeys(others)
    rules: list[CompiledRule] = []
    notes: list[Note] = []
    for name, place, compiled in _all_rules(dataset, known):
        try:
            rules.append(compiled())
        except ContractError as reason:
            text = f"quality rule '{name}' of dataset '{dataset.name}' is not evaluated: {reason}"
            notes.append(Note(place=place, text=text, warning=True))
    ruleset = Ruleset(rules=tuple(rules), notes=tuple(notes))
    if len(ruleset.text) > _LONGEST:
        raise ContractError(
            f"the quality rules of dataset '{dataset.name}' are {len(ruleset.text)} characters of DQDL; Glue takes "
            f"{_LONGEST} in one ruleset, so remove some or shorten their lists"
        )
    return ruleset


def _all_rules(
    dataset: Dataset, others: Mapping[str, Dataset | None]
) -> Iterator[tuple[str, str, Callable[[], CompiledRule]]]:
    """Yield name and place of each rule, and what compiles it."""
    for name, rule in labelled((*dataset.quality, *_implied(dataset))):
        yield name, rule.place, partial(_compile, name, rule, dataset, others)
    for relationship in dataset.relationships:
        name = f"{', '.join(relationship.columns)} in {relationship.dataset}"
        place = f"relationships of {dataset.name}"
        yield name, place, partial(_related, name, relationship, dataset, others)


def _implied(dataset: Dataset) -> Iterator[QualityRule]:
    """Yield the rules that the dataset's keys imply and the contract does not state itself."""
    none = Comparison(operator=Operator.EQUAL, value=0)
    keys: list[tuple[str, ...]] = [(column.name,) for column in dataset.columns if column.unique]
    # Curation looks for a key in the row's own partition, so that one which names its partition cannot repeat.
    elsewhere = set(dataset.partition_keys) - set(dataset.primary_key)
    if elsewhere and dataset.primary_key and dataset.primary_key not in keys:
        keys.append(dataset.primary_key)
    stated = [
        rule.arguments.get("properties") or [rule.column]
        for rule in dataset.quality
        if rule.metric is Metric.DUPLICATE_VALUES and rule.comparison == none
    ]
    for key in keys:
        if list(key) not in stated:
            yield QualityRule(
                place=f"keys of {dataset.name}",
                kind="library",
                name=f"no repeated {', '.join(key)}",
                metric=Metric.DUPLICATE_VALUES,
                arguments={"properties": list(key)},
                comparison=none,
                severity=Severity.WARNING,
            )


def _compile(name: str, rule: QualityRule, dataset: Dataset, others: Mapping[str, Dataset | None]) -> CompiledRule:
    reads: tuple[str, ...] = ()
    counts = True
    match rule.kind:
        case "library":
            expression = _compared(_library(rule, dataset), rule.comparison)
        case "sql":
            found = spark_rule(rule, dataset, others)
            reads, counts = found.reads, found.counts
            judged = _compared(_custom_sql(found.sql), rule.comparison) if counts else ""
            expression = judged or _verdict(found.sql, rule.comparison)
        case "text":
            raise ContractError("it is a text for people")
        case _:
            raise ContractError(f"it is written for the engine '{rule.engine}'")
    if len(expression) > _LONGEST_RULE:
        raise ContractError(f"it is {len(expression)} characters of DQDL, more than {_LONGEST_RULE}")
    return CompiledRule(name=name, severity=rule.severity, expression=expression, reads=reads, counts=counts)


def _library(rule: QualityRule, dataset: Dataset) -> str:
    percent = rule.unit == "percent"
    if rule.unit not in {"rows", "percent"}:
        raise ContractError(f"its unit is '{rule.unit}', and only rows and percent can be counted")
    if rule.metric is Metric.ROW_COUNT:
        if percent:
            raise ContractError("the number of rows has no percentage; count them in rows")
        return "RowCount"
    if rule.metric is Metric.DUPLICATE_VALUES:
        return _custom_sql(repeated(_key_columns(rule, dataset), percent=percent))
    column = column_of(rule.column, dataset)
    return _custom_sql(counted(condition(broken_value(rule, column), column), percent=percent))


def _key_columns(rule: QualityRule, dataset: Dataset) -> tuple[Column, ...]:
    if unknown := sorted(rule.arguments.keys() - {"properties"}):
        raise ContractError(f"its argument '{unknown[0]}' is not known of duplicateValues")
    names = rule.arguments.get("properties") or ([rule.column] if rule.column else [])
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise ContractError(f"its properties must be a list of names, got {names!r}")
    if not names:
        raise ContractError("it names no column; list some as 'properties' of its arguments")
    columns = tuple(column_of(name, dataset) for name in names)
    for column in columns:
        if column.type.nested:
            raise ContractError(f"column '{column.name}' is nested, and such values are not compared")
    return columns


def _custom_sql(sql: str) -> str:
    if '"' in sql:
        raise ContractError("DQDL has no way to write a double quote inside SQL")
    return f'CustomSql "{sql}"'


def _compared(measure: str, comparison: Comparison | None) -> str:
    if comparison is None:
        raise ContractError("it says nothing that the measured value must be")
    if comparison.operator in {Operator.BETWEEN, Operator.NOT_BETWEEN}:
        low, high = _bounds(comparison.value)
        # `between` of DQDL excludes the bounds, and `not between` includes them.
        if comparison.operator is Operator.BETWEEN:
            return f"(({measure} >= {low}) and ({measure} <= {high}))"
        return f"(({measure} < {low}) or ({measure} > {high}))"
    return f"{measure} {_SYMBOLS[comparison.operator]} {_number(comparison.value)}"


def _verdict(sql: str, comparison: Comparison | None) -> str:
    """Return a rule that measures 0 if the result of SQL compares as it must, else 1; no result is no pass."""
    if comparison is None:
        raise ContractError("it says nothing that the measured value must be")
    if comparison.operator in {Operator.BETWEEN, Operator.NOT_BETWEEN}:
        low, high = _bounds(comparison.value)
        negated = "not " if comparison.operator is Operator.NOT_BETWEEN else ""
        compared = f"{negated}between {low}e0 and {high}e0"
    else:
        compared = f"{_SYMBOLS[comparison.operator]} {_number(comparison.value)}e0"
    return f"{_custom_sql(f'select case when cast(({sql}) as double) {compared} then 0 else 1 end as broken')} = 0"


def _bounds(pair: Any) -> tuple[str, str]:
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise ContractError(f"it needs two bounds, got {pair!r}")
    low, high = (_number(value) for value in pair)
    if Decimal(low) > Decimal(high):
        raise ContractError(f"its bounds are in the wrong order, {low} before {high}")
    return low, high


def _number(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if not isinstance(value, int | float | Decimal) or not Decimal(str(value)).is_finite():
        raise ContractError(f"it compares with {value!r}, and only numbers can be compared")
    return f"{Decimal(str(value)):f}"


def _related(
    name: str, relationship: Relationship, dataset: Dataset, others: Mapping[str, Dataset | None]
) -> CompiledRule:
    if relationship.dataset not in {dataset.name, *others}:
        raise ContractError(f"the dataset '{relationship.dataset}' is not in this lake")
    columns = ",".join(column_of(column, dataset).name for column in relationship.columns)
    references = ",".join(relationship.references)
    return CompiledRule(
        name=name,
        severity=Severity.WARNING,
        expression=f'ReferentialIntegrity "{columns}" "{relationship.dataset}.{{{references}}}" = 1.0',
        reads=(relationship.dataset,),
    )

"""Quality rules about single values of a column: which values break them, and which rows are set aside for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from attrs import frozen

from lake_blueprints.contracts.column import Column
from lake_blueprints.contracts.dataset import Dataset
from lake_blueprints.contracts.errors import ContractError
from lake_blueprints.contracts.quality import Comparison, Metric, Operator, QualityRule, Severity

_ARGUMENTS = {
    Metric.NULL_VALUES: frozenset[str](),
    Metric.MISSING_VALUES: frozenset({"missingValues"}),
    Metric.INVALID_VALUES: frozenset({"validValues", "pattern"}),
}
_NUMBERS = frozenset({"tinyint", "smallint", "int", "bigint", "float", "double", "decimal"})


@frozen(kw_only=True)
class BrokenValue:
    """Values of a column that break a rule: those that meet any of these conditions.

    Parameters
    ----------
    null: bool
        Whether it is broken where there is no value. By default it is not.
    any_of: tuple
        Values that break it. By default none.
    none_of: tuple, optional
        The only values that keep it. By default every value does.
    unlike: str, optional
        Regular expression of which a part of the value must be a match. By default none.
    """

    null: bool = False
    any_of: tuple[Any, ...] = ()
    none_of: tuple[Any, ...] | None = None
    unlike: str | None = None


@frozen(kw_only=True)
class RowRule:
    """A rule whose breach sets the row aside.

    Parameters
    ----------
    name: str
        The reason.
    column: str
        Catalog name of the column.
    broken: BrokenValue
        Which values break it.
    """

    name: str
    column: str
    broken: BrokenValue


def rule_name(rule: QualityRule) -> str:
    """Return what messages call a rule: its name, else its description, else what it demands."""
    if given := rule.name or rule.description:
        return " ".join(given.replace('"', "'").replace("\\", "/").split())[:200]
    what = rule.metric.value if rule.metric else rule.kind
    demand = f" {rule.comparison.operator.value} {_number_text(rule.comparison.value)}" if rule.comparison else ""
    return f"{what}{f' of {rule.column}' if rule.column else ''}{demand}"[:200]


def labelled(rules: Iterable[QualityRule]) -> list[tuple[str, QualityRule]]:
    """Return rules with what messages, results and documents call each: those of one name are numbered."""
    found: list[tuple[str, QualityRule]] = []
    times: Counter[str] = Counter()
    for rule in rules:
        name = rule_name(rule)
        times[name] += 1
        found.append((f"{name} ({times[name]})" if times[name] > 1 else name, rule))
    return found


def broken_value(rule: QualityRule, column: Column) -> BrokenValue:
    """Return which values of a column break a rule on `nullValues`, `missingValues` or `invalidValues`.

    A listed value that the column cannot hold, such as `N/A` of a number, is left out: no row has it.

    Raises
    ------
    ContractError
        If the rule's arguments say something that is not understood.
    """
    arguments = {key: value for key, value in rule.arguments.items() if value is not None}
    assert rule.metric in _ARGUMENTS
    if unknown := sorted(arguments.keys() - _ARGUMENTS[rule.metric]):
        raise ContractError(f"its argument '{unknown[0]}' is not known of {rule.metric.value}")
    if rule.metric is Metric.NULL_VALUES:
        return BrokenValue(null=True)
    if rule.metric is Metric.MISSING_VALUES:
        return BrokenValue(null=True, any_of=_values(arguments.get("missingValues", ()), column))
    if not arguments:
        raise ContractError("it says neither by 'validValues' nor by 'pattern' what is valid")
    valid = arguments.get("validValues")
    if "pattern" in arguments and column.type.glue != "string":
        raise ContractError(f"a pattern describes text, and column '{column.name}' is of type {column.type}")
    return BrokenValue(
        none_of=None if valid is None else _values(valid, column),
        unlike=str(arguments["pattern"]) if "pattern" in arguments else None,
    )


def row_rules(dataset: Dataset) -> list[RowRule]:
    """Return the warnings of a dataset that are about single rows: rules on values that tolerate not one broken.

    What cannot be read is left out here; `compile_ruleset` reports it.
    """
    found = []
    for name, rule in labelled(dataset.quality):
        if rule.severity is not Severity.WARNING or not _about_single_rows(rule):
            continue
        if rule.column not in dataset.column_names:
            continue
        try:
            broken = broken_value(rule, dataset.column(rule.column))
        except ContractError:
            continue
        found.append(RowRule(name=name, column=rule.column, broken=broken))
    return found


def _about_single_rows(rule: QualityRule) -> bool:
    return rule.kind == "library" and rule.metric in _ARGUMENTS and tolerates_none(rule.comparison, rule.unit)


def tolerates_none(comparison: Comparison | None, unit: str) -> bool:
    """Tell whether a bound on how many rows break a rule means that none may."""
    match comparison:
        case Comparison(operator=Operator.EQUAL | Operator.LESS_OR_EQUAL, value=0):
            return True
        case Comparison(operator=Operator.LESS, value=int() | float() as bound):
            return unit == "rows" and 0 < bound <= 1
    return False


def _values(listed: Any, column: Column) -> tuple[Any, ...]:
    if not isinstance(listed, list | tuple):
        raise ContractError(f"its values must be a list, got {listed!r}")
    fitting = (_fitting(value, column) for value in listed)
    return tuple(dict.fromkeys(value for value in fitting if value is not None))


def _fitting(value: Any, column: Column) -> Any:
    """Return a value as the column holds it, None if it is null or the column cannot hold it."""
    family = column.type.glue.partition("(")[0]
    if value is None or isinstance(value, list | dict):
        return None
    if family == "string":
        return ("true" if value else "false") if isinstance(value, bool) else str(value)
    if family == "boolean":
        return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value).lower())
    if family in _NUMBERS:
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            return None
        return number if number.is_finite() else None
    if family in {"date", "timestamp"}:
        return str(value) if _is_moment(str(value), family) else None
    raise ContractError(f"values of column '{column.name}', of type {column.type}, cannot be listed")


def _is_moment(text: str, family: str) -> bool:
    try:
        (date if family == "date" else datetime).fromisoformat(text)
    except ValueError:
        return False
    return True


def _number_text(value: Any) -> str:
    return " and ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)

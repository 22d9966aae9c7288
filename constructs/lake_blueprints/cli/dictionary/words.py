"""Wording of contract values in the data dictionary."""

from __future__ import annotations

from datetime import timedelta

from lake_blueprints.contracts import Column, Comparison, Dataset, Masking, Operator, QualityRule, Severity

_OPERATORS = {
    Operator.EQUAL: "=",
    Operator.NOT_EQUAL: "≠",
    Operator.GREATER: ">",
    Operator.GREATER_OR_EQUAL: "≥",
    Operator.LESS: "<",
    Operator.LESS_OR_EQUAL: "≤",
    Operator.BETWEEN: "between",
    Operator.NOT_BETWEEN: "not between",
}
_METRICS = {
    "nullValues": "null values",
    "missingValues": "missing values",
    "invalidValues": "invalid values",
    "duplicateValues": "duplicate values",
    "rowCount": "rows",
}
_MASKINGS = {
    Masking.REDACT: "redacted",
    Masking.HASH: "hashed",
    Masking.DROP: "left out",
    Masking.NONE: "not masked",
}
_CONSEQUENCES = {
    Severity.ERROR: "the run fails",
    Severity.WARNING: "rows are set aside, or it is reported",
    Severity.INFO: "it is reported",
}


def age(value: timedelta | None) -> str:
    """Return a time span as people say it."""
    if value is None:
        return ""
    seconds = int(value.total_seconds())
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        if seconds % length == 0 and seconds >= length:
            return f"{seconds // length:,} {unit}{'' if seconds == length else 's'}"
    return f"{value.total_seconds():g} seconds"


def constraints(column: Column) -> list[str]:
    """Return what a value of the column must be like."""
    given = column.constraints
    bounds = (
        ("≥", given.minimum),
        (">", given.exclusive_minimum),
        ("≤", given.maximum),
        ("<", given.exclusive_maximum),
        ("multiple of", given.multiple_of),
        ("length ≥", given.min_length),
        ("length ≤", given.max_length),
        ("matches", given.pattern),
        ("written as", column.format),
    )
    found = [f"{word} {value}" for word, value in bounds if value is not None]
    return [*found, f"one of {', '.join(map(str, given.enum))}"] if given.enum else found


def labels(dataset: Dataset, column: Column) -> list[str]:
    """Return the column's part in the dataset."""
    found = [("key", column.name in dataset.primary_key), ("partition", column.name in dataset.partition_keys)]
    found += [("required", column.required), ("unique", column.unique), ("critical", column.critical)]
    return [label for label, given in found if given]


def masking(column: Column) -> str:
    """Return what becomes of a restricted column's values; nothing for others."""
    return _MASKINGS[column.masking] if column.restricted else ""


def demand(rule: QualityRule) -> str:
    """Return what a quality rule demands."""
    if rule.kind == "text":
        return rule.description or ""
    if rule.kind == "custom":
        return f"evaluated by {rule.engine}: {rule.implementation}"
    what = _METRICS[rule.metric.value] if rule.metric else (rule.query or "").strip()
    if valid := _valid(rule):
        what = f"values other than {valid}" if "validValues" in rule.arguments else f"values that do not match {valid}"
    percent = " percent" if rule.unit == "percent" else ""
    return f"{what} {_compared(rule.comparison)}{percent}".strip()


def explanation(name: str, rule: QualityRule) -> str:
    """Return what a contract says about a quality rule beyond its label: its description and dimension."""
    said = rule.description if rule.description and rule.description != name else None
    return "; ".join(filter(None, (said, rule.dimension)))


def _valid(rule: QualityRule) -> str:
    """Return the valid values, or their pattern, of a rule that counts others."""
    values = rule.arguments.get("validValues")
    return ", ".join(map(str, values)) if values else str(rule.arguments.get("pattern") or "")


def promised(dataset: Dataset, column: Column) -> list[str]:
    """Return which values rules of the contract promise of the column, beside its constraints."""
    rules = [rule for rule in dataset.quality if rule.column == column.name and rule.arguments.get("validValues")]
    return [f"one of {_valid(rule)}" for rule in rules]


def consequence(rule: QualityRule) -> str:
    """Return what happens when a quality rule is broken."""
    return "nothing: it is for people" if rule.kind == "text" else _CONSEQUENCES[rule.severity]


def _compared(comparison: Comparison | None) -> str:
    if comparison is None:
        return ""
    value = comparison.value
    shown = " and ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    return f"{_OPERATORS[comparison.operator]} {shown}"

"""Quality rules (`quality`) of objects and properties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from attrs import evolve

from lake_blueprints.contracts.quality import Comparison, Metric, Operator, QualityRule, Severity
from lake_blueprints.contracts.standard.elements import Element, name_of, one_line
from lake_blueprints.contracts.standard.report import Report

# v3.0 had a library in the making: its documents and tools called the same measures otherwise.
_METRICS = {
    **{metric.value.lower(): metric for metric in Metric},
    **dict.fromkeys(("nullcount", "nullcheck", "notnull"), Metric.NULL_VALUES),
    **dict.fromkeys(("missingcount", "missingcheck"), Metric.MISSING_VALUES),
    **dict.fromkeys(("validvalues", "invalidcount", "validcheck"), Metric.INVALID_VALUES),
    **dict.fromkeys(("duplicatecount", "duplicatecheck", "unique", "uniquecheck"), Metric.DUPLICATE_VALUES),
    **dict.fromkeys(("countcheck", "rowcountcheck"), Metric.ROW_COUNT),
}
# Arguments that stood beside the rule in v3.0.
_ARGUMENTS = ("validValues", "missingValues", "pattern", "properties")
# Measures of which a rule without an operator means that there is none.
_MEANS_NONE = frozenset(Metric) - {Metric.ROW_COUNT}
_SEVERITIES = {
    **dict.fromkeys(("error", "critical", "high", "major", "blocker", "fatal", "fail"), Severity.ERROR),
    **dict.fromkeys(("warning", "warn", "medium", "moderate", "minor"), Severity.WARNING),
    **dict.fromkeys(("info", "information", "low", "notice", "trivial"), Severity.INFO),
}
_UNITS = {**dict.fromkeys(("rows", "row", "count"), "rows"), **dict.fromkeys(("percent", "percentage", "%"), "percent")}

Rule = Mapping[str, Any]


def read_rules(item: Element, place: str, report: Report, system: str | None = None) -> list[QualityRule]:
    """Return the rules of a schema object and of its properties, those inside columns included.

    Parameters
    ----------
    item: mapping
        The schema object.
    place: str
        Of the schema object.
    report: Report
        Receives what is not evaluated as it is written.
    system: str, optional
        Type of the server in whose SQL queries are written. By default it is Spark's.
    """
    names = _catalog_names(item)
    found = list(_rules(item, None, place, names, report))
    for number, prop in enumerate(item.get("properties") or []):
        found += _rules_of(prop, name_of(prop), f"{place}.properties[{number}]", names, report)
    return [evolve(rule, system=system) if rule.kind == "sql" else rule for rule in found]


def _rules_of(
    prop: Element, column: str, place: str, names: Mapping[str, str], report: Report
) -> Iterator[QualityRule]:
    yield from _rules(prop, column, place, names, report)
    children = [
        (child, f"{column}.{child['name']}", f"{place}.properties[{number}]")
        for number, child in enumerate(prop.get("properties") or [])
    ]
    if prop.get("items"):
        children.append((prop["items"], f"{column}.items", f"{place}.items"))
    children += [(side, f"{column}.{key}", f"{place}.map.{key}") for key, side in (prop.get("map") or {}).items()]
    for child, path, here in children:
        yield from _rules_of(child, path, here, names, report)


def _rules(
    element: Element, column: str | None, place: str, names: Mapping[str, str], report: Report
) -> Iterator[QualityRule]:
    for number, rule in enumerate(element.get("quality") or []):
        yield from _rule(rule, column, f"{place}.quality[{number}]", names, report)


def _rule(
    rule: Rule, column: str | None, place: str, names: Mapping[str, str], report: Report
) -> Iterator[QualityRule]:
    kind = _kind(rule)
    metric = _metric(rule) if kind == "library" else None
    if kind == "library" and metric is None:
        known = ", ".join(Metric)
        report.warn(place, f"'{rule.get('metric') or rule.get('rule')}' is not evaluated; metrics are {known}")
        kind = "text"
    if rule.get("schedule"):
        report.inform(f"{place}.schedule", "rules are evaluated whenever the dataset is curated")
    # Several operators are several rules: the standard has them all hold.
    for comparison in _comparisons(rule, metric, place, report):
        yield QualityRule(
            place=place,
            kind=kind,
            name=one_line(rule.get("name") or rule.get("id")),
            column=None if metric is Metric.ROW_COUNT else column,
            metric=metric,
            arguments=_arguments(rule, names) if metric else {},
            comparison=comparison,
            unit=_unit(rule, place, report),
            query=rule.get("query"),
            engine=rule.get("engine"),
            implementation=rule.get("implementation"),
            severity=_severity(rule, place, report),
            dimension=rule.get("dimension"),
            description=one_line(rule.get("description")),
        )


def _kind(rule: Rule) -> str:
    if rule.get("type"):
        return str(rule["type"])
    for key, kind in (("metric", "library"), ("rule", "library"), ("query", "sql"), ("engine", "custom")):
        if rule.get(key):
            return kind
    return "text"


def _metric(rule: Rule) -> Metric | None:
    return _METRICS.get(str(rule.get("metric") or rule.get("rule")).lower())


def _comparisons(rule: Rule, metric: Metric | None, place: str, report: Report) -> list[Comparison | None]:
    given = {operator: rule[operator] for operator in Operator if operator in rule}
    if not given and metric in _MEANS_NONE:
        given = {Operator.EQUAL: 0}
    found: list[Comparison | None] = []
    for operator, value in given.items():
        # The standard's schema leaves open what `mustBe` compares with, and in v3.0 what any of them does.
        if operator in (Operator.BETWEEN, Operator.NOT_BETWEEN):
            if isinstance(value, list) and len(value) == 2 and all(isinstance(bound, int | float) for bound in value):
                found.append(Comparison(operator=operator, value=tuple(value)))
            else:
                report.fail(f"{place}.{operator}", "must be two numbers to compare with")
        elif isinstance(value, dict | list | None):
            report.fail(f"{place}.{operator}", "must be a number to compare with")
        else:
            found.append(Comparison(operator=operator, value=value))
    return found or [None]


def _arguments(rule: Rule, names: Mapping[str, str]) -> dict[str, Any]:
    beside = {key: rule[key] for key in _ARGUMENTS if key in rule}
    arguments = {**beside, **(rule.get("arguments") or {})}
    properties = arguments.get("properties")
    if isinstance(properties, Sequence) and not isinstance(properties, str):
        arguments["properties"] = [names.get(str(name), str(name)) for name in properties]
    return arguments


def _catalog_names(item: Element) -> dict[str, str]:
    """Return the catalog's names of properties, by what a contract may call them."""
    properties = item.get("properties") or []
    return {
        str(prop[key]): name_of(prop) for key in ("id", "physicalName", "name") for prop in properties if key in prop
    }


def _unit(rule: Rule, place: str, report: Report) -> str:
    given = rule.get("unit")
    if given is None:
        return "rows"
    unit = _UNITS.get(str(given).strip().lower())
    if unit is None and not rule.get("query"):
        report.inform(f"{place}.unit", f"'{given}' is neither rows nor percent")
    return unit or str(given)


def _severity(rule: Rule, place: str, report: Report) -> Severity:
    given = rule.get("severity")
    if given is None:
        return Severity.ERROR
    severity = _SEVERITIES.get(str(given).strip().lower())
    if severity is None:
        near = get_close_matches(str(given).lower(), Severity, 1)
        hint = f" (did you mean '{near[0]}'?)" if near else f"; severities are {', '.join(Severity)}"
        report.warn(f"{place}.severity", f"'{given}' is taken for an error, which fails the run{hint}")
    return severity or Severity.ERROR

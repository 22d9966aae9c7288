"""Changes of quality rules, relationships, service levels and roles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lake_blueprints.contracts.dataset import Dataset
from lake_blueprints.contracts.evolution.bounds import is_tighter
from lake_blueprints.contracts.evolution.changes import Change, Place
from lake_blueprints.contracts.governance import AccessRole, ServiceLevels
from lake_blueprints.contracts.quality import Comparison, Operator, QualityRule, Severity
from lake_blueprints.contracts.row_rules import rule_name

_SEVERITIES = (Severity.INFO, Severity.WARNING, Severity.ERROR)


def quality_changes(of: Place, old: Sequence[QualityRule], new: Sequence[QualityRule]) -> Iterator[Change]:
    """Return the quality rules that came, went or changed."""
    rest = list(new)
    pairs: dict[int, QualityRule] = {}
    # One that is known by its description alone is another if that differs, unless nothing else is left.
    for identity in (_described, _identity):
        for number, rule in enumerate(old):
            same = next((other for other in rest if identity(other) == identity(rule)), None)
            if number not in pairs and same:
                rest.remove(same)
                pairs[number] = same
    for number, rule in enumerate(old):
        same = pairs.get(number)
        if same is None:
            yield of.rule(f"{_called(rule)} is gone", tighter=False, columns=_about(rule))
            continue
        demands = [(_content(one), one.comparison, one.severity) for one in (rule, same)]
        if demands[0] != demands[1]:
            severer = _SEVERITIES.index(same.severity) > _SEVERITIES.index(rule.severity)
            tighter = severer or _counts_more(rule, same) or is_tighter(rule.comparison, same.comparison)
            yield of.rule(f"{_called(rule)} changed", tighter=tighter, columns=_about(rule))
    for rule in rest:
        if rule.severity is Severity.INFO or rule.kind == "text":
            yield of.minor("rule added", f"{_called(rule)} is reported", _about(rule))
        else:
            yield of.rule(f"{_called(rule)} is new", tighter=True, columns=_about(rule))


def _identity(rule: QualityRule) -> tuple[object, ...]:
    return rule.kind, rule.column, rule.metric, rule.name


def _described(rule: QualityRule) -> tuple[object, ...]:
    return *_identity(rule), rule.description


def _content(rule: QualityRule) -> tuple[object, ...]:
    return dict(rule.arguments), rule.unit, rule.query, rule.engine, rule.implementation


def _counts_more(old: QualityRule, new: QualityRule) -> bool:
    """Tell whether a rule may count more values as broken than before, or it cannot be told."""
    if _content(old) == _content(new):
        return False
    before, after = ({**rule.arguments} for rule in (old, new))
    valid = before.pop("validValues", None), after.pop("validValues", None)
    missing = before.pop("missingValues", None) or [], after.pop("missingValues", None) or []
    if (before, _content(old)[1:]) != (after, _content(new)[1:]):
        return True
    if not all(_bounds_from_above(rule.comparison) for rule in (old, new)):
        return True
    fewer_valid = valid[1] is not None and (valid[0] is None or any(value not in valid[1] for value in valid[0]))
    return fewer_valid or any(value not in missing[0] for value in missing[1])


def _bounds_from_above(comparison: Comparison | None) -> bool:
    """Tell whether fewer broken values never break a rule."""
    match comparison:
        case Comparison(operator=Operator.LESS | Operator.LESS_OR_EQUAL) | Comparison(operator=Operator.EQUAL, value=0):
            return True
    return False


def _about(rule: QualityRule) -> tuple[str, ...]:
    return (rule.column,) if rule.column else ()


def _called(rule: QualityRule) -> str:
    what = rule_name(rule) if rule.name or rule.description else rule.metric or f"a {rule.kind} rule"
    return f"quality rule '{what}' on '{rule.column}'" if rule.column else f"quality rule '{what}'"


def relationship_changes(of: Place, old: Dataset, new: Dataset) -> Iterator[Change]:
    """Return the relationships that came or went; each is a rule that rows must keep."""
    for relationship in old.relationships:
        if relationship not in new.relationships:
            text = f"{', '.join(relationship.columns)} need not be in '{relationship.dataset}' any more"
            yield of.rule(text, tighter=False, columns=relationship.columns)
    for relationship in new.relationships:
        if relationship not in old.relationships:
            text = f"{', '.join(relationship.columns)} must be in '{relationship.dataset}'"
            yield of.rule(text, tighter=True, columns=relationship.columns)


def service_level_changes(of: Place, old: ServiceLevels, new: ServiceLevels) -> Iterator[Change]:
    """Return the promises about time that changed.

    One is broken by giving less: later rows, or rows that are kept for a shorter time.
    """
    if old.latency != new.latency:
        text = f"latency {_age(old.latency)} → {_age(new.latency)}"
        weaker = old.latency is not None and (new.latency is None or new.latency > old.latency)
        yield of.major("promise weakened", text) if weaker else of.minor("promise strengthened", text)
    if old.retention != new.retention:
        text = f"retention {_age(old.retention)} → {_age(new.retention)}"
        weaker = new.retention is not None and (old.retention is None or new.retention < old.retention)
        yield of.major("promise weakened", text) if weaker else of.minor("promise strengthened", text)
    if old.retention and new.retention and old.retention_by != new.retention_by:
        text = f"retention by {old.retention_by or 'arrival'} → {new.retention_by or 'arrival'}"
        yield of.major("retention column changed", text)
    if (old.frequency, old.schedule) != (new.frequency, new.schedule):
        yield of.minor("schedule changed", "when new data is curated")
    if old.others != new.others:
        yield of.patch("words changed", "other service levels")


def _age(age: object) -> str:
    return str(age).removesuffix(", 0:00:00") if age is not None else "unlimited"


def role_changes(of: Place, old: Sequence[AccessRole], new: Sequence[AccessRole]) -> Iterator[Change]:
    """Return the roles that came, went or may do something else."""
    after = {role.name: role for role in new}
    for role in old:
        same = after.pop(role.name, None)
        if same is None:
            yield of.dropped("role", f"'{role.name}' is gone")
        elif (role.access, role.restricted) != (same.access, same.restricted):
            less = not set(role.access.split("_")) <= set(same.access.split("_")) or (
                role.restricted and not same.restricted
            )
            text = f"'{role.name}' may {'do less' if less else 'do more'}: {role.access} → {same.access}"
            yield of.major("role changed", text) if less else of.minor("role changed", text)
    for name in after:
        yield of.minor("role added", f"'{name}' is new")

"""Rules engine: templates, rules, findings."""

from template_checks.core.checking import check, check_app
from template_checks.core.rule import Finding, Rule, Severity, all_rules

__all__ = (
    "Finding",
    "Rule",
    "Severity",
    "all_rules",
    "check",
    "check_app",
)

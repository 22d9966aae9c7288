"""Findings of all gates in one form."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from enum import IntEnum

from attrs import evolve, field, frozen

# Enumeration, pattern, length, range, action: ids of cfn-lint for a value that is wrong by itself.
_ABOUT_VALUES = {"3030", "3031", "3033", "3034", "3037"}
# Linters name both sides of a condition, rules what is left of it.
_CASE = re.compile(r"\.Fn::If\.[12](?=\.|$)")


class Severity(IntEnum):
    """Severity of a finding; a higher one is worse."""

    COMPLIANCE = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        return self.name.lower()


@frozen(kw_only=True)
class Finding:
    """Something about one resource.

    Parameters
    ----------
    gates: tuple of str
        The gates that found it.
    rules: tuple of str
        What they call it, each as it is acknowledged.
    topic: str
        What two gates must share to mean the same: they say it in different words. See `value_at`.
    severity: Severity
        The worst that a gate gave it.
    stack, logical_id, kind: str
        The resource; empty where the finding is about the whole template.
    construct_path: str
        The construct that it is from; empty if the assembly does not tell.
    path: str
        The property, below the resource; empty if the gate does not tell.
    file: str
        The template's file.
    message: str
        What is wrong and, where the gate knows, the fix.
    title, help: str
        What the rule asks for, and the page that says more; empty if the gate does not tell.
    """

    gates: tuple[str, ...]
    rules: tuple[str, ...]
    topic: str
    severity: Severity
    stack: str
    logical_id: str = ""
    kind: str = ""
    construct_path: str = ""
    path: str = ""
    file: str = ""
    message: str
    title: str = ""
    help: str = ""

    @property
    def where(self) -> str:
        """The construct, or the resource, or the stack."""
        return self.construct_path or f"{self.stack}/{self.logical_id}".rstrip("/")

    def fingerprint(self, rule: str) -> str:
        """Return what stays the same of a finding of a rule while the template around it changes."""
        return hashlib.sha256("\0".join((rule, self.where, self.topic)).encode()).hexdigest()[:32]


@frozen(kw_only=True, order=True)
class Unread:
    """Part of a template that a gate, or none, could read.

    Parameters
    ----------
    stack: str
        The stack.
    gate: str
        The gate; empty where none could.
    what: str
        The part.
    """

    stack: str
    gate: str = ""
    what: str


@frozen(kw_only=True)
class Report:
    """Findings of all gates, and what they could not tell.

    Parameters
    ----------
    findings: sequence of Finding
        What is wrong.
    unread: sequence of Unread
        What nobody looked at.
    failures: sequence of str
        Files that could not be read and gates that failed, each in a line.
    notes: sequence of str
        What was left out by a baseline or by acknowledgments.
    """

    findings: list[Finding]
    unread: list[Unread] = field(factory=list)
    failures: list[str] = field(factory=list)
    notes: list[str] = field(factory=list)


def value_at(path: str) -> str:
    """Return the topic of a value that is wrong by itself: every finding about it means the same."""
    return f"value {_CASE.sub('', path)}"


def lint_topic(rule_id: str, path: str) -> str:
    """Return the topic of a rule that cfn-lint and AWS's validation share, one as an error, one as a warning."""
    number = rule_id[1:]
    return value_at(path) if number in _ABOUT_VALUES else f"{number} {_CASE.sub('', path)}"


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """Return each finding once, the worst first within a resource, resources by their paths.

    The first gate's words stand, whatever the others call it. What one gate says twice is two findings.
    """
    found: dict[tuple[str, str, str], list[Finding]] = defaultdict(list)
    for one in findings:
        same = found[one.stack, one.logical_id, one.topic]
        for index, known in enumerate(same):
            if not set(known.gates) & set(one.gates):
                same[index] = _together(known, one)
                break
        else:
            same.append(one)
    everything = (one for same in found.values() for one in same)
    return sorted(everything, key=lambda one: (one.where, -one.severity, one.rules))


def _together(first: Finding, second: Finding) -> Finding:
    return evolve(
        first,
        gates=tuple(dict.fromkeys((*first.gates, *second.gates))),
        rules=tuple(dict.fromkeys((*first.rules, *second.rules))),
        severity=max(first.severity, second.severity),
    )

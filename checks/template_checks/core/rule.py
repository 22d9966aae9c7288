"""Rules, what they find, and the list of them all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module
from inspect import getdoc
from pkgutil import iter_modules
from typing import Any

from template_checks.core.template import Node, Resource


class Severity(StrEnum):
    """Severity of a finding."""

    ERROR = "error"
    """AWS refuses it, or it works in a way that nobody can want: data lost, exposed or never delivered."""
    WARNING = "warning"
    """It works today and hurts at a later change, or when something fails."""


@dataclass(frozen=True, kw_only=True)
class Violation:
    """Violation of a rule by one value of a template.

    Parameters
    ----------
    at: Node
        The value, or where one is missing.
    allowed: str
        What could stand there instead.
    found: str
        What is there. By default the value itself.
    fix: str
        What to do. By default the rule's.
    """

    at: Node
    allowed: str
    found: str = ""
    fix: str = ""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Something that a template must not say.

    Parameters
    ----------
    id: str
        What it is acknowledged by.
    title: str
        What is right, in a sentence.
    why: str
        What happens otherwise.
    fix: str
        What to do.
    source: str
        The page that says so.
    on: tuple of str
        The types of resources that it reads, with `*` for any part.
    """

    id: str
    title: str
    why: str
    fix: str
    source: str
    severity: Severity
    on: tuple[str, ...]
    check: Callable[[Resource], Iterable[Violation]]

    @property
    def family(self) -> str:
        """The part of the id that names what it is about, in lower case."""
        return self.id.split("-")[1].lower()


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A value that a rule refuses, with all that is needed to change it."""

    rule: Rule
    logical_id: str
    path: str
    found: str
    allowed: str
    fix: str

    @property
    def message(self) -> str:
        """One sentence: where, what is there, what may be, and the fix."""
        return f"{self.path} is {self.found}, allowed is {self.allowed}; {self.fix}"


_RULES: dict[str, Rule] = {}
_Check = Callable[[Resource], Iterator[Violation]]


def rule(
    rule_id: str, *on: str, title: str, fix: str, source: str, severity: Severity = Severity.ERROR
) -> Callable[[_Check], _Check]:
    """Register a function as a rule for resources of some types; its docstring says why."""

    def register(check: _Check) -> _Check:
        if rule_id in _RULES:
            raise ValueError(f"there are two rules '{rule_id}'")
        why = " ".join((getdoc(check) or "").split())
        _RULES[rule_id] = Rule(
            id=rule_id, title=title, why=why, fix=fix, source=source, severity=severity, on=on, check=check
        )
        return check

    return register


def all_rules() -> list[Rule]:
    """Return every rule, by id."""
    _load()
    return [_RULES[rule_id] for rule_id in sorted(_RULES)]


@cache
def _load() -> None:
    """Import the modules of `template_checks.rules`, which register their rules."""
    package = "template_checks.rules"
    for module in iter_modules(import_module(package).__path__):
        import_module(f"{package}.{module.name}")


@cache
def rules_for(kind: str) -> list[Rule]:
    """Return the rules that read resources of a type."""
    return [one for one in all_rules() if any(fnmatchcase(kind, pattern) for pattern in one.on)]


def finding(rule: Rule, fault: Violation) -> Finding:
    """Return what a rule says about a value as a finding."""
    return Finding(
        rule=rule,
        logical_id=fault.at.resource.logical_id,
        path=fault.at.path,
        found=fault.found or _shown(fault.at.value),
        allowed=fault.allowed,
        fix=fault.fix or rule.fix,
    )


def _shown(value: Any) -> str:
    """Return a value as it is written in a template, cut where it gets long."""
    if value is None:
        return "missing"
    text = json.dumps(value, default=str)
    return text if len(text) <= 120 else f"{text[:117]}..."

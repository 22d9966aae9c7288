"""Findings that are known: those of a baseline, and those that a file acknowledges, for apps that are not ours."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from attrs import frozen

from template_checks.command.cloudformation_yaml import parsed_yaml
from template_checks.command.errors import CommandError
from template_checks.command.finding import Finding

_FORM = "a list of objects with 'rule', 'where' and 'reason'"


@frozen(kw_only=True)
class Acknowledged:
    """A rule that need not be followed at some places, for a reason; both may have `*` for any part."""

    rule: str
    where: str
    reason: str

    def covers(self, rule: str, finding: Finding) -> bool:
        places = (finding.where, f"{finding.stack}/{finding.logical_id}")
        return fnmatchcase(rule, _literal(self.rule)) and any(
            fnmatchcase(place, self.where) or place.startswith(f"{self.where}/") for place in places
        )


def acknowledged_in(path: Path) -> list[Acknowledged]:
    """Return what a file acknowledges.

    Raises
    ------
    CommandError
        If it cannot be read, or one has no reason.
    """
    given = _parsed(path)
    if not isinstance(given, list):
        raise CommandError(f"'{path}' acknowledges nothing: it is no list; write {_FORM}")
    found = []
    for number, one in enumerate(given, 1):
        if not isinstance(one, dict) or one.keys() != {"rule", "where", "reason"}:
            raise CommandError(f"'{path}': acknowledgment {number} is {json.dumps(one, default=str)}; write {_FORM}")
        if not str(one["reason"] or "").strip():
            raise CommandError(f"'{path}': acknowledgment {number}, of {one['rule']}, has no reason; write why")
        found.append(Acknowledged(**{key: str(value) for key, value in one.items()}))
    return found


def not_acknowledged(
    findings: Sequence[Finding], given: Sequence[Acknowledged], file: Path
) -> tuple[list[Finding], list[str]]:
    """Return the findings that a file does not acknowledge, and a line for each acknowledgment without a finding."""
    used: set[Acknowledged] = set()
    remaining = []
    for finding in findings:
        covers = [[one for one in given if one.covers(rule, finding)] for rule in finding.rules]
        if all(covers):
            used.update(one for these in covers for one in these)
        else:
            remaining.append(finding)
    notes = [f"{file.name} acknowledges {len(findings) - len(remaining)} of {len(findings)}"] if given else []
    unused = (one for one in given if one not in used)
    return remaining, notes + [
        f"{file.name}: nothing is found of {one.rule} at {one.where}; remove it" for one in unused
    ]


def baseline_of(findings: Sequence[Finding]) -> str:
    """Return findings as a baseline, each by its fingerprint and in words."""
    entries = {
        one.fingerprint(rule): {"fingerprint": one.fingerprint(rule), "rule": rule, "where": one.where}
        for one in findings
        for rule in one.rules
    }
    ordered = sorted(entries.values(), key=lambda entry: (entry["where"], entry["rule"], entry["fingerprint"]))
    return json.dumps({"findings": ordered}, indent=2) + "\n"


def not_in_baseline(findings: Sequence[Finding], path: Path) -> tuple[list[Finding], list[str]]:
    """Return the findings that a baseline has not, and lines about the others.

    Raises
    ------
    CommandError
        If the file is no baseline.
    """
    given = _parsed(path)
    try:
        known = {str(entry["fingerprint"]) for entry in given["findings"]}
    except (KeyError, TypeError):
        raise CommandError(f"'{path}' is no baseline; write one with --write-baseline {path}") from None
    found = {one.fingerprint(rule) for one in findings for rule in one.rules}
    remaining = [one for one in findings if not all(one.fingerprint(rule) in known for rule in one.rules)]
    notes = [f"{path.name} has {len(findings) - len(remaining)} of {len(findings)}"]
    if gone := len(known - found):
        notes.append(f"{path.name}: {gone} of its findings are gone; write it again")
    return remaining, notes


def _parsed(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"'{path}' cannot be read: {error}") from None
    try:
        if path.suffix == ".json":
            return json.loads(text)
        return parsed_yaml(text)
    except (ValueError, RecursionError) as error:
        raise CommandError(f"'{path}' cannot be read: {error}") from None


def _literal(rule: str) -> str:
    """Return a pattern in which the brackets of cdk-nag's ids mean themselves."""
    return rule.replace("[", "[[]")

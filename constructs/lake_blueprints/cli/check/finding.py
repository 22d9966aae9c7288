"""What the gates find, in one form."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from attrs import evolve, frozen


class Severity(IntEnum):
    """How bad a finding is; a higher one is worse."""

    INFO = 1
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
        What two gates must share to mean the same: they say it in different words.
    severity: Severity
        The worst that a gate gave it.
    stack, logical_id, kind: str
        The resource; empty where the finding is about the whole template.
    construct_path: str
        The construct that it is from; empty if the assembly does not tell.
    message: str
        What is wrong and, where the gate knows, the fix.
    """

    gates: tuple[str, ...]
    rules: tuple[str, ...]
    topic: str
    severity: Severity
    stack: str
    logical_id: str = ""
    kind: str = ""
    construct_path: str = ""
    message: str

    @property
    def where(self) -> str:
        """The construct, or the resource, or the stack."""
        return self.construct_path or f"{self.stack}/{self.logical_id}".rstrip("/")


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """Return each finding once, the worst first within a resource, resources by their paths."""
    found: dict[tuple[str, str, str], Finding] = {}
    for one in findings:
        key = (one.stack, one.logical_id, one.topic)
        known = found.get(key)
        found[key] = _together(known, one) if known else one
    return sorted(found.values(), key=lambda one: (one.where, -one.severity, one.rules))


def _together(first: Finding, second: Finding) -> Finding:
    return evolve(
        first,
        gates=tuple(dict.fromkeys((*first.gates, *second.gates))),
        rules=tuple(dict.fromkeys((*first.rules, *second.rules))),
        severity=max(first.severity, second.severity),
    )

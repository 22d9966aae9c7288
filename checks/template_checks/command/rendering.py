"""Findings as a table for people, and as JSON or SARIF for other tools."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from itertools import groupby
from textwrap import wrap
from types import MappingProxyType
from typing import Any, Final

from template_checks.command.finding import Finding, Severity

_WIDTH = 110
_SARIF_LEVELS = {Severity.INFO: "note", Severity.WARNING: "warning", Severity.ERROR: "error"}


def table(findings: Sequence[Finding]) -> str:
    """Return the findings below the constructs that they are about, and a line that sums them up."""
    lines: list[str] = []
    for where, found in groupby(findings, key=lambda one: (one.where, one.kind)):
        lines.append(" ".join((where[0], f"({where[1]})" if where[1] else "")).rstrip())
        for one in found:
            lines.append(f"  {one.severity.word:<8} {', '.join(one.rules)}")
            lines += [f"           {line}" for line in wrap(one.message, _WIDTH - 11, break_long_words=False)]
        lines.append("")
    return "\n".join([*lines, _summary(findings)]) + "\n"


def _summary(findings: Sequence[Finding]) -> str:
    counts = Counter(one.severity for one in findings)
    parts = [
        f"{counts[severity]} {severity.word}{'' if counts[severity] == 1 else 's'}"
        for severity in (Severity.ERROR, Severity.WARNING)
    ]
    return ", ".join(parts) if findings else "nothing found"


def as_json(findings: Sequence[Finding]) -> str:
    """Return the findings as a JSON list of objects."""
    return json.dumps([_plain(one) for one in findings], indent=2) + "\n"


def _plain(one: Finding) -> dict[str, Any]:
    return {
        "severity": one.severity.word,
        "rules": list(one.rules),
        "gates": list(one.gates),
        "stack": one.stack,
        "logical_id": one.logical_id,
        "type": one.kind,
        "construct_path": one.construct_path,
        "message": one.message,
    }


def sarif(findings: Sequence[Finding]) -> str:
    """Return the findings as SARIF 2.1.0, which code hosts show beside the code."""
    rules = sorted({rule for one in findings for rule in one.rules})
    run = {
        "tool": {
            "driver": {
                "name": "lake check",
                "version": version("lake-blueprints"),
                "rules": [{"id": rule} for rule in rules],
            }
        },
        "results": [
            {
                "ruleId": one.rules[0],
                "level": _SARIF_LEVELS[one.severity],
                "message": {"text": one.message},
                "locations": [
                    {
                        "physicalLocation": {"artifactLocation": {"uri": f"{one.stack}.template.json"}},
                        "logicalLocations": [{"fullyQualifiedName": one.where, "kind": "resource"}],
                    }
                ],
                "properties": {"rules": list(one.rules), "gates": list(one.gates), "type": one.kind},
            }
            for one in findings
        ],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"version": "2.1.0", "$schema": schema, "runs": [run]}, indent=2) + "\n"


FORMATS: Final[Mapping[str, Callable[[Sequence[Finding]], str]]] = MappingProxyType(
    {"table": table, "json": as_json, "sarif": sarif}
)

"""Reports as a table for people, and as JSON or SARIF for other tools."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from textwrap import wrap
from types import MappingProxyType
from typing import Any, Final

from template_checks.command.cloudformation_yaml import composed, line_of
from template_checks.command.finding import Finding, Report, Severity, Unread

_WIDTH = 110
_SARIF_LEVELS = {Severity.COMPLIANCE: "note", Severity.WARNING: "warning", Severity.ERROR: "error"}
# What one gate could not read of one stack is named as long as it is this much; beyond, it is counted.
_NAMED = 5
_LONGEST = 600


def table(report: Report) -> str:
    """Return the findings below the constructs that they are about, counts, and what was not read."""
    lines: list[str] = []
    for where, found in groupby(report.findings, key=lambda one: (one.where, one.kind)):
        lines.append(" ".join((where[0], f"({where[1]})" if where[1] else "")).rstrip())
        for one in found:
            lines.append(f"  {one.severity.word:<10} {', '.join(one.rules)}")
            lines += [
                f"             {line}" for line in wrap(_shortened(one.message), _WIDTH - 13, break_long_words=False)
            ]
        lines.append("")
    lines += [*_counts(report.findings), *_not_read(report.unread)]
    lines += [f"failed: {failure}" for failure in report.failures]
    lines += report.notes
    return "\n".join([*lines, _summary(report)]) + "\n"


def _shortened(message: str) -> str:
    """Return a message without most of a list that fills the screen."""
    return message if len(message) <= _LONGEST else f"{message[:_LONGEST].rpartition(' ')[0]} ..."


def _counts(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield how often each rule found something, if one did more than once."""
    counted = Counter((one.severity, one.rules[0]) for one in findings)
    if len(counted) < len(findings):
        for (severity, rule), number in sorted(counted.items(), key=lambda item: (-item[0][0], -item[1], item[0][1])):
            yield f"{number:>5}  {severity.word:<10} {rule}"
        yield ""


def _not_read(unread: Sequence[Unread]) -> Iterator[str]:
    for (stack, gate), these in groupby(unread, key=lambda one: (one.stack, one.gate)):
        parts = list(these)
        by = f" by {gate}" if gate else ""
        yield from (f"not read{by}: {stack}: {one.what}" for one in parts[:_NAMED])
        if len(parts) > _NAMED:
            yield f"not read{by}: {stack}: {len(parts) - _NAMED} more, which --format json names"


def _summary(report: Report) -> str:
    counts = Counter(one.severity for one in report.findings)
    parts = [
        f"{counts[severity]} {severity.word}{'' if counts[severity] == 1 else 's'}"
        for severity in (Severity.ERROR, Severity.WARNING)
    ]
    if counts[Severity.COMPLIANCE]:
        parts.append(f"{counts[Severity.COMPLIANCE]} of compliance")
    text = ", ".join(parts) if report.findings else "nothing found"
    if report.failures:
        return f"{text}; something failed, so this is not all"
    return f"{text} in what could be read" if report.unread and not report.findings else text


def as_json(report: Report) -> str:
    """Return the report as a JSON object."""
    counted: dict[str, dict[str, int]] = defaultdict(dict)
    for (severity, rule), number in Counter((one.severity.word, one.rules[0]) for one in report.findings).items():
        counted[severity][rule] = number
    plain = {
        "findings": [_plain(one) for one in report.findings],
        "counts": counted,
        "unread": [{"stack": one.stack, "gate": one.gate, "what": one.what} for one in report.unread],
        "failures": list(report.failures),
        "notes": list(report.notes),
    }
    return json.dumps(plain, indent=2) + "\n"


def _plain(one: Finding) -> dict[str, Any]:
    return {
        "severity": one.severity.word,
        "rules": list(one.rules),
        "gates": list(one.gates),
        "stack": one.stack,
        "logical_id": one.logical_id,
        "type": one.kind,
        "construct_path": one.construct_path,
        "file": one.file,
        "path": one.path,
        "message": one.message,
        "fingerprint": one.fingerprint(one.rules[0]),
    }


def sarif(report: Report) -> str:
    """Return the report as SARIF 2.1.0, which code hosts show beside the code."""
    rules: dict[str, dict[str, Any]] = {}
    for one in report.findings:
        for rule in one.rules:
            # The words are those of the rule that comes first.
            described = _described(rule, one) if rule == one.rules[0] else {"id": rule}
            rules[rule] = {**described, **rules.get(rule, {})}
    lines = _Lines()
    failures = [{"level": "error", "message": {"text": failure}} for failure in report.failures]
    unread = [{"level": "note", "message": {"text": f"not read: {one.stack}: {one.what}"}} for one in report.unread]
    run = {
        "tool": {
            "driver": {
                "name": "lake check",
                "version": version("lake-template-checks"),
                "rules": [rules[rule] for rule in sorted(rules)],
            }
        },
        "invocations": [{"executionSuccessful": not report.failures, "toolExecutionNotifications": failures + unread}],
        "results": [
            {
                "ruleId": one.rules[0],
                "ruleIndex": sorted(rules).index(one.rules[0]),
                "level": _SARIF_LEVELS[one.severity],
                "message": {"text": one.message},
                "locations": [
                    {
                        "physicalLocation": {
                            "artifactLocation": {"uri": _uri(one.file)},
                            "region": {"startLine": lines.of(one)},
                        },
                        "logicalLocations": [{"fullyQualifiedName": one.where, "kind": "resource"}],
                    }
                ],
                "partialFingerprints": {"lakeCheck/v1": one.fingerprint(one.rules[0])},
                "properties": {"rules": list(one.rules), "gates": list(one.gates), "type": one.kind},
            }
            for one in report.findings
        ],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"version": "2.1.0", "$schema": schema, "runs": [run]}, indent=2) + "\n"


def _described(rule: str, one: Finding) -> dict[str, Any]:
    title = one.title or rule
    return {
        "id": rule,
        "shortDescription": {"text": title.partition(". ")[0].rstrip(".")},
        "fullDescription": {"text": title},
        **({"helpUri": one.help} if one.help else {}),
        "defaultConfiguration": {"level": _SARIF_LEVELS[one.severity]},
    }


def _uri(file: str) -> str:
    """Return a file as code hosts know it: below the folder in which the command runs, if it is."""
    path = Path(file).resolve()
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else path.as_uri()


class _Lines:
    """Lines of values in templates, each of which is read once."""

    def __init__(self) -> None:
        self._documents: dict[str, Any] = {}

    def of(self, one: Finding) -> int:
        if one.file not in self._documents:
            self._documents[one.file] = composed(Path(one.file).read_text(encoding="utf-8-sig"))
        path = [part for part in one.path.split(".") if part]
        place = ["Resources", one.logical_id, *path] if one.kind else path
        return line_of(self._documents[one.file], place)


FORMATS: Final[Mapping[str, Callable[[Report], str]]] = MappingProxyType(
    {"table": table, "json": as_json, "sarif": sarif}
)

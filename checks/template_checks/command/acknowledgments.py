"""Acknowledged findings of an app, with their reasons."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby

from attrs import frozen

from template_checks.core.assembly import ACKNOWLEDGED, StackTemplate

# Five packs of cdk-nag share most rules, each under its own name.
_PACK = re.compile(r"^(Annotation::)?((HIPAA\.Security|NIST\.800\.53\.R[45]|PCI\.DSS\.321|Serverless)-)?")
_OUTPUT = re.compile(
    r'\{"Fn::GetStackOutput":\{"StackName":"(?P<stack>[^"]+)".*?"OutputName":"(?:PublishOutput)?(?P<output>[^"]+)"\}\}'
)


@frozen(order=True)
class _Acknowledgment:
    """One rule that one construct need not follow, by `ids` findings; `details` are what of it the rule names."""

    reason: str
    where: str
    rule: str
    details: tuple[str, ...]
    ids: int


def listed(templates: Sequence[StackTemplate]) -> str:
    """Return the acknowledgments below their reasons, and their number beside that of the resources."""
    found = [one for template in templates for one in _acknowledgments(template)]
    by_reason = {reason: list(these) for reason, these in groupby(sorted(found), key=lambda one: one.reason)}
    lines = []
    for reason, these in sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0])):
        lines.append(reason)
        for one in these:
            lines += [f"  {one.where}: {one.rule}", *(f"    {detail}" for detail in one.details)]
        lines.append("")
    resources = sum(len(template.document.get("Resources", {})) for template in templates)
    counted = _counted(len(found), "acknowledgment"), _counted(sum(one.ids for one in found), "finding")
    beside = _counted(resources, "resource"), _counted(len(by_reason), "reason")
    return "\n".join([*lines, f"{counted[0]} of {counted[1]} on {beside[0]}, for {beside[1]}"]) + "\n"


def _acknowledgments(template: StackTemplate) -> Iterator[_Acknowledgment]:
    for path, entries in template.metadata.items():
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for entry in entries:
            if entry["type"] == ACKNOWLEDGED:
                for finding, reason in entry["data"].items():
                    found[reason, _PACK.sub("", finding).partition("[")[0]].add(finding)
        for (reason, rule), findings in found.items():
            details = {
                _OUTPUT.sub(r"<\g<stack>.\g<output>>", one.partition("[")[2]).removesuffix("]") for one in findings
            }
            where = path.removeprefix("/")
            yield _Acknowledgment(reason, where, rule, tuple(sorted(details - {""})), ids=len(findings))


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

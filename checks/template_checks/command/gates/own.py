"""The rules that ship with the library."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from template_checks.command.finding import Finding, Severity, value_at
from template_checks.core import check_app
from template_checks.core.assembly import StackTemplate

_SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING}


def findings(templates: Sequence[StackTemplate]) -> Iterator[Finding]:
    """Check what AWS would refuse at deploy or run time."""
    by_key = {str(template.path): template for template in templates}
    documents = {key: template.document for key, template in by_key.items()}
    names = {key: template.name for key, template in by_key.items()}
    for key, found in check_app(documents, stack_names=names).items():
        for one in found:
            severity = _SEVERITIES[one.rule.severity.value]
            yield Finding(
                gates=("rules",),
                rules=(one.rule.id,),
                topic=value_at(one.path) if severity is Severity.ERROR else f"{one.rule.id} {one.path}",
                severity=severity,
                stack=by_key[key].name,
                logical_id=one.logical_id,
                path=one.path,
                message=f"{one.rule.title}: {one.message}",
                title=f"{one.rule.title}. {one.rule.why}",
                help=one.rule.source,
            )

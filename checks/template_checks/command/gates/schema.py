"""AWS's own validation of templates: the schemas of all types, and rules about values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cloudformation_validate import CompositeEngine, TemplateContent
from cloudformation_validate import Severity as Grade

from template_checks.command.finding import Finding, Severity, lint_topic
from template_checks.core.assembly import StackTemplate

_SEVERITIES = {Grade.WARN: Severity.WARNING, Grade.ERROR: Severity.ERROR, Grade.FATAL: Severity.ERROR}
# A warning there, because a service may know more values than its schema; the usual cause is a typing error.
_VALUE_NOT_IN_ENUMERATION = "W3030"


def findings(templates: Sequence[StackTemplate]) -> Iterator[Finding]:
    """Validate each template strictly; hints about style are left out."""
    engine = CompositeEngine()
    for template in templates:
        report = engine.validate_template(TemplateContent(template.text, template.path.with_suffix(".json").name))
        for one in report.diagnostics:
            if one.severity not in _SEVERITIES:
                continue
            path = one.property_path or ""
            logical_id = one.entity.logical_id if one.entity else ""
            in_resource = logical_id in template.document.get("Resources", {})
            severity = Severity.ERROR if one.rule_id == _VALUE_NOT_IN_ENUMERATION else _SEVERITIES[one.severity]
            yield Finding(
                gates=("schema",),
                rules=(one.rule_id,),
                topic=lint_topic(one.rule_id, path if in_resource else ""),
                severity=severity,
                stack=template.name,
                logical_id=logical_id,
                path=path if in_resource else path.replace("/", "."),
                message=": ".join(part for part in (path, one.message) if part),
                title=one.rule_description or "",
                help=one.documentation_url or "",
            )

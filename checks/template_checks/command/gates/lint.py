"""cfn-lint: a second opinion about templates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfnlint.api import lint
from cfnlint.config import ManualArgs
from cfnlint.helpers import REGIONS

from template_checks.command.finding import Finding, Severity, Unread, lint_topic
from template_checks.core.assembly import StackTemplate

_SEVERITIES = {"E": Severity.ERROR, "W": Severity.WARNING}
# A parameter for the version of the bootstrap stack is in every template of the CDK, and is used by its rule alone.
_OF_THE_CDK = {"BootstrapVersion"}
_RULE_FAILED = "E0002"


def findings(templates: Sequence[StackTemplate]) -> Iterator[Finding | Unread]:
    """Lint each template, for the Region that it is deployed to if the app says so."""
    for template in templates:
        place = ManualArgs(regions=[template.region]) if template.region in REGIONS else ManualArgs()
        for match in lint(template.text, config=place):
            # A rule that failed at the template as a whole has no path.
            path = [str(part) for part in getattr(match, "path", None) or ()]
            if match.rule.id[0] not in _SEVERITIES or _OF_THE_CDK.intersection(path):
                continue
            if match.rule.id == _RULE_FAILED or match.message.startswith("Exception "):
                what = f"{'/'.join(path[1:]) or 'the template'}: what a rule of cfn-lint failed at"
                yield Unread(stack=template.name, gate="cfn-lint", what=what)
                continue
            in_resource = path[:1] == ["Resources"] and len(path) > 1
            inner = ".".join(path[2:]) if in_resource else ".".join(path)
            yield Finding(
                gates=("cfn-lint",),
                rules=(match.rule.id,),
                # Of a condition or an output, the two name different parts.
                topic=lint_topic(match.rule.id, inner if in_resource else ""),
                severity=_SEVERITIES[match.rule.id[0]],
                stack=template.name,
                logical_id=path[1] if len(path) > 1 else "",
                path=inner,
                message=": ".join(part for part in (inner, match.message) if part),
                title=match.rule.shortdesc,
                help=match.rule.source_url,
            )

"""cfn-lint: a second opinion about templates."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from cfnlint.api import lint
from cfnlint.config import ManualArgs
from cfnlint.helpers import REGIONS

from template_checks.command.finding import Finding, Severity, lint_topic
from template_checks.core.assembly import StackTemplate

_SEVERITIES = {"E": Severity.ERROR, "W": Severity.WARNING}
# A parameter for the version of the bootstrap stack is in every template of the CDK, and is used by its rule alone.
_OF_THE_CDK = {"BootstrapVersion"}


def findings(templates: Sequence[StackTemplate]) -> Iterator[Finding]:
    """Lint each template, for the Region that it is deployed to if the app says so."""
    for template in templates:
        place = ManualArgs(regions=[template.region]) if template.region in REGIONS else ManualArgs()
        for match in lint(json.dumps(template.document), config=place):
            path = [str(part) for part in match.path or ()]
            if match.rule.id[0] not in _SEVERITIES or _OF_THE_CDK.intersection(path):
                continue
            in_resource = path[:1] == ["Resources"] and len(path) > 1
            inner = ".".join(path[2:])
            yield Finding(
                gates=("cfn-lint",),
                rules=(match.rule.id,),
                topic=lint_topic(match.rule.id, inner),
                severity=_SEVERITIES[match.rule.id[0]],
                stack=template.name,
                logical_id=path[1] if in_resource else "",
                message=": ".join(part for part in (inner, match.message) if part),
            )

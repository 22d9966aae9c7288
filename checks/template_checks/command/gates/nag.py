"""cdk-nag's packs, over templates instead of constructs."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import aws_cdk as cdk
import cdk_nag
from aws_cdk.cloudformation_include import CfnInclude

from template_checks.command.finding import Finding, Severity
from template_checks.command.outputs import without_outputs
from template_checks.core.assembly import StackTemplate

PACKS: Final[Mapping[str, Callable[[], cdk_nag.NagPack]]] = {
    "AwsSolutions": cdk_nag.AwsSolutionsChecks,
    "HIPAA.Security": cdk_nag.HIPAASecurityChecks,
    "NIST.800.53.R4": cdk_nag.NIST80053R4Checks,
    "NIST.800.53.R5": cdk_nag.NIST80053R5Checks,
    "PCI.DSS.321": cdk_nag.PCIDSS321Checks,
    "Serverless": cdk_nag.ServerlessChecks,
}
_SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING}
# What the rules look at; the CDK cannot include a template's own Rules, nor do they matter here.
_SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources")


def findings(templates: Sequence[StackTemplate]) -> Iterator[Finding]:
    """Run every pack over the resources of all templates."""
    app = cdk.App(builtin_cloud_formation_validation=False, analytics_reporting=False)
    included: dict[str, tuple[StackTemplate, CfnInclude]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, template in enumerate(templates):
            stack = cdk.Stack(app, f"Stack{number}", synthesizer=cdk.BootstraplessSynthesizer())
            path = Path(folder) / f"{number}.json"
            path.write_text(json.dumps(_includable(template.document)), encoding="utf-8")
            included[stack.node.id] = (template, CfnInclude(stack, "Template", template_file=str(path)))
    for (stack_id, logical_id, topic), violations in _by_topic(app).items():
        yield Finding(
            gates=("cdk-nag",),
            rules=tuple(violation.rule_name for violation in violations),
            topic=topic,
            severity=max(_SEVERITIES.get(str(violation.severity), Severity.ERROR) for violation in violations),
            stack=included[stack_id][0].name,
            logical_id=logical_id,
            message=" ".join(str(violations[0].description).split()),
        )


def _by_topic(app: cdk.App) -> Mapping[tuple[str, str, str], list[cdk.PolicyViolation]]:
    """Return what is wrong with each resource: the packs share most of their rules, each under its own name."""
    found: dict[tuple[str, str, str], list[cdk.PolicyViolation]] = defaultdict(list)
    for pack, checks in PACKS.items():
        for violation in checks().validate_scope(app).violations:
            for resource in violation.violating_resources:
                stack_id, _, logical_id = str(resource.construct_path).split("/", 2)
                found[stack_id, logical_id, violation.rule_name.removeprefix(f"{pack}-")].append(violation)
    return found


def _includable(document: dict[str, Any]) -> dict[str, Any]:
    return {section: without_outputs(document[section]) for section in _SECTIONS if section in document}

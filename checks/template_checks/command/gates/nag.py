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

from template_checks.command.finding import Finding, Severity, Unread
from template_checks.command.gates import PACKS as OF_ALL
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
NAMES: Final[Mapping[str, str]] = {name: pack for name, pack in OF_ALL.items() if pack in PACKS}
_PAGE: Final = "https://github.com/cdklabs/cdk-nag/blob/main/RULES.md"
# What a rule says that could not be evaluated, as every rule does.
_FAILED: Final = "Rule threw an error during validation"
# What the rules look at; the CDK cannot include a template's own Rules, nor do they matter here.
_SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources")


def findings(templates: Sequence[StackTemplate], *, packs: Sequence[str] = tuple(NAMES)) -> Iterator[Finding | Unread]:
    """Run packs over the resources of all templates."""
    app = cdk.App(builtin_cloud_formation_validation=False, analytics_reporting=False)
    included: dict[str, StackTemplate] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, template in enumerate(templates):
            stack = cdk.Stack(app, f"Stack{number}", synthesizer=cdk.BootstraplessSynthesizer())
            path = Path(folder) / f"{number}.json"
            path.write_text(json.dumps(_includable(template.document)), encoding="utf-8")
            CfnInclude(stack, "Template", template_file=str(path))
            included[stack.node.id] = template
    for (stack_id, logical_id, topic), violations in _by_topic(app, [NAMES[pack] for pack in packs]).items():
        told = [one for one in violations if not str(one.description).startswith(_FAILED)]
        stack_name = included[stack_id].name
        if len(told) < len(violations):
            what = f"{logical_id}: what {topic} asks, which depends on a value that only CloudFormation knows"
            yield Unread(stack=stack_name, gate="cdk-nag", what=what)
        if told:
            message = " ".join(str(told[0].description).split())
            yield Finding(
                gates=("cdk-nag",),
                rules=tuple(violation.rule_name for violation in told),
                topic=topic,
                severity=Severity.COMPLIANCE,
                stack=stack_name,
                logical_id=logical_id,
                message=message,
                title=message.partition(" - (Control")[0],
                help=_PAGE,
            )


def _by_topic(app: cdk.App, packs: Sequence[str]) -> Mapping[tuple[str, str, str], list[cdk.PolicyViolation]]:
    """Return what is wrong with each resource: the packs share most of their rules, each under its own name."""
    found: dict[tuple[str, str, str], list[cdk.PolicyViolation]] = defaultdict(list)
    for pack in packs:
        for violation in PACKS[pack]().validate_scope(app).violations:
            for resource in violation.violating_resources:
                stack_id, _, logical_id = str(resource.construct_path).split("/", 2)
                found[stack_id, logical_id, violation.rule_name.removeprefix(f"{pack}-")].append(violation)
    return found


def _includable(document: dict[str, Any]) -> dict[str, Any]:
    return {section: without_outputs(document[section]) for section in _SECTIONS if section in document}

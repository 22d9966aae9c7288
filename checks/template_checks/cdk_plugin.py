"""The rules as a validation plugin of the CDK: the only file here that knows it."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import ClassVar, Final
from weakref import WeakKeyDictionary

from template_checks.core.node import require_node

require_node()

import aws_cdk as cdk
import jsii
from constructs import IConstruct

from template_checks.core.assembly import ACKNOWLEDGED, StackTemplate, acknowledged, read_assembly
from template_checks.core.checking import check_app
from template_checks.core.rule import Finding, Severity, all_rules

_NAME: Final = "LakeRules"
_MARK: Final = "lake-blueprints:rules"


@jsii.implements(cdk.IPolicyValidationPlugin)
class LakeRules:
    """Refuse at synth what AWS would refuse at deploy or run time.

    It reads the finished templates of the whole app, so it also sees escape hatches and constructs of others. Errors
    fail the synth; warnings are printed. A finding that is wanted is acknowledged at its construct, or at any above
    it, with a reason. `DataLake` turns the rules on by itself.

    Example
    -------
        >>> cdk.Validations.of(app).add_plugins(LakeRules())
        >>> cdk.Validations.of(bucket).acknowledge(
        ...     cdk.Acknowledgment(id="LAKE-LIFECYCLE-001", reason="other systems know the bucket by this name")
        ... )
    """

    # An app that turns the rules on, and holds a lake that does so too, is checked by one of the two.
    _in_charge: ClassVar[WeakKeyDictionary[IConstruct, LakeRules]] = WeakKeyDictionary()

    @staticmethod
    def enable(scope: IConstruct) -> None:
        """Turn the rules on for the app that a construct is in; once, however often it is asked for."""
        app = scope.node.root
        if cdk.Stage.is_stage(app) and all(entry.type != _MARK for entry in app.node.metadata):
            app.node.add_metadata(_MARK, True)
            cdk.Validations.of(app).add_plugins(LakeRules())

    @property
    def name(self) -> str:
        return _NAME

    @property
    def version(self) -> str:
        return version("lake-template-checks")

    @property
    def rule_ids(self) -> list[str]:
        return [rule.id for rule in all_rules()]

    def validate(self, context: cdk.IPolicyValidationContext) -> cdk.PolicyValidationPluginReport:
        """Check the templates of an app; the CDK calls it at the end of a synth."""
        app = context.app_construct
        if self._in_charge.setdefault(app, self) is not self:
            return cdk.PolicyValidationPluginReport(success=True, violations=[])
        folders = dict.fromkeys(Path(path).parent for path in context.template_paths)
        templates = {str(one.path): one for folder in folders for one in read_assembly(folder)}
        findings = check_app(
            {key: template.document for key, template in templates.items()},
            stack_names={key: template.name for key, template in templates.items()},
        )
        remaining = [
            (templates[key], one)
            for key, found in findings.items()
            for one in found
            if not _acknowledged(app, templates[key], one)
        ]
        return cdk.PolicyValidationPluginReport(
            success=all(one.rule.severity is not Severity.ERROR for _, one in remaining),
            violations=[_violation(template, one) for template, one in remaining],
        )


def _violation(template: StackTemplate, finding: Finding) -> cdk.PolicyViolation:
    return cdk.PolicyViolation(
        rule_name=finding.rule.id,
        description=f"{finding.rule.title}: {finding.path} is {finding.found}, allowed is {finding.allowed}",
        fix=f"{finding.fix} ({finding.rule.source})",
        severity=finding.rule.severity.value,
        violating_resources=[
            cdk.PolicyViolatingResource(
                resource_logical_id=finding.logical_id,
                template_path=str(template.path),
                construct_path=template.construct_path(finding.logical_id) or None,
                locations=[finding.path],
            )
        ],
    )


def _acknowledged(app: IConstruct, template: StackTemplate, finding: Finding) -> bool:
    """Whether a finding is acknowledged: in its stack, or above it in a stage or the app."""
    path = template.construct_path(finding.logical_id)
    if template.acknowledgment(finding.rule.id, path) is not None:
        return True
    node: IConstruct | None = app
    for name in [*path.split("/"), ""]:
        if node is None or cdk.Stack.is_stack(node):
            return False
        for entry in node.node.metadata:
            if entry.type == ACKNOWLEDGED and acknowledged(entry.data, finding.rule.id) is not None:
                return True
        node = node.node.try_find_child(name) if name else None
    return False

"""Helpers for tests of constructs: stacks as users write them, and the gates that every construct passes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import cdk_nag
from aws_cdk.assertions import Template
from cdk_nag import AwsSolutionsChecks as AwsSolutions
from cloudformation_validate import CompositeEngine, Severity, TemplateContent
from constructs import Construct

ROOT = Path(__file__).parent.parent


def new_stack(context: dict[str, Any] | None = None, *, region: str | None = None) -> cdk.Stack:
    """Return an empty stack of a new app, without feature flags: as in the plainest app of a stranger."""
    app = cdk.App(context=context, builtin_cloud_formation_validation=False, analytics_reporting=False)
    synthesizer = cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
    return cdk.Stack(app, "Stack", synthesizer=synthesizer, env=cdk.Environment(region=region))


def template_of(stack: cdk.Stack) -> dict[str, Any]:
    """Return the synthesised template."""
    return dict(Template.from_stack(stack).to_json())


def resources(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the resources of a CloudFormation type, in the template's order."""
    return [item for item in template.get("Resources", {}).values() if item["Type"] == kind]


def properties(template: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return the properties of the only resource of a CloudFormation type."""
    (found,) = resources(template, kind)
    result: dict[str, Any] = found["Properties"]
    return result


def definition_of(stack: cdk.Stack) -> dict[str, Any]:
    """Return the definition of the only state machine, with placeholders for what is known only when deployed."""
    text = properties(template_of(stack), "AWS::StepFunctions::StateMachine")["DefinitionString"]
    parts = text["Fn::Join"][1] if isinstance(text, dict) else [text]
    return dict(json.loads("".join(part if isinstance(part, str) else "deployed" for part in parts)))


def steps_of(stack: cdk.Stack) -> dict[str, Any]:
    """Return the states of the steps of the only pipeline, by name."""
    (branch,) = definition_of(stack)["States"]["Run"]["Branches"]
    return dict(branch["States"])


def actions_of(stack: cdk.Stack, service: str) -> set[str]:
    """Return the actions of a service that roles may take."""
    policies = resources(template_of(stack), "AWS::IAM::ManagedPolicy")
    found = [one["Action"] for each in policies for one in each["Properties"]["PolicyDocument"]["Statement"]]
    actions = {action for one in found for action in (one if isinstance(one, list) else [one])}
    return {action for action in actions if action.startswith(f"{service}:")}


def warnings_of(scope: Construct) -> list[str]:
    """Return the texts of the synth warnings."""
    entries = (entry for construct in scope.node.find_all() for entry in construct.node.metadata)
    return [str(entry.data) for entry in entries if entry.type == "aws:cdk:warning"]


@cache
def _engine() -> CompositeEngine:
    return CompositeEngine()


# Of data that is older than the serverless instances of DocumentDB, of July 2025.
_OUTDATED = ("E3620: 'db.serverless' is not valid in any region",)


def validation_findings(template: dict[str, Any]) -> list[str]:
    """Return what strict CloudFormation validation finds: everything above information."""
    report = _engine().validate_template(TemplateContent(json.dumps(template), "template.json"))
    return [
        f"{found.severity.name} {found.rule_id}: {found.message}"
        for found in report.diagnostics
        if found.severity in {Severity.WARN, Severity.ERROR, Severity.FATAL}
        and f"{found.rule_id}: {found.message}" not in _OUTDATED
    ]


def nag_findings(scope: Construct, *, packs: Sequence[Callable[[], cdk_nag.NagPack]] = (AwsSolutions,)) -> list[str]:
    """Return what packs of cdk-nag find and nobody acknowledged."""
    return [
        f"{violation.rule_name}: {resource.construct_path}"
        for pack in packs
        for violation in pack().validate_scope(scope).violations
        for resource in violation.violating_resources
    ]


def assert_passes_the_gates(build: Callable[[cdk.Stack, str], object]) -> None:
    """Define a construct twice in one stack, which must be valid, free of findings and without literal partitions."""
    stack = new_stack()
    build(stack, "One")
    build(stack, "Two")
    template = template_of(stack)
    assert validation_findings(template) == []
    assert nag_findings(stack) == []
    assert "arn:aws:" not in json.dumps(template)

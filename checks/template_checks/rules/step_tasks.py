"""Tasks of Step Functions: what they call, for how long, with which permissions, and the logs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from template_checks.core.asl import MACHINE, State, readable_machines, states_of, text_of
from template_checks.core.integrations import Integration, integration_of
from template_checks.core.policies import may
from template_checks.core.rule import Severity, Violation, rule
from template_checks.core.template import Resource

_GUIDE: Final = "https://docs.aws.amazon.com/step-functions/latest/dg"
_LOG_ACTIONS: Final = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)


@rule(
    "LAKE-STEPS-006",
    MACHINE,
    title="Tasks call what Step Functions can call",
    fix="correct the Resource of the task",
    source=f"{_GUIDE}/integrate-services.html",
)
def integrations(resource: Resource) -> Iterator[Violation]:
    """Step Functions refuses other integrations."""
    for state, integration in _integrations(resource):
        if problem := integration.problem:
            yield Violation(at=text_of(resource), found=f"{state.fields['Resource']} in {state.name}", allowed=problem)
    for _, state in states_of(resource):
        if state.kind == "Task" and not isinstance(state.fields.get("Resource"), str):
            yield Violation(
                at=text_of(resource), found=f"{state.name} without a Resource", allowed="what the task calls"
            )
        elif state.kind == "Task" and not re.match(r"arn:|\$\{|\{%", state.fields["Resource"]):
            found = f"{state.fields['Resource']} in {state.name}"
            yield Violation(
                at=text_of(resource), found=found, allowed="the ARN of an integration, a function or an activity"
            )


@rule(
    "LAKE-STEPS-007",
    MACHINE,
    title="What is waited for is not waited for forever",
    fix="set TimeoutSeconds at the task or the state machine, or HeartbeatSeconds",
    source=f"{_GUIDE}/sfn-best-practices.html#sfn-stuck-execution",
    severity=Severity.WARNING,
)
def timeouts(resource: Resource) -> Iterator[Violation]:
    """A job that never answers holds the execution for a year."""
    if any(machine.limited for machine in readable_machines(resource) if not machine.path):
        return
    for state, integration in _integrations(resource):
        limits = ("TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath")
        if integration.waits and not any(limit in state.fields for limit in limits):
            yield Violation(at=text_of(resource), found=f"{state.name} without a limit", allowed="TimeoutSeconds")


@rule(
    "LAKE-STEPS-008",
    MACHINE,
    title="Express state machines do not wait",
    fix="set StateMachineType to STANDARD, or make plain requests",
    source=f"{_GUIDE}/choosing-workflow-type.html",
)
def express(resource: Resource) -> Iterator[Violation]:
    """Step Functions refuses .sync and .waitForTaskToken: an express execution lasts five minutes."""
    if resource.at("StateMachineType").text == "EXPRESS":
        for state, integration in _integrations(resource):
            if integration.waits:
                found = f".{integration.way} in {state.name}"
                yield Violation(at=text_of(resource), found=found, allowed="plain requests in type EXPRESS")
        for _, state in states_of(resource):
            processor = state.fields.get("ItemProcessor")
            mode = processor.get("ProcessorConfig") if isinstance(processor, dict) else None
            if isinstance(mode, dict) and mode.get("Mode") == "DISTRIBUTED":
                yield Violation(
                    at=text_of(resource), found=f"distributed {state.name}", allowed="INLINE in type EXPRESS"
                )


@rule(
    "LAKE-STEPS-009",
    MACHINE,
    title="Logs go to a vended log group",
    fix="name the log group /aws/vendedlogs/states/..., and end the destination in :*",
    source=f"{_GUIDE}/cw-logs.html",
)
def log_group(resource: Resource) -> Iterator[Violation]:
    """Other groups use up the 5,120 characters of the account's resource policy, and deployments then fail."""
    configuration = resource.at("LoggingConfiguration")
    if configuration.at("Level").text not in {None, "OFF"} and configuration.known:
        destinations = configuration.at("Destinations")
        if not destinations.items():
            yield Violation(at=destinations, allowed="a log group for this level")
    for destination in configuration.at("Destinations").items():
        node = destination.at("CloudWatchLogsLogGroup.LogGroupArn")
        group = node.target
        if node.text is not None and not node.text.endswith(":*"):
            yield Violation(at=node, allowed="an ARN that ends in :*")
        if group is not None and group.kind == "AWS::Logs::LogGroup":
            name = group.at("LogGroupName")
            if not name.present or (name.text and not name.text.startswith("/aws/vendedlogs/")):
                yield Violation(at=name, allowed="a name that starts with /aws/vendedlogs/")


@rule(
    "LAKE-STEPS-010",
    MACHINE,
    title="The role allows what the tasks call",
    fix="allow the actions in a policy of the role",
    source=f"{_GUIDE}/service-integration-iam-templates.html",
)
def role_actions(resource: Resource) -> Iterator[Violation]:
    """Step Functions refuses the state machine, or each execution fails at the task."""
    role = resource.at("RoleArn").target
    if role is None or role.kind != "AWS::IAM::Role":
        return
    needed = {action: f"for {state.name}" for state, one in _integrations(resource) for action in one.permissions}
    if resource.at("LoggingConfiguration.Destinations").items():
        needed |= dict.fromkeys(_LOG_ACTIONS, "for its logs")
    if resource.at("TracingConfiguration.Enabled").flag:
        needed["xray:PutTraceSegments"] = "for its traces"
    for action, why in needed.items():
        if not may(role, action):
            yield Violation(at=resource.at("RoleArn"), found="a role without it", allowed=f"a role with {action} {why}")


def _integrations(resource: Resource) -> Iterator[tuple[State, Integration]]:
    for _, state in states_of(resource):
        if state.kind == "Task" and isinstance(state.fields.get("Resource"), str):
            integration = integration_of(state.fields["Resource"])
            if integration is not None:
                yield state, integration

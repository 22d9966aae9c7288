"""Parameters of tasks and numbers of states: what the called service, and Step Functions, take.

Above 200 lines: one rule after the other, each with its words and its source.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

from template_checks.core import tables
from template_checks.core.asl import MACHINE, State, is_open, states_of, text_of
from template_checks.core.integrations import Integration, integration_of
from template_checks.core.policies import may
from template_checks.core.rule import Violation, rule
from template_checks.core.template import Resource

_GUIDE: Final = "https://docs.aws.amazon.com/step-functions/latest/dg"
_SPECIFICATION: Final = "https://states-language.net/spec.html"
# Services of optimised integrations whose requests are those of the API, by the SDK's names.
_LIKE_THE_API: Final = {
    "athena": "athena",
    "batch": "batch",
    "codebuild": "codebuild",
    "databrew": "databrew",
    "dynamodb": "dynamodb",
    "ecs": "ecs",
    "emr-serverless": "emrserverless",
    "events": "eventbridge",
    "glue": "glue",
    "lambda": "lambda",
    "sagemaker": "sagemaker",
    "sns": "sns",
    "sqs": "sqs",
    "states": "sfn",
}
_RFC_3339: Final = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})"
# The whole context brings the token too.
_MAY_HOLD_TOKEN: Final = r'"\$\$(\.Task)?"|\$states\.context(?!\.)'
_PASSES_ROLES: Final = {
    "ecs:runTask",
    "sagemaker:createTrainingJob",
    "sagemaker:createProcessingJob",
    "sagemaker:createHyperParameterTuningJob",
    "sagemaker:createModel",
    "emr-serverless:startJobRun",
    "elasticmapreduce:createCluster",
}
_RANGES: Final = (
    ("ToleratedFailurePercentage", 0, 100),
    ("ToleratedFailureCount", 0, None),
    ("MaxConcurrency", 0, None),
)


@rule(
    "LAKE-STEPS-018",
    MACHINE,
    title="A task gives what the called operation takes and requires",
    fix="correct the name of the parameter, or add the one that is missing",
    source=f"{_GUIDE}/supported-services-awssdk.html",
)
def parameters(resource: Resource) -> Iterator[Violation]:
    """Step Functions refuses the definition, or each execution fails at the task."""
    for state, integration in _tasks(resource):
        service = integration.service if integration.sdk else _LIKE_THE_API.get(integration.service)
        known = tables.members(service, integration.operation) if service else None
        given = state.fields.get("Arguments" if state.language == "JSONata" else "Parameters")
        if known is None or not isinstance(given, dict) or is_open(state.language):
            continue
        names = {str(name).removesuffix(".$").lower(): str(name) for name in given}
        for name, spelled in names.items():
            if name not in known:
                near = get_close_matches(name, known, n=1)
                allowed = known[near[0]][0] if near else f"a parameter of {integration.operation}"
                yield Violation(at=text_of(resource), found=f"{spelled} in {state.name}", allowed=allowed)
        for spelled in (spelled for name, (spelled, needed) in known.items() if needed and name not in names):
            found = f"{state.name} without {spelled}"
            yield Violation(at=text_of(resource), found=found, allowed=f"a task with all that {service} requires")


@rule(
    "LAKE-STEPS-019",
    MACHINE,
    title="A task that waits for an answer passes its token on",
    fix="pass $$.Task.Token, or $states.context.Task.Token in JSONata, in the parameters of the task",
    source=f"{_GUIDE}/connect-to-resource.html#connect-wait-token",
)
def token(resource: Resource) -> Iterator[Violation]:
    """Nobody can answer: the task waits until it times out, or for a year."""
    for state, integration in _tasks(resource):
        if integration.way != "waitForTaskToken":
            continue
        given = state.fields.get("Arguments" if state.language == "JSONata" else "Parameters")
        text = json.dumps(given, default=str)
        holds = "ask.Token" in text or re.search(_MAY_HOLD_TOKEN, text) or _may_hold_token(resource, text)
        if given is not None and not holds and not is_open(state.language):
            yield Violation(at=text_of(resource), found=f"{state.name} without the token", allowed="$$.Task.Token")


@rule(
    "LAKE-STEPS-020",
    MACHINE,
    title="Times and numbers of states are ones that Step Functions takes",
    fix="write timestamps as 2027-01-01T00:00:00Z, percentages as 0 to 100, and counts as whole numbers from 0",
    source=_SPECIFICATION,
)
def values(resource: Resource) -> Iterator[Violation]:
    """Step Functions refuses the definition."""
    at = text_of(resource)
    for _, state in states_of(resource):
        fields = state.fields
        for found, allowed in _timestamps(fields):
            yield Violation(at=at, found=f"{found} in {state.name}", allowed=allowed)
        seconds = fields.get("Seconds") if state.kind == "Wait" else None
        if isinstance(seconds, int) and not 0 <= seconds <= 99_999_999:
            yield Violation(at=at, found=f"Seconds {seconds} in {state.name}", allowed="0 to 99999999")
        for name, least, most in _RANGES:
            number = fields.get(name)
            if not isinstance(number, int | float) or isinstance(number, bool):
                continue
            whole = name == "ToleratedFailurePercentage" or number == int(number)
            if number < least or (most is not None and number > most) or not whole:
                allowed = f"{least} to {most}" if most is not None else f"a whole number from {least}"
                yield Violation(at=at, found=f"{name} {number} in {state.name}", allowed=allowed)
        if state.kind == "Fail":
            for name in ("Error", "Cause"):
                if name in fields and f"{name}Path" in fields:
                    yield Violation(at=at, found=f"{name} and {name}Path in {state.name}", allowed="one of them")
        for name in ("MaxConcurrency", "ToleratedFailurePercentage", "ToleratedFailureCount", "TimeoutSeconds"):
            if name in fields and f"{name}Path" in fields:
                yield Violation(at=at, found=f"{name} and {name}Path in {state.name}", allowed="one of them")


@rule(
    "LAKE-STEPS-021",
    MACHINE,
    title="A role may pass the roles that its tasks hand on",
    fix="allow iam:PassRole on the roles of the tasks or jobs",
    source=f"{_GUIDE}/connect-ecs.html",
)
def passed_roles(resource: Resource) -> Iterator[Violation]:
    """Each execution fails at the task: the role is not authorised to perform iam:PassRole."""
    role = resource.at("RoleArn").target
    if role is None or role.kind != "AWS::IAM::Role" or may(role, "iam:PassRole"):
        return
    for state, integration in _tasks(resource):
        operation = f"{_IAM_NAMES.get(integration.service, integration.service)}:{integration.operation}"
        if operation in _PASSES_ROLES and _hands_on(resource, state, operation):
            yield Violation(
                at=resource.at("RoleArn"),
                found="a role without it",
                allowed=f"a role with iam:PassRole for {state.name}",
            )


_IAM_NAMES: Final = {"emrserverless": "emr-serverless", "emr": "elasticmapreduce"}


def _hands_on(resource: Resource, state: State, operation: str) -> bool:
    """Whether a task surely hands on a role: one of ECS only if its definition, of the app, has one."""
    if operation != "ecs:runTask":
        return True
    text = json.dumps(state.fields.get("Parameters") or state.fields.get("Arguments"), default=str)
    definitions = list(resource.template.everywhere_of_type("AWS::ECS::TaskDefinition"))
    return any(
        f"${{{one.logical_id}}}" in text and (one.at("TaskRoleArn").present or one.at("ExecutionRoleArn").present)
        for one in definitions
    )


def _may_hold_token(resource: Resource, text: str) -> bool:
    """Whether a hole of the parameters may be filled with the token: it is about no resource of the template."""
    named = (hole.partition(".")[0] for hole in re.findall(r"\$\{([^}]*)\}", text))
    return any(not name.startswith("AWS::") and resource.template.find({"Ref": name}) is None for name in named)


def _timestamps(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the timestamps of a state that are none."""
    moment = fields.get("Timestamp")
    if isinstance(moment, str) and not _may_be_timestamp(moment):
        yield f"Timestamp {moment}", "a timestamp such as 2027-01-01T00:00:00Z"
    for choice in fields.get("Choices") or [] if isinstance(fields.get("Choices"), list) else []:
        yield from _compared(choice)


def _compared(choice: Any) -> Iterator[tuple[str, str]]:
    if isinstance(choice, list):
        for one in choice:
            yield from _compared(one)
    elif isinstance(choice, dict):
        for name, value in choice.items():
            if name.startswith("Timestamp") and not name.endswith("Path"):
                if isinstance(value, str) and not _may_be_timestamp(value):
                    yield f"{name} {value}", "a timestamp such as 2027-01-01T00:00:00Z"
            elif name in {"And", "Or", "Not"}:
                yield from _compared(value)


def _may_be_timestamp(text: str) -> bool:
    return re.fullmatch(_RFC_3339, text) is not None or text.startswith("{%") or "${" in text


def _tasks(resource: Resource) -> Iterator[tuple[State, Integration]]:
    for _, state in states_of(resource):
        if state.kind == "Task" and isinstance(state.fields.get("Resource"), str):
            integration = integration_of(state.fields["Resource"])
            if integration is not None:
                yield state, integration

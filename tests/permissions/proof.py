"""Declared calls held against synthesised policies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from lake_blueprints.access.declared import Call, Declared
from tests.permissions.resolver import Deployment
from tests.permissions.simulator import Decision, Policy, Request, Simulator

# What every request over the wire tells; S3 is asked with TLS 1.3 today.
_SECURE = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"}


@dataclass(frozen=True, kw_only=True)
class Part:
    """A statement, an action of it or a resource of it, and the ids of the single permissions that it stands for."""

    text: str
    ids: frozenset[str]


class Proof:
    """An App's stacks, and what their policies say to calls."""

    def __init__(self, app: cdk.App, simulator: Simulator, deployment: Deployment) -> None:
        self._app = app
        self._simulator = simulator
        self.deployment = deployment

    def requests(self, declared: Declared, calls: Iterable[Call], scope: cdk.Stack | None = None) -> list[Request]:
        """Return every request that calls consist of."""
        stack = scope or cdk.Stack.of(cast(iam.Role, declared.principal))
        name = declared.principal if isinstance(declared.principal, str) else declared.principal.role_arn
        calls = list(calls)
        told = [[dict(context) for context in call.contexts] for call in calls]
        asked = stack.resolve([name, [list(call.resources) for call in calls], told])
        principal, resources, contexts = self.deployment.resolve(stack.stack_name, asked)
        return [
            self.request(principal, action, resource, context)
            for call, of_call, in_call in zip(calls, resources, contexts, strict=True)
            for action in call.actions
            for resource in of_call
            for context in in_call
        ]

    def request(self, principal: str, action: str, resource: str, context: dict[str, str]) -> Request:
        """Return a request with the policies of its principal and its resource, each permission on its own."""
        is_role = principal.startswith("arn:")
        identity = self.deployment.policies(principal) if is_role else []
        guard = self.deployment.guard(resource)
        return Request(
            principal=principal,
            action=action,
            resource=resource,
            account=self.deployment.owner(resource),
            context={**_SECURE, **context},
            identity=[_split(document, f"p{number}") for number, (_, document) in enumerate(identity)],
            guard=_split(guard, "g") if guard else None,
        )

    def decide(self, requests: list[Request]) -> list[Decision]:
        return self._simulator.decide(requests)

    def superfluous(self, role_arn: str, decisions: list[Decision]) -> list[str]:
        """Return every part of a role's policies without which all that was decided would be allowed as well."""
        used = [decision.identity for decision in decisions]
        return [part.text for part in self.parts(role_arn) if not any(ids <= part.ids for ids in used if ids)]

    def parts(self, role_arn: str) -> Iterator[Part]:
        for number, (name, document) in enumerate(self.deployment.policies(role_arn)):
            for index, statement in enumerate(_statements(document)):
                actions, resources = _listed(statement["Action"]), _listed(statement["Resource"])
                label, where = f"p{number}s{index}", f"{name}[{index}]"
                cells = {(a, r): f"{label}a{a}r{r}" for a in range(len(actions)) for r in range(len(resources))}
                yield Part(text=f"{where}: {actions} on {resources}", ids=frozenset(cells.values()))
                for a, action in enumerate(actions):
                    yield Part(text=f"{where}: {action}", ids=frozenset(i for (x, _), i in cells.items() if x == a))
                for r, resource in enumerate(resources):
                    yield Part(text=f"{where}: {resource}", ids=frozenset(i for (_, x), i in cells.items() if x == r))


def deployment_of(app: cdk.App) -> Deployment:
    """Return the App's stacks as if they were deployed."""
    assembly = app.synth()
    return Deployment({stack.stack_name: cast(dict[str, Any], stack.template) for stack in assembly.stacks})


def _split(document: Policy, label: str) -> Policy:
    """Return a policy whose statements of Allow are single permissions, each with an id."""
    found: list[dict[str, Any]] = []
    for index, statement in enumerate(_statements(document)):
        if statement["Effect"] != "Allow" or "Resource" not in statement:
            found.append({**statement, "Sid": f"{label}s{index}"})
            continue
        for a, action in enumerate(_listed(statement["Action"])):
            for r, resource in enumerate(_listed(statement["Resource"])):
                found.append({**statement, "Sid": f"{label}s{index}a{a}r{r}", "Action": action, "Resource": resource})
    return {"Version": "2012-10-17", "Statement": found}


def _statements(document: Policy) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], _listed(document["Statement"]))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]

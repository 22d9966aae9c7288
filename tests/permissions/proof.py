"""Permissions held against synthesised policies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from lake_blueprints.foundation.access import PermissionSet
from tests.permissions import deployed
from tests.permissions.deployed import Asked, DeployedPermission
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
    """Deployed stacks, and what their policies say to calls."""

    def __init__(self, simulator: Simulator, deployment: Deployment) -> None:
        self._simulator = simulator
        self.deployment = deployment
        self._split: dict[str, list[Policy]] = {}
        # With the document itself, whose identity nothing else can then have.
        self._split_guards: dict[int, tuple[Policy, Policy]] = {}

    def deployed(self, permissions: PermissionSet, scope: cdk.Stack | None = None) -> list[DeployedPermission]:
        """Return permissions without tokens, as the stack of the principal or another one resolves them."""
        stack = scope or cdk.Stack.of(cast(iam.Role, permissions.principal))
        place = self.deployment.place(stack.stack_name)
        asked = [
            [list(one.on), one.conditions or {}, [dict(context) for context in one.contexts]]
            for one in permissions.allowed
        ]
        resolved = self.deployment.resolve(stack.stack_name, stack.resolve(asked))
        text = json.loads(json.dumps(resolved).replace("${AWS::Region}", place.region))
        return [
            DeployedPermission(
                permission=permission,
                on=tuple(on),
                conditions={
                    operator: {key: _listed(value) for key, value in keys.items()}
                    for operator, keys in conditions.items()
                    # It asks that a key is there, which another operator has a value for.
                    if operator != "Null"
                },
                contexts=tuple(contexts),
            )
            for permission, (on, conditions, contexts) in zip(permissions.allowed, text, strict=True)
        ]

    def principal(self, permissions: PermissionSet, scope: cdk.Stack | None = None) -> str:
        """Return the ARN of a role, or the name of a service."""
        name = permissions.principal
        stack = scope or cdk.Stack.of(cast(iam.Role, name))
        named = stack.resolve(name if isinstance(name, str) else name.role_arn)
        return cast(str, self.deployment.resolve(stack.stack_name, named))

    def requests(self, permissions: PermissionSet, scope: cdk.Stack | None = None) -> list[Request]:
        """Return every request that permissions are for."""
        return self._of(permissions, scope, (a for one in self.deployed(permissions, scope) for a in one.requests()))

    def denied(
        self, permissions: PermissionSet, scope: cdk.Stack | None = None, *, other_actions: bool = True
    ) -> list[Request]:
        """Return requests that must be refused: other actions, other resources, other contexts.

        Other actions are all that AWS has on the resources that the permissions are for, be they of reading or writing.
        """
        found = self.deployed(permissions, scope)
        asked = (
            *(deployed.other_actions(found) if other_actions else ()),
            *deployed.other_resources(found),
            *deployed.other_contexts(found),
        )
        return self._of(permissions, scope, deployed.denied(found, asked))

    def _of(self, permissions: PermissionSet, scope: cdk.Stack | None, asked: Iterable[Asked]) -> list[Request]:
        principal = self.principal(permissions, scope)
        different = {
            (action, resource, json.dumps(context, sort_keys=True)): context for action, resource, context in asked
        }
        return [
            self.request(principal, action, resource, context) for (action, resource, _), context in different.items()
        ]

    def request(self, principal: str, action: str, resource: str, context: dict[str, str]) -> Request:
        """Return a request with the policies of its principal and its resource, each permission on its own."""
        identity = self._policies(principal)
        guard = self.deployment.trust(resource) if action == "sts:AssumeRole" else self.deployment.guard(resource)
        return Request(
            principal=principal,
            action=action,
            resource=resource,
            account=self.deployment.owner(resource),
            context={**_SECURE, **context},
            identity=identity,
            guard=self._guard(guard) if guard else None,
        )

    def stolen(self, principal: str, done: list[Request], others: list[Request]) -> list[Request]:
        """Return what others do and a role does not, as requests of the role; only those that it could do somewhere."""
        own = {(request.action, request.resource) for request in done}
        known = {statement["Action"] for policy in self._policies(principal) for statement in policy["Statement"]}
        return [
            self.request(principal, other.action, other.resource, dict(other.context))
            for other in others
            if other.action in known and (other.action, other.resource) not in own
        ]

    def _guard(self, document: Policy) -> Policy:
        return self._split_guards.setdefault(id(document), (document, _split(document, "g")))[1]

    def granted(self, principal: str) -> list[Policy]:
        """Return the policies of a role."""
        return [document for _, document in self.deployment.policies(principal)]

    def _policies(self, principal: str) -> list[Policy]:
        if principal not in self._split:
            found = self.deployment.policies(principal) if ":iam::" in principal else []
            self._split[principal] = [_split(document, f"p{number}") for number, (_, document) in enumerate(found)]
        return self._split[principal]

    def decide(self, requests: list[Request]) -> list[Decision]:
        return self._simulator.decide(requests)

    def refused(self, requests: list[Request]) -> list[str]:
        """Return the requests that are not allowed."""
        return self._which(requests, allowed=False)

    def allowed(self, requests: list[Request]) -> list[str]:
        """Return the requests that are allowed."""
        return self._which(requests, allowed=True)

    def superfluous(self, requests: list[Request]) -> list[str]:
        """Return every part of a role's policies without which all of its requests would be allowed as well.

        A request needs a part if every permission that allows it belongs to the part: without the part, nothing
        allows the request. So one decision for each request tells what removing each part in turn would.
        """
        (role,) = {request.principal for request in requests}
        used = [decision.identity for decision in self.decide(requests)]
        return [part.text for part in self.parts(role) if not any(ids <= part.ids for ids in used if ids)]

    def unused_trust(self, role: str, requests: list[Request]) -> list[str]:
        """Return the statements of a role's trust policy that none of the requests needs."""
        return _unused(role, self.deployment.trust(role), self.decide(requests))

    def unused_guards(self, requests: list[Request]) -> list[str]:
        """Return the statements of the requested resources' own policies that no request needs."""
        by_guard: dict[int, list[Request]] = {}
        for request in requests:
            by_guard.setdefault(id(request.guard), []).append(request)
        found = []
        for asked in by_guard.values():
            document = self.deployment.guard(asked[0].resource)
            if document:
                found += _unused(asked[0].resource, document, self.decide(asked))
        return found

    def _which(self, requests: list[Request], *, allowed: bool) -> list[str]:
        decisions = zip(requests, self.decide(requests), strict=True)
        return [str(request) for request, decision in decisions if decision.allowed is allowed]

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


def _unused(name: str, document: Policy, decisions: list[Decision]) -> list[str]:
    used = {permission for decision in decisions for permission in decision.guard}
    found = []
    for index, statement in enumerate(_statements(document)):
        actions = _listed(statement["Action"]) if "Resource" in statement else [""]
        labels = {f"gs{index}" if "Resource" not in statement else f"gs{index}a{a}" for a in range(len(actions))}
        # What trusts the whole account is what makes policies of roles count.
        is_deny, trusts_account = statement["Effect"] == "Deny", str(statement["Principal"]).endswith(":root'}")
        if is_deny or trusts_account:
            continue
        found += [
            f"{name}: {statement}"
            for label in sorted(labels)
            if not any(x == label or x.startswith(f"{label}r") for x in used)
        ]
    return found


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

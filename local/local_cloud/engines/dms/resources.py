"""Resources of AWS DMS, as its API takes and returns them.

Above 200 lines: one kind of resource after the other.
"""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local_cloud.engines.dms.replicator import Progress
from local_cloud.server.services import ServiceError

_ENGINES = ("postgres", "aurora-postgresql")
_ALPHABET = string.ascii_uppercase + string.digits


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of resource: its nouns in operations and members, and its identifier."""

    noun: str
    member: str
    resource: str
    plural: str = ""

    @property
    def identifier(self) -> str:
        return f"{self.member}Identifier"

    @property
    def arn(self) -> str:
        return f"{self.member}Arn"

    @property
    def listed(self) -> str:
        return f"{self.noun}s"


ENDPOINT = Kind(noun="Endpoint", member="Endpoint", resource="endpoint")
GROUP = Kind(noun="ReplicationSubnetGroup", member="ReplicationSubnetGroup", resource="subgrp")
INSTANCE = Kind(noun="ReplicationInstance", member="ReplicationInstance", resource="rep")
TASK = Kind(noun="ReplicationTask", member="ReplicationTask", resource="task")
CONFIG = Kind(noun="ReplicationConfig", member="ReplicationConfig", resource="replication-config")
KINDS = (ENDPOINT, GROUP, INSTANCE, TASK, CONFIG)


@dataclass(kw_only=True)
class Found:
    """A resource.

    Parameters
    ----------
    kind: Kind
        What it is.
    region, arn: str
        Where it is, and its name.
    members: dict
        What it was given, and what it is described by.
    progress: Progress, optional
        How far a replication has come; None: it has never run.
    """

    kind: Kind
    region: str
    arn: str
    members: dict[str, Any]
    tags: dict[str, str] = field(default_factory=dict)
    status: str = ""
    failures: list[str] = field(default_factory=list)
    stop_reason: str = ""
    start_type: str = ""
    created: float = field(default_factory=time.time)
    progress: Progress | None = None

    @property
    def name(self) -> str:
        return str(self.members[self.kind.identifier])

    @property
    def mode(self) -> str:
        """Type of a replication: full-load, cdc or both."""
        return str(self.members["ReplicationType" if self.kind == CONFIG else "MigrationType"])

    @property
    def settings(self) -> str | None:
        """The settings of a replication."""
        found = self.members.get("ReplicationSettings" if self.kind == CONFIG else "ReplicationTaskSettings")
        return None if found is None else str(found)

    @property
    def is_active(self) -> bool:
        """Whether a replication runs, or is about to."""
        return self.status in ("starting", "initialising", "running", "stopping")

    def fail(self, reason: str) -> None:
        """Note why a replication has failed."""
        self.status, self.failures = "failed", [reason]
        self.stop_reason = "Stop Reason FATAL_ERROR Error Level FATAL"


class Store:
    """All resources of all Regions, by their ARNs."""

    def __init__(self) -> None:
        self.found: dict[str, Found] = {}

    def of(self, kind: Kind, region: str) -> list[Found]:
        return [one for one in self.found.values() if one.kind == kind and one.region == region]

    def add(self, kind: Kind, region: str, prefix: str, request: Mapping[str, Any]) -> Found:
        """Make a resource of a request.

        Raises
        ------
        ServiceError
            If there is one with its identifier.
        """
        given = {name: value for name, value in request.items() if name not in ("Tags", "ResourceIdentifier")}
        name = str(given[kind.identifier]).lower()
        if any(one.name == name for one in self.of(kind, region)):
            raise ServiceError("ResourceAlreadyExistsFault", f"{kind.noun} {name} already exists")
        own = name if kind == GROUP else "".join(secrets.choice(_ALPHABET) for _ in range(26))
        arn = f"{prefix}:{kind.resource}:{request.get('ResourceIdentifier') or own}"
        tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags") or ()}
        found = Found(kind=kind, region=region, arn=arn, members={**given, kind.identifier: name}, tags=tags)
        self.found[arn] = found
        return found

    def get(self, kind: Kind, region: str, key: str) -> Found:
        """Return a resource by its ARN or identifier.

        Raises
        ------
        ServiceError
            If there is none.
        """
        for one in self.of(kind, region):
            if key in (one.arn, one.name) or key.lower() == one.name:
                return one
        raise ServiceError("ResourceNotFoundFault", f"{kind.noun} {key} not found")

    def select(self, kind: Kind, region: str, filters: Iterable[Mapping[str, Any]]) -> list[Found]:
        """Return the resources that filters leave.

        Raises
        ------
        ServiceError
            If a filter has a name that none here has.
        """
        found = self.of(kind, region)
        for one in filters:
            test = _FILTERS.get(one["Name"])
            if test is None:
                raise ServiceError("InvalidParameterValueException", f"the local cloud has no filter {one['Name']}")
            found = [resource for resource in found if test(resource) in one["Values"]]
        return found


_FILTERS: Mapping[str, Callable[[Found], Any]] = {
    **dict.fromkeys(
        (
            *("endpoint-arn", "replication-instance-arn", "replication-task-arn", "replication-config-arn"),
            "replication-subnet-group-arn",
        ),
        lambda found: found.arn,
    ),
    **dict.fromkeys(
        (
            *("endpoint-id", "replication-instance-id", "replication-task-id", "replication-config-id"),
            "replication-subnet-group-id",
        ),
        lambda found: found.name,
    ),
    "endpoint-type": lambda found: found.members.get("EndpointType"),
    "engine-name": lambda found: found.members.get("EngineName"),
    "migration-type": lambda found: found.mode,
}


def check_endpoint(members: Mapping[str, Any]) -> None:
    """Refuse an endpoint of an engine that nothing here speaks.

    Raises
    ------
    ServiceError
        With the engine.
    """
    engine, kind = members["EngineName"], str(members["EndpointType"]).lower()
    if kind == "source" and engine not in _ENGINES:
        raise ServiceError(
            "InvalidParameterValueException", f"the local cloud replicates from PostgreSQL only, and not from {engine}"
        )
    if kind == "target" and engine != "s3":
        raise ServiceError(
            "InvalidParameterValueException", f"the local cloud replicates to S3 only, and not to {engine}"
        )


def described(found: Found) -> dict[str, Any]:
    """Return a resource as its `Describe` operation does."""
    kind, members = found.kind, dict(found.members)
    if kind == ENDPOINT:
        members.pop("Password", None)
        members |= {"Status": "active", "ExternalId": found.arn.rpartition(":")[2]}
    elif kind == GROUP:
        subnets = [{"SubnetIdentifier": one, "SubnetStatus": "Active"} for one in members.pop("SubnetIds")]
        return {**members, "SubnetGroupStatus": "Complete", "Subnets": subnets}
    elif kind == INSTANCE:
        groups = members.pop("VpcSecurityGroupIds", None) or ()
        members.pop("ReplicationSubnetGroupIdentifier", None)
        members |= {
            "ReplicationInstanceStatus": "available",
            "InstanceCreateTime": found.created,
            "VpcSecurityGroups": [{"VpcSecurityGroupId": one, "Status": "active"} for one in groups],
        }
    elif kind == TASK:
        members |= _run(found, "ReplicationTaskStats") | {"ReplicationTaskCreationDate": found.created}
        members |= {"LastFailureMessage": found.failures[0]} if found.failures else {}
    else:
        members |= {"ReplicationConfigCreateTime": found.created, "ReplicationConfigUpdateTime": found.created}
    return {**members, kind.arn: found.arn}


def replication(found: Found) -> dict[str, Any]:
    """Return a serverless replication as DescribeReplications does."""
    names = ("ReplicationConfigIdentifier", "SourceEndpointArn", "TargetEndpointArn", "ReplicationType")
    return {
        **{name: found.members[name] for name in names},
        "ReplicationConfigArn": found.arn,
        "ReplicationCreateTime": found.created,
        "FailureMessages": found.failures,
        **({"StartReplicationType": found.start_type} if found.start_type else {}),
        **_run(found, "ReplicationStats"),
    }


def _run(found: Found, stats: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"Status": found.status}
    if found.stop_reason:
        answer["StopReason"] = found.stop_reason
    if found.progress:
        tables = list(found.progress.tables.values())
        loaded = sum(table.loaded for table in tables)
        begun = found.progress.begun.timestamp()
        answer[stats] = {
            "FullLoadProgressPercent": 100 * loaded // len(tables) if tables else 0,
            "TablesLoaded": loaded,
            "TablesLoading": sum(table.state == "Full load" for table in tables),
            "TablesQueued": sum(table.state == "Before load" for table in tables),
            "TablesErrored": sum(table.state == "Table error" for table in tables),
            "FreshStartDate": begun,
            "StartDate": begun,
        }
    return answer


def statistics(found: Found) -> list[dict[str, Any]]:
    """Return the statistics of a replication's tables."""
    tables = found.progress.tables.values() if found.progress else ()
    return [
        {
            "SchemaName": table.schema,
            "TableName": table.name,
            "TableState": table.state,
            "FullLoadRows": table.rows,
            "Inserts": table.inserts,
            "Updates": table.updates,
            "Deletes": table.deletes,
            "Ddls": table.ddls,
        }
        for table in tables
    ]

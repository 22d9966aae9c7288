"""The API of AWS DMS over replications that really run, from PostgreSQL to S3.

Above 200 lines: one class with the operations of one service, most of them a few lines.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.utilities.utils import get_partition

from local_cloud.engines.dms import resources
from local_cloud.engines.dms.files import TargetSettings
from local_cloud.engines.dms.mappings import selection, settings
from local_cloud.engines.dms.resources import CONFIG, ENDPOINT, KINDS, TASK, Found, Kind, Store
from local_cloud.engines.dms.runs import Runs
from local_cloud.engines.engine import Engine
from local_cloud.packages import OptionalPackage
from local_cloud.server.runtime import Runtime
from local_cloud.server.services import Service, ServiceCall, ServiceError

CLIENT = OptionalPackage(module="psycopg", extra="databases")
_FIRST, _ON, _AGAIN = "start-replication", "resume-processing", "reload-target"
_OPERATIONS = frozenset(
    {
        *(f"{verb}{kind.noun}" for kind in KINDS for verb in ("Create", "Modify", "Delete")),
        *(f"Describe{kind.listed}" for kind in KINDS),
        *("DescribeReplications", "StartReplication", "StopReplication", "StartReplicationTask", "StopReplicationTask"),
        *("DescribeReplicationTableStatistics", "DescribeTableStatistics"),
        *("AddTagsToResource", "ListTagsForResource", "RemoveTagsFromResource"),
    }
)


class DmsEngine(Engine):
    """Endpoints, instances, tasks and serverless replications of every Region."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._lock = threading.Lock()
        self._store = Store()
        self._runs = Runs(runtime, self._store)

    def state(self) -> dict[str, Found]:
        return self._store.found

    def restore(self, state: dict[str, Found] | None) -> None:
        self._store.found.update(state or {})

    def start(self) -> None:
        """Go on with what ran when the cloud was stopped, from where the source keeps its log."""
        for found in list(self._store.found.values()):
            if found.is_active:
                self._runs.begin(found)

    def drain(self) -> None:
        """Write all changes that have been committed, whatever the interval of files is."""
        self._runs.drain()

    def services(self) -> Iterable[Service]:
        return (Service(name="dms", handle=self._handle, operations=_OPERATIONS),)

    def _handle(self, call: ServiceCall) -> dict[str, Any]:
        special: dict[str, Callable[[ServiceCall], dict[str, Any]]] = {
            "DescribeReplications": self._replications,
            "StartReplication": lambda call: {"Replication": resources.replication(self._begin(call, CONFIG))},
            "StopReplication": lambda call: {"Replication": resources.replication(self._end(call, CONFIG))},
            "StartReplicationTask": lambda call: {"ReplicationTask": resources.described(self._begin(call, TASK))},
            "StopReplicationTask": lambda call: {"ReplicationTask": resources.described(self._end(call, TASK))},
            "DescribeReplicationTableStatistics": lambda call: self._statistics(
                call, CONFIG, "ReplicationTableStatistics"
            ),
            "DescribeTableStatistics": lambda call: self._statistics(call, TASK, "TableStatistics"),
            "AddTagsToResource": self._tag,
            "ListTagsForResource": self._tags,
            "RemoveTagsFromResource": self._untag,
        }
        with self._lock:
            if call.operation in special:
                return special[call.operation](call)
            verb, noun = _parts(call.operation)
            kind = next(kind for kind in KINDS if kind.noun == noun)
            return {"Create": self._create, "Describe": self._describe, "Modify": self._modify, "Delete": self._delete}[
                verb
            ](call, kind)

    def _create(self, call: ServiceCall, kind: Kind) -> dict[str, Any]:
        _check(kind, call.request)
        region = call.region
        if kind in (TASK, CONFIG):
            CLIENT.require("a replication by AWS DMS")
            for end, wanted in (("SourceEndpointArn", "source"), ("TargetEndpointArn", "target")):
                endpoint = self._store.get(ENDPOINT, region, call.request[end])
                if str(endpoint.members["EndpointType"]).lower() != wanted:
                    raise ServiceError("InvalidParameterValueException", f"{end} is no {wanted} endpoint")
        prefix = f"arn:{get_partition(region)}:dms:{region}:{self.runtime.account}"
        found = self._store.add(kind, region, prefix, call.request)
        found.status = {TASK: "ready", CONFIG: "created"}.get(kind, "")
        return {kind.noun: resources.described(found)}

    def _describe(self, call: ServiceCall, kind: Kind) -> dict[str, Any]:
        found = self._store.select(kind, call.region, call.request.get("Filters") or ())
        return {kind.listed: [resources.described(one) for one in found]}

    def _modify(self, call: ServiceCall, kind: Kind) -> dict[str, Any]:
        found = self._found(call, kind)
        self._refuse_active(found, "modified")
        named = (kind.arn, kind.identifier, "ApplyImmediately")
        changed = {**found.members, **{name: value for name, value in call.request.items() if name not in named}}
        _check(kind, changed)
        found.members = changed
        return {kind.noun: resources.described(found)}

    def _delete(self, call: ServiceCall, kind: Kind) -> dict[str, Any]:
        found = self._found(call, kind)
        self._refuse_active(found, "deleted")
        users = (*self._store.of(TASK, call.region), *self._store.of(CONFIG, call.region))
        if any(found.arn in one.members.values() for one in users):
            raise ServiceError("InvalidResourceStateFault", f"{kind.noun} {found.name} is used by a replication")
        if found.progress and found.progress.has_slot:
            self._runs.forget(found)
        del self._store.found[found.arn]
        return {kind.noun: resources.described(found)}

    def _refuse_active(self, found: Found, what: str) -> None:
        busy = found.is_active or any(
            one.is_active and found.arn in one.members.values() for one in self._store.found.values()
        )
        if busy:
            raise ServiceError(
                "InvalidResourceStateFault", f"{found.kind.noun} {found.name} cannot be {what} while it runs: stop it"
            )

    def _begin(self, call: ServiceCall, kind: Kind) -> Found:
        found = self._store.get(kind, call.region, call.request[kind.arn])
        given = call.request["StartReplicationType" if kind == CONFIG else "StartReplicationTaskType"]
        for name in ("CdcStartTime", "CdcStartPosition", "CdcStopPosition"):
            if name in call.request:
                raise ServiceError("InvalidParameterValueException", f"the local cloud does not follow {name}")
        if given not in (_FIRST, _ON, _AGAIN):
            raise ServiceError("InvalidParameterValueException", f"{given} is no way to start a replication")
        if found.is_active:
            raise ServiceError("InvalidResourceStateFault", f"{kind.noun} {found.name} is {found.status}")
        if given == _FIRST and found.progress:
            raise ServiceError(
                "InvalidParameterCombinationException",
                "Start Type : START_REPLICATION, valid only for replications running for the first time",
            )
        if given == _ON and not found.progress:
            raise ServiceError(
                "InvalidParameterCombinationException", "a replication that never ran has nothing to resume"
            )
        if given == _ON and found.mode == "full-load":
            raise ServiceError("InvalidParameterCombinationException", "a full load cannot be resumed")
        if given != _ON and found.progress:
            self._runs.forget(found)
        if given != _ON:
            found.progress = None
        found.status = "initialising" if kind == CONFIG else "starting"
        found.start_type, found.failures, found.stop_reason = given, [], ""
        self._runs.begin(found)
        return found

    def _end(self, call: ServiceCall, kind: Kind) -> Found:
        found = self._store.get(kind, call.region, call.request[kind.arn])
        if found.status != "running":
            raise ServiceError("InvalidResourceStateFault", f"{kind.noun} {found.name} is {found.status}, not running")
        found.status = "stopping"
        self._runs.end(found)
        return found

    def _replications(self, call: ServiceCall) -> dict[str, Any]:
        found = self._store.select(CONFIG, call.region, call.request.get("Filters") or ())
        return {"Replications": [resources.replication(one) for one in found]}

    def _statistics(self, call: ServiceCall, kind: Kind, member: str) -> dict[str, Any]:
        found = self._store.get(kind, call.region, call.request[kind.arn])
        return {kind.arn: found.arn, member: resources.statistics(found)}

    def _found(self, call: ServiceCall, kind: Kind) -> Found:
        key = call.request.get(kind.arn) or call.request.get(kind.identifier)
        return self._store.get(kind, call.region, str(key))

    def _tag(self, call: ServiceCall) -> dict[str, Any]:
        self._tagged(call.request["ResourceArn"]).tags |= {one["Key"]: one["Value"] for one in call.request["Tags"]}
        return {}

    def _untag(self, call: ServiceCall) -> dict[str, Any]:
        for key in call.request["TagKeys"]:
            self._tagged(call.request["ResourceArn"]).tags.pop(key, None)
        return {}

    def _tags(self, call: ServiceCall) -> dict[str, Any]:
        tags = self._tagged(call.request["ResourceArn"]).tags
        return {"TagList": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _tagged(self, arn: str) -> Found:
        if arn not in self._store.found:
            raise ServiceError("ResourceNotFoundFault", f"{arn} not found")
        return self._store.found[arn]


def _parts(operation: str) -> tuple[str, str]:
    matched = re.fullmatch(r"(Create|Describe|Modify|Delete)(\w+)", operation)
    assert matched, operation
    verb, noun = matched.groups()
    return verb, noun.removesuffix("s") if verb == "Describe" else noun


def _check(kind: Kind, members: dict[str, Any]) -> None:
    """Refuse what nothing here could do."""
    if kind == ENDPOINT:
        resources.check_endpoint(members)
        if str(members["EndpointType"]).lower() == "target":
            TargetSettings.of(members.get("S3Settings") or {})
    elif kind in (TASK, CONFIG):
        selection(members["TableMappings"])
        settings(members.get("ReplicationSettings" if kind == CONFIG else "ReplicationTaskSettings"))

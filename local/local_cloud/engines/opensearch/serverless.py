"""The API of OpenSearch Serverless: policies, collection groups and collections.

Above 200 lines: the operations of one service, most of them a few lines.
"""

from __future__ import annotations

import json
import re
import secrets
import string
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from local_cloud.engines.opensearch.server import SearchServer
from local_cloud.server.services import Service, ServiceCall, ServiceError

_NAME = re.compile(r"[a-z][a-z0-9-]{2,31}")
_LONGEST_COLLECTION = 64
_STANDBY = "ENABLED"
_MISSING, _CONFLICT, _INVALID = "ResourceNotFoundException", "ConflictException", "ValidationException"


@dataclass(kw_only=True)
class Region:
    """Everything of OpenSearch Serverless in one Region.

    Parameters
    ----------
    policies: dict
        Policies by type and name: of encryption, network, data and retention.
    groups: dict
        Collection groups by name.
    collections: dict
        Collections by id.
    """

    policies: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    collections: dict[str, dict[str, Any]] = field(default_factory=dict)

    def data_policies(self) -> list[Any]:
        """The data access policies, as they are now."""
        return [json.loads(one["policy"]) for (kind, _), one in self.policies.items() if kind == "data"]


class Serverless:
    """The operations, which open a server for each collection and end it with that.

    Parameters
    ----------
    account: str
        The account.
    partition: Callable
        Returns the partition of a Region.
    open_server: Callable
        Makes the server of a collection, given the Region and the collection.
    """

    def __init__(
        self,
        account: str,
        *,
        partition: Callable[[str], str],
        open_server: Callable[[str, dict[str, Any]], SearchServer],
    ) -> None:
        self._account = account
        self._partition = partition
        self._open_server = open_server
        self.regions: dict[str, Region] = {}
        self.servers: dict[str, SearchServer] = {}

    @property
    def service(self) -> Service:
        policies = {
            f"{verb}{kind}Policy": answer
            for verb, answer in (
                ("Create", self._create_policy),
                ("Get", self._get_policy),
                ("Update", self._update_policy),
                ("Delete", self._delete_policy),
            )
            for kind in ("Security", "Access")
        }
        handlers: Mapping[str, Callable[[Region, ServiceCall], dict[str, Any]]] = {
            **policies,
            "ListSecurityPolicies": self._list_policies,
            "ListAccessPolicies": self._list_policies,
            "CreateCollectionGroup": self._create_group,
            "UpdateCollectionGroup": self._update_group,
            "DeleteCollectionGroup": self._delete_group,
            "BatchGetCollectionGroup": self._get_groups,
            "ListCollectionGroups": self._list_groups,
            "CreateCollection": self._create_collection,
            "UpdateCollection": self._update_collection,
            "DeleteCollection": self._delete_collection,
            "BatchGetCollection": self._get_collections,
            "ListCollections": self._list_collections,
        }

        def handle(call: ServiceCall) -> dict[str, Any]:
            return handlers[call.operation](self.region(call.region), call)

        return Service(name="opensearchserverless", handle=handle, operations=frozenset(handlers))

    def region(self, name: str) -> Region:
        return self.regions.setdefault(name, Region())

    def _create_policy(self, region: Region, call: ServiceCall) -> dict[str, Any]:
        asked = call.request
        place = (asked["type"], asked["name"])
        _check_name(asked["name"])
        if place in region.policies:
            raise ServiceError(_CONFLICT, f"Policy with name {asked['name']} and type {asked['type']} already exists")
        region.policies[place] = {"createdDate": _now()}
        return self._put_policy(region, call)

    def _update_policy(self, region: Region, call: ServiceCall) -> dict[str, Any]:
        found = self._found_policy(region, call)
        if call.request["policyVersion"] != found["policyVersion"]:
            message = "Policy version specified in the request refers to an older version and policy has since changed"
            raise ServiceError(_CONFLICT, message)
        return self._put_policy(region, call)

    def _put_policy(self, region: Region, call: ServiceCall) -> dict[str, Any]:
        asked = call.request
        place = (asked["type"], asked["name"])
        policy = region.policies[place]
        given: str = asked.get("policy", policy.get("policy", ""))
        try:
            json.loads(given)
        except (TypeError, ValueError):
            region.policies.pop(place)
            raise ServiceError(_INVALID, "Policy json is invalid") from None
        policy |= {
            "type": asked["type"],
            "name": asked["name"],
            "description": asked.get("description", policy.get("description", "")),
            "policy": given,
            "policyVersion": _draw(20),
            "lastModifiedDate": _now(),
        }
        return _policy_answer(call, _shown(policy))

    def _get_policy(self, region: Region, call: ServiceCall) -> dict[str, Any]:
        return _policy_answer(call, _shown(self._found_policy(region, call)))

    def _delete_policy(self, region: Region, call: ServiceCall) -> dict[str, Any]:
        self._found_policy(region, call)
        del region.policies[call.request["type"], call.request["name"]]
        return {}

    def _list_policies(self, region: Region, call: ServiceCall) -> dict[str, Any]:
        found = [one for (kind, _), one in region.policies.items() if kind == call.request["type"]]
        summaries = [{name: value for name, value in one.items() if name != "policy"} for one in found]
        return {f"{'access' if 'Access' in call.operation else 'security'}PolicySummaries": summaries}

    def _found_policy(self, region: Region, call: ServiceCall) -> dict[str, Any]:
        kind, name = call.request["type"], call.request["name"]
        if (kind, name) not in region.policies:
            raise ServiceError(_MISSING, f"Policy with name {name} and type {kind} is not found")
        return region.policies[kind, name]

    def _create_group(self, region: Region, call: ServiceCall) -> dict[str, Any]:
        asked = call.request
        _check_name(asked["name"])
        if asked["name"] in region.groups:
            raise ServiceError(_CONFLICT, f"CollectionGroup with name {asked['name']} already exists")
        if asked.get("generation") == "NEXTGEN" and asked["standbyReplicas"] != _STANDBY:
            raise ServiceError(_INVALID, "A collection group of generation NEXTGEN must have standby replicas ENABLED")
        identifier = _draw(20)
        region.groups[asked["name"]] = {
            "id": identifier,
            "arn": self._arn(call.region, "collection-group", identifier),
            "createdDate": _now(),
            "generation": "CLASSIC",
            **{name: value for name, value in asked.items() if name != "clientToken"},
        }
        return {"createCollectionGroupDetail": region.groups[asked["name"]]}

    def _update_group(self, region: Region, call: ServiceCall) -> dict[str, Any]:
        group = _by_id(region.groups.values(), call.request["id"], "CollectionGroup")
        group |= {name: call.request[name] for name in ("description", "capacityLimits") if name in call.request}
        return {"updateCollectionGroupDetail": group}

    def _delete_group(self, region: Region, call: ServiceCall) -> dict[str, Any]:
        group = _by_id(region.groups.values(), call.request["id"], "CollectionGroup")
        if any(one.get("collectionGroupName") == group["name"] for one in region.collections.values()):
            raise ServiceError(_CONFLICT, f"CollectionGroup {group['name']} has collections; delete them first")
        del region.groups[group["name"]]
        return {}

    def _get_groups(self, region: Region, call: ServiceCall) -> dict[str, Any]:
        return {"collectionGroupDetails": _wanted(region.groups.values(), call)}

    def _list_groups(self, region: Region, call: ServiceCall) -> dict[str, Any]:
        return {"collectionGroupSummaries": list(region.groups.values())}

    def _create_collection(self, region: Region, call: ServiceCall) -> dict[str, Any]:
        asked = call.request
        name, group = asked["name"], asked.get("collectionGroupName")
        if not re.fullmatch(r"[a-z][a-z0-9-]+", name) or not 3 <= len(name) <= _LONGEST_COLLECTION:
            raise ServiceError(_INVALID, f"Value '{name}' at 'name' failed to satisfy constraint")
        if any(one["name"] == name for one in region.collections.values()):
            raise ServiceError(_CONFLICT, f"Collection with name {name} already exists")
        if "encryptionConfig" not in asked and not _is_encrypted(region, name):
            raise ServiceError(
                _INVALID,
                f"No matching security policy of encryption type found for collection name: {name}. Please create "
                "security policy of encryption type for this collection.",
            )
        if group and group not in region.groups:
            raise ServiceError(_MISSING, f"CollectionGroup with name {group} is not found")
        standby = asked.get("standbyReplicas", _STANDBY)
        if group and standby != region.groups[group]["standbyReplicas"]:
            raise ServiceError(_INVALID, "A collection has the standby replicas of its collection group")
        if asked.get("type") == "VECTORSEARCH":
            raise ServiceError(_INVALID, "a collection of type VECTORSEARCH is not supported by the local cloud")
        identifier = _draw(20)
        collection = {
            "id": identifier,
            "arn": self._arn(call.region, "collection", identifier),
            "status": "ACTIVE",
            "type": "TIMESERIES",
            "standbyReplicas": standby,
            "deletionProtection": "DISABLED",
            "createdDate": _now(),
            **{part: value for part, value in asked.items() if part not in ("clientToken", "tags", "encryptionConfig")},
        }
        server = self._open_server(call.region, collection)
        address = f"https://{server.endpoint}"
        region.collections[identifier] = {
            **collection,
            "collectionEndpoint": address,
            "dashboardEndpoint": f"{address}/_dashboards",
        }
        self.servers[identifier] = server
        return {"createCollectionDetail": region.collections[identifier]}

    def _update_collection(self, region: Region, call: ServiceCall) -> dict[str, Any]:
        collection = _by_id(region.collections.values(), call.request["id"], "Collection")
        collection |= {n: call.request[n] for n in ("description", "deletionProtection") if n in call.request}
        return {"updateCollectionDetail": collection}

    def _delete_collection(self, region: Region, call: ServiceCall) -> dict[str, Any]:
        found = _by_id(region.collections.values(), call.request["id"], "Collection")
        if found["deletionProtection"] == "ENABLED":
            raise ServiceError(_CONFLICT, f"Collection {found['name']} is protected against deletion")
        del region.collections[found["id"]]
        self.servers.pop(found["id"]).stop()
        return {"deleteCollectionDetail": {"id": found["id"], "name": found["name"], "status": "DELETING"}}

    def _get_collections(self, region: Region, call: ServiceCall) -> dict[str, Any]:
        return {"collectionDetails": _wanted(region.collections.values(), call)}

    def _list_collections(self, region: Region, call: ServiceCall) -> dict[str, Any]:
        wanted = (call.request.get("collectionFilters") or {}).get("name")
        found = [one for one in region.collections.values() if wanted in (None, one["name"])]
        return {"collectionSummaries": [{part: one[part] for part in ("arn", "id", "name", "status")} for one in found]}

    def _arn(self, region: str, kind: str, identifier: str) -> str:
        return f"arn:{self._partition(region)}:aoss:{region}:{self._account}:{kind}/{identifier}"


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ServiceError(_INVALID, f"Value '{name}' at 'name' failed to satisfy constraint: {_NAME.pattern}")


def _is_encrypted(region: Region, name: str) -> bool:
    return any(
        fnmatchcase(f"collection/{name}", pattern)
        for (kind, _), policy in region.policies.items()
        if kind == "encryption"
        for rule in json.loads(policy["policy"])["Rules"]
        for pattern in rule["Resource"]
    )


def _policy_answer(call: ServiceCall, policy: dict[str, Any]) -> dict[str, Any]:
    return {f"{'access' if 'Access' in call.operation else 'security'}PolicyDetail": policy}


def _shown(policy: dict[str, Any]) -> dict[str, Any]:
    return {**policy, "policy": json.loads(policy["policy"])}


def _by_id(found: Iterable[dict[str, Any]], identifier: str, kind: str) -> dict[str, Any]:
    one = next((one for one in found if one["id"] == identifier), None)
    if one is None:
        raise ServiceError(_MISSING, f"{kind} with ID {identifier} cannot be found.")
    return one


def _wanted(found: Iterable[dict[str, Any]], call: ServiceCall) -> list[dict[str, Any]]:
    ids, names = (call.request.get(part) or () for part in ("ids", "names"))
    return [one for one in found if one["id"] in ids or one["name"] in names]


def _draw(length: int) -> str:
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(length))


def _now() -> int:
    return int(time.time() * 1000)

"""OpenSearch Service and OpenSearch Serverless."""

from __future__ import annotations

import json

from local_cloud.cloudformation.names import PhysicalName
from local_cloud.cloudformation.resource import Call, Context, Properties, Resource
from local_cloud.cloudformation.resource_type import ResourceType

_AOSS = "opensearchserverless"
_BY_NAME = {"type": "{Type}", "name": "{Name}"}


class _DomainType(ResourceType):
    """A domain, whose address has another name in a network."""

    def make(self, logical_id: str, properties: Properties, context: Context) -> Resource:
        resource = super().make(logical_id, properties, context)
        status = resource.response["DomainStatus"]
        resource.response["Address"] = status.get("Endpoint") or status["Endpoints"]["vpc"]
        return resource


class _CollectionType(ResourceType):
    """A collection, whose address the answer to its creation does not hold."""

    def make(self, logical_id: str, properties: Properties, context: Context) -> Resource:
        resource = super().make(logical_id, properties, context)
        found = context.client(_AOSS).batch_get_collection(ids=[resource.physical_resource_id])
        resource.response = {"Collection": found["collectionDetails"][0]}
        return resource


class _PolicyType(ResourceType):
    """A policy, which is updated by the version that it has."""

    def change(self, resource: Resource, properties: Properties) -> None:
        resource.properties = properties
        kind = "access" if "Access" in self.name else "security"
        client, place = resource.context.client(_AOSS), {"type": properties["Type"], "name": properties["Name"]}
        found = getattr(client, f"get_{kind}_policy")(**place)[f"{kind}PolicyDetail"]
        getattr(client, f"update_{kind}_policy")(
            **place,
            policyVersion=found["policyVersion"],
            policy=properties["Policy"],
            description=properties.get("Description", ""),
        )


def _domain(properties: Properties) -> Properties:
    """Return the properties as the API spells them, which takes a policy as text."""
    policy = properties.get("AccessPolicies")
    return {**properties, "AccessPolicies": json.dumps(policy)} if isinstance(policy, dict) else properties


def _group(properties: Properties) -> Properties:
    """Return the properties with capacities as the API spells them."""
    limits = properties.get("CapacityLimits")
    spelled = {name.replace("Ocu", "OCU"): float(value) for name, value in (limits or {}).items()}
    return {**properties, "CapacityLimits": spelled} if limits else properties


TYPES = [
    _DomainType(
        name="AWS::OpenSearchService::Domain",
        service="opensearch",
        physical_name=PhysicalName(path="DomainName", length=28, lower=True),
        ref="{DomainName}",
        attributes={
            "Arn": "{DomainStatus[ARN]}",
            "DomainArn": "{DomainStatus[ARN]}",
            "DomainEndpoint": "{Address}",
            "DomainEndpointV2": "{Address}",
            "Id": "{account}/{DomainName}",
        },
        update=Call("update_domain_config", {"DomainName": "{DomainName}"}),
        rename={"Tags": "TagList"},
        # A version is changed by an upgrade of its own, and nothing here is deployed by a strategy.
        ignore=frozenset({"AutomatedSnapshotPauseOptions", "DeploymentStrategyOptions", "SkipShardMigrationWait"}),
        adapt=_domain,
    ),
    _PolicyType(
        name="AWS::OpenSearchServerless::SecurityPolicy",
        service=_AOSS,
        ref="{Name}",
        physical_name=None,
        update=Call("update_security_policy", _BY_NAME),
        delete=Call("delete_security_policy", _BY_NAME),
    ),
    _PolicyType(
        name="AWS::OpenSearchServerless::AccessPolicy",
        service=_AOSS,
        ref="{Name}",
        physical_name=None,
        update=Call("update_access_policy", _BY_NAME),
        delete=Call("delete_access_policy", _BY_NAME),
    ),
    ResourceType(
        name="AWS::OpenSearchServerless::CollectionGroup",
        ref="{createCollectionGroupDetail[id]}",
        attributes={"Arn": "{createCollectionGroupDetail[arn]}", "Id": "{createCollectionGroupDetail[id]}"},
        physical_name=None,
        ignore=frozenset({"Tags"}),
        adapt=_group,
    ),
    _CollectionType(
        name="AWS::OpenSearchServerless::Collection",
        ref="{createCollectionDetail[id]}",
        attributes={
            "Arn": "{Collection[arn]}",
            "Id": "{id}",
            "CollectionEndpoint": "{Collection[collectionEndpoint]}",
            "DashboardEndpoint": "{Collection[dashboardEndpoint]}",
        },
        physical_name=None,
        ignore=frozenset({"Tags"}),
    ),
]

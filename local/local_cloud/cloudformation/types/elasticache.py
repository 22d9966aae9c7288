"""ElastiCache."""

from __future__ import annotations

from local_cloud.cloudformation.resource import Call
from local_cloud.cloudformation.resource_type import ResourceType

TYPES = [
    ResourceType(
        name="AWS::ElastiCache::User",
        ref="{UserId}",
        physical_name=None,
        attributes={"Arn": "{ARN}", "Status": "{Status}"},
        # A change makes another user.
        update=None,
        ignore=frozenset({"Tags"}),
    ),
    ResourceType(
        name="AWS::ElastiCache::UserGroup",
        ref="{UserGroupId}",
        physical_name=None,
        attributes={"Arn": "{ARN}", "Status": "{Status}"},
        update=None,
        ignore=frozenset({"Tags"}),
    ),
    ResourceType(
        name="AWS::ElastiCache::ServerlessCache",
        ref="{ServerlessCacheName}",
        physical_name=None,
        attributes={
            "ARN": "{ServerlessCache[ARN]}",
            "Endpoint.Address": "{ServerlessCache[Endpoint][Address]}",
            "Endpoint.Port": "{ServerlessCache[Endpoint][Port]}",
            "ReaderEndpoint.Address": "{ServerlessCache[ReaderEndpoint][Address]}",
            "ReaderEndpoint.Port": "{ServerlessCache[ReaderEndpoint][Port]}",
        },
        update=None,
        delete=Call("delete_serverless_cache", {"ServerlessCacheName": "{ServerlessCacheName}"}),
        # The endpoint is what AWS says that it is.
        ignore=frozenset({"Endpoint", "ReaderEndpoint", "Tags", "FinalSnapshotName"}),
    ),
]

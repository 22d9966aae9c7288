"""AWS DMS."""

from __future__ import annotations

import json
from typing import Any

from local_cloud.cloudformation.names import PhysicalName
from local_cloud.cloudformation.resource import Call, Properties
from local_cloud.cloudformation.resource_type import ResourceType
from local_cloud.packages import OptionalPackage

_CLIENT = OptionalPackage(module="psycopg", extra="databases")
# A letter, then letters, digits and single hyphens, 63 in all.
_LENGTH = 60


def _texts(properties: Properties) -> Properties:
    """Return the documents of a replication as the texts that the API takes."""
    return {
        name: json.dumps(value)
        if name in ("TableMappings", "ReplicationSettings", "SupplementalSettings") and _is_document(value)
        else value
        for name, value in properties.items()
    }


def _is_document(value: Any) -> bool:
    return isinstance(value, dict | list)


TYPES = [
    ResourceType(
        name="AWS::DMS::Endpoint",
        ref="{Endpoint[EndpointArn]}",
        physical_name=PhysicalName(path="EndpointIdentifier", length=_LENGTH, lower=True),
        update=Call("modify_endpoint", {"EndpointArn": "{id}"}),
        delete=Call("delete_endpoint", {"EndpointArn": "{id}"}),
        # The API spells what a template writes as PostgreSqlSettings, MySqlSettings and so on in capitals.
    ),
    ResourceType(
        name="AWS::DMS::ReplicationSubnetGroup",
        ref="{ReplicationSubnetGroup[ReplicationSubnetGroupIdentifier]}",
        physical_name=PhysicalName(path="ReplicationSubnetGroupIdentifier", length=_LENGTH, lower=True),
        update=Call("modify_replication_subnet_group", {"ReplicationSubnetGroupIdentifier": "{id}"}),
        delete=Call("delete_replication_subnet_group", {"ReplicationSubnetGroupIdentifier": "{id}"}),
    ),
    ResourceType(
        name="AWS::DMS::ReplicationInstance",
        ref="{ReplicationInstance[ReplicationInstanceArn]}",
        physical_name=PhysicalName(path="ReplicationInstanceIdentifier", length=_LENGTH, lower=True),
        update=Call("modify_replication_instance", {"ReplicationInstanceArn": "{id}", "ApplyImmediately": True}),
        delete=Call("delete_replication_instance", {"ReplicationInstanceArn": "{id}"}),
        ignore=frozenset({"PreferredMaintenanceWindow"}),
    ),
    ResourceType(
        name="AWS::DMS::ReplicationTask",
        ref="{ReplicationTask[ReplicationTaskArn]}",
        physical_name=PhysicalName(path="ReplicationTaskIdentifier", length=_LENGTH, lower=True),
        update=Call("modify_replication_task", {"ReplicationTaskArn": "{id}"}),
        delete=Call("delete_replication_task", {"ReplicationTaskArn": "{id}"}),
        needs=_CLIENT,
    ),
    ResourceType(
        name="AWS::DMS::ReplicationConfig",
        ref="{ReplicationConfig[ReplicationConfigArn]}",
        attributes={"ReplicationConfigArn": "{ReplicationConfig[ReplicationConfigArn]}"},
        physical_name=None,
        update=Call("modify_replication_config", {"ReplicationConfigArn": "{id}"}),
        delete=Call("delete_replication_config", {"ReplicationConfigArn": "{id}"}),
        adapt=_texts,
        needs=_CLIENT,
    ),
]

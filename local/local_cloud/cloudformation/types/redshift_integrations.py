"""Integrations of Redshift."""

from __future__ import annotations

from local_cloud.cloudformation.names import PhysicalName
from local_cloud.cloudformation.resource import Call
from local_cloud.cloudformation.resource_type import ResourceType

_LONGEST_NAME = 63

TYPES = [
    ResourceType(
        name="AWS::Redshift::Integration",
        physical_name=PhysicalName(path="IntegrationName", length=_LONGEST_NAME),
        rename={"Tags": "TagList"},
        update=Call("modify_integration", {"IntegrationArn": "{id}"}),
        delete=Call("delete_integration", {"IntegrationArn": "{id}"}),
    ),
]

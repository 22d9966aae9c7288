"""DataSync."""

from __future__ import annotations

from local_cloud.cloudformation.resource import Call
from local_cloud.cloudformation.resource_type import ResourceType

TYPES = [
    ResourceType(
        name="AWS::DataSync::LocationS3",
        service="datasync",
        create=Call("create_location_s3"),
        ref="{LocationArn}",
        physical_name=None,
        attributes={"LocationArn": "{LocationArn}"},
        update=None,
        delete=Call("delete_location", {"LocationArn": "{LocationArn}"}),
        ignore=frozenset({"Tags"}),
    ),
    ResourceType(
        name="AWS::DataSync::Task",
        service="datasync",
        ref="{TaskArn}",
        physical_name=None,
        attributes={"TaskArn": "{TaskArn}"},
        update=Call("update_task", {"TaskArn": "{TaskArn}"}),
        delete=Call("delete_task", {"TaskArn": "{TaskArn}"}),
    ),
]

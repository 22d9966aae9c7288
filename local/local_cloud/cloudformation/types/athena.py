"""Athena."""

from __future__ import annotations

from local_cloud.cloudformation.resource import Call
from local_cloud.cloudformation.resource_type import ResourceType

TYPES = [
    ResourceType(
        name="AWS::Athena::WorkGroup",
        # moto has no such call.
        update=None,
        delete=Call("delete_work_group", {"WorkGroup": "{id}", "RecursiveDeleteOption": True}),
        ignore=frozenset({"RecursiveDeleteOption", "State", "WorkGroupConfigurationUpdates"}),
    ),
    # moto cannot delete one.
    ResourceType(name="AWS::Athena::NamedQuery", delete=None),
]

"""Redshift Serverless."""

from __future__ import annotations

import json
from typing import Any

from local_cloud.cloudformation.resource import Properties, Resource
from local_cloud.cloudformation.resource_type import ResourceType


class _Namespace(ResourceType):
    def _apply_settings(self, resource: Resource, before: Properties) -> None:
        """Give it the policy, by the API of Redshift, as CloudFormation does."""
        super()._apply_settings(resource, before)
        policy: Any = resource.properties.get("NamespaceResourcePolicy")
        if policy == before.get("NamespaceResourcePolicy"):
            return
        client, arn = resource.context.client("redshift"), resource.response["namespace"]["namespaceArn"]
        if policy:
            text = policy if isinstance(policy, str) else json.dumps(policy)
            client.put_resource_policy(ResourceArn=arn, Policy=text)
        else:
            client.delete_resource_policy(ResourceArn=arn)


TYPES = [
    _Namespace(
        name="AWS::RedshiftServerless::Namespace",
        # Missing among the schema's read-only ones.
        attributes={"Namespace.AdminPasswordSecretArn": "{namespace[adminPasswordSecretArn]}"},
        ignore=frozenset(
            {
                "FinalSnapshotName",
                "FinalSnapshotRetentionPeriod",
                "NamespaceResourcePolicy",
                "SnapshotCopyConfigurations",
            }
        ),
    ),
    ResourceType(
        name="AWS::RedshiftServerless::Workgroup",
        ignore=frozenset({"RecoveryPointId", "SnapshotArn", "SnapshotName", "SnapshotOwnerAccount", "Workgroup"}),
    ),
]

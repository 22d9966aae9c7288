"""Redshift Serverless."""

from __future__ import annotations

from local_cloud.cloudformation.resource_type import ResourceType

TYPES = [
    ResourceType(
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

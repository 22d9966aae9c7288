"""IAM, KMS and Secrets Manager."""

from __future__ import annotations

import json
import secrets
import string
from typing import Any

from local_cloud.cloudformation.names import PhysicalName
from local_cloud.cloudformation.resource import Call, Properties, Resource, ResourceType, Setting

_PASSWORD_LENGTH = 32


class _RoleType(ResourceType):
    def change(self, resource: Resource, properties: Properties) -> None:
        iam, name, before = resource.context.client(self.service), resource.physical_resource_id, resource.properties
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
        iam, name = resource.context.client(self.service), resource.physical_resource_id
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


def _secret(properties: Properties) -> Properties:
    """Return the properties with the secret generated as `GenerateSecretString` says."""
    request = dict(properties)
    wish = request.pop("GenerateSecretString", None)
    if wish is None:
        return request
    excluded = set(wish.get("ExcludeCharacters", ""))
    alphabet = [
        *("" if wish.get("ExcludeLowercase") else string.ascii_lowercase),
        *("" if wish.get("ExcludeUppercase") else string.ascii_uppercase),
        *("" if wish.get("ExcludeNumbers") else string.digits),
        *("" if wish.get("ExcludePunctuation") else string.punctuation),
    ]
    usable = [character for character in alphabet if character not in excluded]
    password = "".join(secrets.choice(usable) for _ in range(int(wish.get("PasswordLength", _PASSWORD_LENGTH))))
    if "GenerateStringKey" in wish:
        template = json.loads(wish.get("SecretStringTemplate", "{}"))
        password = json.dumps({**template, wish["GenerateStringKey"]: password})
    return {**request, "SecretString": password}


TYPES = [
    _RoleType(
        name="AWS::IAM::Role",
        service="iam",
        create=Call("create_role"),
        update=Call("update_role", {"RoleName": "{id}"}),
        delete=Call("delete_role", {"RoleName": "{id}"}),
        ref="{RoleName}",
        attributes={"Arn": "{Role[Arn]}", "RoleId": "{Role[RoleId]}"},
        physical_name=PhysicalName(path="RoleName", length=64),
        immutable=frozenset({"Path"}),
        settings=(
            Setting(
                path="ManagedPolicyArns",
                call=Call("attach_role_policy", {"RoleName": "{id}"}),
                adapt=lambda arns: [{"PolicyArn": arn} for arn in arns],
            ),
            Setting(path="Policies", call=Call("put_role_policy", {"RoleName": "{id}"})),
        ),
    ),
    _InlinePolicyType(name="AWS::IAM::Policy", update=Call("put_role_policy")),
    _ManagedPolicyType(
        name="AWS::IAM::ManagedPolicy",
        service="iam",
        create=Call("create_policy"),
        delete=Call("delete_policy", {"PolicyArn": "{id}"}),
        ref="{Policy[Arn]}",
        attributes={"PolicyArn": "{Policy[Arn]}", "PolicyId": "{Policy[PolicyId]}"},
        physical_name=PhysicalName(path="ManagedPolicyName", length=128),
        immutable=frozenset({"Description", "Path"}),
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
    ResourceType(
        name="AWS::KMS::Key",
        service="kms",
        create=Call("create_key"),
        update=Call("put_key_policy", {"KeyId": "{id}", "PolicyName": "default"}),
        delete=Call("schedule_key_deletion", {"KeyId": "{id}"}),
        ref="{KeyMetadata[KeyId]}",
        attributes={"Arn": "{KeyMetadata[Arn]}", "KeyId": "{KeyMetadata[KeyId]}"},
        immutable=frozenset({"KeySpec", "KeyUsage", "MultiRegion"}),
        rename={"KeyPolicy": "Policy", "BypassPolicyLockoutSafetyCheck": "BypassPolicyLockoutSafetyCheck"},
        ignore=frozenset({"Enabled", "PendingWindowInDays", "RotationPeriodInDays"}),
        settings=(
            Setting(
                path="EnableKeyRotation",
                call=Call("enable_key_rotation", {"KeyId": "{id}"}),
                adapt=lambda enabled: [{}] if str(enabled).lower() == "true" else [],
            ),
        ),
    ),
    ResourceType(
        name="AWS::KMS::Alias",
        service="kms",
        create=Call("create_alias"),
        update=Call("update_alias"),
        delete=Call("delete_alias", {"AliasName": "{id}"}),
        ref="{AliasName}",
        immutable=frozenset({"AliasName"}),
    ),
    ResourceType(
        name="AWS::SecretsManager::Secret",
        service="secretsmanager",
        create=Call("create_secret"),
        update=Call("update_secret", {"SecretId": "{id}"}),
        delete=Call("delete_secret", {"SecretId": "{id}", "ForceDeleteWithoutRecovery": True}),
        ref="{ARN}",
        attributes={"Id": "{ARN}"},
        physical_name=PhysicalName(path="Name", length=512),
        ignore=frozenset({"ReplicaRegions"}),
        adapt=_secret,
    ),
    ResourceType(
        name="AWS::SecretsManager::ResourcePolicy",
        service="secretsmanager",
        create=Call("put_resource_policy"),
        update=Call("put_resource_policy"),
        delete=Call("delete_resource_policy", {"SecretId": "{SecretId}"}),
        ref="{SecretId}",
        immutable=frozenset({"SecretId"}),
    ),
]

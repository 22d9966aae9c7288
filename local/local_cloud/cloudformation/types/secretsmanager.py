"""Secrets Manager."""

from __future__ import annotations

import json
import secrets
import string

from local_cloud.cloudformation.resource import Call, Properties, Resource
from local_cloud.cloudformation.resource_type import ResourceType

_PASSWORD_LENGTH = 32


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


class _SecretType(ResourceType):
    def change(self, resource: Resource, properties: Properties) -> None:
        generation = "GenerateSecretString"
        if properties.get(generation) == resource.properties.get(generation):
            # Generated once: the secret of another description is still the same.
            kept = {name: value for name, value in properties.items() if name != generation}
            super().change(resource, kept)
            resource.properties = properties
        else:
            super().change(resource, properties)


TYPES = [
    _SecretType(
        name="AWS::SecretsManager::Secret",
        delete=Call("delete_secret", {"SecretId": "{id}", "ForceDeleteWithoutRecovery": True}),
        # Its id is its ARN.
        ref="{ARN}",
        attributes={"Id": "{ARN}"},
        ignore=frozenset({"ReplicaRegions"}),
        adapt=_secret,
    ),
    ResourceType(
        name="AWS::SecretsManager::ResourcePolicy",
        create=Call("put_resource_policy"),
        update=Call("put_resource_policy"),
        ref="{SecretId}",
    ),
]

"""Dynamic references in the properties of resources: values of Parameter Store and Secrets Manager.

Only what is passed to a service holds the values; templates, outputs and comparisons hold the references, as in
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from moto.cloudformation.exceptions import ValidationError

Client = Callable[[str], Any]

_REFERENCE = re.compile(r"\{\{resolve:(?P<service>[^:{}]*):(?P<key>[^{}]*)\}\}")
_PARAMETER = re.compile(r"(?P<name>[a-zA-Z0-9_.\-/]+)(:(?P<version>\d+))?")
_PARTS_OF_AN_ARN = 7
_PARTS = ("secret-string", "json-key", "version-stage", "version-id")
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-ssm-secure-strings.html
_SECURE = frozenset(
    {
        ("AWS::DirectoryService::MicrosoftAD", "Password"),
        ("AWS::DirectoryService::SimpleAD", "Password"),
        ("AWS::ElastiCache::ReplicationGroup", "AuthToken"),
        ("AWS::IAM::User", "LoginProfile.Password"),
        ("AWS::KinesisFirehose::DeliveryStream", "RedshiftDestinationConfiguration.Password"),
        ("AWS::OpsWorks::App", "AppSource.Password"),
        ("AWS::OpsWorks::Stack", "CustomCookbooksSource.Password"),
        ("AWS::OpsWorks::Stack", "RdsDbInstances.DbPassword"),
        ("AWS::RDS::DBCluster", "MasterUserPassword"),
        ("AWS::RDS::DBInstance", "MasterUserPassword"),
        ("AWS::Redshift::Cluster", "MasterUserPassword"),
    }
)


def resolve_references(node: Any, resource_type: str, client: Client, path: tuple[str, ...] = ()) -> Any:
    """Return properties of a resource with the values that their dynamic references stand for.

    Raises
    ------
    ValidationError
        If a reference is not allowed there, or has no value.
    """
    if isinstance(node, dict):
        return {key: resolve_references(item, resource_type, client, (*path, key)) for key, item in node.items()}
    if isinstance(node, list):
        return [resolve_references(item, resource_type, client, path) for item in node]
    if not isinstance(node, str):
        return node
    return _REFERENCE.sub(lambda found: _value(found["service"], found["key"], resource_type, client, path), node)


def _value(service: str, key: str, resource_type: str, client: Client, path: tuple[str, ...]) -> str:
    if service not in _SERVICES:
        known = ", ".join(_SERVICES)
        raise ValidationError(message=f"dynamic references are to {known}, not to '{service}'")
    if service != "ssm" and resource_type.startswith(("Custom::", "AWS::CloudFormation::CustomResource")):
        raise ValidationError(message=f"Dynamic references to {service} are not supported in custom resources")
    if service == "ssm-secure" and (resource_type, ".".join(path)) not in _SECURE:
        place = "/".join((resource_type, "Properties", *path))
        raise ValidationError(message=f"SSM Secure reference is not supported in: [{place}]")
    try:
        return _SERVICES[service](key, client)
    except ClientError as error:
        details = error.response["Error"]
        raise ValidationError(message=f"{details['Message']} ({service}:{key}, {details['Code']})") from None


def _text(key: str, client: Client) -> str:
    return _parameter("ssm", key, client, secure=False)


def _secure_text(key: str, client: Client) -> str:
    return _parameter("ssm-secure", key, client, secure=True)


def _parameter(service: str, key: str, client: Client, *, secure: bool) -> str:
    parts = _PARAMETER.fullmatch(key)
    if parts is None:
        pattern = "parameter-name or parameter-name:version"
        raise ValidationError(
            message=f"Incorrect format is used in the following SSM reference: [{key}]; use {pattern}"
        )
    try:
        found = client("ssm").get_parameter(Name=key, WithDecryption=True)["Parameter"]
    except ClientError as error:
        if error.response["Error"]["Code"] in {"ParameterNotFound", "ParameterVersionNotFound"}:
            raise ValidationError(message=f"Parameters: [{service}:{key}] cannot be found.") from None
        raise
    if (found["Type"] == "SecureString") != secure:
        wanted = "a SecureString" if secure else "a String or StringList; use ssm-secure"
        raise ValidationError(message=f"{service}:{key} is a {found['Type']}, allowed is {wanted}")
    return str(found["Value"])


def _secret(key: str, client: Client) -> str:
    parts = key.split(":")
    length = _PARTS_OF_AN_ARN if parts[0] == "arn" else 1
    secret_id, options = ":".join(parts[:length]), parts[length:]
    if len(options) > len(_PARTS):
        raise ValidationError(message=f"secretsmanager:{key} has more parts than secret-id:{':'.join(_PARTS)}")
    kind, json_key, stage, version = [*options, *[""] * (len(_PARTS) - len(options))]
    if kind not in {"", "SecretString"}:
        raise ValidationError(message=f"secretsmanager:{key} asks for {kind}, allowed is SecretString")
    if stage and version:
        raise ValidationError(message=f"secretsmanager:{key} has a version-stage and a version-id; give one of them")
    wanted = {name: value for name, value in (("VersionStage", stage), ("VersionId", version)) if value}
    secret = client("secretsmanager").get_secret_value(SecretId=secret_id, **wanted).get("SecretString")
    if secret is None:
        raise ValidationError(message=f"secretsmanager:{secret_id} has no SecretString")
    return _member(str(secret), json_key) if json_key else str(secret)


def _member(secret: str, json_key: str) -> str:
    try:
        content = json.loads(secret)
    except ValueError:
        raise ValidationError(message="Could not parse SecretString JSON") from None
    if not isinstance(content, dict) or json_key not in content:
        raise ValidationError(message="Could not find a value associated with JSONKey in SecretString")
    value = content[json_key]
    return value if isinstance(value, str) else json.dumps(value)


_SERVICES: dict[str, Callable[[str, Client], str]] = {
    "ssm": _text,
    "ssm-secure": _secure_text,
    "secretsmanager": _secret,
}

"""Secrets in the open, public doors and unlocked stores, above all where no other tool looks.

Above 200 lines: one rule after the other, each with its words and its source.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from template_checks.core.once import once
from template_checks.core.policies import POLICY_HOLDERS, PolicyKind, Statement, statements
from template_checks.core.rule import Severity, Violation, rule
from template_checks.core.template import Node, Resource

_SECRET: Final = re.compile(
    r"(password|passwd|passphrase|secretkey|secretaccesskey|privatekey|apikey|accesskey|authtoken|hectoken|"
    r"secretstring|clientsecret|(api|access|bearer|oauth|refresh|session|bot|github)token)$"
)
# Keys of values in lists, and those of their names.
_VALUES: Final = ("Value", "ParameterValue", "PropertyValue", "AttributeValue")
_NAMED_BY: Final = ("Name", "ParameterName", "AttributeName", "Key")
_NO_SECRETS: Final = ("Statement", "DefinitionString", "Definition", "GenerateSecretString", "AttributeDefinitions")
_ACCESS_KEY: Final = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b")
_IN_URL: Final = re.compile(r"(?i)(password|pwd)=[^&;$\s{]+|://[^/:@\s$]+:[^/@\s$]+@")
# Values that open a store or a console to the internet.
_PUBLIC: Final[tuple[tuple[str, tuple[str, ...], str], ...]] = (
    ("PubliclyAccessible", ("true",), "false"),
    ("WebserverAccessMode", ("PUBLIC_ONLY",), "PRIVATE_ONLY"),
    ("AccessControl", ("PublicRead", "PublicReadWrite", "AuthenticatedRead"), "no canned access control list"),
    ("DirectInternetAccess", ("Enabled",), "Disabled"),
    ("BlockPublicAcls", ("false",), "true"),
    ("BlockPublicPolicy", ("false",), "true"),
    ("IgnorePublicAcls", ("false",), "true"),
    ("RestrictPublicBuckets", ("false",), "true"),
)
# Values that leave data or connections in the clear.
_CLEAR: Final[tuple[tuple[str, tuple[str, ...], str], ...]] = (
    ("Encrypted", ("false",), "true"),
    ("StorageEncrypted", ("false",), "true"),
    ("SSEEnabled", ("false",), "true"),
    ("AtRestEncryptionEnabled", ("false",), "true"),
    ("TransitEncryptionEnabled", ("false",), "true"),
    ("SqsManagedSseEnabled", ("false",), "true"),
    ("EncryptionType", ("NONE",), "KMS"),
    ("ClientBroker", ("PLAINTEXT", "TLS_PLAINTEXT"), "TLS"),
    ("InCluster", ("false",), "true"),
    ("DisableSsl", ("true",), "false"),
    ("JDBC_ENFORCE_SSL", ("false",), "true"),
    ("KAFKA_SSL_ENABLED", ("false",), "true"),
    ("SslMode", ("none",), "require, verify-ca or verify-full"),
    ("EnforceHTTPS", ("false",), "true"),
    ("CloudWatchEncryptionMode", ("DISABLED",), "SSE-KMS"),
    ("JobBookmarksEncryptionMode", ("DISABLED",), "CSE-KMS"),
    ("S3EncryptionMode", ("DISABLED",), "SSE-KMS or SSE-S3"),
    ("CatalogEncryptionMode", ("DISABLED",), "SSE-KMS"),
    ("ReturnConnectionPasswordEncrypted", ("false",), "true"),
)
# Conditions that tell who calls; any other leaves a wildcard principal open. What S3 takes for no longer public:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
_WHO: Final = re.compile(
    r"(?i)aws:(PrincipalOrgID|PrincipalOrgPaths|PrincipalAccount|PrincipalArn|SourceAccount|SourceArn|SourceVpc|SourceVpce|"
    r"SourceOrgID|SourceOrgPaths|SourceOwner|PrincipalTag/.*|userid|SourceIp|VpcSourceIp|PrincipalIsAWSService)|"
    r"kms:CallerAccount|kms:ViaService|s3:DataAccessPoint(Account|Arn)|sts:ExternalId|lambda:.*|.*:(aud|sub)|"
    r"elasticfilesystem:AccessedViaMountTarget"
)


@rule(
    "LAKE-EXPOSURE-001",
    "AWS::*",
    title="Secrets are not in templates",
    fix="keep it in Secrets Manager and refer to it: {{resolve:secretsmanager:...}} or a secret's ARN",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/security-best-practices.html",
)
def plain_secrets(resource: Resource) -> Iterator[Violation]:
    """A secret in a template is readable in the template, the change set and the console of the service."""
    for node in _leaves(resource):
        # There it is the id of a key, whose secret has a property of its own.
        is_id = resource.kind == "AWS::DataSync::LocationObjectStorage" and node.path == "Properties.AccessKey"
        named_so = not is_id and _SECRET.search(_name_of(node)) is not None and _is_secret(node)
        text = node.text or ""
        if named_so or _ACCESS_KEY.search(text) or (_is_url(node) and _IN_URL.search(text)):
            yield Violation(at=node, found="a secret in plain text", allowed="a reference to a secret")


@rule(
    "LAKE-EXPOSURE-002",
    "AWS::*",
    title="Nothing of a lake is open to the internet",
    fix="close it, and reach it through the VPC",
    source="https://docs.aws.amazon.com/wellarchitected/latest/analytics-lens/security.html",
)
def public_access(resource: Resource) -> Iterator[Violation]:
    """Anybody can try to come in; one weak password or policy then lets them."""
    yield from _refused(resource, _PUBLIC)
    for kind in resource.at("BrokerNodeGroupInfo.ConnectivityInfo.PublicAccess.Type").items():
        if kind.text and kind.text != "DISABLED":
            yield Violation(at=kind, allowed="DISABLED")
    anonymous = resource.at("ClientAuthentication.Unauthenticated.Enabled")
    if anonymous.flag:
        yield Violation(at=anonymous, allowed="false")


@rule(
    "LAKE-EXPOSURE-003",
    *POLICY_HOLDERS,
    "AWS::Lambda::Permission",
    title="Policies do not allow everyone",
    fix="name the principals, or add a condition such as aws:PrincipalOrgID or aws:SourceAccount",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
)
def wildcard_principals(resource: Resource) -> Iterator[Violation]:
    """A principal * is every account of AWS, and those without one."""
    if resource.kind == "AWS::EC2::VPCEndpoint":
        return
    if resource.kind == "AWS::Lambda::Permission":
        restricted = any(resource.at(name).present for name in ("SourceArn", "SourceAccount", "PrincipalOrgID"))
        if resource.at("Principal").text == "*" and not restricted:
            yield Violation(at=resource.at("Principal"), allowed="a principal by name, or a PrincipalOrgID")
    for statement in statements(resource):
        if statement.kind is PolicyKind.IDENTITY or not statement.allows:
            continue
        principal = statement.node.at("Principal")
        everybody = [node for node in (principal, *principal.at("AWS").items()) if node.text == "*"]
        if everybody and not _restricted(statement):
            yield Violation(at=everybody[0], allowed="principals by name, or a condition on who calls")


@rule(
    "LAKE-EXPOSURE-004",
    "AWS::LakeFormation::PrincipalPermissions",
    "AWS::LakeFormation::Permissions",
    title="Lake Formation's permissions name principals",
    fix="grant what is needed to a role, without ALL and without the option to grant on",
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/change-settings.html",
)
def lake_formation(permission: Resource) -> Iterator[Violation]:
    """IAM_ALLOWED_PRINCIPALS is everyone with an IAM policy: Lake Formation then controls nothing."""
    for name in ("Principal.DataLakePrincipalIdentifier", "DataLakePrincipal.DataLakePrincipalIdentifier"):
        node = permission.at(name)
        if node.text and (node.text in {"IAM_ALLOWED_PRINCIPALS", "*"} or node.text.endswith(":IAMPrincipals")):
            yield Violation(at=node, allowed="the ARN of a role, user or group")
    for item in permission.at("PermissionsWithGrantOption").items():
        if item.text in {"ALL", "SUPER"}:
            yield Violation(at=item, allowed="single permissions")


@rule(
    "LAKE-EXPOSURE-005",
    "AWS::*",
    title="Data is encrypted where it lies and on its way",
    fix="turn encryption on",
    source="https://docs.aws.amazon.com/wellarchitected/latest/analytics-lens/security.html",
)
def in_the_clear(resource: Resource) -> Iterator[Violation]:
    """Most of these cannot be changed without replacing the store."""
    for fault in _refused(resource, _CLEAR):
        name = fault.at.path.rpartition(".")[2]
        # A queue is encrypted by either key, and a table of DynamoDB always is: by the key that AWS owns.
        if name == "SqsManagedSseEnabled" and resource.at("KmsMasterKeyId").present:
            continue
        if name == "SSEEnabled" and resource.kind.startswith("AWS::DynamoDB::"):
            continue
        yield fault
    for parameter in resource.at("ConfigParameters").items():
        if parameter.at("ParameterKey").text == "require_ssl" and parameter.at("ParameterValue").text == "false":
            yield Violation(at=parameter.at("ParameterValue"), allowed="true")


@rule(
    "LAKE-EXPOSURE-006",
    "AWS::OpenSearchServerless::SecurityPolicy",
    "AWS::OpenSearchServerless::AccessPolicy",
    title="Collections are reached through the VPC, by principals with names",
    fix="set AllowFromPublic to false with SourceVPCEs, and name roles as principals",
    source="https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-network.html",
)
def collections(policy: Resource) -> Iterator[Violation]:
    """Anybody can try to come in; an access policy for all lets every principal of the account read and write."""
    node = policy.at("Policy")
    statements = _parsed(node.rendered)
    for statement in statements if isinstance(statements, list) else []:
        if isinstance(statement, dict) and statement.get("AllowFromPublic") is True:
            yield Violation(at=node, found="AllowFromPublic true", allowed="false with SourceVPCEs")
        if isinstance(statement, dict) and "*" in (statement.get("Principal") or []):
            yield Violation(at=node, found="principal *", allowed="the ARNs of roles or users")


@rule(
    "LAKE-EXPOSURE-007",
    "AWS::Glue::Connection",
    title="A connection to a database is encrypted",
    fix="set JDBC_ENFORCE_SSL to true in ConnectionProperties",
    source="https://docs.aws.amazon.com/glue/latest/dg/connection-properties.html",
    severity=Severity.WARNING,
)
def connection_ssl(connection: Resource) -> Iterator[Violation]:
    """Without it a password and all rows may travel in the clear."""
    given = connection.at("ConnectionInput.ConnectionProperties")
    if connection.at("ConnectionInput.ConnectionType").text == "JDBC" and given.known:
        node = given.at("JDBC_ENFORCE_SSL")
        if not node.present:
            yield Violation(at=node, allowed="true")


@rule(
    "LAKE-EXPOSURE-008",
    "AWS::QuickSight::*",
    "AWS::DataZone::*",
    title="Dashboards and data sources are shared with named principals",
    fix="name users, groups or a namespace as principals",
    source="https://docs.aws.amazon.com/quicksight/latest/APIReference/API_ResourcePermission.html",
)
def quicksight(resource: Resource) -> Iterator[Violation]:
    """A principal with a wildcard is everyone in the namespace or beyond it."""
    for permission in resource.at("Permissions").items():
        principal = permission.at("Principal")
        if principal.text and "*" in principal.text:
            yield Violation(at=principal, allowed="the ARN of a user, a group or a namespace")


def _refused(resource: Resource, table: tuple[tuple[str, tuple[str, ...], str], ...]) -> Iterator[Violation]:
    wanted = {name: (values, allowed) for name, values, allowed in table if values}
    for node in _leaves(resource):
        name = node.path.rpartition(".")[2]
        if name in wanted and (node.text or "") in wanted[name][0]:
            yield Violation(at=node, allowed=wanted[name][1])


@once
def _leaves(resource: Resource) -> list[Node]:
    return list(_below(resource.properties))


def _below(node: Node) -> Iterator[Node]:
    for child in node.children():
        if child.path.rpartition(".")[2] in _NO_SECRETS and isinstance(child.value, dict | list):
            continue
        if isinstance(child.value, dict | list) and child.known:
            yield from _below(child)
        else:
            yield child


def _name_of(node: Node) -> str:
    """Return what a value is called, in small letters: by its key, or beside it in a list of names and values."""
    parent, _, name = node.path.rpartition(".")
    if name in _VALUES and "." in parent:
        holder = node.resource.at(parent.removeprefix("Properties."))
        name = next((one for key in _NAMED_BY if (one := holder.at(key).text)), name)
    letters = re.sub(r"[^a-z]", "", name.lower())
    return "" if letters.startswith(("encrypted", "manage")) else letters


def _is_secret(node: Node) -> bool:
    """Whether a value is a secret itself: text, or a parameter that is shown to everyone."""
    if isinstance(node.value, str):
        plain = node.value.strip()
        elsewhere = plain.startswith(("arn:", "${", "$.", "{%")) or "{{resolve:" in plain
        return bool(plain) and not elsewhere and plain.lower() not in {"true", "false"}
    if isinstance(node.value, dict) and isinstance(name := node.value.get("Ref"), str):
        parameter = node.resource.template.parameters.get(name)
        return isinstance(parameter, dict) and str(parameter.get("NoEcho", "")).lower() != "true"
    return False


def _is_url(node: Node) -> bool:
    return "://" in (node.text or "") or "jdbc:" in (node.text or "")


def _restricted(statement: Statement) -> bool:
    if statement.node.at("Condition").unknown:
        return True
    for operator, comparisons in statement.conditions:
        if comparisons.unknown:
            return True
        negative = "Not" in operator
        for comparison in comparisons.children():
            key = comparison.path.removeprefix(f"{comparisons.path}.")
            open_to_all = any(item.text == "*" for item in comparison.items())
            if _WHO.fullmatch(key) and not negative and not open_to_all:
                return True
    return False


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None

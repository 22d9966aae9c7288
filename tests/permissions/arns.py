"""ARNs and names of resource types, from AWS's Service Authorization Reference and CloudFormation's schemas."""

from __future__ import annotations

import re
from functools import cache

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tests.permissions.authorization import resource_types, services

# The one Region in which every type exists.
_REGION = "us-east-1"
# Services whose prefix in IAM is not their name in CloudFormation.
_SERVICES = {
    "kinesisanalyticsv2": "kinesisanalytics",
    "kinesisfirehose": "firehose",
    "msk": "kafka",
    "opensearchserverless": "aoss",
    "opensearchservice": "es",
    "stepfunctions": "states",
}
# Types that IAM calls otherwise.
_KINDS = {
    "AWS::Events::Rule": "rule-on-default-event-bus",
    "AWS::IAM::ManagedPolicy": "policy",
    "AWS::Kinesis::StreamConsumer": "consumer",
    "AWS::MSK::ServerlessCluster": "cluster",
    "AWS::RDS::DBCluster": "cluster",
    "AWS::RDS::DBInstance": "db",
}
# Types that IAM's reference has under another service only: of integrations it knows no serverless namespaces.
_ELSEWHERE = {"AWS::RedshiftServerless::Namespace": "AWS::Redshift::Namespace"}
# What follows a name in an ARN, of which the reference says nothing.
_ENDINGS = {"AWS::Logs::LogGroup": ":*", "AWS::SecretsManager::Secret": "-AbCdEf"}
# Whether `Ref` is the ARN, where CloudFormation does otherwise than its schema says.
_REFERRED_TO_BY_ARN = {
    "AWS::DMS::ReplicationInstance": True,
    "AWS::Events::Rule": False,
    "AWS::SecretsManager::Secret": True,
}


def arn_of(kind: str, *, partition: str, region: str, account: str, name: str) -> str:
    """Return the ARN of a resource of a type.

    Raises
    ------
    LookupError
        If the reference has no such type; `_KINDS` then says what it is called there.
    """
    parts = {"Partition": partition, "Region": region, "Account": account, "AccountId": account}
    return re.sub(r"\$\{(\w+)\}", lambda found: parts.get(found[1], name), _pattern(kind)) + _ENDINGS.get(kind, "")


@cache
def is_referred_to_by_arn(kind: str) -> bool:
    """Whether `Ref` of a resource is its ARN."""
    if kind in _REFERRED_TO_BY_ARN:
        return _REFERRED_TO_BY_ARN[kind]
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(_REGION, kind).schema
    return bool(schema["primaryIdentifier"][0].endswith("Arn"))


def name_paths(kind: str) -> tuple[str, ...]:
    """Return the properties that may hold the name of a resource."""
    noun = kind.rpartition("::")[2]
    return "Name", f"{noun}Name", f"{noun}Input.Name"


@cache
def _pattern(kind: str) -> str:
    _, service, noun = _ELSEWHERE.get(kind, kind).lower().split("::")
    prefix = _SERVICES.get(service) or next(one for one in services() if one.replace("-", "") == service)
    wanted = _KINDS.get(kind, noun)
    for name, pattern in resource_types(prefix).items():
        if wanted in (name, name.replace("-", "")):
            # The reference writes the names of DMS's resources as a wildcard.
            return re.sub(r":\*$", ":${Name}", pattern)
    raise LookupError(f"IAM's reference has no {wanted} of {prefix}, for {kind}")

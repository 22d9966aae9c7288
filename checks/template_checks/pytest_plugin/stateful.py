"""Resources that hold data, and the properties by whose change CloudFormation makes new, empty ones."""

from __future__ import annotations

from functools import cache
from typing import Any

from template_checks.pytest_plugin.assembly import Synthesised

# Others count as stateful if their author gave them a retention policy.
STATEFUL_TYPES = frozenset(
    {
        "AWS::Backup::BackupVault",
        "AWS::Cassandra::Table",
        "AWS::Cognito::UserPool",
        "AWS::DMS::ReplicationInstance",
        "AWS::DocDB::DBCluster",
        "AWS::DynamoDB::GlobalTable",
        "AWS::DynamoDB::Table",
        "AWS::EC2::Volume",
        "AWS::ECR::Repository",
        "AWS::EFS::FileSystem",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::ElastiCache::ServerlessCache",
        "AWS::FSx::FileSystem",
        "AWS::Glue::Database",
        "AWS::Glue::Registry",
        "AWS::Kinesis::Stream",
        "AWS::KinesisFirehose::DeliveryStream",
        "AWS::KMS::Key",
        "AWS::Logs::LogGroup",
        "AWS::MSK::Cluster",
        "AWS::MSK::ServerlessCluster",
        "AWS::Neptune::DBCluster",
        "AWS::OpenSearchServerless::Collection",
        "AWS::OpenSearchService::Domain",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::Redshift::Cluster",
        "AWS::RedshiftServerless::Namespace",
        "AWS::S3::Bucket",
        "AWS::S3Tables::Table",
        "AWS::S3Tables::TableBucket",
        "AWS::SageMaker::FeatureGroup",
        "AWS::SageMaker::ModelPackageGroup",
        "AWS::SecretsManager::Secret",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
        "AWS::Timestream::Table",
    }
)
# Names that the schemas do not call create-only, although an entry of another name is another entry.
_NAMES = {"AWS::Glue::Database": ("DatabaseInput/Name",), "AWS::Glue::Table": ("DatabaseName", "TableInput/Name")}
_KEPT = {"Retain", "RetainExceptOnCreate", "Snapshot"}

Resource = dict[str, Any]


def stateful_resources(stack: Synthesised) -> dict[str, Resource]:
    """Return what the baseline remembers of each stateful resource, by stack and logical id."""
    return {
        f"{stack.name}/{logical_id}": {
            "type": resource["Type"],
            "deletion": resource.get("DeletionPolicy", "Delete"),
            "replacement": resource.get("UpdateReplacePolicy", "Delete"),
            "properties": create_only(resource["Type"], resource.get("Properties", {})),
        }
        for logical_id, resource in stack.template.get("Resources", {}).items()
        if resource["Type"] in STATEFUL_TYPES or resource.get("DeletionPolicy") in _KEPT
    }


def kept(policy: str) -> bool:
    """Whether data outlives its resource under a `DeletionPolicy` or `UpdateReplacePolicy`."""
    return policy in _KEPT


def create_only(kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Return those properties whose change replaces a resource, by their path in it."""
    found = {path: _at(properties, path.split("/")) for path in _create_only_paths(kind)}
    return {path: value for path, value in found.items() if value is not None}


@cache
def _create_only_paths(kind: str) -> tuple[str, ...]:
    """Return the paths that the type's CloudFormation schema calls create-only, some of them under conditions.

    cfn-lint carries the schemas, so that nothing is asked over the network.
    """
    # Importing it takes half a second, which only those who compare should wait for.
    try:
        from cfnlint.schema import ResourceNotFoundError  # noqa: PLC0415
        from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # noqa: PLC0415
    except ModuleNotFoundError:
        raise AssertionError("this needs cfn-lint; install it by pip install 'lake-template-checks[pytest]'") from None
    try:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    except ResourceNotFoundError:
        return ()
    paths = [*schema.get("createOnlyProperties", ()), *schema.get("conditionalCreateOnlyProperties", ())]
    return tuple(sorted([*(path.removeprefix("/properties/") for path in paths), *_NAMES.get(kind, ())]))


def _at(node: Any, path: list[str]) -> Any:
    if not path:
        return node
    if isinstance(node, list):
        return [_at(item, path[1:] if path[0] == "*" else path) for item in node] or None
    if isinstance(node, dict):
        return _at(node.get(path[0]), path[1:])
    return None

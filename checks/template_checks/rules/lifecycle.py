"""Replacement, deletion and names across deployments and stacks.

Above 200 lines: one rule after the other, each with its words and its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from template_checks.core.intrinsics import referenced
from template_checks.core.rule import Severity, Violation, rule
from template_checks.core.tags import REPLACED_BY_TAGS
from template_checks.core.template import Node, Resource

_GUIDE: Final = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference"
_KEEPS: Final = ("Retain", "RetainExceptOnCreate", "Snapshot")
_STATEFUL: Final = (
    "AWS::S3::Bucket",
    "AWS::S3Tables::TableBucket",
    "AWS::S3Tables::Table",
    "AWS::S3Express::DirectoryBucket",
    "AWS::S3Vectors::VectorBucket",
    "AWS::KMS::Key",
    "AWS::DynamoDB::Table",
    "AWS::DynamoDB::GlobalTable",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::DocDB::DBCluster",
    "AWS::Neptune::DBCluster",
    "AWS::Redshift::Cluster",
    "AWS::RedshiftServerless::Namespace",
    "AWS::EFS::FileSystem",
    "AWS::FSx::FileSystem",
    "AWS::Kinesis::Stream",
    "AWS::MSK::Cluster",
    "AWS::MSK::ServerlessCluster",
    "AWS::OpenSearchServerless::Collection",
    "AWS::OpenSearchService::Domain",
    "AWS::Glue::Database",
    "AWS::DSQL::Cluster",
    "AWS::Timestream::InfluxDBInstance",
    "AWS::DataZone::Domain",
    "AWS::SageMaker::FeatureGroup",
    "AWS::SageMaker::ModelPackageGroup",
    "AWS::Logs::LogGroup",
)
# Types whose name nobody has to give, and the property that gives it.
_NAMES: Final[dict[str, str]] = {
    "AWS::Batch::ComputeEnvironment": "ComputeEnvironmentName",
    "AWS::Batch::JobQueue": "JobQueueName",
    "AWS::DMS::Endpoint": "EndpointIdentifier",
    "AWS::DMS::ReplicationSubnetGroup": "ReplicationSubnetGroupIdentifier",
    "AWS::DMS::ReplicationInstance": "ReplicationInstanceIdentifier",
    "AWS::DMS::ReplicationTask": "ReplicationTaskIdentifier",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::DynamoDB::GlobalTable": "TableName",
    "AWS::EC2::SecurityGroup": "GroupName",
    "AWS::EMRServerless::Application": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::Glue::Crawler": "Name",
    "AWS::Glue::Job": "Name",
    "AWS::Glue::Trigger": "Name",
    "AWS::Glue::Workflow": "Name",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Kinesis::Stream": "Name",
    "AWS::KinesisAnalyticsV2::Application": "ApplicationName",
    "AWS::KinesisFirehose::DeliveryStream": "DeliveryStreamName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::OpenSearchService::Domain": "DomainName",
    "AWS::Pipes::Pipe": "Name",
    "AWS::RDS::DBCluster": "DBClusterIdentifier",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SageMaker::Endpoint": "EndpointName",
    "AWS::SageMaker::EndpointConfig": "EndpointConfigName",
    "AWS::SageMaker::Model": "ModelName",
    "AWS::SageMaker::NotebookInstance": "NotebookInstanceName",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}
_SINGLETONS: Final = (
    "AWS::ApiGateway::Account",
    "AWS::Config::ConfigurationRecorder",
    "AWS::Config::DeliveryChannel",
    "AWS::Glue::DataCatalogEncryptionSettings",
    "AWS::GuardDuty::Detector",
    "AWS::IAM::ServiceLinkedRole",
    "AWS::IoT::AccountAuditConfiguration",
    "AWS::IoT::Logging",
    "AWS::LakeFormation::DataLakeSettings",
    "AWS::Macie::Session",
    "AWS::SecurityHub::Hub",
    "AWS::SecurityLake::DataLake",
)
# How the names of buckets and deliveries start that take the logs of AWS WAF.
_WEB_ACL_LOGS: Final = "aws-waf-logs-"
_ACCOUNT_ROLES: Final = (
    "dms-vpc-role",
    "dms-cloudwatch-logs-role",
    "dms-access-for-endpoint",
    "aws-quicksight-service-role-v0",
)


@rule(
    "LAKE-LIFECYCLE-001",
    *_NAMES,
    title="Resources that can be replaced have no name of their own",
    fix="leave the name out: CloudFormation makes one that does not collide",
    source=f"{_GUIDE}/aws-properties-name.html",
    severity=Severity.WARNING,
)
def physical_names(resource: Resource) -> Iterator[Violation]:
    """A replacement is made before the old one is deleted, under the same name: the update fails."""
    node = resource.at(_NAMES[resource.kind])
    demanded = node.text in _ACCOUNT_ROLES or (node.text or "").startswith(_WEB_ACL_LOGS)
    if node.text and not demanded:
        yield Violation(at=node, allowed="no name")


@rule(
    "LAKE-LIFECYCLE-002",
    *_STATEFUL,
    title="What is kept at deletion is kept at replacement",
    fix="set DeletionPolicy and UpdateReplacePolicy to the same",
    source=f"{_GUIDE}/aws-attribute-updatereplacepolicy.html",
)
def one_policy(resource: Resource) -> Iterator[Violation]:
    """One of them alone loses the data that the other one keeps."""
    deletion, replacement = resource.attribute("DeletionPolicy"), resource.attribute("UpdateReplacePolicy")
    if deletion.text in _KEEPS and (not replacement.present or replacement.text == "Delete"):
        yield Violation(at=replacement, allowed=f"{deletion.text}, as DeletionPolicy says")
    if replacement.text in _KEEPS and not deletion.present:
        yield Violation(at=deletion, allowed=f"{replacement.text}, as UpdateReplacePolicy says, or Delete")


@rule(
    "LAKE-LIFECYCLE-003",
    *_STATEFUL,
    title="Resources with data say what becomes of it",
    fix="set DeletionPolicy and UpdateReplacePolicy to Retain, or to Delete if it may go",
    source=f"{_GUIDE}/aws-attribute-deletionpolicy.html",
    severity=Severity.WARNING,
)
def both_policies(resource: Resource) -> Iterator[Violation]:
    """Without them the data goes with the stack, or with the first change that replaces the resource."""
    policies = [resource.attribute("DeletionPolicy"), resource.attribute("UpdateReplacePolicy")]
    missing = [policy for policy in policies if not policy.present]
    if missing and all(policy.text not in _KEEPS for policy in policies):
        yield Violation(at=missing[0], allowed="Retain, Snapshot or Delete, in both policies")


@rule(
    "LAKE-LIFECYCLE-004",
    *REPLACED_BY_TAGS,
    title="Types that are replaced for a tag have none",
    fix="exclude the type: Tags.of(scope).add(..., exclude_resource_types=[...])",
    source="https://docs.aws.amazon.com/cdk/v2/guide/tagging.html",
    severity=Severity.WARNING,
)
def tags(resource: Resource) -> Iterator[Violation]:
    """A changed cost centre then deletes a cluster, a collection or a feature group."""
    node = resource.at("Tags")
    if node.present and node.value not in ([], {}):
        yield Violation(at=node, allowed="no tags")


@rule(
    "LAKE-LIFECYCLE-005",
    *_SINGLETONS,
    "AWS::IAM::Role",
    title="What an account has once is in a stack of its own",
    fix="define it in one stack of the account that nothing else is in, and keep it with Retain",
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/getting-started-setup.html",
    severity=Severity.WARNING,
)
def singletons(resource: Resource) -> Iterator[Violation]:
    """A second stack overwrites it or fails, and the first one to be deleted takes it from all."""
    if resource.kind == "AWS::IAM::Role":
        if resource.at("RoleName").text in _ACCOUNT_ROLES:
            yield Violation(at=resource.at("RoleName"), allowed="a role that other stacks do not also make")
        return
    others = [
        one for one in resource.template.resources.values() if one.kind not in {resource.kind, "AWS::CDK::Metadata"}
    ]
    if others and resource.attribute("DeletionPolicy").text not in _KEEPS:
        yield Violation(at=Node(resource, "Type", resource.kind), allowed="a stack of its own")


@rule(
    "LAKE-LIFECYCLE-006",
    "*",
    title="Resources do not wait for each other",
    fix="remove one of the references, for instance by a condition in place of an ARN",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html",
)
def cycles(resource: Resource) -> Iterator[Violation]:
    """CloudFormation refuses the template: it cannot tell which comes first."""
    template = resource.template
    if resource.logical_id not in template.reachable(resource.logical_id):
        return
    circle = [
        name for name in template.reachable(resource.logical_id) if resource.logical_id in template.reachable(name)
    ]
    if resource.logical_id == min(circle):
        node = Node(resource, "DependsOn", None)
        yield Violation(
            at=node, found=f"a circle of {', '.join(sorted(circle))}", allowed="references in one direction"
        )


@rule(
    "LAKE-LIFECYCLE-007",
    "*",
    title="What a resource refers to is there",
    fix="correct the logical id",
    source=f"{_GUIDE}/aws-attribute-dependson.html",
)
def missing(resource: Resource) -> Iterator[Violation]:
    """CloudFormation refuses the template."""
    template = resource.template
    if template.transformed:
        return
    node = resource.attribute("DependsOn")
    for item in node.items():
        if item.text and item.text not in template.declared:
            yield Violation(at=item, allowed="the logical id of a resource of the template")
    for reference in _references(resource.properties):
        name = next(referenced(reference.value), "AWS::")
        known = name in template.declared or name in template.parameters
        if not known and not name.startswith("AWS::"):
            yield Violation(at=reference, allowed="a resource or parameter of the template")


@rule(
    "LAKE-LIFECYCLE-008",
    "AWS::KMS::Key",
    title="A key stays as long as the data that it encrypts",
    fix="keep the key with Retain, as the data is",
    source="https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html",
)
def key_of_kept_data(key: Resource) -> Iterator[Violation]:
    """The data is kept and can never be read again: the key is deleted with the stack, after 7 to 30 days."""
    node = key.attribute("DeletionPolicy")
    # A parameter that turns a key off means that it may go.
    if node.text in _KEEPS or (node.present and key.attribute("Condition").present):
        return
    kept = [one for one in key.template.everywhere if _keeps_data(one) and _uses(one, key)]
    if kept:
        yield Violation(at=node, allowed=f"Retain, as {kept[0].logical_id} is kept")


def _keeps_data(resource: Resource) -> bool:
    keeps = resource.attribute("DeletionPolicy").text in _KEEPS
    return keeps and resource.kind in _STATEFUL and resource.kind != "AWS::KMS::Key"


def _uses(resource: Resource, key: Resource) -> bool:
    return any(_is_key(node) and node.target is key for node in _references(resource.properties))


def _is_key(node: Node) -> bool:
    return re.search(r"(?i)k(ms|ey)", node.path) is not None


def _references(node: Node) -> Iterator[Node]:
    if isinstance(node.value, dict) and len(node.value) == 1:
        (name,) = node.value
        if name in {"Ref", "Fn::GetAtt", "Fn::GetStackOutput", "Fn::ImportValue"}:
            yield node
            return
    if isinstance(node.value, dict):
        children = [Node(node.resource, f"{node.path}.{key}", item) for key, item in node.value.items()]
    else:
        children = list(node.children())
    for child in children:
        yield from _references(child)

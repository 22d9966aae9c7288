"""Resources that are made only after what they need.

Above 200 lines: one rule after the other, each with its words and its source.
"""

from __future__ import annotations

from collections.abc import Iterator

from template_checks.core.policies import policies_of
from template_checks.core.rule import Severity, Violation, rule
from template_checks.core.senders import may_be
from template_checks.core.template import Node, Resource

# They try their role when they are created, not only when they run.
_TRY_THEIR_ROLE = (
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Glue::Crawler",
    "AWS::StepFunctions::StateMachine",
    "AWS::DMS::*",
    "AWS::DataSync::Location*",
    "AWS::EMRServerless::Application",
    "AWS::KafkaConnect::Connector",
    "AWS::Batch::ComputeEnvironment",
    "AWS::RedshiftServerless::Namespace",
    "AWS::SageMaker::Model",
    "AWS::SageMaker::Domain",
    "AWS::SageMaker::FeatureGroup",
    "AWS::SageMaker::NotebookInstance",
    "AWS::KinesisAnalyticsV2::Application",
    "AWS::OSIS::Pipeline",
    "AWS::Pipes::Pipe",
    "AWS::LakeFormation::Resource",
    "AWS::MWAA::Environment",
    "AWS::CloudTrail::Trail",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
)


@rule(
    "LAKE-ORDER-001",
    *_TRY_THEIR_ROLE,
    title="A resource that tries its role at creation depends on the role's policies",
    fix="add a DependsOn on the policy, or put the policy inline into the role",
    source="https://github.com/aws/aws-cdk/issues/7236",
)
def role_policy(resource: Resource) -> Iterator[Violation]:
    """A separate policy is created in parallel with the resources that use the role: deployments fail now and then.

    A policy that names the resource itself can only come later.
    """
    if resource.kind == "AWS::Lambda::Function" and not resource.at("VpcConfig.SubnetIds").items():
        # Only the network interfaces of a VPC are made with its role at once.
        return
    template = resource.template
    needs = template.reachable(resource.logical_id)
    for node, role in [*_roles(resource.properties), *_role_of_function(resource)]:
        for policy in policies_of(role):
            # A policy of another stack comes before or after all of this one.
            if policy.template is not template:
                continue
            if policy.logical_id not in needs and resource.logical_id not in template.reachable(policy.logical_id):
                yield Violation(
                    at=node,
                    found=f"a role whose policy {policy.logical_id} may come later",
                    allowed=f"a DependsOn on {policy.logical_id}",
                )


def _roles(node: Node) -> Iterator[tuple[Node, Resource]]:
    """Yield the values that name a role of the same template."""
    if not node.known:
        role = node.target
        if role is not None and role.kind == "AWS::IAM::Role" and role.template is node.resource.template:
            yield node, role
    for child in node.children():
        yield from _roles(child)


def _role_of_function(mapping: Resource) -> Iterator[tuple[Node, Resource]]:
    """Yield the role of the function that a mapping feeds: it is tried on the source."""
    function = mapping.at("FunctionName").target
    role = function.at("Role").target if function is not None else None
    if role is not None and role.kind == "AWS::IAM::Role" and role.template is mapping.template:
        yield mapping.at("FunctionName"), role


# Lists of notifications, what they name, what must let S3 in there, and how that names it.
_NOTIFIED = (
    ("LambdaConfigurations", "Function", "AWS::Lambda::Permission", "FunctionName"),
    ("QueueConfigurations", "Queue", "AWS::SQS::QueuePolicy", "Queues"),
    ("TopicConfigurations", "Topic", "AWS::SNS::TopicPolicy", "Topics"),
)
# A property that names another resource, and the property that gives that one its name.
_BY_NAME: dict[str, tuple[tuple[str, str, str], ...]] = {
    "AWS::Glue::Table": (("DatabaseName", "AWS::Glue::Database", "DatabaseInput.Name"),),
    "AWS::Glue::Crawler": (
        ("DatabaseName", "AWS::Glue::Database", "DatabaseInput.Name"),
        ("CrawlerSecurityConfiguration", "AWS::Glue::SecurityConfiguration", "Name"),
    ),
    "AWS::Glue::Job": (("SecurityConfiguration", "AWS::Glue::SecurityConfiguration", "Name"),),
    "AWS::Glue::Trigger": (("WorkflowName", "AWS::Glue::Workflow", "Name"),),
    "AWS::Glue::Partition": (("TableName", "AWS::Glue::Table", "TableInput.Name"),),
    "AWS::Glue::DataQualityRuleset": (("TargetTable.TableName", "AWS::Glue::Table", "TableInput.Name"),),
    "AWS::Logs::LogStream": (("LogGroupName", "AWS::Logs::LogGroup", "LogGroupName"),),
    "AWS::Logs::MetricFilter": (("LogGroupName", "AWS::Logs::LogGroup", "LogGroupName"),),
    "AWS::Logs::SubscriptionFilter": (("LogGroupName", "AWS::Logs::LogGroup", "LogGroupName"),),
    "AWS::SageMaker::Endpoint": (("EndpointConfigName", "AWS::SageMaker::EndpointConfig", "EndpointConfigName"),),
    "AWS::S3Tables::Table": (("Namespace", "AWS::S3Tables::Namespace", "Namespace"),),
    "AWS::DMS::ReplicationInstance": (
        (
            "ReplicationSubnetGroupIdentifier",
            "AWS::DMS::ReplicationSubnetGroup",
            "ReplicationSubnetGroupIdentifier",
        ),
    ),
}

# Where a name is one of several: the property that says in which database or table bucket, of the one and of the other.
_WITHIN: dict[str, tuple[str, str]] = {
    "AWS::Glue::Partition": ("DatabaseName", "DatabaseName"),
    "AWS::Glue::DataQualityRuleset": ("TargetTable.DatabaseName", "DatabaseName"),
    "AWS::S3Tables::Table": ("TableBucketARN", "TableBucketARN"),
}


@rule(
    "LAKE-ORDER-002",
    *_BY_NAME,
    title="A resource that names another is made after it",
    fix="refer to the other one by Ref, or add a DependsOn",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html",
)
def named_resources(resource: Resource) -> Iterator[Violation]:
    """CloudFormation makes both at once: the first deployment fails, or one in a few."""
    needs = resource.template.reachable(resource.logical_id)
    for path, kind, name in _BY_NAME[resource.kind]:
        node = resource.at(path)
        for other in resource.template.of_type(kind):
            same = node.present and node.rendered == other.at(name).rendered and _in_one_place(resource, other)
            if same and other.logical_id not in needs:
                yield Violation(at=node, allowed=f"a Ref to {other.logical_id}, or a DependsOn on it")


def _in_one_place(resource: Resource, other: Resource) -> bool:
    """Tell whether two resources are of one database or table bucket, as far as that is asked."""
    if resource.kind not in _WITHIN:
        return True
    one, another = (found.at(path) for found, path in zip((resource, other), _WITHIN[resource.kind], strict=True))
    if one.target is not None and another.target is not None:
        return one.target.address == another.target.address
    return one.rendered == another.rendered


@rule(
    "LAKE-ORDER-003",
    "AWS::LakeFormation::PrincipalPermissions",
    title="Permissions of Lake Formation are granted one after the other",
    fix="add a DependsOn from each to the one before",
    source="https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2500",
    severity=Severity.WARNING,
)
def serial_grants(permission: Resource) -> Iterator[Violation]:
    """Grants at the same time fail with ConcurrentModificationException, or AlreadyExists for what is new."""
    yield from _unordered(permission, permission.template.of_type(permission.kind))


@rule(
    "LAKE-ORDER-004",
    "AWS::Glue::Trigger",
    title="Triggers of a workflow are made one after the other",
    fix="add a DependsOn from each trigger to the one before",
    source="https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2103",
    severity=Severity.WARNING,
)
def serial_triggers(trigger: Resource) -> Iterator[Violation]:
    """Glue refuses changes of a workflow at the same time: 'was modified while adding trigger'."""
    workflow = trigger.at("WorkflowName")
    if workflow.present:
        same = (one for one in trigger.template.of_type(trigger.kind) if one.at("WorkflowName").value == workflow.value)
        yield from _unordered(trigger, same)


@rule(
    "LAKE-ORDER-005",
    "AWS::OpenSearchServerless::Collection",
    title="A collection is made after its encryption policy",
    fix="add a DependsOn on the security policy",
    source="https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-encryption.html",
)
def collection(collection: Resource) -> Iterator[Violation]:
    """It is refused: no matching security policy of encryption type found."""
    template = collection.template
    policies = [one for one in template.of_type("AWS::OpenSearchServerless::SecurityPolicy") if _encrypts(one)]
    needs = template.reachable(collection.logical_id)
    if policies and not any(policy.logical_id in needs for policy in policies):
        allowed = f"a DependsOn on {' or '.join(policy.logical_id for policy in policies)}"
        yield Violation(at=collection.attribute("DependsOn"), allowed=allowed)


@rule(
    "LAKE-ORDER-006",
    "AWS::LakeFormation::TagAssociation",
    title="A tag is made before it is given",
    fix="add a DependsOn on the AWS::LakeFormation::Tag",
    source="https://docs.aws.amazon.com/lake-formation/latest/dg/managing-tags.html",
)
def lake_formation_tags(association: Resource) -> Iterator[Violation]:
    """Lake Formation refuses a tag that does not exist, and to delete one that is given."""
    needs = association.template.reachable(association.logical_id)
    for pair in association.at("LFTags").items():
        for tag in association.template.of_type("AWS::LakeFormation::Tag"):
            same = pair.at("TagKey").rendered == tag.at("TagKey").rendered != ""
            if same and tag.logical_id not in needs:
                yield Violation(at=pair.at("TagKey"), allowed=f"a Ref to {tag.logical_id}, or a DependsOn on it")


@rule(
    "LAKE-ORDER-007",
    "AWS::S3::Bucket",
    title="A bucket notifies whom its policy already lets it notify",
    fix="add the permission or policy for s3.amazonaws.com, and a DependsOn of the bucket on it",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html",
)
def notifications(bucket: Resource) -> Iterator[Violation]:
    """S3 refuses the bucket: unable to validate the following destination configurations."""
    needs = bucket.template.reachable(bucket.logical_id)
    for group, name, policy, about in _NOTIFIED:
        for one in bucket.at(f"NotificationConfiguration.{group}").items():
            target = one.at(name).target
            if target is None or target.template is not bucket.template:
                continue
            before = [other for other in bucket.template.of_type(policy) if other.logical_id in needs]
            if not any(
                target.logical_id in other.mentions or any(may_be(item, target) for item in other.at(about).items())
                for other in before
            ):
                allowed = f"a DependsOn on an {policy} for {target.logical_id}"
                yield Violation(at=one.at(name), found=target.logical_id, allowed=allowed)


@rule(
    "LAKE-ORDER-008",
    "AWS::CloudTrail::Trail",
    title="A trail is made after the policy of its bucket",
    fix="add a DependsOn on the bucket policy that lets cloudtrail.amazonaws.com write",
    source="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html",
)
def trail_bucket(trail: Resource) -> Iterator[Violation]:
    """CloudTrail refuses a bucket that it may not write to: incorrect S3 bucket policy."""
    bucket = trail.at("S3BucketName").target
    if bucket is None or bucket.template is not trail.template:
        return
    policies = [one for one in trail.template.of_type("AWS::S3::BucketPolicy") if may_be(one.at("Bucket"), bucket)]
    if not any(one.logical_id in trail.template.reachable(trail.logical_id) for one in policies):
        yield Violation(at=trail.at("S3BucketName"), allowed=f"a DependsOn on the policy of {bucket.logical_id}")


def _unordered(resource: Resource, others: Iterator[Resource]) -> Iterator[Violation]:
    """Refuse another resource of the same kind, later in the template, with which there is no order."""
    template = resource.template
    for other in others:
        if other.logical_id <= resource.logical_id:
            continue
        if other.logical_id not in template.reachable(
            resource.logical_id
        ) and resource.logical_id not in template.reachable(other.logical_id):
            yield Violation(at=resource.attribute("DependsOn"), allowed=f"an order between it and {other.logical_id}")
            return


def _encrypts(policy: Resource) -> bool:
    return policy.at("Type").text == "encryption"

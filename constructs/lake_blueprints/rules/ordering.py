"""Resources that are made only after what they need."""

from __future__ import annotations

from collections.abc import Iterator

from lake_blueprints.rules.rule import Fault, rule
from lake_blueprints.rules.template import Node, Resource

_POLICIES = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")
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
)


@rule(
    "LAKE-ORDER-001",
    *_TRY_THEIR_ROLE,
    title="A resource that tries its role at creation depends on the role's policies",
    fix="add a DependsOn on the policy, or put the policy inline into the role",
    source="https://github.com/aws/aws-cdk/issues/7236",
)
def role_policy(resource: Resource) -> Iterator[Fault]:
    """A policy of its own is created beside whoever uses the role: the first deployment fails, or one in a few.

    A policy that names the resource itself can only come later.
    """
    template = resource.template
    needs = template.reachable(resource.logical_id)
    for node, role in _roles(resource.properties):
        for policy in _policies_of(role):
            if policy.logical_id not in needs and resource.logical_id not in template.reachable(policy.logical_id):
                yield Fault(
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


def _policies_of(role: Resource) -> Iterator[Resource]:
    for policy in role.template.of_type(*_POLICIES):
        attached = [*policy.at("Roles").items(), policy.at("RoleName")]
        if any(item.target is role for item in attached if item.present):
            yield policy

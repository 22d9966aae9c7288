"""Permissions of a training job, and of those who run one and register its models."""

from __future__ import annotations

from dataclasses import replace

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3_assets as s3_assets

from lake_blueprints.foundation.access import Permission, arn_of
from lake_blueprints.foundation.access.permissions import metrics, pass_role
from lake_blueprints.storage.s3 import Zone
from lake_blueprints.storage.s3 import permissions as objects

_ROLE = "https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html#sagemaker-roles-createtrainingjob-perms"
_VPC = "https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html"
# SageMaker pulls the image in its own network, unless a parameter asks for the VPC.
_IMAGE = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TrainingImageConfig.html"
_RUN = "https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html"
_REGISTER = (
    "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonSageMakerModelRegistryFullAccess.html"
)
SPOT = "https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints.html"
_NAMESPACE = "/aws/sagemaker/TrainingJobs"
_NETWORK = (
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteNetworkInterfacePermission",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeVpcs",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
)


def load_script(script: s3_assets.Asset) -> tuple[Permission, ...]:
    """Read the script, which SageMaker finds by listing."""
    bucket, key, because = script.bucket, script.s3_object_key, "loads the script"
    return (
        Permission(actions=objects.GET, on=(f"{arn_of(bucket)}/{key}",), because=because, sources=(_ROLE,)),
        Permission(
            actions=objects.LIST,
            on=(arn_of(bucket),),
            because=because,
            sources=(_ROLE,),
            conditions={"StringEquals": {"s3:prefix": key}},
        ),
    )


def write_model(zone: Zone, prefix: str) -> tuple[Permission, ...]:
    """Write objects below a prefix; a training job has no use for their catalog entries."""
    because = "writes the model"
    return (
        objects.on_objects(zone, objects.UPLOAD, [prefix], because),
        objects.with_key(zone, objects.ENCRYPT, [prefix], because),
    )


def pull_image(repository_arn: str) -> tuple[Permission, ...]:
    """Pull the container image."""
    actions = ("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage")
    because = "pulls the image"
    return (
        Permission(
            actions=("ecr:GetAuthorizationToken",),
            because=because,
            sources=(_ROLE,),
            wildcard="an authorization token is no resource",
            by_service=True,
        ),
        Permission(actions=actions, on=(repository_arn,), because=because, sources=(_ROLE, _IMAGE), by_service=True),
    )


def report(role: iam.IRole) -> tuple[Permission, ...]:
    """Write logs, to the one group that all training jobs of an account share, and metrics.

    SageMaker does so outside the container, which has no network in isolation and is logged as well.
    """
    streams = Stack.of(role).format_arn(
        service="logs",
        resource="log-group",
        resource_name=f"{_NAMESPACE}:log-stream:*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    return (
        Permission(
            actions=("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
            on=(streams,),
            because="writes logs",
            sources=(_ROLE,),
            wildcard="SageMaker names a stream after its job and instance",
            by_service=True,
        ),
        replace(metrics(_NAMESPACE, _ROLE, wildcard="metrics are no resources"), by_service=True),
    )


def encrypt_volumes(key: kms.IKey) -> tuple[Permission, ...]:
    """Encrypt volumes, which EC2 does by a grant that SageMaker creates."""
    because, on = "encrypts volumes", (arn_of(key),)
    return (
        Permission(
            actions=("kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"),
            on=on,
            because=because,
            sources=(_ROLE,),
            by_service=True,
        ),
        Permission(
            actions=("kms:CreateGrant",),
            on=on,
            because=because,
            sources=(_ROLE,),
            conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    )


def join_network() -> Permission:
    """Make network interfaces in a VPC."""
    return Permission(
        actions=_NETWORK,
        because="joins the network",
        sources=(_VPC,),
        wildcard="network interfaces have no ARN before SageMaker creates them",
        by_service=True,
    )


def run_training(*, jobs_arn: str, role: iam.IRole) -> tuple[Permission, ...]:
    """Run jobs under a role, from a state machine that waits for their end."""
    rule = Stack.of(role).format_arn(
        service="events", resource="rule", resource_name="StepFunctionsGetEventsForSageMakerTrainingJobsRule"
    )
    because = "trains the model"
    actions = ("CreateTrainingJob", "DescribeTrainingJob", "StopTrainingJob", "AddTags", "ListTags")
    return (
        Permission(
            actions=tuple(f"sagemaker:{action}" for action in actions),
            on=(jobs_arn,),
            because=because,
            sources=(_RUN,),
            wildcard="each execution starts a job of its own",
        ),
        pass_role(role.role_arn, "sagemaker.amazonaws.com", because),
        Permission(
            actions=("events:PutTargets", "events:PutRule", "events:DescribeRule"),
            on=(rule,),
            because="is notified of the job's end",
            sources=(_RUN,),
        ),
    )


def register_models(*, packages_arn: str, repository_arn: str, zone: Zone, prefix: str) -> tuple[Permission, ...]:
    """Register models below a prefix as packages of a group; model and image are looked at on the way."""
    look = "looks at the model"
    return (
        Permission(
            actions=("sagemaker:CreateModelPackage",),
            on=(packages_arn,),
            because="registers the model",
            sources=(_REGISTER,),
            wildcard="SageMaker numbers the packages of a group",
        ),
        Permission(
            actions=("ecr:BatchGetImage", "ecr:DescribeImages"),
            on=(repository_arn,),
            because="looks at the image",
            sources=(_REGISTER,),
        ),
        objects.on_objects(
            zone, objects.GET, [prefix], look, wildcard="SageMaker names a model's folder after its job"
        ),
        objects.with_key(zone, objects.DECRYPT, [prefix], look),
    )

"""Permissions of a training job's role and of those that run one.

https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html#sagemaker-roles-createtrainingjob-perms
"""

from __future__ import annotations

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3_assets as s3_assets

from lake_blueprints.foundation.access import combine, grant_on, grants
from lake_blueprints.storage.s3 import Zone

# https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html
_VPC_DESCRIBE = (
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeVpcs",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
)
_VPC_CHANGE = (
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteNetworkInterfacePermission",
)


def grant_script(role: iam.IRole, script: s3_assets.Asset) -> None:
    """Allow reading the script, which SageMaker finds by listing."""
    bucket, key = script.bucket, script.s3_object_key
    grant_on(None, role, grants.OBJECT_READ, [bucket.arn_for_objects(key)])
    grant_on(None, role, grants.BUCKET_LIST, [bucket.bucket_arn], {"StringEquals": {"s3:prefix": key}})


def grant_output(role: iam.IRole, zone: Zone, prefix: str) -> None:
    """Allow writing objects below a prefix; a training job has no use for their catalog entries."""
    objects = [zone.bucket.arn_for_objects(f"{prefix}*")]
    actions = ["s3:PutObject", "s3:AbortMultipartUpload"]
    grant_on(zone.bucket, role, actions, objects, because="objects whose names nobody knows beforehand")
    grant_on(zone.key, role, grants.KEY_WRITE, [zone.key.key_arn])


def grant_image(role: iam.IRole, repository_arn: str) -> None:
    """Allow pulling the container image."""
    grant_on(None, role, ["ecr:GetAuthorizationToken"], ["*"], because="an authorization token is no resource")
    actions = ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"]
    grant_on(None, role, actions, [repository_arn])


def grant_reporting(role: iam.IRole) -> None:
    """Allow writing logs, to the one group that all training jobs of an account share, and metrics."""
    group = Stack.of(role).format_arn(
        service="logs",
        resource="log-group",
        resource_name="/aws/sagemaker/TrainingJobs",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    actions = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    streams = f"{group}:log-stream:*"
    grant_on(None, role, actions, [streams], because="SageMaker names a stream after its job and instance")
    namespace = {"StringEquals": {"cloudwatch:namespace": "/aws/sagemaker/TrainingJobs"}}
    grant_on(None, role, ["cloudwatch:PutMetricData"], ["*"], namespace, because="metrics are no resources")


def grant_volume_key(role: iam.IRole, key: kms.IKey) -> None:
    """Allow encrypting volumes, which EC2 does by a grant that SageMaker creates."""
    actions = ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"]
    grant_on(None, role, actions, [key.key_arn])
    by_service = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    grant_on(None, role, ["kms:CreateGrant"], [key.key_arn], by_service)


def grant_network(role: iam.IRole) -> None:
    """Allow network interfaces in a VPC."""
    actions = [*_VPC_CHANGE, *_VPC_DESCRIBE]
    grant_on(None, role, actions, ["*"], because="network interfaces have no ARN before SageMaker creates them")


def grant_run(grantee: iam.IGrantable, *, jobs_arn: str, role: iam.IRole) -> iam.Grant:
    """Allow running jobs under a role, from a state machine that waits for their end.

    https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
    """
    rule = Stack.of(role).format_arn(
        service="events", resource="rule", resource_name="StepFunctionsGetEventsForSageMakerTrainingJobsRule"
    )
    jobs = [
        "sagemaker:CreateTrainingJob",
        "sagemaker:DescribeTrainingJob",
        "sagemaker:StopTrainingJob",
        "sagemaker:AddTags",
        "sagemaker:ListTags",
    ]
    to_sagemaker = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    return combine(
        grant_on(None, grantee, jobs, [jobs_arn], because="each execution starts a job of its own"),
        grant_on(None, grantee, ["iam:PassRole"], [role.role_arn], to_sagemaker),
        grant_on(None, grantee, ["events:PutTargets", "events:PutRule", "events:DescribeRule"], [rule]),
    )


def grant_register(
    grantee: iam.IGrantable, *, packages_arn: str, repository_arn: str, zone: Zone, prefix: str
) -> iam.Grant:
    """Allow registering models below a prefix as packages of a group; model and image are looked at on the way.

    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonSageMakerModelRegistryFullAccess.html
    """
    models = zone.bucket.arn_for_objects(f"{prefix}*")
    return combine(
        grant_on(
            None,
            grantee,
            ["sagemaker:CreateModelPackage"],
            [packages_arn],
            because="SageMaker numbers the packages of a group",
        ),
        grant_on(None, grantee, ["ecr:BatchGetImage", "ecr:DescribeImages"], [repository_arn]),
        grant_on(
            zone.bucket, grantee, grants.OBJECT_READ, [models], because="SageMaker names a model's folder after its job"
        ),
        grant_on(zone.key, grantee, grants.KEY_READ, [zone.key.key_arn]),
    )

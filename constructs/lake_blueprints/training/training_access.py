"""What SageMaker does under a training job's role.

https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html#sagemaker-roles-createtrainingjob-perms
"""

from __future__ import annotations

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lake_blueprints.access import grant_on, grants
from lake_blueprints.storage import Zone

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


def grant_objects(role: iam.IRole, zone: Zone, prefix: str, *, write: bool) -> None:
    """Allow reading or writing objects below a prefix; a training job has no use for their catalog entries."""
    objects = [zone.bucket.arn_for_objects(f"{prefix}*")]
    if write:
        grant_on(zone.bucket, role, grants.OBJECT_WRITE, objects)
        grant_on(zone.key, role, grants.KEY_WRITE, [zone.key.key_arn])
        return
    below = {"StringLike": {"s3:prefix": [f"{prefix}*"]}}
    grant_on(zone.bucket, role, grants.BUCKET_LIST, [zone.bucket.bucket_arn], below)
    grant_on(zone.bucket, role, grants.OBJECT_READ, objects)
    grant_on(zone.key, role, grants.KEY_READ, [zone.key.key_arn])


def grant_image(role: iam.IRole, repository_arn: str) -> None:
    """Allow pulling the container image."""
    # An authorization token is not a resource.
    grant_on(None, role, ["ecr:GetAuthorizationToken"], ["*"])
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
    grant_on(None, role, ["logs:CreateLogGroup"], [group])
    actions = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    grant_on(None, role, actions, [group, f"{group}:log-stream:*"])
    namespace = {"StringEquals": {"cloudwatch:namespace": "/aws/sagemaker/TrainingJobs"}}
    grant_on(None, role, ["cloudwatch:PutMetricData"], ["*"], namespace)


def grant_volume_key(role: iam.IRole, key: kms.IKey) -> None:
    """Allow encrypting volumes, which EC2 does by a grant that SageMaker creates."""
    actions = ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"]
    grant_on(None, role, actions, [key.key_arn])
    by_service = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    grant_on(None, role, ["kms:CreateGrant"], [key.key_arn], by_service)


def grant_network(role: iam.IRole) -> None:
    """Allow network interfaces in a VPC."""
    # EC2 authorises the calls on the interface, its subnet and its security groups; the interface has no ARN before.
    grant_on(None, role, [*_VPC_CHANGE, *_VPC_DESCRIBE], ["*"])

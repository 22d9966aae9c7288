"""Permissions of jobs and crawlers that use a connection."""

from __future__ import annotations

from collections.abc import Iterator

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_secretsmanager as secretsmanager

from lake_blueprints.foundation.access import Permission, arn_of
from lake_blueprints.foundation.access.permissions import with_secret_key

_CONNECTION = "https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html"
_SECRETS = "https://docs.aws.amazon.com/glue/latest/dg/connection-properties-secrets-manager.html"
_NETWORK = "https://docs.aws.amazon.com/glue/latest/dg/create-an-iam-role.html"
_POLICY = "https://docs.aws.amazon.com/glue/latest/dg/create-service-policy.html"
_TAG = "aws-glue-service-resource"


def read_connection(stack: Stack, connection_arn: str) -> Permission:
    """Read where a connection leads."""
    catalog = stack.format_arn(service="glue", resource="catalog", arn_format=ArnFormat.NO_RESOURCE_NAME)
    return Permission(
        actions=("glue:GetConnection",),
        on=(catalog, connection_arn),
        because="reads the connection",
        sources=(_CONNECTION,),
    )


def sign_in(
    secret: secretsmanager.ISecret, because: str = "signs in to the database", source: str = _SECRETS
) -> Iterator[Permission]:
    """Read the credentials, which Secrets Manager decrypts."""
    full = secret.secret_full_arn
    yield Permission(
        actions=("secretsmanager:GetSecretValue",),
        on=(full or f"{secret.secret_arn}-??????",),
        because=because,
        sources=(source,),
        wildcard=None if full else "Secrets Manager ends an ARN in six characters of its own",
    )
    if key := secret.encryption_key:
        yield with_secret_key(key, arn_of(key), full or f"{secret.secret_arn}-AbCdEf", because)


def attach(stack: Stack, *, vpc: str, subnet: str, security_group: str) -> Iterator[Permission]:
    """Put the workers of a run into a subnet, as Glue does by the role of the job."""
    because = "runs in the network"
    interfaces = stack.format_arn(service="ec2", resource="network-interface", resource_name="*")
    unnamed = "EC2 names network interfaces when it makes them"
    yield Permission(
        actions=("ec2:CreateNetworkInterface",),
        on=(interfaces, subnet, security_group),
        because=because,
        sources=(_NETWORK,),
        wildcard=unnamed,
        by_service=True,
    )
    yield Permission(
        actions=("ec2:DeleteNetworkInterface",),
        on=(interfaces,),
        because=because,
        sources=(_NETWORK,),
        wildcard=unnamed,
        by_service=True,
    )
    yield Permission(
        actions=("ec2:CreateTags", "ec2:DeleteTags"),
        on=(interfaces,),
        because=because,
        sources=(_NETWORK,),
        conditions={"ForAllValues:StringEquals": {"aws:TagKeys": [_TAG]}, "Null": {"aws:TagKeys": "false"}},
        wildcard=unnamed,
        by_service=True,
    )
    yield Permission(
        actions=(
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeRouteTables",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcEndpoints",
        ),
        because=because,
        sources=(_NETWORK,),
        wildcard="IAM knows no resource for what describes a network",
        by_service=True,
    )
    yield Permission(
        actions=("ec2:DescribeVpcAttribute",), on=(vpc,), because=because, sources=(_POLICY,), by_service=True
    )

"""Permissions of those who sign in to a cluster of DocumentDB."""

from __future__ import annotations

from collections.abc import Iterator

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_kms as kms

from lake_blueprints.foundation.access import Permission, arn_of
from lake_blueprints.foundation.access.permissions import with_secret_key

_IAM = "https://docs.aws.amazon.com/documentdb/latest/developerguide/UsingWithRDS.IAM.html"
_SECRET = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html"


def sign_in(stack: Stack, cluster_arn: str, key: kms.IKey) -> Iterator[Permission]:
    """Find the secret of the first user, which no attribute of the cluster names, and read it."""
    because = "signs in to the cluster"
    # The IAM actions of DocumentDB are those of RDS.
    yield Permission(actions=("rds:DescribeDBClusters",), on=(cluster_arn,), because=because, sources=(_IAM,))
    secrets = stack.format_arn(
        service="secretsmanager",
        resource="secret",
        resource_name="rds!cluster-*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    yield Permission(
        actions=("secretsmanager:GetSecretValue",),
        on=(secrets,),
        because=because,
        sources=(_SECRET,),
        conditions={"StringEquals": {"aws:ResourceTag/aws:rds:primaryDBClusterArn": cluster_arn}},
        wildcard="DocumentDB names the secret when it makes it, and a condition names the cluster",
    )
    yield with_secret_key(key, arn_of(key), secrets.replace("*", "example-AbCdEf"), because)

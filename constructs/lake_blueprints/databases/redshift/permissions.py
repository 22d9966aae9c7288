"""Permissions of those who run SQL through the Redshift Data API, and who set usage limits."""

from __future__ import annotations

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_kms as kms
from constructs import Construct

from lake_blueprints.foundation.access import Permission, arn_of
from lake_blueprints.foundation.access.permissions import with_secret_key

ADMIN = "admin"
_DATA_API = "https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-iam.html"
_LIMITS = "https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_CreateUsageLimit.html"
SPECTRUM = "https://docs.aws.amazon.com/redshift/latest/dg/c-spectrum-iam-policies.html"

RUN = ("redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement")
FOLLOW = (
    "redshift-data:DescribeStatement",
    "redshift-data:GetStatementResult",
    "redshift-data:CancelStatement",
)


def admin_secret_name(namespace: str) -> str:
    """Return the name of the secret that Redshift manages for a namespace's admin."""
    return f"redshift!{namespace}-{ADMIN}"


def admin_secret_arn(scope: Construct, namespace: str) -> str:
    """Return the ARN of that secret, without the hyphen and six characters in which Secrets Manager ends it."""
    return Stack.of(scope).format_arn(
        service="secretsmanager",
        resource="secret",
        resource_name=admin_secret_name(namespace),
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )


def run_statements(
    scope: Construct,
    *,
    namespace: str,
    workgroup_arn: str,
    encryption_key: kms.IKey,
    run: tuple[str, ...] = RUN,
    follow: tuple[str, ...] = FOLLOW,
) -> tuple[Permission, ...]:
    """Run and follow SQL as the admin of a namespace, which is in the scope's stack."""
    sign_in = "signs in as the admin"
    secret = f"{admin_secret_arn(scope, namespace)}-??????"
    return (
        Permission(actions=run, on=(workgroup_arn,), because="runs statements", sources=(_DATA_API,)),
        Permission(
            actions=follow,
            because="runs statements, and follows them",
            sources=(_DATA_API,),
            wildcard="statements have no ARN; each belongs to the role that ran it",
        ),
        Permission(
            actions=("secretsmanager:GetSecretValue",),
            on=(secret,),
            because=sign_in,
            sources=(_DATA_API,),
            wildcard="Secrets Manager ends an ARN in six characters of its own",
        ),
        with_secret_key(encryption_key, arn_of(encryption_key), secret.replace("??????", "AbCdEf"), sign_in),
    )


def set_usage_limits() -> Permission:
    """List, create and change usage limits."""
    actions = ("ListUsageLimits", "CreateUsageLimit", "UpdateUsageLimit")
    return Permission(
        actions=tuple(f"redshift-serverless:{action}" for action in actions),
        because="sets usage limits",
        sources=(_LIMITS,),
        wildcard="usage limits have no ARN that a policy could name",
    )

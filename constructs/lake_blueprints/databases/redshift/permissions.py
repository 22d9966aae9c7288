"""Permissions of those who run SQL through the Redshift Data API, set usage limits, and pause clusters."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_kms as kms
from constructs import Construct

from lake_blueprints.foundation.access import Permission, arn_of
from lake_blueprints.foundation.access.permissions import with_secret_key

ADMIN = "admin"
_DATA_API = "https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-iam.html"
_SCHEDULER = "https://docs.aws.amazon.com/redshift/latest/mgmt/redshift-iam-access-control-identity-based.html"
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


@dataclass(frozen=True, kw_only=True)
class AdminSecret:
    """The secret of an admin.

    Parameters
    ----------
    arn: str
        As a policy names it.
    example: str
        The same without wildcards, as the condition of a key has it.
    wildcard: str, optional
        Why there are some. By default there are none.
    """

    arn: str
    example: str
    wildcard: str | None = None


def run_statements(
    *,
    warehouse_arn: str,
    secret: AdminSecret,
    encryption_key: kms.IKey,
    run: tuple[str, ...] = RUN,
    follow: tuple[str, ...] = FOLLOW,
) -> tuple[Permission, ...]:
    """Run and follow SQL as the admin of a workgroup or cluster."""
    sign_in = "signs in as the admin"
    return (
        Permission(actions=run, on=(warehouse_arn,), because="runs statements", sources=(_DATA_API,)),
        Permission(
            actions=follow,
            because="runs statements, and follows them",
            sources=(_DATA_API,),
            wildcard="statements have no ARN; each belongs to the role that ran it",
        ),
        Permission(
            actions=("secretsmanager:GetSecretValue",),
            on=(secret.arn,),
            because=sign_in,
            sources=(_DATA_API,),
            wildcard=secret.wildcard,
        ),
        with_secret_key(encryption_key, arn_of(encryption_key), secret.example, sign_in),
    )


def admin_secret(scope: Construct, namespace: str) -> AdminSecret:
    """Return how policies name that secret."""
    arn = admin_secret_arn(scope, namespace)
    return AdminSecret(
        arn=f"{arn}-??????",
        example=f"{arn}-AbCdEf",
        wildcard="Secrets Manager ends an ARN in six characters of its own",
    )


def pause_and_resume(cluster_arn: str) -> Permission:
    """Pause and resume a cluster."""
    return Permission(
        actions=("redshift:PauseCluster", "redshift:ResumeCluster"),
        on=(cluster_arn,),
        because="pauses and resumes the cluster",
        sources=(_SCHEDULER,),
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

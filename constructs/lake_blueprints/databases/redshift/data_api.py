"""Grants to run SQL through the Redshift Data API and to set usage limits."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from lake_blueprints.foundation.access import combine, grant_on, grants

ADMIN = "admin"
RUN = ("redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement")
FOLLOW = (
    "redshift-data:DescribeStatement",
    "redshift-data:GetStatementResult",
    "redshift-data:CancelStatement",
)
_LIMIT = (
    "redshift-serverless:ListUsageLimits",
    "redshift-serverless:CreateUsageLimit",
    "redshift-serverless:UpdateUsageLimit",
)


def admin_secret_name(namespace: str) -> str:
    """Return the name of the secret that Redshift manages for a namespace's admin."""
    return f"redshift!{namespace}-{ADMIN}"


def grant_statements(
    scope: Construct,
    grantee: iam.IGrantable,
    *,
    namespace: str,
    workgroup_arn: str,
    encryption_key: kms.IKey,
    run: Sequence[str] = RUN,
    follow: Sequence[str] = FOLLOW,
) -> iam.Grant:
    """Allow running and following SQL as the admin of a namespace, which is in the scope's stack.

    https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-iam.html,
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonredshiftdataapi.html
    """
    # Secrets Manager ends an ARN in a hyphen and six characters of its own.
    secret = Stack.of(scope).format_arn(
        service="secretsmanager",
        resource="secret",
        resource_name=f"{admin_secret_name(namespace)}-??????",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    return combine(
        grant_on(None, grantee, run, [workgroup_arn]),
        grant_on(None, grantee, follow, ["*"], because="statements have no ARN; each belongs to the role that ran it"),
        grant_on(
            None,
            grantee,
            ["secretsmanager:GetSecretValue"],
            [secret],
            because="Secrets Manager ends an ARN in six characters of its own",
        ),
        grant_on(encryption_key, grantee, grants.KEY_READ, [encryption_key.key_arn]),
    )


def grant_usage_limits(grantee: iam.IGrantable) -> iam.Grant:
    """Allow listing, creating and changing usage limits, for which IAM knows no resource.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonredshiftserverless.html
    """
    return grant_on(None, grantee, _LIMIT, ["*"], because="usage limits have no ARN that a policy could name")

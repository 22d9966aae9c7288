"""Permissions of those who sign in to a database of RDS by IAM."""

from __future__ import annotations

from aws_cdk import ArnFormat, Stack

from lake_blueprints.foundation.access import Permission

_IAM = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.IAMPolicy.html"


def sign_in_as(stack: Stack, resource_id: str, username: str) -> Permission:
    """Sign in as one user of a cluster or instance, with a token instead of a password."""
    user = stack.format_arn(
        service="rds-db",
        resource="dbuser",
        resource_name=f"{resource_id}/{username}",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    return Permission(
        actions=("rds-db:connect",), on=(user,), because="signs in to the database by IAM", sources=(_IAM,)
    )

"""Permission of those who sign in to a cache."""

from __future__ import annotations

from lake_blueprints.foundation.access import Permission

_IAM = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html"


def connect(cache_arn: str, user_arn: str) -> Permission:
    """Sign in to a cache as one of its users."""
    return Permission(
        actions=("elasticache:Connect",), on=(cache_arn, user_arn), because="signs in to the cache", sources=(_IAM,)
    )

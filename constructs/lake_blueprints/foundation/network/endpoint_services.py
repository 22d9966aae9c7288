"""Names of the endpoints that lead to a service, by the prefix that IAM has for its actions.

https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
"""

from __future__ import annotations

# They have routes instead of addresses, and cost nothing: https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
GATEWAYS = frozenset({"s3", "dynamodb"})
# Services whose endpoint has their prefix as its name.
_SAME = frozenset(
    {
        "athena",
        "datasync",
        "events",
        "glue",
        "kafka",
        "kms",
        "lakeformation",
        "lambda",
        "logs",
        "rds",
        "redshift",
        "redshift-data",
        "redshift-serverless",
        "s3tables",
        "secretsmanager",
        "sns",
        "sqs",
        "states",
        "sts",
        "xray",
    }
)
_OTHERS = {
    "cloudwatch": ("monitoring",),
    "ecr": ("ecr.api", "ecr.dkr"),
    "firehose": ("kinesis-firehose",),
    "kinesis": ("kinesis-streams",),
    "sagemaker": ("sagemaker.api",),
}
# Buckets of AWS that clients of a service read by themselves.
_BUCKETS = {
    # https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-minimum-s3-perms
    "ecr": ("prod-{region}-starport-layer-bucket",),
}


def endpoints_of(prefix: str) -> tuple[str, ...]:
    """Return the names of a service's endpoints: `glue`, `ecr.api`; none if it is not known to have any."""
    if prefix in GATEWAYS or prefix in _SAME:
        return (prefix,)
    return _OTHERS.get(prefix, ())


def prefix_of(endpoint: str) -> str:
    """Return the prefix of the actions that an endpoint leads to; that of an unknown one is taken for its name."""
    return next((prefix for prefix, names in _OTHERS.items() if endpoint in names), endpoint)


def buckets_of(prefix: str, region: str) -> tuple[str, ...]:
    """Return the names of AWS's own buckets without which a service cannot be used."""
    return tuple(name.format(region=region) for name in _BUCKETS.get(prefix, ()))

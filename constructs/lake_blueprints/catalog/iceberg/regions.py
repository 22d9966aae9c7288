"""Regions in which CloudFormation defines table optimizers."""

from __future__ import annotations

from aws_cdk import Token

# Regions whose CloudFormation registry has no AWS::Glue::TableOptimizer, as of October 2026 (the resource schemas of
# cfn-lint 1.58).
_WITHOUT_OPTIMIZERS = frozenset(
    {
        "af-south-1",
        "ap-east-1",
        "ap-east-2",
        "ap-northeast-3",
        "ap-south-2",
        "ap-southeast-4",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "ca-west-1",
        "cn-north-1",
        "cn-northwest-1",
        "eu-central-2",
        "eu-south-1",
        "eu-south-2",
        "eu-west-3",
        "il-central-1",
        "me-central-1",
        "mx-central-1",
        "us-gov-east-1",
        "us-gov-west-1",
        "us-west-1",
    }
)


def check_optimizers(region: str) -> None:
    """Refuse a Region in which CloudFormation knows no table optimizers.

    Raises
    ------
    ValueError
        If the Region is known before it is deployed to, and is one of these.
    """
    if not Token.is_unresolved(region) and region in _WITHOUT_OPTIMIZERS:
        raise ValueError(
            f"CloudFormation has no Glue table optimizers in '{region}'; choose another Region, or give 'compaction', "
            "'snapshot_retention' and 'orphan_file_deletion' None and run OPTIMIZE and VACUUM in Athena"
        )

"""Regions in which CloudFormation defines a training job's resources."""

from __future__ import annotations

from aws_cdk import Token

# Regions whose CloudFormation registry has no AWS::SageMaker::ModelPackageGroup, as of October 2026 (the resource
# schemas of cfn-lint 1.58).
_WITHOUT_PACKAGE_GROUPS = frozenset(
    {"ap-east-2", "ap-south-2", "ap-southeast-4", "ap-southeast-6", "cn-north-1", "cn-northwest-1", "us-gov-east-1"}
)


def check_region(region: str) -> None:
    """Refuse a Region in which CloudFormation knows no model package groups.

    Raises
    ------
    ValueError
        If the Region is known before it is deployed to, and is one of these.
    """
    if not Token.is_unresolved(region) and region in _WITHOUT_PACKAGE_GROUPS:
        raise ValueError(
            f"CloudFormation has no SageMaker model package groups in '{region}'; train in another Region of the "
            "partition, or leave training out"
        )

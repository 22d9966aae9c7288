"""Storage-class analyses of a bucket."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import IResolvable
from aws_cdk import aws_s3 as s3

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/analytics-storage-class.html
_MOST = 1_000


def storage_class_analyses(prefixes: Sequence[str]) -> list[IResolvable | s3.CfnBucket.AnalyticsConfigurationProperty]:
    """Return an analysis of each prefix, without an export of its data.

    Raises
    ------
    ValueError
        If there are more than S3 has for a bucket, or one is given twice.
    """
    if len(prefixes) > _MOST:
        raise ValueError(f"'analyzed_prefixes' must be at most {_MOST:,}, got {len(prefixes):,}")
    if len(set(prefixes)) < len(prefixes):
        raise ValueError(f"'analyzed_prefixes' must be different ones, got {', '.join(prefixes)}")
    return [
        s3.CfnBucket.AnalyticsConfigurationProperty(
            id=f"prefix-{number}" if prefix else "everything",
            prefix=prefix or None,
            storage_class_analysis=s3.CfnBucket.StorageClassAnalysisProperty(),
        )
        for number, prefix in enumerate(prefixes, 1)
    ]

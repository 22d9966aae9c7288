"""Overlap of two ARNs with wildcards."""

from __future__ import annotations

import pytest

from template_checks.core.arns import overlap, pattern_of

BUCKET = pattern_of("arn:${Partition}:s3:::${BucketName}")
OBJECT = pattern_of("arn:${Partition}:s3:::${BucketName}/${ObjectName}")
TABLE = pattern_of("arn:${Partition}:glue:${Region}:${Account}:table/${DatabaseName}/${TableName}")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("arn:p:s3:::lake", BUCKET, True),
        ("arn:p:s3:::lake", OBJECT, False),
        ("arn:p:s3:::lake/raw/*", BUCKET, False),
        ("arn:p:s3:::lake/raw/*", OBJECT, True),
        ("arn:p:s3:::*", OBJECT, True),
        ("arn:p:s3:::lake*", OBJECT, True),
        ("arn:*:s3:::lak?", BUCKET, True),
        ("arn:p:glue:eu-central-1:1:table/*", TABLE, True),
        ("arn:p:glue:eu-central-1:1:database/a", TABLE, False),
        ("arn:p:glue:::table/a/b", TABLE, False),
        ("arn:p:kinesis:eu-central-1:1:stream/a", TABLE, False),
        ("*", TABLE, True),
    ],
)
def test_overlap(one: str, other: str, expected: bool) -> None:
    assert overlap(one, other) is expected
    assert overlap(other, one) is expected

"""Use of customer keys: encryption contexts of log groups, and deliveries into encrypted buckets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.arns import arn_of, overlap
from template_checks.core.delivery_streams import STREAM, destinations_of, s3_of
from template_checks.core.policies import Statement, statements
from template_checks.core.rule import Violation, rule
from template_checks.core.senders import speaks_of
from template_checks.core.template import Node, Resource
from template_checks.rules.kms import key_of, role_must_use

_CONTEXT: Final = "kms:encryptioncontext:aws:logs:arn"


@rule(
    "LAKE-KMS-011",
    "AWS::Logs::LogGroup",
    title="The key of a log group lets CloudWatch Logs use it for that group",
    fix="put the ARN of the log group into kms:EncryptionContext:aws:logs:arn, or a pattern of it with ArnLike",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
)
def log_group_context(group: Resource) -> Iterator[Violation]:
    """The log group is refused: the encryption context is its ARN, and the key's policy is for that of another."""
    node, name = group.at("KmsKeyId"), group.at("LogGroupName")
    key = key_of(node)
    if key is None or not key.at("KeyPolicy").known:
        return
    granted = [one for one in statements(key) if one.may_allow("kms:GenerateDataKey") and speaks_of(one, "logs.")]
    own = f"arn:*:logs:*:*:log-group:{name.text or '*'}"
    if granted and not any(_is_for(one, group, own) for one in granted):
        found = f"{key.logical_id}, whose policy lets CloudWatch Logs use it for other log groups"
        yield Violation(
            at=node, found=found, allowed=f"a key whose condition matches {name.rendered or group.logical_id}"
        )


def _is_for(statement: Statement, group: Resource, own: str) -> bool:
    """Whether the condition of a statement may hold for a log group."""
    for operator, comparisons in statement.conditions:
        if "Not" in operator or "Null" in operator:
            continue
        for comparison in comparisons.children():
            if not comparison.path.lower().endswith(_CONTEXT):
                continue
            values = comparison.items()
            exact = operator.startswith("StringEquals")
            if not any(_may_be(value, group, own, exact=exact) for value in values):
                return False
    return True


def _may_be(value: Node, group: Resource, own: str, *, exact: bool) -> bool:
    if value.target is not None and value.target.kind == group.kind:
        return value.target.logical_id == group.logical_id
    text = arn_of(value)
    if exact and value.text is not None and "*" in value.text:
        return False
    return overlap(text, own)


@rule(
    "LAKE-KMS-012",
    STREAM,
    title="A delivery's role may use the key of the bucket that it writes into",
    fix="allow the role kms:GenerateDataKey and kms:Decrypt on the key of the bucket",
    source="https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html",
)
def bucket_key(stream: Resource) -> Iterator[Violation]:
    """Nothing is delivered: access denied; records are gone when Firehose stops trying."""
    for destination in destinations_of(stream):
        for place in s3_of(destination):
            bucket = place.at("BucketARN").target
            if bucket is None or bucket.kind != "AWS::S3::Bucket":
                continue
            for default in bucket.properties.every("ServerSideEncryptionByDefault"):
                key = default.at("KMSMasterKeyID")
                if key_of(key) is not None:
                    yield from role_must_use(place.at("RoleARN"), "kms:GenerateDataKey", key)

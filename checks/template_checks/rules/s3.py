"""S3: lifecycles, names, logs and table buckets.

Above 200 lines: one rule after the other, each with its words and its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Node, Resource
from template_checks.core.values import at_least, matching, required, within
from template_checks.limits import s3_tables

BUCKET = "AWS::S3::Bucket"
_GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide"
_TRANSITIONS = f"{_GUIDE}/lifecycle-transition-general-considerations.html"
# From warm to cold: an object never moves back.
_CLASSES = ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
_INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")
_MOVES = (
    ("Transitions", "Transition", "TransitionInDays"),
    ("NoncurrentVersionTransitions", "NoncurrentVersionTransition", "TransitionInDays"),
)


@rule(
    "LAKE-S3-001",
    BUCKET,
    title="Objects are 30 days old before they move to infrequent access",
    fix="set TransitionInDays to 30 or more, or move to INTELLIGENT_TIERING or GLACIER_IR",
    source=_TRANSITIONS,
)
def first_transition(bucket: Resource) -> Iterator[Violation]:
    """S3 refuses earlier moves to STANDARD_IA and ONEZONE_IA."""
    for moves in _schedules(bucket):
        for storage_class, days in moves:
            if storage_class in _INFREQUENT:
                yield from at_least(days, 30, "days")


@rule(
    "LAKE-S3-002",
    BUCKET,
    title="Objects move from warm to cold, and stay for a while",
    fix="order the transitions from warm to cold, 30 days or more after a move to infrequent access",
    source=_TRANSITIONS,
)
def later_transitions(bucket: Resource) -> Iterator[Violation]:
    """S3 refuses moves to a warmer class, and those within 30 days of a move to infrequent access."""
    for moves in _schedules(bucket):
        known = sorted(
            ((days.number, storage_class, days) for storage_class, days in moves if days.number is not None),
            key=lambda move: move[0],
        )
        for (before, warm, _), (after, cold, node) in pairwise(known):
            stay = 30 if warm in _INFREQUENT else 1
            if cold in _CLASSES[: _CLASSES.index(warm) + 1] or (warm, cold) == ("ONEZONE_IA", "GLACIER_IR"):
                yield Violation(at=node, found=f"a move from {warm} to {cold}", allowed="a move to a colder class")
            elif after < before + stay:
                yield Violation(at=node, allowed=f"{before + stay:g} days or more, {stay} after the move to {warm}")


@rule(
    "LAKE-S3-003",
    BUCKET,
    title="Objects expire after their last move",
    fix="set the expiration later than the last transition",
    source=_TRANSITIONS,
)
def expiration(bucket: Resource) -> Iterator[Violation]:
    """S3 refuses rules that delete objects before, or when, they move."""
    for one in _rules(bucket):
        pairs = (
            (_moves(one, *_MOVES[0]), one.at("ExpirationInDays")),
            (_moves(one, *_MOVES[1]), _noncurrent_expiration(one)),
        )
        for moves, expires in pairs:
            yield from at_least(expires, 1, "days")
            last = max((days.number or 0 for _, days in moves), default=0)
            if moves and expires.number is not None and expires.number <= last:
                yield Violation(at=expires, allowed=f"more than {last:g} days, when objects last move")
        yield from at_least(one.at("AbortIncompleteMultipartUpload.DaysAfterInitiation"), 1, "days")


@rule(
    "LAKE-S3-004",
    BUCKET,
    title="A lifecycle rule does something, and is named once",
    fix="give the rule an action, and each rule an Id of its own",
    source=f"{_GUIDE}/intro-lifecycle-rules.html",
)
def lifecycle_rule(bucket: Resource) -> Iterator[Violation]:
    """S3 refuses rules without an action and two with one id."""
    ids: set[str] = set()
    for one in _rules(bucket):
        if one.known and not any(re.search(r"Expir|Transition|Abort", child.path) for child in one.children()):
            yield Violation(at=one, found="a rule without an action", allowed="an expiration, a transition or an abort")
        name = one.at("Id").text
        if name and name in ids:
            yield Violation(at=one.at("Id"), allowed="ids that are not given twice")
        ids |= {name} if name else set()
        marker = one.at("ExpiredObjectDeleteMarker")
        if marker.flag and (one.at("ExpirationInDays").present or one.at("TagFilters").present):
            yield Violation(at=marker, allowed="false beside ExpirationInDays or TagFilters")


@rule(
    "LAKE-S3-005",
    BUCKET,
    title="Access logs go to a bucket that can take them",
    fix="use SSE-S3 (AES256) and no default retention on the bucket of logs",
    source=f"{_GUIDE}/enable-server-access-logging.html",
)
def log_target(bucket: Resource) -> Iterator[Violation]:
    """S3 writes no logs to a bucket with SSE-KMS as default or with Object Lock's default retention."""
    target = bucket.at("LoggingConfiguration.DestinationBucketName").target
    if target is None or target.kind != BUCKET:
        return
    for encryption in target.properties.every("SSEAlgorithm"):
        if encryption.text and encryption.text.startswith("aws:kms"):
            yield Violation(
                at=bucket.at("LoggingConfiguration.DestinationBucketName"),
                found=f"{target.logical_id}, which encrypts with {encryption.text}",
                allowed="a bucket with AES256",
            )
    if target.at("ObjectLockConfiguration.Rule.DefaultRetention").given:
        yield Violation(
            at=bucket.at("LoggingConfiguration.DestinationBucketName"),
            found=f"{target.logical_id}, which has a default retention",
            allowed="a bucket without one",
        )


@rule(
    "LAKE-S3-006",
    BUCKET,
    title="A bucket does not log into itself",
    fix="log to another bucket",
    source=f"{_GUIDE}/ServerLogs.html",
)
def self_logging(bucket: Resource) -> Iterator[Violation]:
    """Each log that is written is an access that is logged."""
    target = bucket.at("LoggingConfiguration.DestinationBucketName")
    if target.target is bucket or (target.text is not None and target.text == bucket.at("BucketName").text):
        yield Violation(at=target, allowed="another bucket")


@rule(
    "LAKE-S3-007",
    BUCKET,
    title="Names of buckets are ones that S3 takes",
    fix="leave the name out, or use 3 to 63 lower case letters, digits and hyphens",
    source=f"{_GUIDE}/bucketnamingrules.html",
)
def bucket_name(bucket: Resource) -> Iterator[Violation]:
    """S3 refuses other names."""
    name = bucket.at("BucketName")
    allowed = "3 to 63 of a-z, 0-9, '-' and '.', starting and ending with a letter or digit"
    yield from matching(name, r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", allowed)
    if name.text and (
        re.search(r"\.\.|^xn--|^sthree-|^amzn-s3-demo-|-s3alias$|--ol-s3$|\.mrap$|--x-s3$", name.text)
        or re.fullmatch(r"(\d{1,3}\.){3}\d{1,3}", name.text)
    ):
        yield Violation(at=name, allowed="a name that S3 has not reserved")


@rule(
    "LAKE-S3-008",
    BUCKET,
    title="Replication and object lock keep versions",
    fix="set VersioningConfiguration.Status to Enabled",
    source=f"{_GUIDE}/replication-requirements.html",
)
def versioning(bucket: Resource) -> Iterator[Violation]:
    """S3 refuses to replicate, or to lock, a bucket that keeps no versions."""
    status = bucket.at("VersioningConfiguration.Status")
    if bucket.at("ReplicationConfiguration").present and (not status.present or status.text == "Suspended"):
        yield Violation(at=status, allowed="Enabled for replication")
    if bucket.at("ObjectLockEnabled").flag and status.text == "Suspended":
        yield Violation(at=status, allowed="Enabled for object lock")
    if bucket.at("ObjectLockConfiguration.Rule").given and bucket.at("ObjectLockEnabled").flag is False:
        yield Violation(at=bucket.at("ObjectLockEnabled"), allowed="true beside ObjectLockConfiguration")


@rule(
    "LAKE-S3-009",
    BUCKET,
    title="Encryption agrees with itself",
    fix="set SSEAlgorithm to aws:kms beside a key, or remove the key",
    source=f"{_GUIDE}/default-bucket-encryption.html",
)
def encryption(bucket: Resource) -> Iterator[Violation]:
    """S3 refuses a key for encryption that has none."""
    for default in bucket.properties.every("ServerSideEncryptionByDefault"):
        if default.at("SSEAlgorithm").text == "AES256" and default.at("KMSMasterKeyID").present:
            yield Violation(at=default.at("KMSMasterKeyID"), allowed="nothing with AES256")


@rule(
    "LAKE-S3-010",
    "AWS::S3Tables::*",
    title="Table buckets, namespaces and tables have names that S3 takes",
    fix="use lower case letters and digits, with hyphens for buckets and underscores for the others",
    source=f"{_GUIDE}/s3-tables-buckets-naming.html",
)
def table_names(resource: Resource) -> Iterator[Violation]:
    """S3 Tables refuses other names."""
    if resource.kind == "AWS::S3Tables::TableBucket":
        allowed = "3 to 63 of a-z, 0-9 and '-', without the prefixes and suffixes that S3 reserves"
        yield from matching(resource.at("TableBucketName"), s3_tables.TABLE_BUCKET_NAME, allowed)
    for name in ("Namespace", "TableName"):
        allowed = "1 to 255 of a-z, 0-9 and '_'"
        yield from matching(resource.at(name), s3_tables.NAME, allowed)


@rule(
    "LAKE-S3-011",
    "AWS::S3Tables::*",
    title="Maintenance of tables is within its limits",
    fix="set TargetFileSizeMB between 64 and 512",
    source=f"{_GUIDE}/s3-tables-maintenance.html",
)
def table_maintenance(resource: Resource) -> Iterator[Violation]:
    """S3 Tables refuses other sizes."""
    for limit in (
        s3_tables.TARGET_FILE_MB,
        s3_tables.SNAPSHOT_HOURS,
        s3_tables.SNAPSHOTS,
        s3_tables.UNREFERENCED_DAYS,
        s3_tables.NONCURRENT_DAYS,
    ):
        yield from within(resource.at(limit.path), limit)


@rule(
    "LAKE-S3-012",
    "AWS::S3::BucketPolicy",
    title="Statements of a bucket policy are about that bucket",
    fix="name the bucket's ARN, or the ARN with /* for its objects",
    source=f"{_GUIDE}/bucket-policies.html",
)
def policy_resource(policy: Resource) -> Iterator[Violation]:
    """S3 refuses a policy with a resource of another bucket, or with what is no ARN of S3."""
    bucket = policy.at("Bucket").target
    for statement in policy.at("PolicyDocument.Statement").items():
        for resource in statement.at("Resource").items():
            other = resource.target
            if resource.text is not None and not re.match(r"\*|arn:[\w-]+:s3", resource.text):
                yield Violation(at=resource, allowed="the ARN of the bucket or of its objects")
            elif bucket is not None and other is not None and other.kind == BUCKET and other is not bucket:
                yield Violation(at=resource, allowed=f"the ARN of {bucket.logical_id}")
            elif bucket is not None and resource.rendered == f"${{{bucket.logical_id}}}":
                yield Violation(at=resource, allowed="the ARN of the bucket, not its name")
        yield from (
            required(statement.at("Principal"), "a principal") if not statement.at("NotPrincipal").present else ()
        )


def _rules(bucket: Resource) -> list[Node]:
    rules = bucket.at("LifecycleConfiguration.Rules").items()
    return [one for one in rules if one.at("Status").text != "Disabled"]


def _schedules(bucket: Resource) -> Iterator[list[tuple[str, Node]]]:
    for one in _rules(bucket):
        for names in _MOVES:
            yield _moves(one, *names)


def _moves(one: Node, plural: str, singular: str, days: str) -> list[tuple[str, Node]]:
    nodes = [*one.at(plural).items(), *one.at(singular).items()]
    return [(kind, node.at(days)) for node in nodes if (kind := node.at("StorageClass").text) in _CLASSES]


def _noncurrent_expiration(one: Node) -> Node:
    expiration = one.at("NoncurrentVersionExpiration.NoncurrentDays")
    return expiration if expiration.present else one.at("NoncurrentVersionExpirationInDays")

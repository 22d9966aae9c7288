"""Buckets and what acts on them: notifications, replication, access lists and access logs.

Above 200 lines: one rule after the other, each with its words and its source.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.policies import may_on, statements
from template_checks.core.rule import Violation, rule
from template_checks.core.senders import is_same, may_be, speaks_of
from template_checks.core.template import Node, Resource
from template_checks.core.values import absent, required
from template_checks.rules.s3 import BUCKET

_GUIDE: Final = "https://docs.aws.amazon.com/AmazonS3/latest/userguide"
_REFERENCE: Final = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference"
_TARGETS: Final = (
    ("QueueConfigurations", "Queue"),
    ("TopicConfigurations", "Topic"),
    ("LambdaConfigurations", "Function"),
)
_REPLICATES: Final = (
    "s3:GetReplicationConfiguration",
    "s3:ListBucket",
    "s3:GetObjectVersionForReplication",
    "s3:ReplicateObject",
)


@rule(
    "LAKE-S3-013",
    BUCKET,
    title="A lifecycle rule says each thing once, and does something",
    fix="keep one of days and date, leave out what contradicts, and name an action",
    source=f"{_REFERENCE}/aws-properties-s3-bucket-rule.html",
)
def lifecycle(bucket: Resource) -> Iterator[Violation]:
    """S3 refuses the lifecycle configuration."""
    seen: set[str] = set()
    for one in bucket.at("LifecycleConfiguration.Rules").items():
        if one.unknown:
            continue
        days, date = one.at("ExpirationInDays"), one.at("ExpirationDate")
        if days.present:
            yield from absent(date, "beside ExpirationInDays")
        for name in ("ExpirationInDays", "ExpirationDate"):
            if one.at(name).present and one.at("ExpiredObjectDeleteMarker").flag:
                yield Violation(at=one.at("ExpiredObjectDeleteMarker"), allowed=f"nothing beside {name}")
        for move in [*one.at("Transitions").items(), one.at("Transition")]:
            if move.at("TransitionInDays").given:
                yield from absent(move.at("TransitionDate"), "beside TransitionInDays")
            elif move.known:
                yield from required(move.at("TransitionDate"), "TransitionInDays or TransitionDate")
        if one.at("TagFilters").items() and one.at("AbortIncompleteMultipartUpload").present:
            yield Violation(at=one.at("AbortIncompleteMultipartUpload"), allowed="nothing in a rule with TagFilters")
        if one.at("TagFilters").items() and one.at("ExpiredObjectDeleteMarker").flag:
            yield Violation(at=one.at("ExpiredObjectDeleteMarker"), allowed="nothing in a rule with TagFilters")
        small, large = one.at("ObjectSizeGreaterThan").number, one.at("ObjectSizeLessThan").number
        if small is not None and large is not None and small >= large:
            yield Violation(at=one.at("ObjectSizeLessThan"), allowed=f"more than {small:g}, the ObjectSizeGreaterThan")
        identifier = one.at("Id").text
        if identifier and identifier in seen:
            yield Violation(at=one.at("Id"), allowed="an Id that no other rule has")
        seen |= {identifier} if identifier else set()


@rule(
    "LAKE-S3-014",
    BUCKET,
    title="Notifications are ones that S3 sends",
    fix="filter by prefix and suffix, each once, and send to standard queues and topics",
    source=f"{_GUIDE}/notification-how-to-event-types-and-destinations.html",
)
def notifications(bucket: Resource) -> Iterator[Violation]:
    """S3 refuses other filters, FIFO queues and topics, and one event for overlapping names twice."""
    given: list[tuple[str, str, str]] = []
    for group, name in _TARGETS:
        for one in bucket.at(f"NotificationConfiguration.{group}").items():
            target = one.at(name).target
            if target is not None and any(target.at(flag).flag for flag in ("FifoQueue", "FifoTopic")):
                yield Violation(at=one.at(name), found=f"the FIFO {target.logical_id}", allowed="a standard one")
            filters: dict[str, str] = {}
            rules = one.at("Filter.S3Key.Rules").items()
            for rule_node in rules:
                if rule_node.at("Name").unknown:
                    continue
                kind = (rule_node.at("Name").text or "").lower()
                if rule_node.at("Name").text is not None and kind not in {"prefix", "suffix"}:
                    yield Violation(at=rule_node.at("Name"), allowed="prefix or suffix")
                elif kind in filters:
                    yield Violation(at=rule_node.at("Name"), allowed=f"one {kind} in a filter")
                filters[kind] = rule_node.at("Value").rendered
            event = one.at("Event").text
            if event and not any(rule_node.at("Name").unknown for rule_node in rules):
                prefix, suffix = filters.get("prefix", ""), filters.get("suffix", "")
                if any(_overlap((event, prefix, suffix), other) for other in given):
                    yield Violation(at=one.at("Event"), allowed="an event and names that no other notification is for")
                given.append((event, prefix, suffix))


def _overlap(one: tuple[str, str, str], other: tuple[str, str, str]) -> bool:
    same_event = one[0] == other[0] or any(
        wide.endswith("*") and narrow.startswith(wide.rstrip("*"))
        for wide, narrow in ((one[0], other[0]), (other[0], one[0]))
    )
    prefixes = one[1].startswith(other[1]) or other[1].startswith(one[1])
    suffixes = one[2].endswith(other[2]) or other[2].endswith(one[2])
    return same_event and prefixes and suffixes and "${" not in "".join((*one, *other))


@rule(
    "LAKE-S3-015",
    BUCKET,
    title="Replication rules are complete and agree with each other",
    fix="beside Filter set DeleteMarkerReplication and Priority; beside SseKmsEncryptedObjects the key of the replicas",
    source=f"{_REFERENCE}/aws-properties-s3-bucket-replicationrule.html",
)
def replication(bucket: Resource) -> Iterator[Violation]:
    """S3 refuses the replication configuration."""
    rules = bucket.at("ReplicationConfiguration.Rules").items()
    priorities: set[float] = set()
    for one in rules:
        if one.unknown:
            continue
        filtered = one.at("Filter").present
        if filtered:
            yield from required(one.at("DeleteMarkerReplication"), "Status Enabled or Disabled, as Filter is set")
            yield from absent(one.at("Prefix"), "beside Filter")
            if len(rules) > 1:
                yield from required(one.at("Priority"), "a number of its own, as there are several rules")
        tagged = one.at("Filter.TagFilter").given or any(tag.given for tag in one.at("Filter.And.TagFilters").items())
        if tagged and one.at("DeleteMarkerReplication.Status").text == "Enabled":
            yield Violation(at=one.at("DeleteMarkerReplication.Status"), allowed="Disabled with a filter by tags")
        priority = one.at("Priority").number
        if priority is not None and priority in priorities:
            yield Violation(at=one.at("Priority"), allowed="a number that no other rule has")
        priorities |= {priority} if priority is not None else set()
        key = one.at("Destination.EncryptionConfiguration.ReplicaKmsKeyID")
        encrypted = one.at("SourceSelectionCriteria.SseKmsEncryptedObjects.Status")
        if encrypted.text == "Enabled":
            yield from required(key, "the key of the replicas, as SseKmsEncryptedObjects is Enabled")
        elif key.given and not encrypted.present:
            yield Violation(at=encrypted, allowed="Enabled, as the replicas have a key")
        time, metrics = one.at("Destination.ReplicationTime"), one.at("Destination.Metrics")
        if time.at("Status").text == "Enabled" and metrics.at("Status").text != "Enabled" and _is_plain(metrics):
            yield Violation(at=metrics, allowed="Status Enabled, as ReplicationTime is")
        target = one.at("Destination.Bucket").target
        if target is not None and target.kind == BUCKET:
            yield from _destination(bucket, target, one)


def _destination(bucket: Resource, target: Resource, one: Node) -> Iterator[Violation]:
    status = target.at("VersioningConfiguration.Status")
    if is_same(target, bucket):
        yield Violation(at=one.at("Destination.Bucket"), allowed="another bucket")
    elif not status.present or status.text == "Suspended":
        found = f"{target.logical_id}, which keeps no versions"
        yield Violation(at=one.at("Destination.Bucket"), found=found, allowed="a bucket with versioning Enabled")
    role = one.resource.at("ReplicationConfiguration.Role").target
    if role is not None and role.kind == "AWS::IAM::Role":
        for action in _REPLICATES:
            about = one.at("Destination.Bucket") if action == "s3:ReplicateObject" else None
            node = about or Node(bucket, "Ref", {"Fn::GetAtt": [bucket.logical_id, "Arn"]})
            if not may_on(role, action, node):
                found = f"{role.logical_id}, which may not"
                yield Violation(
                    at=one.resource.at("ReplicationConfiguration.Role"), found=found, allowed=f"a role with {action}"
                )


def _is_plain(node: Node) -> bool:
    return node.known or not node.present


@rule(
    "LAKE-S3-016",
    BUCKET,
    title="A bucket has access lists only where owners may set them",
    fix="remove AccessControl and write a bucket policy, or set ObjectOwnership to BucketOwnerPreferred",
    source=f"{_GUIDE}/about-object-ownership.html",
)
def access_lists(bucket: Resource) -> Iterator[Violation]:
    """S3 refuses it: bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced, which is the default."""
    node = bucket.at("AccessControl")
    ownership = bucket.at("OwnershipControls")
    rules = ownership.at("Rules").items()
    enforced = not ownership.present or any(one.at("ObjectOwnership").text == "BucketOwnerEnforced" for one in rules)
    if node.text not in {None, "Private", "BucketOwnerFullControl"} and enforced:
        yield Violation(at=node, allowed="Private, as only the owner's policy counts")


@rule(
    "LAKE-S3-017",
    BUCKET,
    title="A bucket that takes access logs lets the logging service write",
    fix="allow logging.s3.amazonaws.com s3:PutObject in the policy of the bucket of logs",
    source=f"{_GUIDE}/enable-server-access-logging.html",
)
def log_delivery(bucket: Resource) -> Iterator[Violation]:
    """No log is ever written, and nothing reports it."""
    node = bucket.at("LoggingConfiguration.DestinationBucketName")
    target = node.target
    if target is None or target.kind != BUCKET or target.at("AccessControl").text == "LogDeliveryWrite":
        return
    if target.at("AccessControl").present and not target.at("AccessControl").known:
        return
    policies = [
        one for one in bucket.template.everywhere_of_type("AWS::S3::BucketPolicy") if may_be(one.at("Bucket"), target)
    ]
    admitted = any(
        not policy.at("PolicyDocument").known
        or any(one.may_allow("s3:PutObject") and speaks_of(one, "logging.s3.") for one in statements(policy))
        for policy in policies
    )
    if not admitted:
        found = f"{target.logical_id}, whose policy does not let logging.s3.amazonaws.com write"
        yield Violation(at=node, found=found, allowed="a bucket whose policy allows it s3:PutObject")

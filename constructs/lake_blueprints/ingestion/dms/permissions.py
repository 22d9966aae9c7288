"""Permissions of a replication, of those who start and stop it, and of what it is reported by."""

from __future__ import annotations

from collections.abc import Iterator

from aws_cdk import Aws
from aws_cdk import aws_secretsmanager as secretsmanager

from lake_blueprints.foundation.access import Permission
from lake_blueprints.foundation.connections.permissions import sign_in
from lake_blueprints.ingestion.dms.compute import Calls
from lake_blueprints.storage.s3 import Zone
from lake_blueprints.storage.s3 import permissions as objects

_TARGET = "https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.S3.html"
_SECRETS = "https://docs.aws.amazon.com/dms/latest/userguide/security_iam_secretsmanager.html"
_SDK = "https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html"
_IAM = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsdatabasemigrationservice.html"
_EVENTS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html"
_KEYS = "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"
EVENTBRIDGE = "events.amazonaws.com"


def write_files(zone: Zone, prefix: str) -> Iterator[Permission]:
    """Write files below a prefix, and replace them when a table is loaded again."""
    because, wildcard = "writes the files of tables", "files of tables, which DMS names"
    yield objects.on_bucket(
        zone.bucket, (*objects.LIST, *objects.LOCATE), "finds the bucket and its own files", _TARGET
    )
    actions = ("s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject")
    yield objects.on_objects(zone, actions, [prefix], because, wildcard=wildcard).used_for(because, _TARGET)
    yield objects.with_key(zone, objects.ENCRYPT, [prefix], because)


def read_secret(secret: secretsmanager.ISecret) -> Iterator[Permission]:
    """Read where the source is, and the credentials."""
    yield from sign_in(secret, "signs in to the source", _SECRETS)
    full = secret.secret_full_arn
    yield Permission(
        actions=("secretsmanager:DescribeSecret",),
        on=(full or f"{secret.secret_arn}-??????",),
        because="signs in to the source",
        sources=(_SECRETS,),
        wildcard=None if full else "Secrets Manager ends an ARN in six characters of its own",
    )


def look_at(calls: Calls) -> Permission:
    """Look at the state of replications."""
    return Permission(
        actions=(f"dms:{calls.describe}",),
        because="looks at the replication",
        sources=(_SDK, _IAM),
        wildcard="IAM knows no resource for what describes replications",
    )


def start(calls: Calls, arn: str) -> Permission:
    """Start the replication."""
    return Permission(
        actions=(f"dms:{calls.start}",), on=(arn,), because="starts the replication", sources=(_SDK, _IAM)
    )


def stop(calls: Calls, arn: str) -> Permission:
    """Stop the replication."""
    return Permission(actions=(f"dms:{calls.stop}",), on=(arn,), because="stops the replication", sources=(_SDK, _IAM))


def publish_failures(topic_arn: str, rule_arn: str) -> Permission:
    """Publish to a topic that the replication has failed."""
    return Permission(
        actions=("sns:Publish",),
        on=(topic_arn,),
        because="publishes that a replication has failed",
        sources=(_EVENTS,),
        conditions={"ArnEquals": {"aws:SourceArn": rule_arn}},
    )


def use_topic_key(key_arn: str) -> Permission:
    """Use the key of the topic."""
    return Permission(
        actions=("kms:Decrypt", "kms:GenerateDataKey*"),
        on=(key_arn,),
        because="publishes to encrypted topics",
        sources=(_KEYS,),
        conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
    )

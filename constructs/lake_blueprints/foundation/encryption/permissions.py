"""Use of the lake's key and salt: by AWS services under their own names, and by readers."""

from __future__ import annotations

from typing import Any

from aws_cdk import Aws, Stack
from aws_cdk import aws_kms as kms

from lake_blueprints.foundation.access import Permission, arn_of
from lake_blueprints.foundation.access.permissions import Conditions, with_secret_key

_ENCRYPT = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey")
_DELIVER = ("kms:Decrypt", "kms:GenerateDataKey*")
_LOGS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"
_TOPICS = "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"
_NOTIFICATIONS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html"
_BUDGETS = "https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html"
_INVENTORY = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/configure-inventory.html"
_DELIVERY = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html"
_TRAIL = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html"
_TABLES = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-kms-permissions.html"
_INTEGRATIONS = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/zero-etl.creating.html"
_SECRETS = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples.html"


INTEGRATION_CONTEXT = {"purpose": "zero-etl"}
"""Encryption context of integrations, by which the policy of a key tells them from other uses."""


def log_groups(key: kms.IKey) -> Permission:
    """Encrypt log groups of this account."""
    groups = Stack.of(key).format_arn(service="logs", resource="log-group:*")
    return _use(key, _ENCRYPT, "encrypts log groups", _LOGS, _of("aws:logs:arn", groups))


def budgets(key: kms.IKey) -> Permission:
    """Publish that a budget is exceeded."""
    return _use(key, _DELIVER, "publishes to encrypted topics", _BUDGETS, _ours())


def notifications(key: kms.IKey) -> Permission:
    """Notify topics and queues of objects."""
    return _use(key, _DELIVER, "notifies encrypted topics and queues", _NOTIFICATIONS, _ours())


def log_delivery(key: kms.IKey) -> Permission:
    """Deliver vended logs."""
    return _use(key, _DELIVER, "delivers vended logs", _DELIVERY, _ours())


def inventories(key: kms.IKey) -> Permission:
    """Write inventories and Storage Lens exports."""
    return _use(key, ("kms:GenerateDataKey",), "writes inventories", _INVENTORY, _ours())


def events(key: kms.IKey, context: str, service: str) -> Permission:
    """Publish to topics or queues of this account.

    EventBridge does not say for whom it acts, and a condition that asks loses every message; SNS and SQS name the
    topic or queue.
    """
    targets = Stack.of(key).format_arn(service=service, resource="*")
    return _use(key, _DELIVER, "publishes to encrypted topics and queues", _TOPICS, _of(f"aws:{context}", targets))


def compact_tables(key: kms.IKey) -> Permission:
    """Compact the tables of S3 Tables."""
    tables = Stack.of(key).format_arn(service="s3tables", resource="bucket", resource_name="*")
    return _use(key, _DELIVER, "compacts tables", _TABLES, _of("aws:s3:arn", tables))


def encrypt_integrations(key: kms.IKey) -> Permission:
    """Make grants by which zero-ETL integrations of our context encrypt what they carry."""
    (name, value), *_ = INTEGRATION_CONTEXT.items()
    return Permission(
        actions=("kms:CreateGrant",),
        on=(arn_of(key),),
        because="encrypts zero-ETL integrations",
        sources=(_INTEGRATIONS,),
        conditions={
            "StringEquals": {f"kms:EncryptionContext:{name}": value},
            "ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt", "GenerateDataKey", "CreateGrant"]},
            # Of no operations, all are among these.
            "Null": {"kms:GrantOperations": "false"},
        },
        contexts=({"aws:PrincipalIsAWSService": "true"},),
    )


def encrypt_trails(key: kms.IKey) -> Permission:
    """Encrypt the log files of trails."""
    trails = Stack.of(key).format_arn(service="cloudtrail", region="*", resource="trail", resource_name="*")
    named = {"StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": trails}}
    return _use(key, ("kms:GenerateDataKey*",), "encrypts log files", _TRAIL, {**_ours(), **named})


def describe_to_trails(key: kms.IKey) -> Permission:
    """Look at the key of a trail."""
    return _use(key, ("kms:DescribeKey",), "looks at the key", _TRAIL, _ours())


def read_salt(secret_arn: str, key: kms.IKey) -> tuple[Permission, ...]:
    """Read the salt, which Secrets Manager decrypts."""
    because = "reads the salt"
    return (
        Permission(actions=("secretsmanager:GetSecretValue",), on=(secret_arn,), because=because, sources=(_SECRETS,)),
        with_secret_key(key, arn_of(key), secret_arn, because),
    )


def _ours() -> dict[str, dict[str, Any]]:
    return {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}


def _of(context: str, arns: str) -> Conditions:
    return {"ArnLike": {f"kms:EncryptionContext:{context}": arns}}


def _use(key: kms.IKey, actions: tuple[str, ...], because: str, source: str, conditions: Conditions) -> Permission:
    return Permission(actions=actions, on=(arn_of(key),), because=because, sources=(source,), conditions=conditions)

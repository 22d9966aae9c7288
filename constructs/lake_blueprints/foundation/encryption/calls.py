"""Calls of AWS services with the lake's key under their own names."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lake_blueprints.foundation.access.declared import Call, Declared
from lake_blueprints.foundation.encryption.hash_salt import HashSalt

_LOGS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"
_TOPICS = "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"
_NOTIFICATIONS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html"
_BUDGETS = "https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html"
_INVENTORY = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/configure-inventory.html"
_DELIVERY = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html"
_TRAIL = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html"
_TABLES = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-kms-permissions.html"
_SECRETS = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html"
_STRANGER = "444455556666"


def read_salt(salt: HashSalt, because: str) -> tuple[Call, ...]:
    """Read the salt, which Secrets Manager decrypts."""
    told = {
        "kms:ViaService": f"secretsmanager.{Aws.REGION}.amazonaws.com",
        "kms:EncryptionContext:SecretARN": salt.secret_arn,
    }
    return (
        Call(
            actions=("secretsmanager:GetSecretValue",),
            resources=(salt.secret_arn,),
            because=because,
            source=_SECRETS,
        ),
        Call(
            actions=("kms:Decrypt",),
            resources=(salt.key.key_arn,),
            contexts=(told,),
            because=because,
            source=_SECRETS,
        ),
    )


def read_salt_calls(salt: HashSalt, reader: iam.IRole) -> Declared:
    """Return the calls of a principal that compares hashes."""
    actions = ("secretsmanager:PutSecretValue", "secretsmanager:DeleteSecret")
    return Declared(
        name="Reader of a salt",
        principal=reader,
        required=read_salt(salt, "reads the salt"),
        refused=(Call(actions=actions, resources=(salt.secret_arn,), because="changing the salt", source=_SECRETS),),
    )


def log_group_calls(key: kms.IKey) -> Declared:
    """Return what CloudWatch Logs does with the key of log groups."""
    actions = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey")
    return Declared(
        name="CloudWatch Logs",
        principal=f"logs.{Aws.REGION}.{Aws.URL_SUFFIX}",
        required=(_use(key, "encrypts log groups", _LOGS, _group(key, Aws.ACCOUNT_ID), *actions, "kms:DescribeKey"),),
        refused=(
            _use(key, "log groups of another account", _LOGS, _group(key, _STRANGER), *actions),
            _use(key, "changing the key", _LOGS, {}, "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:CreateGrant"),
        ),
    )


def service_calls(key: kms.IKey) -> tuple[Declared, ...]:
    """Return what services do that are switched on by name."""
    deliver = ("kms:GenerateDataKey", "kms:Decrypt")
    return (
        _events(key),
        _ours(key, "CloudWatch alarms", "cloudwatch.amazonaws.com", "publishes to encrypted topics", _TOPICS, *deliver),
        _ours(key, "Budgets", "budgets.amazonaws.com", "publishes to encrypted topics", _BUDGETS, *deliver),
        _ours(key, "S3 notifications", "s3.amazonaws.com", "notifies encrypted queues", _NOTIFICATIONS, *deliver),
        _ours(key, "Log delivery", "delivery.logs.amazonaws.com", "delivers vended logs", _DELIVERY, *deliver),
        _tables(key),
        _trail(key),
    )


def inventory_calls(key: kms.IKey) -> Declared:
    """Return what S3 does that writes inventories."""
    return _ours(key, "S3 inventory", "s3.amazonaws.com", "writes inventories", _INVENTORY, "kms:GenerateDataKey")


def _ours(key: kms.IKey, name: str, principal: str, because: str, source: str, *actions: str) -> Declared:
    return Declared(
        name=name,
        principal=principal,
        required=(_use(key, because, source, {"aws:SourceAccount": Aws.ACCOUNT_ID}, *actions),),
        refused=(
            _use(key, "acting for another account", source, {"aws:SourceAccount": _STRANGER}, *actions),
            _use(key, "acting for nobody known", source, {}, *actions),
        ),
    )


def _events(key: kms.IKey) -> Declared:
    def of(account: str, service: str, name: str) -> Mapping[str, str]:
        target = Stack.of(key).format_arn(service=service, account=account, resource="target")
        return {f"kms:EncryptionContext:aws:{name}": target}

    actions, targets = ("kms:GenerateDataKey", "kms:Decrypt"), (("sns", "sns:topicArn"), ("sqs", "sqs:arn"))
    return Declared(
        name="EventBridge",
        principal="events.amazonaws.com",
        required=tuple(
            _use(key, "publishes to encrypted topics and queues", _TOPICS, of(Aws.ACCOUNT_ID, *target), *actions)
            for target in targets
        ),
        refused=tuple(
            _use(key, "topics and queues of another account", _TOPICS, of(_STRANGER, *target), *actions)
            for target in targets
        ),
    )


def _tables(key: kms.IKey) -> Declared:
    def of(account: str) -> Mapping[str, str]:
        bucket = Stack.of(key).format_arn(
            service="s3tables", account=account, resource="bucket", resource_name="tables/table/1"
        )
        return {"kms:EncryptionContext:aws:s3:arn": bucket}

    actions, name = ("kms:GenerateDataKey", "kms:Decrypt"), "maintenance.s3tables.amazonaws.com"
    return Declared(
        name="S3 Tables",
        principal=name,
        required=(_use(key, "compacts tables", _TABLES, of(Aws.ACCOUNT_ID), *actions),),
        refused=(_use(key, "tables of another account", _TABLES, of(_STRANGER), *actions),),
    )


def _trail(key: kms.IKey) -> Declared:
    def of(account: str) -> Mapping[str, str]:
        trail = Stack.of(key).format_arn(
            service="cloudtrail", account=account, resource="trail", resource_name="management"
        )
        return {"aws:SourceAccount": account, "kms:EncryptionContext:aws:cloudtrail:arn": trail}

    return Declared(
        name="CloudTrail",
        principal="cloudtrail.amazonaws.com",
        required=(
            _use(key, "encrypts log files", _TRAIL, of(Aws.ACCOUNT_ID), "kms:GenerateDataKey"),
            _use(key, "looks at the key", _TRAIL, {"aws:SourceAccount": Aws.ACCOUNT_ID}, "kms:DescribeKey"),
        ),
        refused=(
            _use(key, "trails of another account", _TRAIL, of(_STRANGER), "kms:GenerateDataKey", "kms:DescribeKey"),
            _use(key, "reading log files", _TRAIL, of(Aws.ACCOUNT_ID), "kms:Decrypt"),
        ),
    )


def _group(key: kms.IKey, account: str) -> Mapping[str, str]:
    group = Stack.of(key).format_arn(service="logs", account=account, resource="log-group:group")
    return {"kms:EncryptionContext:aws:logs:arn": group}


def _use(key: kms.IKey, because: str, source: str, context: Mapping[str, str], *actions: str) -> Call:
    return Call(actions=actions, resources=(key.key_arn,), contexts=(context,), because=because, source=source)

"""Permissions of readers, writers and exports of a DynamoDB table, with the key that it is encrypted with."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms

from lake_blueprints.foundation.access import Permission, arn_of
from lake_blueprints.storage.s3 import Zone
from lake_blueprints.storage.s3 import permissions as objects

_API = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/api-permissions-reference.html"
_KEY = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html"
_TAGS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/attribute-based-access-control.html"
_EXPORT = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport_Requesting.html"

_READ = ("GetItem", "BatchGetItem", "Query", "Scan", "DescribeTable")
_WRITE = ("PutItem", "BatchWriteItem", "UpdateItem", "DeleteItem", "DescribeTable")
_ENCRYPT = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")


def read_items(table: dynamodb.ITable, key: kms.IKey) -> tuple[Permission, ...]:
    """Read items by key, by query and by scan, and decrypt them."""
    return _use(table, key, _READ, ("kms:Decrypt",), "reads items")


def write_items(table: dynamodb.ITable, key: kms.IKey) -> tuple[Permission, ...]:
    """Put, change and delete items, and encrypt them; not read them."""
    return _use(table, key, _WRITE, _ENCRYPT, "writes items")


def put_items(table: dynamodb.ITable, key: kms.IKey) -> tuple[Permission, ...]:
    """Put items, on conditions as well, and encrypt them; not read them."""
    return _use(table, key, ("PutItem",), _ENCRYPT, "puts items")


def remember_items(table: dynamodb.ITable, key: kms.IKey) -> tuple[Permission, ...]:
    """Put items, and read them by their keys."""
    return _use(table, key, ("GetItem", "PutItem"), _ENCRYPT, "remembers what it did")


def load_items(table: dynamodb.ITable, key: kms.IKey) -> tuple[Permission, ...]:
    """Put and delete items in batches, list their keys, and note on the table what it holds."""
    because = "notes what the table holds"
    return (
        *_use(table, key, ("BatchWriteItem", "Scan"), _ENCRYPT, "puts and deletes items"),
        Permission(actions=("dynamodb:ListTagsOfResource",), on=(table.table_arn,), because=because, sources=(_TAGS,)),
        Permission(
            actions=("dynamodb:TagResource", "dynamodb:UntagResource"),
            on=(table.table_arn,),
            because=because,
            sources=(_TAGS,),
            # Other tags may decide who is let in; without the second condition a request that names none is allowed.
            conditions={
                "ForAllValues:StringEquals": {"aws:TagKeys": ["lake:loaded"]},
                "Null": {"aws:TagKeys": "false"},
            },
        ),
    )


def export_items(table: dynamodb.ITable, key: kms.IKey, zone: Zone, prefix: str) -> tuple[Permission, ...]:
    """Export a table to a prefix of a zone, under the identity that asks for it, and follow the export."""
    because, arn = "exports the table", table.table_arn
    export_arn = f"{arn}/export/*"
    unnamed = "an export is named by DynamoDB when it begins"
    return (
        Permission(actions=("dynamodb:ExportTableToPointInTime",), on=(arn,), because=because, sources=(_EXPORT,)),
        Permission(
            actions=("dynamodb:DescribeExport",),
            on=(export_arn,),
            because=because,
            sources=(_EXPORT,),
            wildcard=unnamed,
        ),
        Permission(
            actions=("s3:PutObject", "s3:PutObjectAcl", "s3:AbortMultipartUpload"),
            on=(f"{arn_of(zone.bucket)}/{prefix}*",),
            because=because,
            sources=(_EXPORT,),
            wildcard="DynamoDB names the objects of an export",
            policy_of=zone.bucket,
        ),
        objects.with_key(zone, objects.ENCRYPT, [prefix], because),
        _with_key(table, key, ("kms:Decrypt",), because),
    )


def _use(
    table: dynamodb.ITable, key: kms.IKey, actions: tuple[str, ...], key_actions: tuple[str, ...], because: str
) -> tuple[Permission, ...]:
    return (
        Permission(
            actions=tuple(f"dynamodb:{action}" for action in actions),
            on=(table.table_arn,),
            because=because,
            sources=(_API,),
        ),
        _with_key(table, key, key_actions, because),
    )


def _with_key(table: dynamodb.ITable, key: kms.IKey, actions: tuple[str, ...], because: str) -> Permission:
    context = {
        "kms:ViaService": "dynamodb.${AWS::Region}.amazonaws.com",
        "kms:EncryptionContext:aws:dynamodb:tableName": table.table_name,
        "kms:EncryptionContext:aws:dynamodb:subscriberId": Stack.of(table).account,
    }
    return Permission(
        actions=actions, on=(arn_of(key),), because=because, sources=(_KEY,), policy_of=key, contexts=(context,)
    )

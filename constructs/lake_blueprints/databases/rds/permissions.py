"""Permissions of those who sign in to a database of RDS by IAM, and of exports."""

from __future__ import annotations

from collections.abc import Iterator

from aws_cdk import ArnFormat, Stack

from lake_blueprints.foundation.access import Permission, arn_of
from lake_blueprints.foundation.access.permissions import pass_role
from lake_blueprints.storage.s3 import Zone
from lake_blueprints.storage.s3 import permissions as objects

_IAM = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.IAMPolicy.html"
EXPORTS = "export.rds.amazonaws.com"
_START = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StartExportTask.html"
_FOLLOW = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeExportTasks.html"
# Those that AWS lists as s3:PutObject*, s3:GetObject* and s3:DeleteObject*, and that an export can need of them.
_OBJECTS = ("s3:PutObject", "s3:PutObjectTagging", "s3:GetObject", "s3:GetObjectTagging", "s3:DeleteObject")
_ENCRYPT = ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext")
_KEY = (*_ENCRYPT, "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:RetireGrant")
_NAMED = "snapshots are named after the executions that take them"
_SNAPSHOT = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html"


def sign_in_as(stack: Stack, resource_id: str, username: str) -> Permission:
    """Sign in as one user of a cluster or instance, with a token instead of a password."""
    user = stack.format_arn(
        service="rds-db",
        resource="dbuser",
        resource_name=f"{resource_id}/{username}",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    return Permission(
        actions=("rds-db:connect",), on=(user,), because="signs in to the database by IAM", sources=(_IAM,)
    )


def write_export(zone: Zone, prefix: str, source: str) -> Iterator[Permission]:
    """Write an export below a prefix."""
    because = "writes the files of an export"
    found = (*objects.LIST, *objects.LOCATE)
    yield objects.on_bucket(zone.bucket, found, "finds the bucket and its own files", source)
    yield objects.on_objects(zone, _OBJECTS, [prefix], because, wildcard="RDS names the files of an export")
    yield objects.with_key(zone, objects.ENCRYPT, [prefix], because)


def start_export(role_arn: str, zone: Zone, because: str) -> Iterator[Permission]:
    """Export a database under a role, encrypted by the key of a zone, and follow the export."""
    yield Permission(
        actions=("rds:StartExportTask", "rds:DescribeExportTasks"),
        because=because,
        sources=(_START, _FOLLOW),
        wildcard="an export has no ARN; the role that is passed and the key say where it may go",
    )
    yield from hand_over(role_arn, zone, because)


def export_snapshots(role_arn: str, zone: Zone, snapshots: str, because: str) -> Iterator[Permission]:
    """Export snapshots under a role, encrypted by the key of a zone, and follow the exports."""
    yield Permission(
        actions=("rds:StartExportTask", "rds:DescribeExportTasks"),
        on=(snapshots,),
        because=because,
        sources=(_START, _FOLLOW),
        wildcard=_NAMED,
    )
    yield from hand_over(role_arn, zone, because)


def hand_over(role_arn: str, zone: Zone, because: str) -> Iterator[Permission]:
    """Give an export its role, and the key of a zone."""
    yield pass_role(role_arn, EXPORTS, because)
    via = {"kms:ViaService": "rds.${AWS::Region}.amazonaws.com"}
    yield Permission(
        actions=(*_KEY, "kms:DescribeKey"),
        on=(arn_of(zone.key),),
        because=because,
        sources=(_START,),
        policy_of=zone.key,
        contexts=(via,),
    )
    yield Permission(
        actions=("kms:CreateGrant",),
        on=(arn_of(zone.key),),
        because=because,
        sources=(_START,),
        conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        policy_of=zone.key,
        contexts=(via,),
    )


def take_snapshot(instance_arn: str, snapshots: str) -> Iterator[Permission]:
    """Take snapshots of an instance, follow and delete them."""
    because = "takes a snapshot, and deletes it"
    yield Permission(
        actions=("rds:CreateDBSnapshot",),
        on=(instance_arn, snapshots),
        because=because,
        sources=(_SNAPSHOT,),
        wildcard=_NAMED,
    )
    yield Permission(
        actions=("rds:DescribeDBSnapshots", "rds:DeleteDBSnapshot"),
        on=(snapshots,),
        because=because,
        sources=(_SNAPSHOT,),
        wildcard=_NAMED,
    )

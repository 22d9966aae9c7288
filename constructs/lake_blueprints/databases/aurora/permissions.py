"""Permissions of an export of a cluster: of its role, and of what starts and follows it."""

from __future__ import annotations

from collections.abc import Iterator

from lake_blueprints.foundation.access import Permission, arn_of
from lake_blueprints.foundation.access.permissions import pass_role
from lake_blueprints.storage.s3 import Zone
from lake_blueprints.storage.s3 import permissions as objects

EXPORTS = "export.rds.amazonaws.com"
_ACCESS = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/export-cluster-data.html"
_START = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StartExportTask.html"
_FOLLOW = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeExportTasks.html"
# Those that AWS lists as s3:PutObject*, s3:GetObject* and s3:DeleteObject*, and that an export can need of them.
_OBJECTS = ("s3:PutObject", "s3:PutObjectTagging", "s3:GetObject", "s3:GetObjectTagging", "s3:DeleteObject")
_ENCRYPT = ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext")
_KEY = (*_ENCRYPT, "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:RetireGrant")


def write_export(zone: Zone, prefix: str) -> Iterator[Permission]:
    """Write an export below a prefix."""
    because = "writes the files of an export"
    found = (*objects.LIST, *objects.LOCATE)
    yield objects.on_bucket(zone.bucket, found, "finds the bucket and its own files", _ACCESS)
    yield objects.on_objects(zone, _OBJECTS, [prefix], because, wildcard="RDS names the files of an export")
    yield objects.with_key(zone, objects.ENCRYPT, [prefix], because)


def start_export(role_arn: str, zone: Zone) -> Iterator[Permission]:
    """Export a cluster under a role, encrypted by the key of a zone, and follow the export."""
    because = "exports the cluster"
    yield Permission(
        actions=("rds:StartExportTask", "rds:DescribeExportTasks"),
        because=because,
        sources=(_START, _FOLLOW),
        wildcard="an export has no ARN; the role that is passed and the key say where it may go",
    )
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

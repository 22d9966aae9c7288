"""Permissions of a curation job."""

from __future__ import annotations

from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.storage.s3 import Zone
from lake_blueprints.storage.s3 import permissions as objects

_JOB = "https://docs.aws.amazon.com/glue/latest/dg/create-service-policy.html"
_SPARK = "https://hadoop.apache.org/docs/stable/hadoop-aws/tools/hadoop-aws/assumed_roles.html"


def keep_state(role: ServiceRole, zone: Zone, prefix: str) -> None:
    """Let a script keep small documents below a prefix; listing it tells a missing one from a forbidden one."""
    with role.used_for("reads the ledger"):
        zone.grant_objects(role, prefix=prefix, restricted=True)
    because = "writes the ledger and the reports"
    allow(
        role,
        objects.on_objects(zone, ("s3:PutObject",), [prefix], because, wildcard="reports are named after their runs"),
        objects.with_key(zone, objects.ENCRYPT, [prefix], because),
    )


def write_files(role: ServiceRole, zone: Zone, prefix: str) -> None:
    """Let Spark write files below a prefix, with the uploads and deletions of its committers."""
    zone.grant_objects(role, prefix=prefix, restricted=True)
    actions, because = (*objects.UPLOAD, *objects.DELETE), "writes files"
    allow(
        role,
        objects.on_objects(zone, actions, [prefix], because, wildcard="Spark names the files that it writes"),
        objects.on_bucket(zone.bucket, objects.FIND_UPLOADS, because, _JOB, _SPARK),
        objects.with_key(zone, objects.ENCRYPT, [prefix], because),
    )

"""Permissions of the writers of an Iceberg table, and of its optimizers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aws_cdk import Stack
from constructs import Construct

from lake_blueprints.foundation.access import Permission
from lake_blueprints.storage.s3 import Zone
from lake_blueprints.storage.s3 import permissions as objects

_OPTIMIZERS = "https://docs.aws.amazon.com/glue/latest/dg/optimization-prerequisites.html"
_LOG = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
# https://docs.aws.amazon.com/glue/latest/dg/optimization-prerequisites.html: the last part of the log group's name.
_LOG_GROUPS = {
    "compaction": "iceberg-compaction",
    "retention": "iceberg-retention",
    "orphan_file_deletion": "iceberg-orphan-file-deletion",
}


KINDS = tuple(_LOG_GROUPS)
"""The types of optimizers."""


def optimize(scope: Construct, zone: Zone, prefix: str, kinds: Sequence[str]) -> Iterator[Permission]:
    """Read, rewrite and delete the files of a table, as far as its optimizers do so.

    Parameters
    ----------
    scope: Construct
        Whose stack has the catalog.
    zone: Zone
        Where the table lies.
    prefix: str
        Where in the zone; empty for the whole zone.
    kinds: sequence of str
        Types of the optimizers.
    """
    rewrites = any(kind != "orphan_file_deletion" for kind in kinds)
    because = "optimizes the table"
    actions = (*objects.GET, *(("s3:PutObject",) if rewrites else ()), *objects.DELETE)
    key = objects.ENCRYPT if rewrites else objects.DECRYPT
    # The location, with and without its slash.
    listed = [prefix.rstrip("/"), f"{prefix}*"] if prefix else []
    yield objects.list_objects(zone, listed, because).used_for(because, _OPTIMIZERS)
    yield objects.on_objects(zone, actions, [prefix], because).used_for(because, _OPTIMIZERS)
    yield objects.with_key(zone, key, [prefix], because)
    groups = tuple(
        Stack.of(scope).format_arn(service="logs", resource=f"log-group:/aws-glue/{_LOG_GROUPS[kind]}/logs:*")
        for kind in kinds
    )
    yield Permission(
        actions=_LOG,
        on=groups,
        because="writes logs",
        sources=(_OPTIMIZERS,),
        wildcard="log streams whose names Glue makes, in groups that all tables of the account share",
    )

"""Buckets from which nothing can be erased, refused when all options of the app are known."""

from __future__ import annotations

from collections.abc import Sequence

import jsii
from aws_cdk import aws_s3 as s3
from constructs import Construct, IValidation

from lake_blueprints.storage.s3 import LakeBucket, Zone


def check_at_synth(scope: Construct, storages: Sequence[Zone | LakeBucket]) -> None:
    """Refuse buckets that keep or copy versions, at synth: the app may set these after the construct is made."""
    scope.node.add_validation(_Erasable(storages))


@jsii.implements(IValidation)
class _Erasable:
    def __init__(self, storages: Sequence[Zone | LakeBucket]) -> None:
        self._storages = storages

    def validate(self) -> list[str]:
        return list(dict.fromkeys(problem for storage in self._storages for problem in _problems(storage)))


def _problems(storage: Zone | LakeBucket) -> list[str]:
    resource = storage.bucket.node.default_child
    if not isinstance(resource, s3.CfnBucket):
        return []
    found = []
    if resource.object_lock_enabled or resource.object_lock_configuration:
        found.append(
            f"bucket '{storage.node.path}' has object lock, under which no version can be removed before its time: "
            "nobody can be erased from it; leave the lock out, or erase from other places"
        )
    versioning = resource.versioning_configuration
    if not isinstance(versioning, s3.CfnBucket.VersioningConfigurationProperty) or versioning.status != "Enabled":
        found.append(
            f"bucket '{storage.node.path}' has no versioning, without which an object that is written again cannot be "
            "told from the one before; switch it on"
        )
    if resource.replication_configuration:
        found.append(
            f"bucket '{storage.node.path}' is replicated, and S3 replicates no removal of a version: the replica would "
            "keep who is erased; leave the replication out, or erase from other places"
        )
    return found

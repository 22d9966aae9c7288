"""Findings about a lake's buckets that the library decided, acknowledged with the reasons."""

from __future__ import annotations

from typing import Final

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct

_REPLICATION: Final = (
    "one Region holds the lake: objects are versioned and retained; a copy elsewhere would double the cost of storage "
    "and is the app's to decide"
)
_LOCK: Final = (
    "records expire as contracts say and quarantined ones are deleted when they are repaired, which a lock would "
    "forbid; versions protect from mistakes"
)
_REASONS: Final = {
    **dict.fromkeys(
        (
            f"{pack}-S3BucketReplicationEnabled"
            for pack in ("HIPAA.Security", "NIST.800.53.R4", "NIST.800.53.R5", "PCI.DSS.321")
        ),
        _REPLICATION,
    ),
    "NIST.800.53.R4-S3BucketDefaultLockEnabled": _LOCK,
    "CT.S3.PR.9": _LOCK,
}


def acknowledge_retention(bucket: IConstruct) -> None:
    """Acknowledge that a bucket is neither replicated to another Region nor locked."""
    Validations.of(bucket).acknowledge(
        *(Acknowledgment(id=finding, reason=reason) for finding, reason in _REASONS.items())
    )

"""Maintenance that S3 does by itself: expiration of snapshots, and removal of files that no snapshot names."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_s3tables as s3tables

from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInDays, KnownDurationInHours
from template_checks.limits import s3_tables as limits

_THREE_DAYS, _FIVE_DAYS, _TEN_DAYS = Duration.days(3), Duration.days(5), Duration.days(10)


@checked
@dataclass(frozen=True, kw_only=True)
class UnreferencedFileRemoval:
    """Removal of files that no snapshot of a table names, such as those of writes that failed.

    Parameters
    ----------
    unreferenced: Duration
        Age at which such a file is deleted, whole days, at least 1. By default 3 days, as S3's; a write that takes
        longer would lose its files before it commits.
    noncurrent: Duration
        Time after which a deleted file is gone for good, whole days, at least 1. By default 10 days, as S3's; until
        then AWS Support can bring it back.
    """

    unreferenced: KnownDurationInDays = _THREE_DAYS
    noncurrent: KnownDurationInDays = _TEN_DAYS

    def __post_init__(self) -> None:
        limits.UNREFERENCED_DAYS.check("unreferenced", self.unreferenced.to_days(integral=False))
        limits.NONCURRENT_DAYS.check("noncurrent", self.noncurrent.to_days(integral=False))

    @property
    def configuration(self) -> s3tables.CfnTableBucket.UnreferencedFileRemovalProperty:
        """The configuration as the resource type takes it."""
        return s3tables.CfnTableBucket.UnreferencedFileRemovalProperty(
            status="Enabled",
            unreferenced_days=self.unreferenced.to_days(),
            noncurrent_days=self.noncurrent.to_days(),
        )


@checked
@dataclass(frozen=True, kw_only=True)
class SnapshotManagement:
    """Expiration of snapshots, with the files that only they need.

    Parameters
    ----------
    max_age: Duration
        Age at which a snapshot expires, whole hours, at least 1. By default 5 days, as S3's: so far back a query can
        travel.
    min_snapshots: int
        Number of snapshots that stay, whatever their age, at least 1. By default 1, as S3's.
    """

    max_age: KnownDurationInHours = _FIVE_DAYS
    min_snapshots: int = 1

    def __post_init__(self) -> None:
        limits.SNAPSHOT_HOURS.check("max_age", self.max_age.to_hours(integral=False))
        limits.SNAPSHOTS.check("min_snapshots", self.min_snapshots)

    @property
    def configuration(self) -> s3tables.CfnTable.SnapshotManagementProperty:
        """The configuration as the resource type takes it."""
        return s3tables.CfnTable.SnapshotManagementProperty(
            status="enabled",
            max_snapshot_age_hours=self.max_age.to_hours(),
            min_snapshots_to_keep=self.min_snapshots,
        )

"""Limits of Glue."""

from __future__ import annotations

from template_checks.core.limit import Limit, Span

_JOB = "AWS::Glue::Job"
_CREATE_JOB = "https://docs.aws.amazon.com/glue/latest/webapi/API_CreateJob.html"
_WORKERS = "https://docs.aws.amazon.com/glue/latest/dg/worker-types.html"

# "less than 7 days or 10080 minutes"
JOB_TIMEOUT = Limit(_JOB, "Timeout", Span(1, 10_079), unit="minutes", source=_CREATE_JOB)
JOB_RETRIES = Limit(_JOB, "MaxRetries", Span(0, 10, 1), source=_CREATE_JOB)
WORKERS = Limit(_JOB, "NumberOfWorkers", Span(2, 299, 1), unit="workers", source=_WORKERS)

_OPTIMIZER = "AWS::Glue::TableOptimizer"
_CONFIGURATION = "TableOptimizerConfiguration"
_COMPACTION = "https://docs.aws.amazon.com/glue/latest/webapi/API_IcebergCompactionConfiguration.html"
_RETENTION = "https://docs.aws.amazon.com/glue/latest/webapi/API_IcebergRetentionConfiguration.html"
_ORPHANS = "https://docs.aws.amazon.com/glue/latest/webapi/API_IcebergOrphanFileDeletionConfiguration.html"

COMPACTION_FILES = Limit(
    _OPTIMIZER,
    f"{_CONFIGURATION}.CompactionConfiguration.IcebergConfiguration.MinInputFiles",
    Span(1, step=1),
    unit="files",
    source=_COMPACTION,
)
COMPACTION_DELETES = Limit(
    _OPTIMIZER,
    f"{_CONFIGURATION}.CompactionConfiguration.IcebergConfiguration.DeleteFileThreshold",
    Span(1, step=1),
    unit="deletes",
    source=_COMPACTION,
)
SNAPSHOT_DAYS = Limit(
    _OPTIMIZER,
    f"{_CONFIGURATION}.RetentionConfiguration.IcebergConfiguration.SnapshotRetentionPeriodInDays",
    Span(1, step=1),
    unit="days",
    source=_RETENTION,
)
SNAPSHOTS = Limit(
    _OPTIMIZER,
    f"{_CONFIGURATION}.RetentionConfiguration.IcebergConfiguration.NumberOfSnapshotsToRetain",
    Span(1, step=1),
    unit="snapshots",
    source=_RETENTION,
)
ORPHAN_FILE_DAYS = Limit(
    _OPTIMIZER,
    f"{_CONFIGURATION}.OrphanFileDeletionConfiguration.IcebergConfiguration.OrphanFileRetentionPeriodInDays",
    Span(1, step=1),
    unit="days",
    source=_ORPHANS,
)

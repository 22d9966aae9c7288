"""Sample of a cluster of DocumentDB."""

from __future__ import annotations

from aws_cdk import Duration

from lake_blueprints.databases.documentdb import DocumentCluster
from template_checks.limits import documentdb as limits
from tests.conformance.sample import Limited, Sample

SAMPLE = Sample(
    construct=DocumentCluster,
    options=lambda lake: {"network": lake.network},
    limits={
        "min_capacity": Limited(
            limit=limits.MIN_CAPACITY, options=lambda _, n: {"min_capacity": n, "max_capacity": 256}
        ),
        "max_capacity": Limited(limit=limits.MAX_CAPACITY, options=lambda _, n: {"max_capacity": n}),
        "change_streams_kept_for": Limited(
            limit=limits.CHANGE_STREAM_SECONDS, options=lambda _, n: {"change_streams_kept_for": Duration.seconds(n)}
        ),
        "backups_kept_for": Limited(
            limit=limits.BACKUP_DAYS, options=lambda _, n: {"backups_kept_for": Duration.days(n)}
        ),
    },
)

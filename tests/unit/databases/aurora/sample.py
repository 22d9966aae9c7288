"""Samples of an Aurora cluster."""

from __future__ import annotations

from aws_cdk import Duration

from lake_blueprints.databases.aurora import AuroraCluster, ClusterExport
from lake_blueprints.foundation.connections import DatabaseEngine
from template_checks.limits import rds
from tests.conformance.sample import Limited, Sample

SAMPLE = Sample(
    construct=AuroraCluster,
    grants={"grant_sign_in": lambda _, __: {"username": "reader"}},
    limits={
        "min_capacity": Limited(limit=rds.MIN_CAPACITY, options=lambda _, n: {"min_capacity": n, "max_capacity": 256}),
        "max_capacity": Limited(limit=rds.MAX_CAPACITY, options=lambda _, n: {"max_capacity": n}),
        "pause_after": Limited(limit=rds.PAUSE_SECONDS, options=lambda _, n: {"pause_after": Duration.seconds(n)}),
        "backups_kept_for": Limited(
            limit=rds.CLUSTER_BACKUP_DAYS, options=lambda _, n: {"backups_kept_for": Duration.days(n)}
        ),
    },
)
MYSQL = Sample(
    construct=AuroraCluster,
    variant="mysql",
    options=lambda _: {"engine": DatabaseEngine.MYSQL, "replication": True},
    grants={"grant_sign_in": lambda _, __: {"username": "reader"}},
)
EXPORT = Sample(
    construct=ClusterExport,
    options=lambda lake: {
        "cluster": AuroraCluster(lake.scope, lake.unique("Shop"), network=lake.network, encryption_key=lake.key),
        "zone": lake.raw,
        "prefix": "exports/",
    },
)

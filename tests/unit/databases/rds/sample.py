"""Samples of a database instance."""

from __future__ import annotations

from aws_cdk import Duration

from lake_blueprints.databases.rds import InstanceExport, RdsInstance
from lake_blueprints.foundation.connections import DatabaseEngine
from template_checks.limits import rds
from tests.conformance.sample import Limited, Sample

SAMPLE = Sample(
    construct=RdsInstance,
    grants={"grant_sign_in": lambda _, __: {"username": "reader"}},
    limits={
        "storage_gb": Limited(
            limit=rds.STORAGE_GB,
            options=lambda _, n: {"storage_gb": n, "max_storage_gb": n + 1 if n < 65_536 else None},
        ),
        "backups_kept_for": Limited(
            limit=rds.CLUSTER_BACKUP_DAYS, options=lambda _, n: {"backups_kept_for": Duration.days(n)}
        ),
    },
)
MYSQL = Sample(
    construct=RdsInstance,
    variant="mysql",
    options=lambda _: {"engine": DatabaseEngine.MYSQL, "version": "8.4.11", "replication": True},
    grants={"grant_sign_in": lambda _, __: {"username": "reader"}},
)
EXPORT = Sample(
    construct=InstanceExport,
    options=lambda lake: {
        "instance": RdsInstance(lake.scope, lake.unique("Shop"), network=lake.network, encryption_key=lake.key),
        "zone": lake.raw,
        "prefix": "exports/",
    },
)

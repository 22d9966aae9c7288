"""Sample of a serverless cache."""

from __future__ import annotations

from lake_blueprints.databases.valkey import ServerlessCache
from template_checks.limits import elasticache as limits
from tests.conformance.sample import Limited, Sample

SAMPLE = Sample(
    construct=ServerlessCache,
    options=lambda lake: {"network": lake.network},
    limits={
        "max_storage": Limited(limit=limits.STORAGE, options=lambda _, n: {"max_storage": n}),
        "max_units_per_second": Limited(limit=limits.UNITS, options=lambda _, n: {"max_units_per_second": n}),
        "snapshots_kept": Limited(limit=limits.SNAPSHOTS, options=lambda _, n: {"snapshots_kept": n}),
    },
)

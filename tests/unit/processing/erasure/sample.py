"""Sample of an erasure."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from aws_cdk import Duration

from lake_blueprints.contracts import Column
from lake_blueprints.processing.curation import CurationJob
from lake_blueprints.processing.erasure import Erasure, ExportedObjects
from template_checks.limits import glue
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Limited, Sample

_COLUMNS = [Column(name="id", type="int"), Column(name="email", type="string", tags=["subject"])]


def _curation(lake: Fixtures) -> Any:
    known = lake.scope.node.try_find_child("CurateCustomers")
    dataset = evolve(lake.dataset, name="customers", columns=_COLUMNS)
    return known or CurationJob(
        lake.scope,
        "CurateCustomers",
        dataset=dataset,
        source=lake.raw,
        target=lake.database.add_iceberg_table(
            # China and GovCloud have no optimizers.
            dataset,
            compaction=None,
            snapshot_retention=None,
            orphan_file_deletion=None,
        ),
    )


SAMPLE = Sample(
    construct=Erasure,
    options=lambda lake: {
        "requests": lake.analytics,
        "curations": [_curation(lake)],
        "exports": [ExportedObjects(storage=lake.analytics, prefix="exports/")],
    },
    limits={"timeout": Limited(limit=glue.JOB_TIMEOUT, options=lambda _, n: {"timeout": Duration.minutes(n)})},
)

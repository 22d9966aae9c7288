"""Sample of a curation job."""

from __future__ import annotations

from aws_cdk import Duration

from lake_blueprints.processing.curation import CurationJob, Worker
from template_checks.limits import glue
from tests.conformance.sample import Limited, Sample

SAMPLE = Sample(
    construct=CurationJob,
    options=lambda lake: {"dataset": lake.dataset, "source": lake.raw, "target": lake.table},
    limits={
        "timeout": Limited(limit=glue.JOB_TIMEOUT, options=lambda _, n: {"timeout": Duration.minutes(n)}),
        "max_retries": Limited(limit=glue.JOB_RETRIES, options=lambda _, n: {"max_retries": n}),
        "Worker.count": Limited(limit=glue.WORKERS, options=lambda _, n: {"worker": Worker(count=n)}),
    },
)

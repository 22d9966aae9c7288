"""Glue job: turn the new objects of a source prefix into rows of a curated table.

Every record is accounted for: read = curated + duplicates + filtered + quarantined. An object that cannot be read
counts as one. A run that was killed at any point is repaired by the next one. The plan, the guarantees and their
limits: docs/etl.md.
"""

from __future__ import annotations

import sys
from typing import Any

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from lake_curation.errors import CurateError, cause_of
from lake_curation.run import Run
from pyspark import SparkContext


def main(argv: list[str]) -> None:
    names = ["JOB_NAME", "plan", "source", "quarantine", "state", "database", "table"]
    optional = ["joins", "masked_database", "masked_table", "salt", "replay", "catalog", "evolve"]
    args: dict[str, Any] = getResolvedOptions(argv, [*names, *(name for name in optional if f"--{name}" in argv)])
    context = GlueContext(SparkContext.getOrCreate())
    # Without Job.init Glue does not apply the job's security configuration.
    job = Job(context)
    job.init(args["JOB_NAME"], args)
    try:
        Run(context.spark_session, args).go()
    except Exception as error:
        # Spark's own message names a stage and a task; the alarm should name the cause.
        if cause := cause_of(error):
            raise CurateError(cause) from error
        raise
    job.commit()


if __name__ == "__main__":
    main(sys.argv)

"""Glue job: erase persons from the tables, records and objects of a lake, with every version that holds them.

The keys come from objects of a private prefix, never as arguments. A run that is killed is repeated as a whole by the
next one. What is erased and what is not: docs/governance.md.
"""

from __future__ import annotations

import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from lake_erasure.run import Run
from pyspark import SparkContext


def main(argv: list[str]) -> None:
    args = getResolvedOptions(argv, ["JOB_NAME", "places", "jobs", "requests", "state", "reports"])
    context = GlueContext(SparkContext.getOrCreate())
    # Without Job.init Glue does not apply the job's security configuration.
    job = Job(context)
    job.init(args["JOB_NAME"], args)
    Run(context.spark_session, args).go()
    job.commit()


if __name__ == "__main__":
    main(sys.argv)

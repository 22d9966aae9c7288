"""Glue job: bring a store to what a curated table holds."""

from __future__ import annotations

import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from lake_load.documents import Documents
from lake_load.items import Items
from lake_load.load import Target, load
from pyspark import SparkContext

STORES: dict[str, type[Documents] | type[Items]] = {"documents": Documents, "items": Items}
REQUIRED = ("JOB_NAME", "store", "columns", "keys", "mirror")
OPTIONAL = (
    "source",
    "database",
    "table_name",
    "time_to_live",
    "table",
    "table_arn",
    "collection",
    "index",
    "definition",
)


def main() -> None:
    given = {word.split("=")[0].removeprefix("--") for word in sys.argv if word.startswith("--")}
    args = getResolvedOptions(sys.argv, [*REQUIRED, *(name for name in OPTIONAL if name in given)])
    context = GlueContext(SparkContext.getOrCreate())
    job = Job(context)
    job.init(args["JOB_NAME"], args)
    target: Target = STORES[args["store"]].of(args)
    load(context.spark_session, args, target)
    job.commit()


if __name__ == "__main__":
    main()

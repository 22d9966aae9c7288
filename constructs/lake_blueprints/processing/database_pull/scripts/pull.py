"""Glue job: copy the rows of a table that have changed since the last run into a prefix, as Parquet.

The watermark, the greatest time that was pulled, is noted once the rows are written. A run that was killed before
that pulls them again, and so does each run those of the look-back: readers tell them by their primary key.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark import SparkContext
from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

ARGUMENTS = ("connection", "engine", "table", "query", "column", "watermark", "look_back", "target", "state")
# A row must not depend on the version of Glue.
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
}


def main(argv: list[str]) -> None:
    args: dict[str, Any] = getResolvedOptions(argv, ["JOB_NAME", *ARGUMENTS])
    context = GlueContext(SparkContext.getOrCreate())
    # Without Job.init Glue does not apply the job's security configuration.
    job = Job(context)
    job.init(args["JOB_NAME"], args)
    for key, value in SETTINGS.items():
        context.spark_session.conf.set(key, value)
    since, began = noted(args["state"]), datetime.now(UTC)
    count, newest = copied(rows(context, args, since), args)
    # A row that says it is from the future must not hide those that come before it.
    found = min(max(newest, since), began) if newest and since else newest and min(newest, began)
    report = {"since": text(since), "watermark": text(found or since), "rows": count}
    if count:
        write(args["state"], report)
    print(json.dumps(report))
    job.commit()


def rows(context: GlueContext, args: dict[str, Any], since: datetime | None) -> DataFrame:
    """Return the rows that have changed, and those of the look-back, in one query and so as of one moment."""
    query: str = args["query"]
    if since:
        after = since - timedelta(seconds=int(args["look_back"]))
        query += f" WHERE {args['column']} >= '{text(after)}'"
    options = {
        "useConnectionProperties": "true",
        "connectionName": args["connection"],
        "dbtable": args["table"],
        "sampleQuery": query,
    }
    reader = context.create_dynamic_frame
    found: DataFrame = reader.from_options(connection_type=args["engine"], connection_options=options).toDF()
    return found


def copied(found: DataFrame, args: dict[str, Any]) -> tuple[int, datetime | None]:
    """Write the rows; return how many they are, and the newest time."""
    # A DynamicFrame without records has no columns.
    if not found.columns:
        return 0, None
    seen, newest = Observation(), F.max(f"`{args['watermark']}`")
    watched = found.observe(
        seen, F.count(F.lit(1)).alias("rows"), F.date_format(newest, "yyyy-MM-dd HH:mm:ss.SSSSSS").alias("newest")
    )
    watched.write.mode("append").parquet(args["target"])
    return seen.get["rows"], moment(seen.get["newest"])


def noted(uri: str) -> datetime | None:
    """Return the watermark; None before the first run."""
    client, place = boto3.client("s3"), urlsplit(uri)
    try:
        found = client.get_object(Bucket=place.netloc, Key=place.path.lstrip("/"))
    except client.exceptions.NoSuchKey:
        return None
    return moment(json.loads(found["Body"].read())["watermark"])


def write(uri: str, document: dict[str, Any]) -> None:
    place = urlsplit(uri)
    content = json.dumps(document).encode()
    boto3.client("s3").put_object(Bucket=place.netloc, Key=place.path.lstrip("/"), Body=content)


def moment(found: str | None) -> datetime | None:
    return datetime.fromisoformat(found).replace(tzinfo=UTC) if found else None


def text(time: datetime | None) -> str | None:
    """Return a time as databases read it, to the microsecond."""
    return time.strftime("%Y-%m-%d %H:%M:%S.%f+00:00") if time else None


if __name__ == "__main__":
    main(sys.argv)

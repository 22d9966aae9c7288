"""Glue job: put every row of a curated table into an index of OpenSearch Serverless, each key once.

Above 200 lines: a script is one file, and Glue has no client of OpenSearch.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import random
import ssl
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from math import isfinite
from typing import Any
from urllib.parse import urlsplit

import boto3
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from pyspark import SparkContext
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.utils import AnalysisException

# Documents of one request, which should have a few MB at most.
BATCH = 1_000
# Of a request that is refused for a while; each waits twice as long as the one before, up to 30 seconds: a collection
# that was idle takes so long to answer.
ATTEMPTS = 10
LONGEST_WAIT = 30.0
SECONDS = 60.0
# Digits that a number of JSON keeps.
DIGITS = 15


class LoadError(Exception):
    """A table that cannot be loaded as it is."""


class Index:
    """An index of a collection, at its address, as the role of the job reaches it."""

    def __init__(self, endpoint: str, name: str, region: str | None) -> None:
        self.name = name
        self._host = urlsplit(endpoint).netloc
        self._session = boto3.Session(region_name=region)

    def ask(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Send a request; return the status and the content of the answer."""
        url = f"https://{self._host}/{self.name}{path}"
        headers = {"Content-Type": "application/json", "X-Amz-Content-SHA256": hashlib.sha256(body).hexdigest()}
        request = AWSRequest(method, url, data=body, headers=headers)
        SigV4Auth(self._session.get_credentials(), "aoss", self._session.region_name).add_auth(request)
        connection = http.client.HTTPSConnection(self._host, timeout=SECONDS, context=ssl.create_default_context())
        try:
            connection.request(method, urlsplit(url).path, body=body, headers={**request.headers, "Host": self._host})
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        try:
            return response.status, json.loads(content)
        except ValueError:
            return response.status, {"error": content.decode(errors="replace")[:1000]}

    def create(self, definition: dict[str, Any]) -> None:
        """Create the index; one that is there gets the columns that it lacks."""
        status, answer = self._patiently("PUT", "", json.dumps(definition).encode())
        if status == http.client.BAD_REQUEST and "resource_already_exists" in json.dumps(answer):
            status, answer = self._patiently("PUT", "/_mapping", json.dumps(definition["mappings"]).encode())
        if status != http.client.OK:
            raise LoadError(f"index '{self.name}' cannot be defined: {status} {json.dumps(answer.get('error'))}")

    def put(self, documents: list[tuple[str, dict[str, Any]]]) -> None:
        """Put documents by their ids, and those that the index is too busy for again, later and later."""
        attempt = 0
        while documents:
            lines = [line for key, document in documents for line in ({"index": {"_id": key}}, document)]
            status, answer = self._patiently(
                "POST", "/_bulk", "".join(f"{json.dumps(one)}\n" for one in lines).encode()
            )
            if status != http.client.OK:
                raise LoadError(f"index '{self.name}' takes no documents: {status} {json.dumps(answer.get('error'))}")
            items = [item["index"] for item in answer["items"]]
            refused = [item for item in items if "error" in item and not _is_passing(item["status"])]
            if refused:
                # Not the reason, which may quote a value.
                kinds = sorted({item["error"]["type"] for item in refused})
                raise LoadError(f"index '{self.name}' refuses {len(refused)} documents: {', '.join(kinds)}")
            documents = [one for one, item in zip(documents, items, strict=True) if "error" in item]
            attempt += 1
            if documents and attempt == ATTEMPTS:
                raise LoadError(f"index '{self.name}' took none of {len(documents)} documents, at {ATTEMPTS} attempts")
            _wait(attempt if documents else 0)

    def _patiently(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        for attempt in range(1, ATTEMPTS):
            try:
                status, answer = self.ask(method, path, body)
                if not _is_passing(status):
                    return status, answer
            except (OSError, http.client.HTTPException):
                pass
            _wait(attempt)
        return self.ask(method, path, body)


def _is_passing(status: int) -> bool:
    return status == http.client.TOO_MANY_REQUESTS or status >= http.client.INTERNAL_SERVER_ERROR


def _wait(attempt: int) -> None:
    if attempt:
        time.sleep(random.uniform(0, min(LONGEST_WAIT, 0.2 * 2**attempt)))


def value_of(value: Any) -> Any:
    """Return a value as JSON has it; a number that is none becomes null."""
    match value:
        case dict():
            return {str(name): value_of(part) for name, part in value.items() if part is not None}
        case list():
            return [value_of(part) for part in value]
        case float():
            return value if isfinite(value) else None
    return scalar(value)


def scalar(value: Any) -> Any:
    """Return times in UTC, decimals as numbers as far as these keep every digit, and bytes in Base64."""
    match value:
        case Decimal():
            return float(value) if len(value.as_tuple().digits) <= DIGITS else str(value)
        case datetime():
            # Spark hands times over in the time zone of the worker.
            return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case bytes() | bytearray():
            return base64.b64encode(bytes(value)).decode()
    return value


def document(row: Row, keys: list[str]) -> tuple[str, dict[str, Any]]:
    """Return a row as an id and a document, without the columns that are null."""
    values = {name: value_of(value) for name, value in row.asDict(recursive=True).items() if value is not None}
    return "|".join(str(values[key]) for key in keys), values


def put_rows(rows: Iterator[Row], index: Index, keys: list[str]) -> Iterator[int]:
    """Put the rows of one partition; yield their number."""
    count = 0
    while batch := [document(row, keys) for row in islice(rows, BATCH)]:
        index.put(batch)
        count += len(batch)
    yield count


def check_keys(rows: DataFrame, keys: list[str]) -> int:
    """Return the number of rows, each of which has a key of its own."""
    named = [F.col(f"`{key}`") for key in keys]
    total: int = rows.count()
    missing = rows.where(" OR ".join(f"`{key}` IS NULL" for key in keys)).count()
    if missing:
        raise LoadError(f"{missing} rows have no {' or '.join(keys)}, which is the id of the documents")
    distinct = rows.select(*named).distinct().count()
    if distinct != total:
        raise LoadError(
            f"{total - distinct} rows have the {', '.join(keys)} of another row, whose document they replace"
        )
    return total


def table_of(spark: SparkSession, schema: str, source: str) -> DataFrame:
    """Return the rows of an Iceberg table, by its name, or of files, by their URI; before the first row are none."""
    if not source.startswith("s3://"):
        return spark.table(source)
    try:
        return spark.read.schema(schema).parquet(source)
    except AnalysisException as error:
        if "PATH_NOT_FOUND" not in str(error):
            raise
        return spark.createDataFrame([], schema)


def load(spark: SparkSession, args: dict[str, str]) -> None:
    """Define the index, load the table, and check that every row was put."""
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    schema = ", ".join(f"`{name}` {kind}" for name, kind in json.loads(args["columns"]))
    rows, keys = table_of(spark, schema, args["source"]), json.loads(args["keys"])
    # Of the driver: executors need not know it.
    region, endpoint, name = boto3.Session().region_name, args["collection"], args["index"]
    expected = check_keys(rows, keys)
    Index(endpoint, name, region).create(json.loads(args["definition"]))
    parts = rows.rdd.mapPartitions(lambda part: put_rows(part, Index(endpoint, name, region), keys))
    written = sum(parts.collect())
    print(json.dumps({"index": name, "rows": expected, "documents": written}))
    if written != expected:
        raise LoadError(f"{expected} rows were read and {written} documents written")


def main() -> None:
    names = ["JOB_NAME", "source", "columns", "collection", "index", "keys", "definition"]
    args = getResolvedOptions(sys.argv, names)
    context = GlueContext(SparkContext.getOrCreate())
    job = Job(context)
    job.init(args["JOB_NAME"], args)
    load(context.spark_session, args)
    job.commit()


if __name__ == "__main__":
    main()

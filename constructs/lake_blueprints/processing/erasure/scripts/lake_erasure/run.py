"""One run of the erasure job: every request that there is, in every place, and a report."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import boto3
from lake_curation.masking import Salt
from lake_curation.storage import Location
from pyspark.sql import SparkSession

from lake_erasure import ledgers, objects
from lake_erasure.errors import ErasureError
from lake_erasure.iceberg_table import ErasedTable
from lake_erasure.objects import UNREADABLE, WAITING, Search
from lake_erasure.place import Place, parse
from lake_erasure.requests import Requests
from lake_erasure.subject_keys import SubjectKeys
from lake_erasure.versions import Versions, versions_below

# What the job cannot reach; docs/governance.md says what to do there.
NOT_TOUCHED = (
    "tables of Amazon Redshift and Amazon DynamoDB",
    "records in Kinesis streams, and in the buffers and below the error prefixes of Data Firehose",
    "logs, access logs, and histories of state machines",
    "models and training data of SageMaker",
    "results of queries and exports that the job is not given",
    "copies outside of these places, such as backups, replicas and other accounts",
)
_ACTIVE = ("STARTING", "RUNNING", "STOPPING", "WAITING")
# Objects of one task of Spark.
_OBJECTS = 200


class Run:
    """A run, or the repetition of one that was killed: it has the same name, and goes through every place again."""

    def __init__(self, spark: SparkSession, args: dict[str, str]) -> None:
        spark.conf.set("spark.sql.session.timeZone", "UTC")
        self.spark = spark
        self.places = parse(args["places"])
        self.jobs: list[str] = json.loads(args["jobs"])
        self.inbox, self.state = Location(args["requests"]), Location(args["state"])
        self.reports = Location(args["reports"])
        # Of the driver: executors need not know it.
        self.region = boto3.Session().region_name

    def go(self) -> None:
        """Carry out the requests; without one there is nothing to do, and no report."""
        self._check_jobs()
        for place in self.places:
            ledgers.check_idle(place.name, place.ledgers)
        requests = Requests.read(self.inbox)
        if not requests.found:
            print(json.dumps({"requests": 0}))
            return
        report = self._begin(requests)
        for place in self.places:
            counts = self._erase(place, requests.keys)
            earlier = report["places"].get(place.name, {})
            so_far = Counter({name: earlier.get(name, 0) for name in objects.COUNTED})
            # What is left is that of the last attempt.
            left = {name: counts[name] for name in (UNREADABLE, WAITING)}
            report["places"][place.name] = {"kind": place.kind, "uri": place.uri, **_numbers(so_far + counts), **left}
            self.state.write("run.json", report)
        self._end(requests, report)

    def _check_jobs(self) -> None:
        glue = boto3.client("glue")
        for name in self.jobs:
            runs = glue.get_job_runs(JobName=name, MaxResults=20)["JobRuns"]
            if any(run["JobRunState"] in _ACTIVE for run in runs):
                raise ErasureError(f"the curation job {name} is running; start the erasure when it has ended")

    def _begin(self, requests: Requests) -> dict[str, Any]:
        """Return the report as far as an earlier attempt at the same requests has come."""
        versions = [[one.key, one.all[0].id] for one in requests.found]
        digest = hashlib.sha256(json.dumps(versions).encode()).hexdigest()[:16]
        kept = self.state.find("run.json")
        report: dict[str, Any] = json.loads(kept[0]) if kept else {}
        if report.get("requests_digest") != digest:
            now = datetime.now(UTC)
            report = {
                "run": f"{now:%Y%m%dT%H%M%SZ}-{digest}",
                "requests_digest": digest,
                "requests": requests.names(self.inbox),
                "keys": len(requests.keys),
                "started": now.isoformat(),
                "attempts": 0,
                "places": {},
                "not_touched": NOT_TOUCHED,
            }
        report["attempts"] += 1
        self.state.write("run.json", report)
        return report

    def _end(self, requests: Requests, report: dict[str, Any]) -> None:
        """Leave the report, and forget the requests if nothing is left to do."""
        left = {
            f"{counts[what]} {what.replace('_', ' ')} in {name}"
            for name, counts in report["places"].items()
            for what in (UNREADABLE, WAITING)
            if counts[what]
        }
        report |= {"ended": datetime.now(UTC).isoformat(), "complete": not left}
        self.reports.write(f"{report['run']}.json", report)
        print(json.dumps(report))
        if left:
            raise ErasureError(
                f"the erasure is not complete, and its requests stay: {'; '.join(sorted(left))}; the report is "
                f"{self.reports.uri}{report['run']}.json"
            )
        requests.remove()
        self.state.write("run.json", {})

    def _erase(self, place: Place, keys: Sequence[Any]) -> Counter[str]:
        wanted = [(path, self._spelled(place, SubjectKeys.of(keys, kind))) for path, kind in place.subjects]
        if place.kind == "iceberg":
            return ErasedTable(spark=self.spark, place=place, state=self.state).erase(wanted)
        return self._erase_objects(place, Search(place=place, wanted=wanted))

    def _spelled(self, place: Place, keys: SubjectKeys) -> SubjectKeys:
        """Return keys as a masked copy has them."""
        if not place.salt:
            return keys
        hashed = Salt.read(place.salt).hashing()("key")
        rows = self.spark.createDataFrame([(text,) for text in sorted(keys.texts)], "key string")
        return SubjectKeys(texts=frozenset(row[0] for row in rows.select(hashed).collect()), kind="string")

    def _erase_objects(self, place: Place, search: Search) -> Counter[str]:
        listed = list(versions_below(place.bucket, place.prefix))
        found = self._parallel(listed, partial(objects.find, search=search, region=self.region))
        readable = [one for one in found if not one.unreadable]
        current = [one.versions.current for one in readable if one.current]
        ledgers.announce(place.name, place.ledgers, current)
        work = partial(objects.erase, search=search, region=self.region)
        done = self._parallel([one.versions for one in readable], work)
        ledgers.note(place.ledgers, listed, {key: replaced for key, replaced, _ in done if replaced})
        unreadable = len(found) - len(readable)
        return sum((counts for _, _, counts in done), Counter({UNREADABLE: unreadable}))

    def _parallel(self, items: Iterable[Versions], work: Any) -> list[Any]:
        """Return what the workers make of items."""
        given = list(items)
        if not given:
            return []
        slices = max(1, -(-len(given) // _OBJECTS), min(len(given), self.spark.sparkContext.defaultParallelism))
        return list(self.spark.sparkContext.parallelize(given, slices).mapPartitions(work).collect())


def _numbers(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in objects.COUNTED}

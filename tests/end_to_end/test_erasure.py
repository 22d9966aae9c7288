"""A thousand persons in every place that a lake has, fifty of whom are erased, in every version of every object."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.catalog import load_catalog

from examples.demo.object_versions import ObjectVersions
from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError
from tests.end_to_end.test_recorded_calls import Recorded

APPS = Path(__file__).parent / "apps"
PERSONS = 1_000
# Rows as text, by where they are.
Content = dict[str, Counter[str]]


def person(number: int) -> str:
    """Return a key that no other text has, short enough to be whole in the bounds of Iceberg's manifests."""
    return f"p{number:04}-{hashlib.sha256(str(number).encode()).hexdigest()[:8]}"


class Lake:
    """The deployed lake, with records of every person."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self.outputs = cloud.deploy(directory=APPS, app="python erasure_lake.py")["Erasing"]
        self.s3 = cloud.client("s3")
        self._versions = ObjectVersions(self.s3)
        self._load()
        self.curate()
        self._requests = 0

    def _load(self) -> None:
        orders = [
            {"id": number, "customerId": person(number % PERSONS), "amount": f"{number}.50"} for number in range(2_000)
        ]
        # Refused by curation: without a number, and without a brace.
        broken = [json.dumps({"customerId": person(number), "amount": "1.00"}) for number in range(0, 200, 5)]
        broken.append(f'{{"id": 9, "customerId": "{person(7)}"')
        self.put("Raw", "orders/a.json", _lines(orders[:1_000]))
        self.put("Raw", "orders/b.json.gz", gzip.compress(_lines(orders[1_000:])))
        self.put("Raw", "orders/c.json", "\n".join(broken).encode())
        # What is overwritten and deleted is in older versions alone.
        self.put("Raw", "orders/d.json", _lines([{"id": 90_001, "customerId": person(3), "amount": "1.00"}]))
        self.put("Raw", "orders/d.json", _lines([{"id": 90_002, "customerId": "nobody", "amount": "1.00"}]))
        profiles = [{"id": number, "owner": {"person": person(number), "city": "Ulm"}} for number in range(PERSONS)]
        self.put("Raw", "profiles/a.json", _lines(profiles))
        rows = [f"{number},{person(number % PERSONS)},{number % 7},{number % 3 + 1}" for number in range(1_500)]
        rows += [f"{number},{person(number)},many,1" for number in range(0, 100, 10)]
        self.put("Raw", "visits/a.csv.gz", gzip.compress("\n".join(["id,visitor,pages,month", *rows]).encode()))
        archived = pa.table({"id": list(range(PERSONS)), "owner": [person(number) for number in range(PERSONS)]})
        content = pa.BufferOutputStream()
        pq.write_table(archived, content)
        self.put("Curated", "archive/a.parquet", content.getvalue().to_pybytes())
        letters = [
            {"sender": person(number), "receiver": person((number + 1) % PERSONS), "text": "ä"}
            for number in range(PERSONS)
        ]
        self.put("Analytics", "exports/a.json", _lines(letters))
        self.put("Analytics", "exports/deleted.json", _lines(letters[:20]))
        self.s3.delete_object(Bucket=self.outputs["AnalyticsBucket"], Key="exports/deleted.json")
        for number in range(0, PERSONS, 20):
            text = "\n".join(f'"{person(one)}","3"' for one in range(number, number + 20))
            self.put("Results", f"results/{number}.csv", text.encode())

    def put(self, bucket: str, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.outputs[f"{bucket}Bucket"], Key=key, Body=body)

    def curate(self) -> None:
        self._cloud.execute(self.outputs["CurateMachine"])

    def recorded(self) -> Recorded:
        return Recorded(self._cloud)

    def erase(self, *persons: str) -> dict[str, Any]:
        """Ask for an erasure, run the pipeline, and return the report."""
        self.request(*persons)
        return self.run()

    def request(self, *persons: str) -> None:
        self._requests += 1
        body = json.dumps({"keys": list(persons)}).encode()
        self.put("Private", f"erasure/requests/{self._requests}.json", body)

    def run(self) -> dict[str, Any]:
        self._cloud.execute(self.outputs["EraseMachine"])
        found = self.s3.list_objects_v2(Bucket=self.outputs["PrivateBucket"], Prefix="erasure/reports/")["Contents"]
        newest = max(found, key=lambda item: item["LastModified"])["Key"]
        content = self.s3.get_object(Bucket=self.outputs["PrivateBucket"], Key=newest)["Body"].read()
        report: dict[str, Any] = json.loads(content)
        return report

    @contextmanager
    def broken(self, module: str, right: str, wrong: str) -> Iterator[None]:
        """Put another line into the deployed script meanwhile."""
        job = self._cloud.client("glue").get_job(JobName=self.outputs["Job"])["Job"]
        place = urlsplit(job["DefaultArguments"]["--extra-py-files"].split(",")[0])
        at = {"Bucket": place.netloc, "Key": place.path.lstrip("/")}
        whole = self.s3.get_object(**at)["Body"].read()
        written = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(written, "w") as target:
            for name in source.namelist():
                text = source.read(name).decode()
                if name == f"lake_erasure/{module}.py":
                    assert right in text
                    text = text.replace(right, wrong)
                target.writestr(name, text)
        self.s3.put_object(**at, Body=written.getvalue())
        try:
            yield
        finally:
            self.s3.put_object(**at, Body=whole)

    def hashed(self, text: str) -> str:
        """Return a key as the masked copy has it."""
        secrets = self._cloud.client("secretsmanager")
        (secret,) = secrets.list_secrets()["SecretList"]
        salt = secrets.get_secret_value(SecretId=secret["ARN"])["SecretString"]
        return hmac.new(salt.encode(), text.encode(), hashlib.sha256).hexdigest()

    def holders(self, *persons: str) -> list[str]:
        """Return the versions that hold one of the persons, hashed or not."""
        return self._versions.holders({*persons, *map(self.hashed, persons)})

    def content(self) -> Content:
        """Return the rows of every place."""
        return {
            "records orders": self._lines("Raw", "orders/"),
            "records profiles": self._lines("Raw", "profiles/"),
            "records visits": self._lines("Raw", "visits/"),
            "export": self._lines("Analytics", "exports/"),
            "objects": self._lines("Results", "results/"),
            "quarantine orders": self._rows("Raw", "quarantine/orders/"),
            "quarantine visits": self._rows("Raw", "quarantine/visits/"),
            "parquet archive": self._rows("Curated", "archive/"),
            "masked visits": self.table("visits", "MaskedName"),
            **{f"iceberg {name}": self.table(name) for name in ("orders", "profiles", "visits")},
        }

    def _objects(self, bucket: str, prefix: str) -> Iterator[bytes]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.outputs[f"{bucket}Bucket"], Prefix=prefix)
        for item in (item for page in pages for item in page.get("Contents", [])):
            yield self.s3.get_object(Bucket=self.outputs[f"{bucket}Bucket"], Key=item["Key"])["Body"].read()

    def _lines(self, bucket: str, prefix: str) -> Counter[str]:
        contents = (gzip.decompress(one) if one[:2] == b"\x1f\x8b" else one for one in self._objects(bucket, prefix))
        return Counter(line for content in contents for line in content.decode().splitlines())

    def _rows(self, bucket: str, prefix: str) -> Counter[str]:
        files = (pq.ParquetFile(io.BytesIO(one)) for one in self._objects(bucket, prefix) if one)
        return Counter(json.dumps(row, default=str) for file in files for row in file.read().to_pylist())

    def table(self, name: str, database: str = "DatabaseName") -> Counter[str]:
        environment = self._cloud.environment()
        with pytest.MonkeyPatch.context() as patch:
            for variable, value in environment.items():
                patch.setenv(variable, value)
            region = environment["AWS_REGION"]
            catalog = load_catalog(
                "lake",
                type="rest",
                uri=f"{self._cloud.endpoint}/iceberg",
                **{"rest.sigv4-enabled": "true", "rest.signing-name": "glue", "rest.signing-region": region},
            )
            rows = catalog.load_table((self.outputs[database], name)).scan().to_arrow().to_pylist()
        return Counter(json.dumps(row, default=str) for row in rows)

    def logs(self) -> str:
        """Return what all log groups and histories hold, and the arguments of the job's runs."""
        client, glue = self._cloud.client("logs"), self._cloud.client("glue")
        found = [json.dumps(glue.get_job_runs(JobName=self.outputs["Job"]), default=str)]
        for group in client.describe_log_groups()["logGroups"]:
            pages = client.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
            found += [event["message"] for page in pages for event in page["events"]]
        states = self._cloud.client("stepfunctions")
        for run in states.list_executions(stateMachineArn=self.outputs["EraseMachine"])["executions"]:
            found.append(json.dumps(states.get_execution_history(executionArn=run["executionArn"]), default=str))
        return "\n".join(found)


def _lines(records: list[dict[str, Any]]) -> bytes:
    return "\n".join(json.dumps(record) for record in records).encode()


def without(content: Content, *texts: str) -> Content:
    """Return the rows in which none of the texts is."""
    return {
        place: Counter({row: count for row, count in rows.items() if not any(text in row for text in texts)})
        for place, rows in content.items()
    }


def differences(content: Content, expected: Content) -> dict[str, tuple[Counter[str], Counter[str]]]:
    """Return the rows that are missing and those that are too many, by where that is."""
    found = {place: (rows - content[place], content[place] - rows) for place, rows in expected.items()}
    return {place: counts for place, counts in found.items() if any(counts)}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud"), longest_wait=1) as cloud:
        yield Lake(cloud)


def test_before_a_person_is_in_every_place(lake: Lake) -> None:
    found = lake.holders(person(0))
    for part in (
        "orders/a.json?",
        "b.json.gz",
        "quarantine/orders",
        "visits/a.csv.gz",
        "/visits/data/month=",
        "/archive/a.",
        "exports/a.",
    ):
        assert any(part in name for name in found), part
    for kind in (
        "/visits/data/month=",
        "/orders/data/",
        "/profiles/metadata/",
        "/profiles/data/",
        "exports/deleted.json",
        "results/0.csv",
    ):
        assert any(kind in name for name in found), kind


# Each leaves out one step, without which the person is somewhere still.
CONTROLS = {
    "manifests keep the bounds of deleted files": ("iceberg_table", "        self._rewrite_manifests()\n", ""),
    "files of older snapshots stay": (
        "iceberg_table",
        # The list of what is to be removed stays, by which a run that is repeated knows it.
        "        counts += self._remove(known, needed={*self._files(history=False)})\n        self._note(set())\n",
        "",
    ),
}


@pytest.mark.parametrize("left_out", CONTROLS)
def test_without_one_of_the_steps_the_person_is_found(lake: Lake, left_out: str) -> None:
    # The first has the least key, which is in the bounds of files; each is erased again among the fifty below.
    erased = person(20 * list(CONTROLS).index(left_out))
    with lake.broken(*CONTROLS[left_out]):
        lake.erase(erased)
    assert lake.holders(erased) != []


# Where a run is killed, in the order of its work.
KILLED = {
    "before older versions of objects are removed": ("objects", "    last = [one for one in gone if one.latest]"),
    "before files of older snapshots are removed": ("iceberg_table", "        counts += self._remove"),
}


@pytest.mark.parametrize("point", KILLED)
def test_a_run_that_is_killed_is_ended_by_the_next(lake: Lake, point: str) -> None:
    number = 21 + list(KILLED).index(point)
    module, line = KILLED[point]
    before = lake.content()
    lake.request(person(number))
    indent = line[: len(line) - len(line.lstrip())]
    kill = f"{indent}import os; os.kill(os.getpid(), 9)\n"
    with lake.broken(module, line, kill + line), pytest.raises(LocalCloudError):
        lake.run()
    report = lake.run()
    assert (report["attempts"], report["complete"]) == (2, True)
    assert lake.holders(person(number)) == []
    expected = without(before, person(number), lake.hashed(person(number)), *results_of(number))
    assert differences(lake.content(), expected) == {}


def results_of(*numbers: int) -> set[str]:
    """Return who else is in the results that are removed as a whole."""
    return {f'"{person(one)}","3"' for number in numbers for one in range(number // 20 * 20, number // 20 * 20 + 20)}


def test_one_person_is_erased_and_every_other_row_is_as_before(lake: Lake) -> None:
    before = lake.content()
    report = lake.erase(person(500))
    assert lake.holders(person(500)) == []
    expected = without(before, person(500), lake.hashed(person(500)), *results_of(500))
    assert differences(lake.content(), expected) == {}
    assert rows_removed(report) == {
        "records Raw/orders/": 2,
        "quarantine Raw/quarantine/orders/": 0,
        "iceberg Curated/orders/": 2,
        "records Raw/profiles/": 1,
        "quarantine Raw/quarantine/profiles/": 0,
        "iceberg Curated/profiles/": 1,
        "records Raw/visits/": 1,
        "quarantine Raw/quarantine/visits/": 0,
        "iceberg Curated/visits/": 1,
        "iceberg Analytics/visits/": 1,
        "parquet Curated/archive/": 1,
        "records Analytics/exports/": 2,
        "objects Results/results/": 0,
    }


def rows_removed(report: dict[str, Any]) -> dict[str, int]:
    return {name.replace("Erasing/", ""): counts["rows_removed"] for name, counts in report["places"].items()}


def test_fifty_persons_are_erased_and_the_counts_balance(lake: Lake) -> None:
    erased = range(0, 1_000, 20)
    persons = [person(number) for number in erased]
    before = lake.content()
    report = lake.erase(*persons)
    assert lake.holders(*persons) == []
    after = lake.content()
    expected = without(before, *persons, *map(lake.hashed, persons), *results_of(*erased))
    assert differences(after, expected) == {}
    gone = {place: before[place].total() - after[place].total() for place in before}
    assert sum(rows_removed(report).values()) == sum(gone.values()) - gone["objects"]


def test_curation_reads_nothing_that_was_rewritten_again(lake: Lake) -> None:
    before = lake.content()
    lake.curate()
    assert differences(lake.content(), before) == {}


def test_no_key_is_in_requests_reports_logs_and_arguments(lake: Lake) -> None:
    erased = [person(number) for number in (500, *range(0, 1_000, 20))]
    logs = lake.logs()
    assert "rows_removed" in logs
    assert [one for one in erased if one in logs] == []


def test_every_recorded_call_is_allowed_by_the_policies_of_its_role(lake: Lake) -> None:
    recorded = lake.recorded()
    made = {call.action for call in recorded.calls}
    assert {"s3:DeleteObjectVersion", "s3:GetObjectVersion", "s3:ListBucketVersions", "glue:GetJobRuns"} <= made
    refused = recorded.refused()
    assert refused == [], "\n".join(refused)

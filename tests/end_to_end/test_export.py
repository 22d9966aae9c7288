"""An Iceberg table is exported as it was at a snapshot, and the same snapshot gives the same model again."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError
from tests import queries
from tests.end_to_end.test_recorded_calls import Recorded

APPS = Path(__file__).parent / "apps"
ROWS = """select cast(n as bigint), date_add('hour', n, timestamp '2026-01-01 00:00:00.123 UTC'),
    case when n % 3 = 0 then 'AA' else 'UA' end, cast(n % 24 as integer), cast(n % 24 as double)
    from unnest(sequence({first}, {last})) as t (n)"""


class Exports:
    """The deployed lake, and what its executions exported."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self.outputs = cloud.deploy(directory=APPS, app="python export_lake.py")["Exports"]
        self.empty = self.failure()
        self.query(f"insert into rides {ROWS.format(first=1, last=60)}")
        self.first, self.rows = self.run(), self.rides()
        self.query(f"insert into rides {ROWS.format(first=61, last=90)}")
        self.query("delete from rides where id < 5")
        self.query("update rides set delay = 99 where id = 7")
        self.later, self.later_rows = self.run(), self.rides()
        self.again = self.run({"snapshots": {"Export rides": self.first["exports/rides/"]["snapshot"]}})
        self.latest = self.document("exports/rides/_latest.json")
        self.recorded = Recorded(cloud)

    def query(self, sql: str) -> list[list[str]]:
        """Run a statement as a person would, and return its rows."""
        where = {"Database": self.outputs["DatabaseName"]}
        return queries.athena(
            self._cloud.client("athena"), sql, WorkGroup=self.outputs["Workgroup"], QueryExecutionContext=where
        )

    def rides(self) -> list[list[str]]:
        return self.query("select id, cast(at as varchar), carrier, hour, delay from rides order by id")

    def run(self, given: dict[str, Any] | None = None) -> dict[str, dict[str, Any]]:
        """Run the pipeline, and return the accounts of its exports and the trained model."""
        output = self._cloud.execute(self.outputs["StateMachine"], given or {})
        (trained,) = output["trained"].values()
        accounts = {
            account["folder"].rpartition("/")[0].rpartition("/")[0] + "/": account
            for account in output["exports"].values()
        }
        return {**accounts, "model": trained}

    def failure(self, given: dict[str, Any] | None = None) -> str:
        with pytest.raises(LocalCloudError) as failed:
            self._cloud.execute(self.outputs["StateMachine"], given or {})
        return str(failed.value)

    def read(self, uri: str) -> bytes:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        content: bytes = self._cloud.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    def document(self, key: str) -> Any:
        return json.loads(self.read(f"s3://{self.outputs['AnalyticsBucket']}/{key}"))

    def files(self, account: dict[str, Any]) -> dict[str, bytes]:
        return {uri: self.read(uri) for uri in self.read(account["files"]).decode().splitlines()}

    def exported(self, account: dict[str, Any]) -> list[list[str]]:
        """Return the rows of a Parquet export as Athena shows those of the table."""
        rows = [
            row for content in self.files(account).values() for row in pq.read_table(io.BytesIO(content)).to_pylist()
        ]
        return [[str(value) for value in row.values()] for row in sorted(rows, key=lambda row: row["id"])]

    def model(self, account: dict[str, Any]) -> bytes:
        with tarfile.open(fileobj=io.BytesIO(self.read(account["model"]["model"]))) as archive:
            member = archive.extractfile("model.joblib")
            assert member
            return member.read()

    def package(self, account: dict[str, Any]) -> dict[str, str]:
        arn = account["model"]["package"]["arn"]
        found: dict[str, str] = self._cloud.client("sagemaker").describe_model_package(ModelPackageName=arn)[
            "CustomerMetadataProperties"
        ]
        return found


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exports]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud"), longest_wait=1) as cloud:
        yield Exports(cloud)


def test_an_export_holds_the_rows_of_its_snapshot(exports: Exports) -> None:
    assert len(exports.rows) == 60
    assert exports.exported(exports.first["exports/rides/"]) == exports.rows
    assert exports.exported(exports.later["exports/rides/"]) == exports.later_rows
    assert exports.later_rows != exports.rows


def test_a_snapshot_of_the_input_gives_its_rows_again_after_later_commits(exports: Exports) -> None:
    first, again = exports.first["exports/rides/"], exports.again["exports/rides/"]
    assert again["snapshot"] == first["snapshot"] != exports.later["exports/rides/"]["snapshot"]
    assert exports.exported(again) == exports.rows
    assert again["location"] != first["location"]


def test_the_account_of_an_export_says_what_it_is(exports: Exports) -> None:
    account = exports.first["exports/rides/"]
    folder = account["location"].partition(f"{exports.outputs['AnalyticsBucket']}/")[2]
    assert exports.document(f"{folder}_manifest.json") == account
    assert exports.latest == exports.again["exports/rides/"]
    assert (account["table"], account["rows"], account["format"]) == ("rides", 60, "PARQUET")
    assert account["contract"] == {"dataset": "rides", "version": "2.1.0"}
    assert all(uri.startswith(account["location"]) for uri in exports.files(account))


def test_a_query_is_exported_by_folders_with_the_rows_of_the_snapshot(exports: Exports) -> None:
    account = exports.first["exports/late/"]
    expected = sorted((int(row[0]), row[2]) for row in exports.rows if float(row[4]) > 15)
    found = []
    for uri, content in exports.files(account).items():
        carrier = uri.removeprefix(account["location"]).partition("/")[0].removeprefix("carrier=")
        for line in gzip.decompress(content).splitlines():
            record = json.loads(line)
            assert record["note"] == "it's {late}"
            found.append((record["id"], carrier))
    assert sorted(found) == expected
    assert account["rows"] == len(expected)


def test_the_same_snapshot_gives_the_same_model(exports: Exports) -> None:
    first, later, again = (exports.model(account) for account in (exports.first, exports.later, exports.again))
    assert again == first
    assert later != first


def test_a_package_says_of_what_its_model_was_made(exports: Exports) -> None:
    for account in (exports.first, exports.later, exports.again):
        assert exports.package(account) == {
            "train.table": f"{exports.outputs['DatabaseName']}.rides",
            "train.snapshot": account["exports/rides/"]["snapshot"],
            "train.contract": "rides 2.1.0",
        }


def test_a_table_without_a_snapshot_is_not_exported(exports: Exports) -> None:
    assert "has no snapshot" in exports.empty


@pytest.mark.parametrize("snapshot", [4711, "1) TO 's3://elsewhere/", ""], ids=["number", "statement", "nothing"])
def test_a_snapshot_that_is_no_id_becomes_no_part_of_a_statement(exports: Exports, snapshot: Any) -> None:
    assert "must be the digits of its id" in exports.failure({"snapshots": {"Export rides": snapshot}})


def test_a_snapshot_that_is_gone_fails_the_export(exports: Exports) -> None:
    assert "snapshot ID does not exists" in exports.failure({"snapshots": {"Export rides": "4711"}})


def test_every_recorded_call_is_allowed_by_the_policies_of_its_role(exports: Exports) -> None:
    made = {call.action for call in exports.recorded.calls}
    assert {"athena:GetQueryResults", "s3:PutObject", "glue:GetTable", "sagemaker:CreateModelPackage"} <= made
    assert (refused := exports.recorded.refused()) == [], "\n".join(refused)

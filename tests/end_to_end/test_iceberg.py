"""Change records become an Iceberg table, whose columns a redeployment changes without touching a file."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.catalog import load_catalog
from pyiceberg.table import Table

from local_cloud.cloud import LocalCloud
from tests.end_to_end.test_recorded_calls import Recorded, listed

APPS = Path(__file__).parent / "apps"


def order(number: int, version: int, **fields: Any) -> dict[str, Any]:
    lines = [{"sku": f"S{number}", "number": version}]
    day = {"ordered": f"2026-{number % 3 + 1:02}-05T10:00:00Z"}
    more = {"quantity": 1, "version": version, "lines": lines, "buyer": f"Buyer {number}"}
    return {"id": number, **day, "amount": f"{number}.50", **more, **fields}


class Orders:
    """The deployed lake, before and after the change of its contract."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self.deploy("1")
        first = [*(order(number, 1) for number in range(6)), {"id": "none"}]
        self.accounts = [self.curate("a", *first)]
        self.before = self.table
        moved = order(1, 2, ordered="2026-09-09T00:00:00Z")
        self.accounts.append(self.curate("b", moved, order(2, 0), {**order(3, 2), "op": "D"}))
        self.middle, self.files = self.table, self.data_files()
        # Before the policies name the scripts and plans of the next deployment.
        self.recorded = Recorded(cloud)
        self.refused = self.recorded.refused()
        self.deploy("2")
        self.redeployed, self.files_redeployed = self.table, self.data_files()
        self.accounts.append(self.curate("c", order(9, 1, city="Paris", amount="1234567890.25", quantity=2**40)))
        self.after = self.table

    def deploy(self, contract: str) -> None:
        outputs = self._cloud.deploy(directory=APPS, app="python iceberg_lake.py", context={"contract": contract})
        self.outputs = outputs["Orders"]

    def curate(self, name: str, *records: dict[str, Any]) -> dict[str, int]:
        """Put records into the raw zone, run the pipeline, and return the account of the run."""
        body = "\n".join(json.dumps(record) for record in records).encode()
        s3, bucket = self._cloud.client("s3"), self.outputs["RawBucket"]
        s3.put_object(Bucket=bucket, Key=f"orders/{name}.json", Body=body)
        self._cloud.execute(self.outputs["StateMachine"])
        return {
            name: int(value)
            for name, value in json.loads(self.properties["lake.curation.counts"]).items()
            if name in ("read", "curated", "duplicates", "quarantined")
        }

    @property
    def properties(self) -> dict[str, str]:
        return dict(self.table.properties)

    @property
    def table(self) -> Table:
        """The table as a client outside finds it now."""
        return self._load("DatabaseName")

    @property
    def copy(self) -> Table:
        """The masked copy."""
        return self._load("CopiesName")

    def hashed(self, value: str) -> str:
        salt = self._cloud.client("secretsmanager").get_secret_value(SecretId=self.outputs["Salt"])["SecretString"]
        return hmac.new(salt.encode(), value.encode(), hashlib.sha256).hexdigest()

    def _load(self, database: str) -> Table:
        environment = self._cloud.environment()
        region = environment["AWS_REGION"]
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            catalog = load_catalog(
                "lake",
                type="rest",
                uri=f"{self._cloud.endpoint}/iceberg",
                **{"rest.sigv4-enabled": "true", "rest.signing-name": "glue", "rest.signing-region": region},
            )
            return catalog.load_table((self.outputs[database], "orders"))

    def rows(self, table: Table, **options: Any) -> dict[int, dict[str, Any]]:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self._cloud.environment().items():
                patch.setenv(name, value)
            return {row["id"]: row for row in table.scan(**options).to_arrow().to_pylist()}

    def data_files(self) -> set[str]:
        return {task.file.file_path for task in self.table.scan().plan_files()}


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orders]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud"), longest_wait=1) as cloud:
        yield Orders(cloud)


def test_every_record_is_accounted_for(orders: Orders) -> None:
    assert orders.accounts == [
        {"read": 7, "curated": 6, "duplicates": 0, "quarantined": 1},
        {"read": 3, "curated": 2, "duplicates": 1, "quarantined": 0},
        {"read": 1, "curated": 1, "duplicates": 0, "quarantined": 0},
    ]


def test_the_newest_row_of_a_key_stays_in_whatever_partition_and_deletions_delete(orders: Orders) -> None:
    rows = orders.rows(orders.after)
    assert sorted(rows) == [0, 1, 2, 4, 5, 9]
    assert (rows[1]["ordered"].month, rows[1]["version"], rows[1]["lines"]) == (9, 2, [{"sku": "S1", "number": 2}])
    assert rows[2]["version"] == 1


def test_a_redeployment_changes_columns_and_keeps_the_table_its_ids_and_its_files(orders: Orders) -> None:
    before, after = orders.middle, orders.redeployed
    assert after.metadata.table_uuid == before.metadata.table_uuid
    assert after.metadata.current_snapshot_id == before.metadata.current_snapshot_id
    ids = {field.name: field.field_id for field in before.schema().fields}
    assert {field.name: field.field_id for field in after.schema().fields if field.name in ids} == ids
    assert {name: str(after.schema().find_type(name)) for name in ("city", "amount", "quantity")} == {
        "city": "string",
        "amount": "decimal(12, 2)",
        "quantity": "long",
    }
    assert orders.files == orders.files_redeployed


def test_wider_values_are_read_beside_those_of_older_files(orders: Orders) -> None:
    rows = orders.rows(orders.after)
    assert (rows[9]["city"], rows[9]["amount"], rows[9]["quantity"]) == ("Paris", Decimal("1234567890.25"), 2**40)
    assert (rows[4]["city"], rows[4]["amount"], rows[4]["quantity"]) == (None, Decimal("4.50"), 1)


def test_older_snapshots_stay_readable(orders: Orders) -> None:
    first = orders.before.current_snapshot()
    assert first
    rows = orders.rows(orders.after, snapshot_id=first.snapshot_id)
    assert sorted(rows) == [0, 1, 2, 3, 4, 5]
    assert "city" not in rows[0]


def test_the_masked_copy_has_the_rows_of_the_table_and_hashes(orders: Orders) -> None:
    expected = {key: {**row, "buyer": orders.hashed(row["buyer"])} for key, row in orders.rows(orders.after).items()}
    assert orders.rows(orders.copy) == expected
    assert orders.copy.properties["lake.curation.source"] == str(orders.after.metadata.current_snapshot_id)


def test_what_the_role_may_do_to_the_copy_it_does(orders: Orders) -> None:
    bucket = orders.outputs["AnalyticsBucket"]
    (role,) = {call.role for call in orders.recorded.calls if call.resource.startswith(f"{bucket}/orders/")}
    done = {
        call.action.partition(":")[2]
        for call in orders.recorded.calls
        if call.role == role and call.resource.startswith(bucket) and call.action.startswith("s3:")
    }
    allowed = {
        action.partition(":")[2]
        for policy in orders.recorded.policies(role)
        for statement in policy["Statement"]
        if any(bucket in resource for resource in listed(statement["Resource"]))
        for action in listed(statement["Action"])
    }
    assert {"GetObject", "PutObject", "DeleteObject"} <= done
    # Files are too small here to be uploaded in parts, a client asks for no region that it is configured with, and
    # without the right to list, a missing object would look like a forbidden one.
    assert allowed - done <= {
        "ListBucket",
        "AbortMultipartUpload",
        "ListMultipartUploadParts",
        "ListBucketMultipartUploads",
        "GetBucketLocation",
    }


def test_every_recorded_call_is_allowed_by_the_policies_of_its_role(orders: Orders) -> None:
    made = {call.action for call in orders.recorded.calls}
    assert {"glue:GetTable", "glue:UpdateTable", "s3:PutObject", "s3:GetObject"} <= made
    assert orders.refused == [], "\n".join(orders.refused)

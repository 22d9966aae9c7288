"""Change records become a table of S3 Tables, which a client outside reads and a redeployment leaves as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.catalog import load_catalog
from pyiceberg.table import Table

from local_cloud.cloud import LocalCloud
from tests import queries
from tests.end_to_end.test_recorded_calls import Recorded

APPS = Path(__file__).parent / "apps"


def order(number: int, version: int, **fields: Any) -> dict[str, Any]:
    lines = [{"sku": f"S{number}", "number": version}]
    day = {"ordered": f"2026-{number % 3 + 1:02}-05T10:00:00Z"}
    paid = {"amount": f"{number}.50", "card": f"4000-{number}"}
    return {"id": number, **day, **paid, "version": version, "lines": lines, **fields}


class Orders:
    """The deployed lake, before and after another version of its contract."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self.deploy("1.0.0")
        self.empty = self.table
        self.accounts = [self.curate("a", *(order(number, 1) for number in range(6)), {"id": "none"})]
        self.before = self.table
        self.recorded = Recorded(cloud)
        self.refused = self.recorded.refused()
        self.deploy("1.1.0")
        self.redeployed = self.table
        moved = order(1, 2, ordered="2026-09-09T00:00:00Z")
        self.accounts.append(self.curate("b", moved, order(2, 0), {**order(3, 2), "op": "D"}))
        self.after = self.table
        self.deploy("1.2.0")
        self.accounts.append(self.curate("c", order(9, 1, city="Paris", amount="1234567890.25")))
        self.evolved = self.table

    def deploy(self, version: str) -> None:
        outputs = self._cloud.deploy(directory=APPS, app="python s3_tables_lake.py", context={"version": version})
        self.outputs = outputs["Orders"]

    def curate(self, name: str, *records: dict[str, Any]) -> dict[str, int]:
        """Put records into the raw zone, run the pipeline, and return the account of the run."""
        body = "\n".join(json.dumps(record) for record in records).encode()
        self._cloud.client("s3").put_object(Bucket=self.outputs["RawBucket"], Key=f"orders/{name}.json", Body=body)
        self._cloud.execute(self.outputs["StateMachine"])
        counts = json.loads(self.table.properties["lake.curation.counts"])
        return {name: counts[name] for name in ("read", "curated", "duplicates", "quarantined")}

    @property
    def table(self) -> Table:
        return self.load("lake")

    def load(self, namespace: str) -> Table:
        """Return a table as a client outside finds it now, by the settings that AWS documents."""
        environment = self._cloud.environment()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            catalog = load_catalog(
                "tables",
                type="rest",
                uri=f"{self._cloud.endpoint}/iceberg",
                warehouse=self.outputs["TableBucket"],
                **{
                    "rest.sigv4-enabled": "true",
                    "rest.signing-name": "s3tables",
                    "rest.signing-region": environment["AWS_REGION"],
                },
            )
            return catalog.load_table((namespace, "orders"))

    def ask(self, sql: str) -> list[list[str | None]]:
        """Return the answer of Athena, to which a table bucket is a catalog."""
        catalog = f'"s3tablescatalog/{self.outputs["TableBucketName"]}"'
        return queries.athena(
            self._cloud.client("athena"),
            sql.format(catalog=catalog, quarantine=self.outputs["QuarantineDatabase"]),
            ResultConfiguration={"OutputLocation": f"s3://{self.outputs['AnswersBucket']}/answers/"},
        )

    def rows(self, table: Table, **options: Any) -> dict[int, dict[str, Any]]:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self._cloud.environment().items():
                patch.setenv(name, value)
            return {row["id"]: row for row in table.scan(**options).to_arrow().to_pylist()}


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orders]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud"), longest_wait=1) as cloud:
        yield Orders(cloud)


def test_the_table_begins_with_the_schema_of_the_contract(orders: Orders) -> None:
    types = {field.name: str(field.field_type) for field in orders.empty.schema().fields}
    lines = types.pop("lines")
    assert types.pop("card") == "string"
    assert types == {"id": "long", "ordered": "timestamptz", "amount": "decimal(9, 2)", "version": "int"}
    assert lines.startswith("list<struct<")
    assert [field.name for field in orders.empty.spec().fields] == ["ordered_month"]


def test_every_record_is_accounted_for(orders: Orders) -> None:
    assert orders.accounts == [
        {"read": 7, "curated": 6, "duplicates": 0, "quarantined": 1},
        {"read": 3, "curated": 2, "duplicates": 1, "quarantined": 0},
        {"read": 1, "curated": 1, "duplicates": 0, "quarantined": 0},
    ]


def test_a_client_outside_reads_the_newest_row_of_each_key(orders: Orders) -> None:
    rows = orders.rows(orders.after)
    assert sorted(rows) == [0, 1, 2, 4, 5]
    assert (rows[1]["ordered"].month, rows[1]["version"], rows[1]["lines"]) == (9, 2, [{"sku": "S1", "number": 2}])
    assert sorted(orders.rows(orders.before)) == [0, 1, 2, 3, 4, 5]


def test_another_version_of_the_contract_leaves_the_table_as_it_is(orders: Orders) -> None:
    before, after = orders.before, orders.redeployed
    assert after.metadata == before.metadata
    assert after.metadata_location == before.metadata_location


def test_the_job_brings_the_table_to_the_columns_of_the_contract(orders: Orders) -> None:
    before, after = orders.after, orders.evolved
    assert after.metadata.table_uuid == before.metadata.table_uuid
    ids = {field.name: field.field_id for field in before.schema().fields}
    assert {field.name: field.field_id for field in after.schema().fields if field.name in ids} == ids
    rows = orders.rows(after)
    assert (rows[9]["city"], rows[9]["amount"]) == ("Paris", Decimal("1234567890.25"))
    assert (rows[0]["city"], rows[0]["amount"]) == (None, Decimal("0.50"))


def test_the_masked_copy_beside_the_table_follows_it_with_its_columns(orders: Orders) -> None:
    rows, copied = orders.rows(orders.evolved), orders.rows(orders.load("analytics"))
    assert [name for name in orders.load("analytics").schema().column_names if name == "city"] == ["city"]
    assert all(len(row.pop("card")) == 64 and rows[key].pop("card") == f"4000-{key}" for key, row in copied.items())
    assert copied == rows


def test_athena_reads_the_table_its_copy_and_what_was_refused(orders: Orders) -> None:
    joined = "select o.id, o.city from {catalog}.lake.orders o join {catalog}.analytics.orders c on o.id = c.id"
    assert orders.ask(f"{joined} where o.card <> c.card order by o.id desc limit 1") == [["9", "Paris"]]
    [[record]] = orders.ask("select record from {quarantine}.orders_quarantine")
    assert json.loads(record or "") == {"id": "none"}


def test_no_branch_of_a_run_is_left_that_snapshot_management_would_stop_at(orders: Orders) -> None:
    assert list(orders.evolved.metadata.refs) == ["main"]


def test_the_job_does_nothing_that_its_role_may_not(orders: Orders) -> None:
    assert orders.refused == []
    done = {call.action for call in orders.recorded.calls if "Curate" in call.role}
    assert {
        *("s3tables:GetTableBucket", "s3tables:GetTableMetadataLocation", "s3tables:UpdateTableMetadataLocation"),
        *("s3tables:GetTableData", "s3tables:PutTableData"),
    } <= done

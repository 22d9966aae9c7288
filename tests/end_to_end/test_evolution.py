"""A contract changes compatibly, and the lake is deployed again: old files are read beside new ones by every engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from examples.demo.queries import Athena, Redshift
from local_cloud.cloud import LocalCloud
from template_checks.command.main import main

APP = Path(__file__).parent / "apps" / "evolving_lake.py"

ORDERS = """
apiVersion: v3.0.2
kind: DataContract
id: orders
version: {version}
status: active
servers: [{{server: stream, type: kinesis, format: json}}]
schema:
  - name: orders
    logicalType: object
    properties:
      - {{name: id, logicalType: integer, physicalType: {id}, primaryKey: true}}
      - {{name: amount, logicalType: number, physicalType: {amount}}}
      - {{name: month, logicalType: integer, physicalType: INT, partitioned: true}}
"""
REFUNDS = """
apiVersion: v3.0.2
kind: DataContract
id: refunds
version: {version}
status: active
servers: [{{server: files, type: s3, location: 's3://refunds/', format: csv}}]
schema:
  - name: refunds
    logicalType: object
    properties:
      - {{name: id, logicalType: integer, physicalType: {id}, required: true}}
"""
# One optional column more, and two wider types.
NOTE = "      - {name: note, logicalType: string}\n"
OLD = {"version": "1.0.0", "id": "INT", "amount": "REAL"}
NEW = {"version": "1.1.0", "id": "BIGINT", "amount": "DOUBLE"}


@dataclass
class Lake:
    """The deployed lake, and what can be done to it."""

    cloud: LocalCloud
    folder: Path
    outputs: dict[str, str]

    def deploy(self, version: str) -> None:
        """Deploy the contracts of a folder, compared with the first ones."""
        context = {"contracts": str(self.folder / version), "accepted": str(self.folder / "old")}
        self.outputs = self.cloud.deploy(directory=APP.parent, app=f"python {APP}", context=context)["Lake"]

    def send(self, orders: list[dict[str, Any]], refunds: list[int]) -> None:
        """Stream orders and upload a file of refunds; then run the pipeline."""
        records = [{"Data": json.dumps(order).encode() + b"\n"} for order in orders]
        self.cloud.client("firehose").put_record_batch(DeliveryStreamName=self.outputs["Orders"], Records=records)
        body = "\n".join(["id", *map(str, refunds)]).encode()
        key = f"refunds/{len(refunds)}.csv"
        self.cloud.client("s3").put_object(Bucket=self.outputs["RawBucket"], Key=key, Body=body)
        self.cloud.drain()
        self.cloud.execute(self.outputs["Machine"])

    def athena(self, sql: str) -> list[tuple[Any, ...]]:
        found = Athena(self.cloud.client("athena"), self.outputs["Athena"])
        return list(found.ask(sql.format(lake=f'"{self.outputs["Curated"]}"')).rows)

    def redshift(self, sql: str) -> list[tuple[Any, ...]]:
        names = {name: self.outputs[name.capitalize()] for name in ("warehouse", "database", "secret")}
        names["workgroup"] = names.pop("warehouse")
        found = Redshift(self.cloud.client("redshift-data"), **names)
        return list(found.ask(sql.format(lake=f'"{self.outputs["Curated"]}"')).rows)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    folder = tmp_path_factory.mktemp("evolution")
    for version, values, more in (("old", OLD, ""), ("new", NEW, NOTE)):
        (folder / version).mkdir()
        (folder / version / "orders.odcs.yaml").write_text(ORDERS.format(**values) + more)
        (folder / version / "refunds.odcs.yaml").write_text(REFUNDS.format(**values))
    with LocalCloud(workdir=folder / "cloud", longest_wait=1) as cloud:
        lake = Lake(cloud, folder, {})
        lake.deploy("old")
        lake.send([{"id": 1, "amount": 0.5, "month": 1}, {"id": 2, "amount": 0.25, "month": 2}], refunds=[1])
        assert lake.athena("select id, amount from {lake}.orders order by id") == [(1, 0.5), (2, 0.25)]
        assert lake.redshift("select id, amount from public.orders order by id") == [(1, 0.5), (2, 0.25)]
        lake.deploy("new")
        lake.send(
            [
                # Was sent before, and is in an older file.
                {"id": 2, "amount": 0.25, "month": 2},
                {"id": 3_000_000_000, "amount": 0.1, "note": "gift", "month": 2},
                {"id": 4, "amount": 1e300, "month": 3},
            ],
            refunds=[2, 3_000_000_000],
        )
        yield lake


ROWS = [(1, 0.5, None), (2, 0.25, None), (4, 1e300, None), (3_000_000_000, 0.1, "gift")]
REFUNDED = [(1, 0.5, None), (2, 0.25, None), (3_000_000_000, 0.1, "gift")]


def test_the_change_is_compatible(lake: Lake) -> None:
    # So says the command line, and so said the baseline at both deployments.
    assert main(["contract", "diff", str(lake.folder / "old"), str(lake.folder / "new")]) == 0


def test_athena_reads_old_rows_beside_new_ones(lake: Lake) -> None:
    assert lake.athena("select id, amount, note from {lake}.orders order by id") == ROWS
    assert lake.athena("select count(*), count(note), max(amount) from {lake}.orders") == [(4, 1, 1e300)]


def test_spark_has_joined_old_rows_and_new_ones(lake: Lake) -> None:
    # The first refund was curated before the change, the others after it.
    assert lake.athena("select id, amount, note from {lake}.refunds order by id") == REFUNDED


def test_redshift_reads_old_rows_beside_new_ones_in_the_lake(lake: Lake) -> None:
    assert lake.redshift("select id, amount, note from {lake}.orders order by id") == ROWS


def test_redshift_has_loaded_old_rows_and_new_ones(lake: Lake) -> None:
    # The orders row by row from the external table, the refunds by COPY of all files.
    assert lake.redshift("select id, amount, note from public.orders order by id") == ROWS
    assert lake.redshift("select id, amount, note from public.refunds order by id") == REFUNDED


def test_a_breaking_change_is_not_deployed(lake: Lake) -> None:
    (lake.folder / "broken").mkdir()
    for path in (lake.folder / "new").iterdir():
        text = path.read_text().replace("      - {name: amount, logicalType: number, physicalType: DOUBLE}\n", "")
        (lake.folder / "broken" / path.name).write_text(text)
    with pytest.raises(Exception, match=r"orders\.amount: column dropped: it was of type float; used by .*warehouse"):
        lake.deploy("broken")

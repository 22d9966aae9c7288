"""From the quarantine back into the table: what Athena reads, and what a mended contract takes."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.demo.queries import Athena
from local_cloud.cloud import LocalCloud

APP = Path(__file__).parent / "apps" / "quarantine_lake.py"


class Lake:
    """The deployed lake."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self._outputs: dict[str, str] = {}

    def deploy(self, **context: str) -> None:
        found = self._cloud.deploy(directory=APP.parent, app=f"python {APP}", context=context)
        self._outputs = found["Quarantine"]

    def upload(self, name: str, content: bytes) -> None:
        s3 = self._cloud.client("s3")
        s3.put_object(Bucket=self._outputs["RawBucket"], Key=f"orders/{name}", Body=content)

    def run(self, pipeline: str) -> None:
        self._cloud.execute(self._outputs[f"{pipeline}Machine"])

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        found = Athena(self._cloud.client("athena"), self._outputs["Athena"])
        databases = {name.lower(): f'"{self._outputs[name]}"' for name in ("Raw", "Curated")}
        return list(found.ask(sql.format(**databases)).rows)


QUARANTINE = (
    "SELECT regexp_extract(object, '[^/]+$'), record, reasons[1], kinds[1], version FROM {curated}.orders_quarantine "
    "WHERE quarantined_at > TIMESTAMP '2024-01-01' ORDER BY 1, 2"
)
CUT = ("cut.csv.gz", None, "it is not gzip, or damaged: it is cut off", "object", "1.0.0")


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """Return the lake after one run over two good records, one bad one and a damaged file."""
    with LocalCloud(workdir=tmp_path_factory.mktemp("quarantine"), longest_wait=1) as cloud:
        lake = Lake(cloud)
        lake.deploy()
        lake.upload("old.csv", b"id,status\n1,open\n2,closed\n3,lost\n")
        lake.upload("cut.csv.gz", gzip.compress(b"id,status\n4,open\n" * 1_000)[:-9])
        lake.run("Curate")
        yield lake


@pytest.fixture(scope="module")
def after(before: Lake) -> tuple[list[tuple[Any, ...]], Lake]:
    """Return what the quarantine held, and the lake after the contract was mended and the quarantine replayed."""
    held = before.rows(QUARANTINE)
    before.deploy(mended="yes")
    before.upload("new.csv", b"id,status,amount\n5,open,1.50\n")
    before.run("Replay")
    return held, before


def test_athena_reads_the_quarantine(after: tuple[list[tuple[Any, ...]], Lake]) -> None:
    held, _ = after
    assert held == [
        CUT,
        ("old.csv", "3,lost", "column 'status': 'lost' is not one of open, closed", "enum", "1.0.0"),
    ]


def test_a_replay_takes_what_the_mended_contract_takes_and_nothing_twice(
    after: tuple[list[tuple[Any, ...]], Lake],
) -> None:
    _, lake = after
    curated = "SELECT id, status, amount FROM {curated}.orders ORDER BY id"
    rows = lake.rows(curated)
    assert [(row[0], row[1], row[2] and float(row[2])) for row in rows] == [
        (1, "open", None),
        (2, "closed", None),
        (3, "lost", None),
        (5, "open", 1.5),
    ]
    assert lake.rows(QUARANTINE) == [CUT]
    lake.run("Replay")
    assert lake.rows(curated) == rows
    assert lake.rows(QUARANTINE) == [CUT]


def test_the_raw_table_shows_old_and_new_files_under_their_own_columns(
    after: tuple[list[tuple[Any, ...]], Lake],
) -> None:
    _, lake = after
    sql = "SELECT id, status, amount FROM {raw}.orders WHERE \"$path\" LIKE '%/{name}' ORDER BY id"
    old, new = (lake.rows(sql.replace("{name}", name)) for name in ("old.csv", "new.csv"))
    assert [row[:2] for row in old] == [("1", "open"), ("2", "closed"), ("3", "lost")]
    assert not any(row[2] for row in old)
    assert new == [("5", "open", "1.50")]

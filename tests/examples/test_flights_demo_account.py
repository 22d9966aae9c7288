"""The account balances exactly, or the demo fails."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from moto import mock_aws

from examples.demo.errors import DemoError
from examples.flights import account
from examples.flights.account import Account

EXACT = Account(
    dataset="flights",
    sent=100,
    curated=90,
    quarantined=6,
    duplicates=3,
    filtered=1,
    reports=Counter(read=100, curated=90, quarantined=6, duplicates=3, filtered=1),
)


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="zone")
        yield client


def test_an_exact_account_is_fine() -> None:
    EXACT.check()


@pytest.mark.parametrize("column", ["curated", "quarantined", "duplicates", "filtered"])
def test_one_record_too_few_anywhere_fails(column: str) -> None:
    with pytest.raises(DemoError, match="flights: 100 records were sent, but 99 are accounted for"):
        replace(EXACT, **{column: getattr(EXACT, column) - 1}).check()


def test_run_reports_that_disagree_with_the_counts_fail() -> None:
    # A row too many in the table and one too few in quarantine would balance.
    moved = replace(EXACT, curated=91, quarantined=5)
    with pytest.raises(DemoError, match="the run reports say 90 curated, but 91 were counted"):
        moved.check()


def test_bad_records_must_be_found_where_they_belong() -> None:
    EXACT.check_injected(quarantined=6, duplicates=3)
    with pytest.raises(DemoError, match="flights: 6 quarantined, but 7 were injected"):
        EXACT.check_injected(quarantined=7, duplicates=3)
    with pytest.raises(DemoError, match="flights: 3 duplicates, but 2 were injected"):
        EXACT.check_injected(quarantined=6, duplicates=2)


def test_sums_the_run_reports_of_one_dataset(s3: Any) -> None:
    for key, report in {
        "_state/flights/runs/1.json": {"dataset": "flights", "read": 5, "curated": 4, "redone": True, "seconds": 1.5},
        "_state/flights/runs/2.json": {"dataset": "flights", "read": 2, "curated": 2, "redone": False, "seconds": 1.5},
        "_state/flights/ledger.json": {"read": 1000},
        "_state/weather/runs/1.json": {"read": 1000},
    }.items():
        s3.put_object(Bucket="zone", Key=key, Body=json.dumps(report))
    assert account.reported(s3, "zone", "flights") == {"read": 7, "curated": 6}


def test_counts_quarantined_rows_and_their_reasons(s3: Any) -> None:
    for batch, kinds in {"a": [["type"], ["type", "key"]], "b": [["unreadable"]]}.items():
        file = io.BytesIO()
        pq.write_table(pa.table({"record": ["{}"] * len(kinds), "kinds": kinds}), file)
        s3.put_object(Bucket="zone", Key=f"quarantine/flights/batch={batch}/part-0.parquet", Body=file.getvalue())
    s3.put_object(Bucket="zone", Key="quarantine/flights/batch=a/_SUCCESS", Body=b"")
    assert account.quarantined(s3, "zone", "flights") == (3, Counter(type=2, key=1, unreadable=1))


def test_an_empty_quarantine_counts_nothing(s3: Any) -> None:
    assert account.quarantined(s3, "zone", "flights") == (0, Counter())

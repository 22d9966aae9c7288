from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from local_cloud.engines.firehose.prefixes import evaluate_error_prefix, evaluate_prefix, format_time
from local_cloud.errors import LocalCloudError

TIME = datetime(2026, 3, 7, 15, 4, 5, 678000, tzinfo=UTC)


def evaluate(prefix: str, **keys: str) -> str:
    return evaluate_prefix(prefix, TIME, query_keys=keys, lambda_keys={"tenant": "acme"})


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("yyyy-MM-dd", "2026-03-07"),
        ("yyyy'-'MM", "2026-03"),
        ("yy/M/d/H/h a", "26/3/7/15/3 PM"),
        ("HH:mm:ss.SSS", "15:04:05.678"),
        ("'year='yyyy/'it''s'", "year=2026/it's"),
        ("EEE d MMM", "Sat 7 Mar"),
        ("DDD", "066"),
    ],
)
def test_formats_times_as_java_does(pattern: str, text: str) -> None:
    assert format_time(pattern, TIME) == text


def test_refuses_the_week_based_year() -> None:
    with pytest.raises(LocalCloudError, match="'YYYY' in the timestamp pattern 'YYYY-MM' is not known"):
        format_time("YYYY-MM", TIME)


@pytest.mark.parametrize(
    ("prefix", "evaluated"),
    [
        ("", "2026/03/07/15/"),
        ("raw/", "raw/2026/03/07/15/"),
        ("raw/dt=!{timestamp:yyyy-MM-dd}/", "raw/dt=2026-03-07/"),
        ("t=!{partitionKeyFromQuery:type}/", "t=click/2026/03/07/15/"),
        ("!{partitionKeyFromLambda:tenant}/!{timestamp:yyyy}/", "acme/2026/"),
    ],
)
def test_evaluates_prefixes(prefix: str, evaluated: str) -> None:
    assert evaluate(prefix, type="click") == evaluated


def test_each_random_string_is_another() -> None:
    found = evaluate("!{firehose:random-string}-!{firehose:random-string}!{timestamp:/}")
    one, two = found.rstrip("/").split("-")
    assert one != two
    assert re.fullmatch(r"[A-Za-z0-9]{11}", one)


def test_a_key_that_no_processor_finds_is_refused() -> None:
    with pytest.raises(LocalCloudError, match=r"!\{partitionKeyFromQuery:kind\} of the prefix .* has no value"):
        evaluate("!{partitionKeyFromQuery:kind}/", type="click")


@pytest.mark.parametrize(
    ("prefix", "evaluated"),
    [
        ("", "processing-failed/2026/03/07/15/"),
        ("errors-", "errors-processing-failed/2026/03/07/15/"),
        ("e/!{firehose:error-output-type}/!{timestamp:yyyy}/", "e/processing-failed/2026/"),
    ],
)
def test_evaluates_error_prefixes(prefix: str, evaluated: str) -> None:
    assert evaluate_error_prefix(prefix, TIME, "processing-failed") == evaluated

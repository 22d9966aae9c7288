"""Trino's documented examples, run by the local Athena: each has the documented result, or is refused by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from local_cloud.errors import LocalCloudError
from local_cloud.sql import trino
from local_cloud.sql.duck import Session
from local_cloud.sql.trino.names import RUNS, TRINO
from tests.local_cloud.sql.test_trino import answers, new_session, reason

NULL = "\\N"
# Documented, and refused: their zones, forms or types are not kept.
REFUSED = {
    "timestamp '2012-10-31 01:00 UTC' at time zone 'America/Los_Angeles'",
    "from_iso8601_timestamp('2020-05-11T11:15:05.055+01:00')",
    "with_timezone(timestamp '2022-11-01 09:08:07.321', 'America/Los_Angeles')",
    "at_timezone(timestamp '2022-11-01 13:08:07.321 UTC', 'America/Los_Angeles')",
    "array[1] || 2",
    "2 || array[1]",
    "array_sort(array[3, 2, 5, 1, 2], (x, y) -> if(x < y, 1, if(x = y, 0, -1)))",
    "format('%2$s %3$s %1$s', 'a', 'b', 'c')",
    "format('%1$tA, %1$tB %1$te, %1$tY', date '2006-07-04')",
    "reverse(to_utf8('abc'))",
}
# What has no example of one value, in tests of their own below.
TABLE = "(values (1, 'x'), (2, 'y'), (3, null)) t(n, s)"
QUERIES = {
    "any_value(n) is not null": "true",
    "arbitrary(s) is not null": "true",
    "approx_distinct(n)": "3",
    "approx_percentile(n, 0.5)": "2",
    "array_agg(s order by n)": "[x, y, null]",
    "avg(n)": "2.0",
    "bitwise_and_agg(n)": "0",
    "bitwise_or_agg(n)": "3",
    "bitwise_xor_agg(n)": "0",
    "bool_and(n > 1)": "false",
    "bool_or(n > 1)": "true",
    "every(n > 0)": "true",
    "corr(n, n)": "1.0",
    "count(*)": "3",
    "count(s)": "2",
    "count_if(n > 1)": "2",
    "covar_pop(n, n)": "0.6666666666666666",
    "covar_samp(n, n)": "1.0",
    "round(geometric_mean(n), 10)": "1.8171205928",
    "histogram(n % 2)": "{0=1, 1=2}",
    "kurtosis(n)": NULL,
    "listagg(s, ',') within group (order by n)": "x,y",
    "map_agg(n, s)": "{1=x, 2=y, 3=null}",
    "max(n)": "3",
    "max_by(s, n)": NULL,
    "min(n)": "1",
    "min_by(s, n)": "x",
    "regr_slope(n, n)": "1.0",
    "regr_intercept(n, n)": "0.0",
    "stddev(n)": "1.0",
    "stddev_samp(n)": "1.0",
    "stddev_pop(n)": "0.816496580927726",
    "sum(n)": "6",
    "variance(n)": "1.0",
    "var_samp(n)": "1.0",
    "var_pop(n)": "0.6666666666666666",
    "grouping(n)": "0",
    "cume_dist() over (order by n)": "0.3333333333333333",
    "dense_rank() over (order by n)": "1",
    "first_value(n) over (order by n)": "1",
    "lag(n) over (order by n)": NULL,
    "last_value(n) over (order by n)": "1",
    "lead(n) over (order by n)": "2",
    "nth_value(n, 1) over (order by n)": "1",
    "ntile(3) over (order by n)": "1",
    "percent_rank() over (order by n)": "0.0",
    "rank() over (order by n)": "1",
    "row_number() over (order by n)": "1",
}
VALUES = {
    "current_timestamp > timestamp '2020-01-01 00:00:00'": "true",
    "now() > timestamp '2020-01-01 00:00:00'": "true",
    "localtimestamp > timestamp '2020-01-01 00:00:00'": "true",
    "date('2024-01-02')": "2024-01-02",
    "format_datetime(timestamp '2024-01-02 03:04:05', 'yyyy-MM-dd')": "2024-01-02",
    "parse_datetime('2024-01-02', 'yyyy-MM-dd')": "2024-01-02 00:00:00.000 UTC",
    "map_entries(map(array[1], array['x']))": "[{key=1, value=x}]",
    "rand() < 1": "true",
    "random() < 1": "true",
    "row(1, 'a')": "{field0=1, field1=a}",
    "try_cast('x' as integer)": NULL,
    "uuid() is not null": "true",
}
EXAMPLES = [
    tuple(line.split("\t"))
    for line in Path(__file__).with_name("trino_examples.tsv").read_text().splitlines()
    if not line.startswith("#")
]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    session = new_session(tmp_path_factory.mktemp("duck"))
    yield session
    session.close()


def function(expression: str) -> str:
    return expression.partition("(")[0].strip().lower()


@pytest.mark.parametrize(("expression", "documented", "page"), EXAMPLES, ids=[item[0] for item in EXAMPLES])
def test_an_example_has_the_documented_result_or_is_refused_by_name(
    session: Session, expression: str, documented: str, page: str
) -> None:
    query = f"select {expression} from (values (1)) t(x)"
    if expression in REFUSED or (function(expression) in TRINO and function(expression) not in RUNS):
        assert reason(session, query).startswith(("NOT_SUPPORTED", "TYPE_MISMATCH", "FUNCTION_NOT_FOUND")), page
    else:
        assert answers(session, query) == [[None if documented == NULL else documented]], page


@pytest.mark.parametrize(("expression", "expected"), QUERIES.items())
def test_an_aggregate_or_window_function_answers_as_documented(
    session: Session, expression: str, expected: str
) -> None:
    order = " group by n order by n limit 1" if expression.startswith("grouping") else ""
    limit = " order by n limit 1" if " over " in expression else order
    assert answers(session, f"select {expression} from {TABLE}{limit}") == [[None if expected == NULL else expected]]


@pytest.mark.parametrize(("expression", "expected"), VALUES.items())
def test_a_function_without_an_example_answers_as_documented(session: Session, expression: str, expected: str) -> None:
    assert answers(session, f"select {expression}") == [[None if expected == NULL else expected]]


def test_every_function_that_runs_has_an_example() -> None:
    text = " ".join([*(item[0] for item in EXAMPLES), *QUERIES, *VALUES]).lower()
    # Without parentheses, or by another of their names.
    bare = {"current_timestamp", "localtimestamp"}
    assert {name for name in RUNS if f"{name}(" not in text and f" {name}" not in f" {text}"} - bare == set()


def test_every_function_that_runs_is_trinos() -> None:
    assert RUNS <= TRINO


@pytest.mark.parametrize("name", sorted(TRINO - RUNS - {"decimal", "set"}))
def test_a_function_of_trino_that_does_not_run_is_refused_by_its_name(session: Session, name: str) -> None:
    with pytest.raises((LocalCloudError, duckdb.Error)) as failed:
        trino.parse(f"select {name}(1)")
    assert name in str(failed.value).lower()

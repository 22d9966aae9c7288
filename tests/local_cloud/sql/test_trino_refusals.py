"""Refusals of the local Athena: other SQL, types that do not fit and lost zones, each with Athena's code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_cloud.sql.duck import Session
from tests.local_cloud.sql.test_trino import answers, new_session, reason


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    session = new_session(tmp_path_factory.mktemp("duck"))
    session.execute(
        "create table t as select 1 as a, 'x' as b, date '2024-01-01' as d, true as f "
        "union all select 2, 'y', date '2025-01-01', false"
    )
    yield session
    session.close()


# SQL of other engines, most of which DuckDB or sqlglot would run.
FOREIGN = [
    "from t",
    "select * from (from t)",
    "select * exclude (a) from t",
    "select * replace (1 as a) from t",
    "select a::varchar from t",
    "select [x for x in array[1]]",
    "select [1, 2]",
    "select {'a': 1}",
    "select b ilike 'X' from t",
    "select b rlike 'x' from t",
    "select b similar to 'x' from t",
    "select b glob 'x' from t",
    "select b like any ('x') from t",
    "select distinct on (a) a from t",
    "select a, from t",
    "select a as 'x' from t",
    "select 'a' 'b'",
    "select a from t order by a limit 1 offset 1",
    "select a from t order by a limit 1 percent",
    "select a from t group by all",
    "select a from t order by all",
    "select a from t qualify row_number() over (order by a) = 1",
    "select a from t using sample 1",
    "select a from t left semi join t u on t.a = u.a",
    "select a from t asof join t u on t.a >= u.a",
    "select * from t pivot (sum(a) for b in ('x'))",
    "select 1 as a union by name select 2 as a",
    "select a == 1 from t",
    "select a ** 2 from t",
    "select a // 2 from t",
    "select a & 1 from t",
    "select a << 1 from t",
    "select b -> 'x' from t",
    "select b ->> 'x' from t",
    "select 1_000",
    "select $1",
    "select `a` from t",
    "select f is true from t",
    "select a isnull from t",
    "select a between symmetric 2 and 1 from t",
    "select interval 1 day",
    "select interval '1 day'",
    "select cast(a as text) from t",
    "select cast(a as string) from t",
    "select cast(a as hugeint) from t",
    "select cast(a as float) from t",
    "select unnest(array[1])",
    "select len(b) from t",
    "select ifnull(a, 1) from t",
    "select nvl(a, 1) from t",
    "select list_sum(array[1])",
    "select string_agg(b, ',') from t",
    "select a from t for update",
    "select a from t sort by a",
]
FAILS = [
    ("select nope from t", "COLUMN_NOT_FOUND: line 1:1: Column 'nope' cannot be resolved"),
    ("select t.nope from t", "COLUMN_NOT_FOUND"),
    ("select u.a from t", "COLUMN_NOT_FOUND"),
    ("select date_trunc('month', nope) from t", "COLUMN_NOT_FOUND"),
    # Names of a query's own columns are not seen by its clauses.
    ("select a + 1 as y from t where y > 1", "COLUMN_NOT_FOUND: line 1:1: Column 'y'"),
    ("select year(d) as y, count(*) from t group by y", "COLUMN_NOT_FOUND: line 1:1: Column 'y'"),
    ("select a as x, x + 1 as y from t", "COLUMN_NOT_FOUND: line 1:1: Column 'x'"),
    ("select b, count(*) as c from t group by b having c > 0", "EXPRESSION_NOT_AGGREGATE"),
    ("select * from (select a + 1 as y from t where y > 1) u", "COLUMN_NOT_FOUND"),
    ("select a from t, t u", "AMBIGUOUS_NAME: line 1:1: Column 'a' is ambiguous"),
    ("select a, count(*) from t", "EXPRESSION_NOT_AGGREGATE"),
    ("select a from t where count(*) > 1", "EXPRESSION_NOT_SCALAR"),
    ("select distinct a from t order by b", "EXPRESSION_NOT_IN_DISTINCT"),
    ("select (select a from t)", "SUBQUERY_MULTIPLE_ROWS"),
    # Types are not cast to each other.
    ("select * from t where b = 1", "TYPE_MISMATCH"),
    ("select * from t x join t y on x.a = y.b", "TYPE_MISMATCH"),
    ("select * from t x where exists (select 1 from t y where y.a = x.b)", "TYPE_MISMATCH"),
    ("select a from t where a = (select max(b) from t)", "TYPE_MISMATCH"),
    ("select a from t where a in (select b from t)", "TYPE_MISMATCH"),
    ("select a from t where d > '2024-01-01'", "TYPE_MISMATCH"),
    ("select a from t where d between '2024-01-01' and '2024-12-31'", "TYPE_MISMATCH"),
    ("select b from t group by b having sum(a) > '1'", "TYPE_MISMATCH"),
    ("select case a when '1' then 1 end from t", "TYPE_MISMATCH"),
    ("select case when f then a else b end from t", "TYPE_MISMATCH"),
    ("select coalesce(a, 'x') from t", "TYPE_MISMATCH"),
    ("select nullif(a, '1') from t", "TYPE_MISMATCH"),
    ("select b || a from t", "TYPE_MISMATCH"),
    ("select '1' + 1", "TYPE_MISMATCH"),
    ("select d + 1 from t", "TYPE_MISMATCH"),
    ("select a from t where a", "TYPE_MISMATCH: line 1:1: a condition must be a boolean: actual type INTEGER"),
    ("select not a from t", "TYPE_MISMATCH"),
    ("select a = true from t", "TYPE_MISMATCH"),
    ("select a from t union all select b from t", "TYPE_MISMATCH: line 1:1: column 1 in UNION query"),
    ("with w as (select a from t) select a from w union all select 'x' from w", "TYPE_MISMATCH"),
    ("select a, b from t union select a from t", "TYPE_MISMATCH"),
    ("select abs('1')", "FUNCTION_NOT_FOUND: line 1:1: Unexpected parameters"),
    ("select upper(a) from t", "FUNCTION_NOT_FOUND: line 1:1: Unexpected parameters"),
    ("select sum(b) from t", "FUNCTION_NOT_FOUND: line 1:1: Unexpected parameters"),
    # Values.
    ("select cast('2024-01-02T03:04:05' as timestamp)", "INVALID_CAST_ARGUMENT: Value cannot be cast to timestamp"),
    ("select cast('2024-01-02T03:04:05Z' as timestamp)", "INVALID_CAST_ARGUMENT: Value cannot be cast to timestamp"),
    ("select cast('2024-01-02 00:00:00' as date)", "INVALID_CAST_ARGUMENT: Value cannot be cast to date"),
    ("select date '2024-02-30'", "INVALID_CAST_ARGUMENT"),
    ("select cast('1.5' as integer)", "INVALID_CAST_ARGUMENT: Cannot cast '1.5' to"),
    ("select cast(' 1' as integer)", "INVALID_CAST_ARGUMENT"),
    ("select cast('yes' as boolean)", "INVALID_CAST_ARGUMENT: Cannot cast 'yes' to BOOLEAN"),
    ("select cast(12345 as varchar(3))", "INVALID_CAST_ARGUMENT"),
    ("select 2147483647 + 1", "NUMERIC_VALUE_OUT_OF_RANGE"),
    ("select sum(x) from (values 9223372036854775807, 1) v(x)", "NUMERIC_VALUE_OUT_OF_RANGE"),
    ("select a / 0 from t", "DIVISION_BY_ZERO"),
    ("select date_trunc('decade', d) from t", "INVALID_FUNCTION_ARGUMENT: 'decade' is not a valid"),
    ("select split_part('a', ',', 0)", "INVALID_FUNCTION_ARGUMENT"),
    ("select sequence(1, 10001)", "INVALID_FUNCTION_ARGUMENT: result of sequence function"),
    # Trino's meaning, which is not reproduced.
    ("select sum(a) * 1.0 / count(*) from t", "NOT_SUPPORTED: decimal division"),
    ("select avg(cast(a as decimal(5, 2))) from t", "NOT_SUPPORTED: the average of decimal"),
    ("select sum(cast(a as real)) from t", "NOT_SUPPORTED: the sum of float"),
    ("select 1e0 / 0", "NOT_SUPPORTED: dividing a double by zero"),
    ("select max(d) - min(d) from t", "NOT_SUPPORTED: the difference of aggregated dates"),
    ("select d - date '2024-01-01' from t", "NOT_SUPPORTED: intervals are not written"),
    ("select cast(b as char(3)) from t", "NOT_SUPPORTED: CHAR pads"),
    ("select current_time", "NOT_SUPPORTED"),
    ("select date_format(d, '%D') from t", "NOT_SUPPORTED"),
    ("select json_extract_scalar('{\"a\": 1.50}', '$.a')", "NOT_SUPPORTED: the number in"),
]


@pytest.mark.parametrize("query", FOREIGN)
def test_other_sql_than_athenas_is_refused(session: Session, query: str) -> None:
    assert reason(session, query).startswith(("SYNTAX_ERROR", "FUNCTION_NOT_FOUND", "NOT_SUPPORTED"))


@pytest.mark.parametrize(("query", "why"), FAILS)
def test_a_query_fails_with_athenas_code(session: Session, query: str, why: str) -> None:
    assert reason(session, query).startswith(why)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select a + 1 as a from t where a > 1", [["3"]]),
        ("select lower(b) as b, count(*) from t group by lower(b) order by b", [["x", "1"], ["y", "1"]]),
        ("select year(d) as y from t group by 1 order by y desc", [["2025"], ["2024"]]),
        ("select b, sum(a) as s from t group by b having sum(a) > 1 order by s", [["y", "2"]]),
        ("select a from t order by a offset 1 limit 1", [["2"]]),
        ("select a from t order by a offset 1", [["2"]]),
        ("select a from t order by a desc fetch first 1 row only", [["2"]]),
        ("select a from t where d = timestamp '2024-01-01 00:00:00'", [["1"]]),
        ("select a from t union all select cast(3 as bigint) order by 1", [["1"], ["2"], ["3"]]),
        ("select null as a union all select 1 order by 1", [["1"], [None]]),
        ("select t.a, u.b from t left join t u on t.a = u.a and u.f order by 1", [["1", "x"], ["2", None]]),
        ("select cast(avg(a) as integer), cast(sum(a) as varchar) from t", [["2", "3"]]),
        ("select max(a) - min(a) from t", [["1"]]),
        ("select element_at(array_agg(a order by a), 1) from t", [["1"]]),
        ("select cardinality(array_agg(a)) from t", [["2"]]),
        ("select try_cast('2024-01-02T03:04:05' as timestamp)", [[None]]),
        ("select try(cast('x' as integer))", [[None]]),
        ("select cast('abcdef' as varchar(3))", [["abc"]]),
        ("select max_by(s, n) from (values (1, 'x'), (2, null)) v(n, s)", [[None]]),
        ("select x from unnest(array[1, 2]) u(x) where x > 1", [["2"]]),
    ],
)
def test_a_query_that_athena_takes_runs(session: Session, query: str, expected: list[list[str | None]]) -> None:
    assert answers(session, query) == expected


NEW_YEAR = "from_iso8601_timestamp('2024-12-31T23:30:00-05:00')"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # https://trino.io/docs/current/functions/datetime.html: fields are those of the value's own zone.
        (f"year({NEW_YEAR})", "2024"),
        (f"hour({NEW_YEAR})", "23"),
        (f"day({NEW_YEAR})", "31"),
        (f"date({NEW_YEAR})", "2024-12-31"),
        (f"cast({NEW_YEAR} as timestamp)", "2024-12-31 23:30:00.000"),
        (f"date_format({NEW_YEAR}, '%Y-%m-%d')", "2024-12-31"),
        (f"extract(hour from {NEW_YEAR})", "23"),
        (f"date(date_trunc('month', {NEW_YEAR}))", "2024-12-01"),
        (f"{NEW_YEAR} at time zone 'UTC'", "2025-01-01 04:30:00.000 UTC"),
        (f"year({NEW_YEAR} at time zone 'UTC')", "2025"),
        (f"{NEW_YEAR} = timestamp '2025-01-01 04:30:00 UTC'", "true"),
        (f"to_unixtime({NEW_YEAR})", "1.7357058E9"),
        ("hour(timestamp '2024-01-02 03:04:05 America/New_York')", "3"),
        ("hour(timestamp '2024-01-02 03:04:05 UTC' at time zone 'America/New_York')", "22"),
        ("hour(from_unixtime(0, 'Asia/Tokyo'))", "9"),
        ("to_unixtime(with_timezone(timestamp '1970-01-01 09:00:00', 'Asia/Tokyo'))", "0.0"),
        ("from_iso8601_timestamp('2024-01-02T03:04:05Z')", "2024-01-02 03:04:05.000 UTC"),
        ("cast(timestamp '2024-01-02 03:04:05' as timestamp with time zone)", "2024-01-02 03:04:05.000 UTC"),
    ],
)
def test_parts_of_a_time_are_those_of_its_zone(session: Session, expression: str, expected: str) -> None:
    assert answers(session, f"select {expression}") == [[expected]]


@pytest.mark.parametrize(
    "expression",
    [
        NEW_YEAR,
        f"max({NEW_YEAR})",
        f"coalesce({NEW_YEAR}, now())",
        f"cast({NEW_YEAR} as varchar)",
        "timestamp '2024-01-02 03:04:05 America/New_York'",
        "now() at time zone 'Asia/Tokyo'",
        "date_trunc('day', now() at time zone 'Asia/Tokyo')",
        "from_unixtime(0, 'Asia/Tokyo')",
        "cast('2024-01-02 03:04:05 +02:00' as timestamp with time zone)",
    ],
)
def test_a_zone_that_would_be_lost_is_refused(session: Session, expression: str) -> None:
    assert reason(session, f"select {expression}").startswith("NOT_SUPPORTED: the time zone")

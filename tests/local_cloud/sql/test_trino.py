from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from local_cloud.errors import LocalCloudError
from local_cloud.server.objects import ObjectStore
from local_cloud.server.runtime import Runtime
from local_cloud.sql import trino
from local_cloud.sql.duck import Session
from local_cloud.sql.render import text


def new_session(folder: Path) -> Session:
    objects = ObjectStore("123456789012")
    runtime = Runtime(endpoint="http://localhost:1", account="1", workdir=folder, cache=folder, objects=objects)
    session = Session(runtime, "eu-central-1")
    trino.install(session)
    return session


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    session = new_session(tmp_path_factory.mktemp("duck"))
    yield session
    session.close()


def evaluate(session: Session, expression: str) -> str | None:
    return answers(session, f"select {expression} from (values (1)) t(x)")[0][0]


def answers(session: Session, query: str) -> list[list[str | None]]:
    """Run a query as the Athena engine does, and return its values as Athena writes them."""
    tree = trino.rewrite(trino.parse(query))
    trino.analyse(session, tree, lambda checked: checked)
    relation = session.execute(trino.generate(tree))
    kinds = [item[1] for item in relation.description or []]
    return [[text(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in relation.fetchall()]


def reason(session: Session, query: str) -> str:
    """Return why a query fails, as the Athena engine says it."""
    with pytest.raises((LocalCloudError, duckdb.Error)) as failed:
        answers(session, query)
    return trino.failure(failed.value)


# The right-hand sides follow from Trino's documentation.
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("date_diff('hour', timestamp '2024-01-01 23:30:00', timestamp '2024-01-02 00:15:00')", "0"),
        ("date_diff('day', date '2024-01-01', date '2024-03-01')", "60"),
        ("date_add('day', 1, date '2024-01-31')", "2024-02-01"),
        ("date_add('month', 1, timestamp '2024-01-31 00:00:00')", "2024-02-29 00:00:00.000"),
        ("date '2024-01-01' + interval '1' day", "2024-01-02"),
        ("date '2024-01-01' - interval '1' day", "2023-12-31"),
        ("date_trunc('month', date '2024-02-03')", "2024-02-01"),
        ("7 / 2", "3"),
        ("1 / 4e0", "0.25"),
        ("try(1 / 0)", None),
        ("array[10, 20][2]", "20"),
        ("element_at(array[10], 5)", None),
        ("map(array['a'], array[1])['a']", "1"),
        ("substr('abc', 0)", ""),
        ("substr('abc', -2)", "bc"),
        ("cast(1e7 as varchar)", "1.0E7"),
        ("cast(1.5e0 as varchar)", "1.5"),
        ("cast(timestamp '2024-01-01 00:00:00' as varchar)", "2024-01-01 00:00:00.000"),
        ("cast(2.5e0 as integer)", "3"),
        ("split_part('a,b', ',', 3)", None),
        ("regexp_extract('abc', 'x')", None),
        ("regexp_extract('abc', 'b(.)', 1)", "c"),
        ("regexp_replace('abcb', '(b)', '[$1]')", "a[b]c[b]"),
        ("json_extract_scalar('{\"a\": {\"b\": 1}}', '$.a')", None),
        ("json_extract_scalar('{\"a\": {\"b\": 1}}', '$.a.b')", "1"),
        ("slice(array[1, 2, 3, 4], 2, 2)", "[2, 3]"),
        ("array_position(array[1, 2], 3)", "0"),
        ("extract(dow from date '2024-01-07')", "7"),
        ("format_datetime(timestamp '2024-01-02 03:04:05', 'yyyy-MM-dd''T''HH:mm')", "2024-01-02T03:04"),
        ("any_match(array[1, 2], y -> y > 1)", "true"),
        ("none_match(array[1, 2], y -> y > 1)", "false"),
        ("all_match(array[1, 2], y -> y > 0)", "true"),
        ("map_agg(x, x + 1)", "{1=2}"),
        ("url_extract_host('https://u@a.b:1/c?d=e%20f')", "a.b"),
        ("url_extract_parameter('https://a.b/c?d=e%20f', 'd')", "e f"),
        ("format('%d items', x)", "1 items"),
        ("concat('a', null)", None),
        ("greatest(1, null)", None),
        ("hour(timestamp '2024-01-01 05:00:00' at time zone 'America/New_York')", "0"),
        ("approx_percentile(x, 0.5)", "1"),
        ("cast(row(1, 'a') as row(p integer, q varchar))", "{p=1, q=a}"),
        ("from_unixtime(0)", "1970-01-01 00:00:00.000 UTC"),
        ("current_timestamp > timestamp '2020-01-01 00:00:00'", "true"),
        ("count_if(x = 1)", "1"),
    ],
)
def test_an_expression_means_what_it_means_in_trino(session: Session, expression: str, expected: str | None) -> None:
    assert evaluate(session, expression) == expected


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("1 / 3.0", "decimal division"),
        ("1 / 0", "Division by zero"),
        ("x % 0", "Division by zero"),
        ("array[1, 2][5]", "5 > 2"),
        ("map(array['a'], array[1])['b']", "Key not present in map: b"),
        ("x = '1'", "TYPE_MISMATCH"),
        ("'1' = 1", "TYPE_MISMATCH"),
        ("x in ('a', 'b')", "TYPE_MISMATCH"),
        ("date '2024-01-01' between '2024-01-01' and '2024-01-02'", "TYPE_MISMATCH"),
        ("cast('1.5' as bigint)", "Cannot cast '1.5' to BIGINT"),
        ("list_sum(array[1])", "FUNCTION_NOT_FOUND: .* Function 'list_sum' not registered"),
        ("typeof(x)", "typeof"),
        ("reduce(array[1], 0, (s, y) -> s + y, s -> s * 2)", "identity"),
        ("timestamp '2024-01-01 00:00:00' at time zone 'Asia/Tokyo'", "the time zone 'Asia/Tokyo' would be lost"),
        ("format_datetime(now(), 'qq')", "'qq' in date pattern"),
    ],
)
def test_what_cannot_mean_the_same_fails(session: Session, expression: str, why: str) -> None:
    assert re.search(why, reason(session, f"select {expression} from (values (1)) t(x)"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "select k, v from (select map(array['a', 'b'], array[1, 2]) m) t cross join unnest(m) as u(k, v)",
            [("a", 1), ("b", 2)],
        ),
        (
            "select a, b from (values 1) t(x) cross join unnest(array[1, 2], array['p']) as u(a, b)",
            [(1, "p"), (2, None)],
        ),
        ("select a, n from (values 1) t(x) cross join unnest(array[7]) with ordinality as u(a, n)", [(7, 1)]),
    ],
)
def test_unnest_gives_a_column_for_each_part(session: Session, query: str, expected: list[tuple[object, ...]]) -> None:
    assert session.execute(trino.generate(trino.rewrite(trino.parse(query)))).fetchall() == expected


def test_unnamed_columns_are_named_as_athena_names_them() -> None:
    tree = trino.parse("select 1, Name as Shout, Name, count(*) from t")
    trino.name_columns(tree)
    assert [column.alias_or_name for column in tree.expressions] == ["_col0", "shout", "name", "_col3"]


def test_a_syntax_error_has_its_position() -> None:
    with pytest.raises(LocalCloudError, match=r"SYNTAX_ERROR: line 1:7: .* near '1'"):
        trino.parse("selec 1")

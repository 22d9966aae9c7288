"""SQL of other systems as Spark's: real Spark takes what is translated, with the meaning that it had."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lake_blueprints.contracts import Column, ContractError, Dataset, QualityRule
from lake_blueprints.contracts.spark_functions import SPARK_FUNCTIONS
from lake_blueprints.contracts.sql_rules import spark_rule
from local_cloud.engines.glue.spark import QUICK_JVM, spark_configuration, spark_environment
from tests.spark import iceberg_jars

COLUMNS = {
    "id": "bigint", "lines": "bigint", "total": "decimal(10,2)", "name": "string", "at": "timestamp", "day": "date",
    "ok": "boolean", "tags": "array<string>", "address": "struct<zip:string>",
}  # fmt: skip
ORDERS = Dataset(name="orders", columns=[Column(name=name, type=kind) for name, kind in COLUMNS.items()])
ROWS = """
    (1L, 2L, 1.50, 'ab', timestamp '2024-01-01 23:30:00', date '2024-01-01', true, array('x'), struct('1')),
    (2L, 0L, 2.50, 'abc', timestamp '2024-01-02 00:10:00', date '2024-01-02', false, array('y'), struct('2')),
    (3L, 7L, 9.00, null, timestamp '2024-01-02 12:00:00', date '2024-02-01', true, array(), struct('3'))
"""


def translated(query: str, system: str | None = None) -> str:
    return spark_rule(QualityRule(place="q", kind="sql", query=query, system=system), ORDERS, {}).sql


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    root = tmp_path_factory.mktemp("spark")
    settings = spark_configuration({}, workdir=root, java_options=QUICK_JVM, jars=iceberg_jars())
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in spark_environment(root).items():
            patch.setenv(variable, value)
        # Other tests of this process may have one, which then goes on.
        before = SparkSession.getActiveSession()
        first = SparkSession.builder.config(map=settings).getOrCreate()
        session = first.newSession()
        session.conf.set("spark.sql.shuffle.partitions", "1")
        values = session.sql(f"select * from values {ROWS} as t({', '.join(COLUMNS)})")
        casts = [f"cast(`{name}` as {kind}) as `{name}`" for name, kind in COLUMNS.items()]
        values.selectExpr(*casts).createOrReplaceTempView("primary")
        yield session
        if before is None:
            first.stop()


# What rules of contracts look like, by system.
RUN: dict[str | None, list[str]] = {
    None: [
        "SELECT count_if(lines = 0) FROM orders",
        "SELECT total::int FROM orders LIMIT 1",
        'SELECT count(*) FROM orders WHERE "name" = \'ab\' AND name ILIKE \'A%\'',
        "SELECT count(*) FROM orders WHERE at > now() - interval 1 day AND day > current_date - 7",
        "SELECT count(*) FROM orders o WHERE EXISTS (SELECT 1 FROM orders p WHERE p.id = o.id AND p.ok)",
        "SELECT count(*) FROM orders WHERE tags[0] = 'x' AND address.zip = '1' AND exists(tags, t -> t = 'x')",
        "SELECT count(*) FROM orders LATERAL VIEW explode(tags) t AS tag WHERE tag = 'x'",
        "WITH x AS (SELECT id FROM orders GROUP BY id HAVING count(*) > 1) SELECT count(*) FROM x",
        "SELECT count(*) FROM (SELECT *, row_number() OVER (PARTITION BY id ORDER BY at) AS n FROM orders) WHERE n > 1",
    ],
    "snowflake": [
        "SELECT COUNT(*) FROM db.public.orders WHERE IFF(ok, 1, 0) = 1 AND ZEROIFNULL(total) = 0",
        "SELECT COUNT(*) FROM orders WHERE at > DATEADD('day', -1, CURRENT_TIMESTAMP()) AND tags[0]::string = 'x'",
        "SELECT DATEDIFF('hour', MAX(at), CURRENT_TIMESTAMP()) FROM orders",
        "SELECT COUNT(*) FROM (SELECT * FROM orders QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY at) > 1)",
    ],
    "bigquery": [
        "SELECT SAFE_DIVIDE(COUNTIF(ok), COUNT(*)) FROM `project.set.orders`",
        "SELECT COUNT(*) FROM orders WHERE at < TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 DAY)",
        "SELECT COUNT(*) FROM orders WHERE REGEXP_CONTAINS(name, r'^a') AND SAFE_CAST(name AS INT64) IS NULL",
        "SELECT COUNT(*) FROM orders WHERE day < DATE_SUB(CURRENT_DATE(), INTERVAL 1 MONTH) AND name = \"x\"",
    ],
    "postgres": [
        "SELECT count(*) FILTER (WHERE ok) FROM public.orders WHERE name !~ '^[a-z]+$'",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total) FROM orders",
        "SELECT count(*) FROM orders WHERE at < now() - interval '1 day' AND total::numeric(10,2) > 1",
        "SELECT count(*) FROM (SELECT DISTINCT ON (id) id FROM orders) t",
    ],
    "sqlserver": [
        "SELECT TOP 1 COUNT_BIG(*) FROM [dbo].[orders] WHERE DATEDIFF(day, at, GETDATE()) > 1",
        "SELECT COUNT(*) FROM orders WHERE ISNULL(name, '') = ''",
        "SELECT COUNT(*) FROM orders WHERE LEN(name) > 2 AND TRY_CONVERT(int, name) IS NULL",
    ],
    "oracle": ["SELECT COUNT(*) FROM orders WHERE NVL(name, 'x') = 'x' AND REGEXP_LIKE(name, 'a')"],
    "mysql": [
        "SELECT SUM(IF(ok, 1, 0)) FROM orders WHERE at < DATE_SUB(NOW(), INTERVAL 1 DAY)",
        'SELECT COUNT(*) FROM orders WHERE IFNULL(name, "") <> ""',
        "SELECT COUNT(*) FROM `orders` WHERE TIMESTAMPDIFF(HOUR, at, NOW()) > 1 AND DATE_FORMAT(at, '%Y') = '2020'",
    ],
    "redshift": ["SELECT COUNT(*) FROM orders WHERE at < GETDATE() - INTERVAL '1 day' AND DATEADD(day, 1, day) < at"],
    "trino": [
        "SELECT count_if(ok) FROM orders WHERE at < current_timestamp - interval '1' day AND cardinality(tags) > 1",
        "SELECT count(*) FROM orders CROSS JOIN UNNEST(tags) AS t(tag) WHERE tag = 'a'",
        "SELECT approx_percentile(total, 0.5) FROM orders",
    ],
    "duckdb": ["SELECT count(*) FROM orders WHERE regexp_matches(name, 'a') AND at < now() - INTERVAL 1 DAY"],
    "databricks": ["SELECT count_if(name RLIKE 'a') FROM main.sales.orders WHERE try_divide(1, 2) > 0"],
    "clickhouse": ["SELECT countIf(ok) FROM orders"],
}  # fmt: skip


@pytest.mark.parametrize(("system", "query"), [(system, query) for system, some in RUN.items() for query in some])
def test_spark_takes_what_is_translated(spark: SparkSession, system: str | None, query: str) -> None:
    assert len(spark.sql(translated(query, system)).columns) == 1


# A query, what its own system answers for the rows above, and why Spark's words alone would not.
MEANT: list[tuple[str, str, Any]] = [
    ("snowflake", "SELECT COUNT(*) FROM orders WHERE at > DATEADD('day', 1, '2024-01-01 00:05:00'::timestamp)", 2),
    ("snowflake", "SELECT COUNT(*) FROM orders WHERE DATEDIFF('day', at, '2024-01-02 00:05:00'::timestamp) = 1", 1),
    ("snowflake", "SELECT COUNT(*) FROM orders WHERE DATEDIFF('hour', at, '2024-01-02 00:05:00'::timestamp) = 1", 1),
    ("trino", "SELECT count(*) FROM orders WHERE date_diff('hour', at, timestamp '2024-01-02 00:05:00') = 1", 0),
    ("snowflake", "SELECT COUNT(*) FROM orders WHERE REGEXP_LIKE(name, 'ab')", 1),
    ("postgres", "SELECT count(*) FROM orders WHERE name ~ 'ab'", 2),
    ("postgres", "SELECT count(*) / 2 FROM orders", 1),
    ("mysql", "SELECT COUNT(*) / 2 FROM orders", 1.5),
    ("postgres", "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY id) FROM orders WHERE id < 3", 1.5),
    ("duckdb", "SELECT quantile_cont(lines, 0.5) FROM orders WHERE id < 3", 1.0),
    ("sqlserver", "SELECT COUNT(*) FROM orders WHERE name + 'c' = 'abc'", 1),
    ("mysql", "SELECT COUNT(*) FROM orders WHERE at < DATE_SUB('2024-01-03 00:05:00', INTERVAL 1 DAY)", 1),
]


@pytest.mark.parametrize(("system", "query", "answer"), MEANT)
def test_spark_answers_as_the_system_that_it_was_written_for(
    spark: SparkSession, system: str, query: str, answer: Any
) -> None:
    assert spark.sql(translated(query, system)).collect()[0][0] == answer


@pytest.mark.parametrize(
    ("system", "query", "reason"),
    [
        ("snowflake", "SELECT COUNT(*) FROM orders WHERE total > DATEADD('day', -1, CURRENT_TIMESTAMP())",
         "compares a number with a time"),
        ("snowflake", "SELECT quantile_cont(total, 0.5) FROM orders", "it has no function quantile_cont()"),
        ("snowflake", "SELECT LISTAGG(name, ',') FROM orders", "it has no function listagg()"),
        ("snowflake", "SELECT COUNT(*) FROM orders WHERE REGEXP_LIKE(name, tags[0])", "and this one is no plain text"),
        ("snowflake", "SELECT COUNT(*) FROM orders WHERE DAYOFWEEK(day) = 0", "is 0 to 6 in snowflake"),
        ("postgres", "SELECT extract(epoch from now() - max(at)) FROM orders", "no 'epoch' with the meaning of"),
        ("postgres", "SELECT count(*) FROM orders WHERE age(at) > interval '1 day'", "it has no function age()"),
        ("sqlserver", "SELECT COUNT(*) FROM orders WHERE name LIKE '%[0-9]%'", "has no sets of characters in brackets"),
        ("redshift", "SELECT COUNT(*) FROM orders WHERE name SIMILAR TO '[a-z]+'", "it has no SIMILAR TO"),
        ("trino", "SELECT count(*) FROM orders WHERE at AT TIME ZONE 'UTC' > now()", "it has no AT TIME ZONE"),
        ("duckdb", "SELECT count(*) FROM read_csv('x')", "it has no function read_csv()"),
        (None, "SELECT count(*) FROM orders WHERE nmae = 'x'", "there is no column 'nmae'; there are address"),
        (None, "SELECT count(*) FROM orders WHERE day > 5", "day > 5 compares a number with a time"),
        (None, "SELECT sum(day) FROM orders", "SUM(day) is of a time, not of a number"),
        (None, "SELECT count(*) FROM orders WHERE tags = 'x'", "compares a value with parts with text"),
        (None, "SELECT count(*) * id FROM orders", "id stands beside an aggregate, and there is no GROUP BY"),
        (None, "SELECT count(*) FROM orders WHERE isnull(name, '') = ''", "isnull() takes one value"),
        (None, "SELECT reflect('java.lang.System', 'exit', 1) FROM orders", "it has no function reflect()"),
        (None, "SELECT * FROM orders WHERE total < 0", "it returns rows or several columns"),
        (None, "SELECT count(*), max(id) FROM orders", "it returns rows or several columns"),
        (None, "UPDATE orders SET id = 1", "it is no single query"),
        (None, "SELECT 1; DROP TABLE orders", "it is no single query"),
        (None, "SELEC count(*)", "its SQL cannot be read as that of spark"),
    ],
)  # fmt: skip
def test_what_spark_cannot_run_is_refused_with_the_reason(system: str | None, query: str, reason: str) -> None:
    with pytest.raises(ContractError) as raised:
        translated(query, system)
    assert reason in str(raised.value)


def test_spark_refuses_what_is_refused(spark: SparkSession) -> None:
    """The reasons above are Spark's own, not the translation's."""
    for where in (
        "total > timestampadd(day, -1, now())",
        "day > 5",
        "tags = 'x'",
        "name similar to 'a'",
        "age(at) > 1",
    ):
        with pytest.raises(Exception, match=r"DATATYPE_MISMATCH|PARSE_SYNTAX_ERROR|UNRESOLVED_ROUTINE"):
            spark.sql(f"SELECT count(*) FROM primary WHERE {where}")


def test_the_functions_are_those_of_spark(spark: SparkSession) -> None:
    found = {row[0] for row in spark.sql("SHOW SYSTEM FUNCTIONS").collect()}
    operators = {name for name in found if not name[0].isalpha()} | {"and", "or", "not", "in", "between", "case", "div"}
    assert found - operators - {"reflect", "java_method", "try_reflect"} == SPARK_FUNCTIONS

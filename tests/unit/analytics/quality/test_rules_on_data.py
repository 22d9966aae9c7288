"""Every metric, operator and unit of the standard's library: from the contract through DQDL to real data.

Two tables, all counts by hand: `low` has ten rows and few that break rules, `high` has twenty and more of them.
"""

from __future__ import annotations

import datetime as dt
import io
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from attrs import evolve
from pyspark.sql import SparkSession

from lake_blueprints.contracts import Column, Comparison, Dataset, Metric, Operator, QualityRule
from lake_blueprints.contracts.dqdl import compile_ruleset
from local_cloud.cloud import LocalCloud
from local_cloud.engines.glue.data_quality.dqdl import parse
from local_cloud.engines.glue.data_quality.rules import Rule
from local_cloud.engines.glue.spark import QUICK_JVM, spark_configuration, spark_environment
from tests.spark import iceberg_jars

D1, D2, D3 = (dt.date(2013, 1, day) for day in (1, 2, 3))
COLUMNS = {"code": "string", "n": "int", "day": "date", "price": "decimal(9,2)"}
LOW: list[tuple[Any, ...]] = [
    ("A", 0, D1, "1.50"),
    ("B", -1, D1, "1.50"),
    ("A", 1, D1, "2.00"),
    (None, 2, D2, "3.00"),
    ("", 3, D2, "4.00"),
    ("N/A", 4, D2, "5.00"),
    ("a1", 5, D3, "6.00"),
    ("B", 6, D1, "7.00"),
    ("C", 7, D2, "8.00"),
    (None, None, None, None),
]
HIGH: list[tuple[Any, ...]] = [
    *[(None, -1, D1, "1.50")] * 6,
    ("", -1, D1, "1.50"),
    ("", -1, D1, "1.50"),
    ("N/A", -1, D1, "9.99"),
    ("A", -1, D1, "9.99"),
    ("A", None, D2, "9.99"),
    ("A", None, D2, None),
    ("B", None, D2, None),
    *[("x", 5, D2, None)] * 7,
]
TABLES: dict[str, list[tuple[Any, ...]]] = {"low": LOW, "high": HIGH, "none": []}


class Measure(NamedTuple):
    """A measure, and its value in the two tables."""

    low: int
    high: int
    metric: Metric | None = None
    column: str | None = None
    arguments: dict[str, Any] | None = None
    query: str | None = None


MEASURES = {
    "rows": Measure(10, 20, Metric.ROW_COUNT),
    "nulls": Measure(2, 6, Metric.NULL_VALUES, "code"),
    "nulls of a decimal": Measure(1, 9, Metric.NULL_VALUES, "price"),
    "missing, listed": Measure(4, 9, Metric.MISSING_VALUES, "code", {"missingValues": [None, "", "N/A"]}),
    "missing, nothing listed": Measure(2, 6, Metric.MISSING_VALUES, "code"),
    "missing numbers": Measure(2, 13, Metric.MISSING_VALUES, "n", {"missingValues": [-1, "N/A", None]}),
    "invalid, listed": Measure(4, 10, Metric.INVALID_VALUES, "code", {"validValues": ["A", "B"]}),
    "invalid, by pattern": Measure(3, 10, Metric.INVALID_VALUES, "code", {"pattern": "^[A-Z]$"}),
    "invalid, awkward values": Measure(6, 11, Metric.INVALID_VALUES, "code", {"validValues": ["A", "O'Neil", "\\"]}),
    "invalid, awkward pattern": Measure(1, 0, Metric.INVALID_VALUES, "code", {"pattern": r'^[^"\d]*$'}),
    "invalid dates": Measure(4, 10, Metric.INVALID_VALUES, "day", {"validValues": ["2013-01-01", "2013-01-03"]}),
    "invalid decimals": Measure(7, 3, Metric.INVALID_VALUES, "price", {"validValues": [1.5]}),
    "repeated": Measure(2, 9, Metric.DUPLICATE_VALUES, "code"),
    "repeated pairs": Measure(2, 8, Metric.DUPLICATE_VALUES, None, {"properties": ["code", "day"]}),
    "sql": Measure(2, 3, query="SELECT count(*) FROM ${object} WHERE ${property} = 'A'", column="code"),
}
UNITS = {"rows": (1, 1), "percent": (10, 5)}  # what one row of `low` and of `high` is
CASES = [
    (name, unit, operator)
    for name, measure in MEASURES.items()
    for unit in UNITS
    for operator in Operator
    if unit == "rows" or measure.metric not in {None, Metric.ROW_COUNT}
]


def measured(name: str, unit: str) -> tuple[float, float]:
    measure, (of_low, of_high) = MEASURES[name], UNITS[unit]
    return measure.low * of_low, measure.high * of_high


def bound(operator: Operator, less: float, more: float) -> Any:
    """Return what tells the lesser from the greater value; bounds lie exactly on one of them."""
    return {
        Operator.EQUAL: less,
        Operator.NOT_EQUAL: more,
        Operator.LESS: more,
        Operator.LESS_OR_EQUAL: less,
        Operator.GREATER: less,
        Operator.GREATER_OR_EQUAL: more,
        Operator.BETWEEN: [less - 1, less],
        Operator.NOT_BETWEEN: [less, less + 0.5],
    }[operator]


PASSED_BY_MORE = {Operator.GREATER, Operator.GREATER_OR_EQUAL, Operator.NOT_BETWEEN}


def rule(name: str, unit: str, operator: Operator) -> QualityRule:
    measure = MEASURES[name]
    return QualityRule(
        place="quality",
        kind="sql" if measure.query else "library",
        name=f"{name} {unit} {operator.value}",
        column=measure.column,
        metric=measure.metric,
        arguments=measure.arguments or {},
        comparison=Comparison(operator=operator, value=bound(operator, *sorted(measured(name, unit)))),
        unit=unit,
        query=measure.query,
    )


RULES = [rule(*case) for case in CASES]


def dataset(name: str, rules: list[QualityRule]) -> Dataset:
    columns = [Column(name=column, type=kind) for column, kind in COLUMNS.items()]
    return Dataset(name=name, columns=columns, quality=rules)


class Evaluated:
    """Evaluates rules in a local cloud whose tables hold the rows."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._glue, self._s3 = cloud.client("glue"), cloud.client("s3")
        self._glue.create_database(DatabaseInput={"Name": "db"})
        self._s3.create_bucket(Bucket="quality")
        for name, rows in TABLES.items():
            self._put(name, rows)

    def __call__(self, table: str, rules: list[QualityRule]) -> dict[str, dict[str, Any]]:
        compiled = compile_ruleset(dataset(table, rules))
        assert compiled.notes == ()
        ruleset = self._glue.create_data_quality_ruleset(Name=f"{table}{time.monotonic()}", Ruleset=compiled.text)
        run = self._glue.start_data_quality_ruleset_evaluation_run(
            DataSource={"GlueTable": {"DatabaseName": "db", "TableName": table}},
            Role="arn:aws:iam::123456789012:role/quality",
            RulesetNames=[ruleset["Name"]],
        )["RunId"]
        while (found := self._glue.get_data_quality_ruleset_evaluation_run(RunId=run))["Status"] != "SUCCEEDED":
            assert found["Status"] in {"STARTING", "RUNNING"}, found
            time.sleep(0.1)
        result = self._glue.get_data_quality_result(ResultId=found["ResultIds"][0])
        return {item["Labels"]["rule"]: item for item in result["RuleResults"]}

    def _put(self, name: str, rows: list[Any]) -> None:
        types = {"code": pa.string(), "n": pa.int32(), "day": pa.date32(), "price": pa.decimal128(9, 2)}
        values = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
        columns = {
            column: pa.array(list(found)).cast(types[column]) if rows else pa.array([], types[column])
            for column, found in zip(COLUMNS, values, strict=True)
        }
        file = io.BytesIO()
        pq.write_table(pa.table(columns), file)
        self._s3.put_object(Bucket="quality", Key=f"{name}/part-0.parquet", Body=file.getvalue())
        self._glue.create_table(
            DatabaseName="db",
            TableInput={
                "Name": name,
                "StorageDescriptor": {
                    "Columns": [{"Name": column, "Type": kind} for column, kind in COLUMNS.items()],
                    "Location": f"s3://quality/{name}/",
                    "SerdeInfo": {
                        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
                    },
                },
            },
        )


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evaluated]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as cloud:
        yield Evaluated(cloud)


@pytest.fixture(scope="module")
def results(evaluated: Evaluated) -> dict[str, dict[str, dict[str, Any]]]:
    """Every rule on both tables, in one run for each."""
    return {table: evaluated(table, RULES) for table in ("low", "high")}


@pytest.mark.parametrize(("name", "unit", "operator"), CASES)
def test_a_rule_tells_the_dataset_that_keeps_it_from_the_one_that_breaks_it(
    results: dict[str, dict[str, dict[str, Any]]], name: str, unit: str, operator: Operator
) -> None:
    low, high = measured(name, unit)
    found = {table: results[table][f"{name} {unit} {operator.value}"] for table in results}
    values = {table: set(item["EvaluatedMetrics"].values()) for table, item in found.items()}
    assert values == {"low": {low}, "high": {high}}
    high_passes = (operator in PASSED_BY_MORE) == (high > low)
    assert {table: item["Result"] for table, item in found.items()} == {
        "low": "FAIL" if high_passes else "PASS",
        "high": "PASS" if high_passes else "FAIL",
    }


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Spark is what Glue evaluates rules with."""
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
        session.conf.set("spark.sql.ansi.enabled", "true")
        schema = ", ".join(f"{column} {kind}" for column, kind in COLUMNS.items())
        for name, rows in TABLES.items():
            exact = [(*row[:3], None if row[3] is None else Decimal(row[3])) for row in rows]
            session.createDataFrame(exact, schema).createOrReplaceTempView(name)
        yield session
        if before is None:
            first.stop()


@pytest.mark.parametrize(("name", "unit"), [(name, unit) for name, unit, operator in CASES if operator == "mustBe"])
def test_spark_measures_the_same(spark: SparkSession, name: str, unit: str) -> None:
    (compiled,) = parse(compile_ruleset(dataset("t", [rule(name, unit, Operator.EQUAL)])).text)
    assert isinstance(compiled, Rule)
    statement = compiled.parameters[0] if compiled.parameters else "select count(*) from primary"
    low, high = measured(name, unit)
    for table, expected in {"low": low, "high": high, "none": 0}.items():
        spark.table(table).createOrReplaceTempView("primary")
        assert float(spark.sql(statement).collect()[0][0]) == expected


# What the query yields of `low` and `high`.
VALUES = (16, 19.98)


def value_rule(operator: Operator) -> QualityRule:
    return QualityRule(
        place="quality",
        kind="sql",
        name=operator.value,
        comparison=Comparison(operator=operator, value=bound(operator, *VALUES)),
        query="SELECT max(price) * 2 FROM ${object} -- twice the highest",
    )


def test_a_rule_about_a_value_says_pass_or_fail_and_no_value(evaluated: Evaluated) -> None:
    rules = [value_rule(operator) for operator in Operator]
    for table in TABLES:
        found = evaluated(table, rules)
        assert {value for item in found.values() for value in item["EvaluatedMetrics"].values()} <= {0.0, 1.0}
        passed = {Operator(name) for name, item in found.items() if item["Result"] == "PASS"}
        # What no row has meets no bound.
        expected = {"low": set(Operator) - PASSED_BY_MORE, "high": PASSED_BY_MORE, "none": set()}
        assert passed == expected[table]


@pytest.mark.parametrize("operator", Operator)
def test_spark_judges_a_value_the_same(spark: SparkSession, operator: Operator) -> None:
    (compiled,) = parse(compile_ruleset(dataset("t", [value_rule(operator)])).text)
    assert isinstance(compiled, Rule)
    broken = {}
    for table in TABLES:
        spark.table(table).createOrReplaceTempView("primary")
        broken[table] = spark.sql(compiled.parameters[0]).collect()[0][0]
    more = operator in PASSED_BY_MORE
    assert broken == {"low": int(more), "high": int(not more), "none": 1}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT cast(max(code) AS int) FROM ${object}",
        "SELECT max(code) FROM ${object}",
        "SELECT count(*) FROM ${object} WHERE n * 2147483647 > 1",
        "SELECT code FROM ${object}",
    ],
)
def test_a_failure_quotes_no_value(evaluated: Evaluated, query: str) -> None:
    item = evolve(value_rule(Operator.LESS), query=query)
    (found,) = evaluated("low", [item]).values()
    assert found["Result"] == "FAIL"
    told = found["EvaluationMessage"]
    assert told.startswith(("Error executing SQL: ", "Value: 1.0 "))
    assert not any(value in told for value in ("'A'", "a1", "N/A", "2147483647"))


@pytest.mark.parametrize("unit", UNITS)
def test_a_table_without_rows_breaks_nothing(evaluated: Evaluated, unit: str) -> None:
    none_may = [
        rule(name, unit, Operator.LESS_OR_EQUAL)
        for name, measure in MEASURES.items()
        if measure.metric not in {None, Metric.ROW_COUNT}
    ]
    found = evaluated("none", none_may)
    assert {item["Result"] for item in found.values()} == {"PASS"}
    assert {value for item in found.values() for value in item["EvaluatedMetrics"].values()} == {0.0}

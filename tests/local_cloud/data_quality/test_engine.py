from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud.engines.glue.data_quality.engine import DataQualityEngine
from local_cloud.server.runtime import Runtime

REGION = "eu-west-1"
ROLE = "arn:aws:iam::123456789012:role/quality"
COLUMNS = (("id", "int"), ("code", "string"), ("n", "int"))
CSV = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
ENDED = ("SUCCEEDED", "FAILED")


@pytest.fixture(scope="module", autouse=True)
def engine(runtime: Runtime) -> Iterator[DataQualityEngine]:
    engine = DataQualityEngine(runtime)
    with engine.patches():
        s3, glue = runtime.client("s3", REGION), runtime.client("glue", REGION)
        s3.create_bucket(Bucket="quality", CreateBucketConfiguration={"LocationConstraint": REGION})
        glue.create_database(DatabaseInput={"Name": "db"})
        # id, code, n: 3 is there twice, one code is missing, one is blank, one is nothing but empty.
        define(runtime, "t", "1,A,1\n2,B,2\n3,,3\n3, ,4\n5,\\N,\\N\n")
        define(runtime, "codes", "1,A,1\n2,B,2\n")
        define(runtime, "empty", "")
        yield engine


def define(runtime: Runtime, name: str, content: str) -> None:
    runtime.client("s3", REGION).put_object(Bucket="quality", Key=f"{name}/data.csv", Body=content.encode())
    runtime.client("glue", REGION).create_table(
        DatabaseName="db",
        TableInput={
            "Name": name,
            "StorageDescriptor": {
                "Columns": [
                    {"Name": key, "Type": kind} for key, kind in (("id", "int"), ("code", "string"), ("n", "int"))
                ],
                "Location": f"s3://quality/{name}/",
                "SerdeInfo": {"SerializationLibrary": CSV, "Parameters": {"field.delim": ","}},
            },
        },
    )


@pytest.fixture
def glue(runtime: Runtime) -> Any:
    return runtime.client("glue", REGION)


def run(glue: Any, rules: str, *, table: str = "t", **more: Any) -> dict[str, Any]:
    """Evaluate rules and return the run as it ended."""
    name = f"rules {time.monotonic()}"
    glue.create_data_quality_ruleset(Name=name, Ruleset=f"Rules = [ {rules} ]")
    source = {"GlueTable": {"DatabaseName": "db", "TableName": table}}
    started = glue.start_data_quality_ruleset_evaluation_run(DataSource=source, Role=ROLE, RulesetNames=[name], **more)
    return finished(glue, started["RunId"])


def finished(glue: Any, run_id: str) -> dict[str, Any]:
    while True:
        found: dict[str, Any] = glue.get_data_quality_ruleset_evaluation_run(RunId=run_id)
        if found["Status"] in ENDED:
            return found
        time.sleep(0.05)


def evaluated(glue: Any, rule: str, **more: Any) -> tuple[str, list[float]]:
    """Return the result of a rule, and what was measured."""
    ended = run(glue, rule, **more)
    assert ended["Status"] == "SUCCEEDED", ended.get("ErrorString")
    (found,) = glue.get_data_quality_result(ResultId=ended["ResultIds"][0])["RuleResults"]
    return found["Result"], list(found["EvaluatedMetrics"].values())


def test_a_run_begins_as_a_spark_session_does_that_has_the_catalog_as_its_metastore(
    runtime: Runtime, glue: Any
) -> None:
    """Of an account without a default database, whatever other tests have run."""
    with suppress(ClientError):
        glue.delete_database(Name="default")
    assert evaluated(glue, "RowCount = 5") == ("PASS", [5.0])
    called = {(call.action, call.resource) for call in runtime.recording.calls if call.role == ROLE}
    assert {
        ("glue:GetDatabase", "default"),
        ("glue:CreateDatabase", "default"),
        ("glue:GetDatabase", "global_temp"),
        ("glue:GetTable", "db/t"),
        ("s3:ListBucket", "quality/t/"),
        ("s3:GetObject", "quality/t/data.csv"),
    } <= called
    assert glue.get_database(Name="default")["Database"]["Name"] == "default"


CODES = {"AdditionalDataSources": {"codes": {"GlueTable": {"DatabaseName": "db", "TableName": "codes"}}}}


@pytest.mark.parametrize(
    ("rule", "result", "measured"),
    [
        ("RowCount = 5", "PASS", [5.0]),
        ("RowCount > 5", "FAIL", [5.0]),
        ('RowCount = 2 where "id = 3"', "PASS", [2.0]),
        ('Completeness "code" > 0.7', "PASS", [0.8]),
        ('IsComplete "code"', "FAIL", [0.8]),
        ('IsComplete "id"', "PASS", [1.0]),
        ('Uniqueness "id" = 0.6', "PASS", [0.6]),
        ('IsUnique "id"', "FAIL", [0.6]),
        ('IsUnique "id" "n"', "PASS", [1.0]),
        ('IsPrimaryKey "id"', "FAIL", [0.6]),
        ('IsPrimaryKey "id" "n"', "FAIL", [0.8]),
        ('DistinctValuesCount "id" = 4', "PASS", [4.0]),
        ('Mean "n" = 2.5', "PASS", [2.5]),
        ('Sum "n" between 9 and 11', "PASS", [10.0]),
        ('ColumnValues "id" > 0', "PASS", [1.0]),
        ('ColumnValues "n" > 0', "FAIL", [0.8]),
        ('ColumnValues "n" > 0 with threshold > 0.7', "PASS", [0.8]),
        ('ColumnValues "n" between 0 and 4', "FAIL", [0.6]),
        ('ColumnValues "n" not between 1 and 4', "FAIL", [0.4]),
        ('ColumnValues "code" in ["A", "B", NULL, EMPTY, WHITESPACES_ONLY]', "PASS", [1.0]),
        ('ColumnValues "code" in ["A", "B"]', "FAIL", [0.4]),
        ('ColumnValues "code" not in ["A"]', "FAIL", [0.8]),
        ('ColumnValues "code" != NULL', "FAIL", [0.8]),
        ('ColumnValues "code" = "A" with threshold = 0.2', "PASS", [0.2]),
        ('ColumnValues "code" matches "[A-Z]"', "FAIL", [0.4]),
        ('CustomSql "select count(*) from primary where n / 2 = 1.5" = 1', "PASS", [1.0]),
        ('CustomSql "select nothing from primary" = 1', "FAIL", []),
        ('CustomSql "select id from primary" = 1', "FAIL", []),
        ("(RowCount > 1) and (RowCount < 5)", "FAIL", [5.0]),
        ("(RowCount > 1) or (RowCount < 5)", "PASS", [5.0]),
    ],
)
def test_evaluates_a_rule_on_the_data(glue: Any, rule: str, result: str, measured: list[float]) -> None:
    assert evaluated(glue, rule) == (result, measured)


@pytest.mark.parametrize(
    ("rule", "result", "measured"),
    [
        ('ReferentialIntegrity "code" "codes.code" = 0.4', "PASS", [0.4]),
        ('ReferentialIntegrity "id,code" "codes.{id,code}" = 1.0', "FAIL", [0.4]),
        ('CustomSql "select count(*) from primary p join codes c on p.code = c.code" = 2', "PASS", [2.0]),
    ],
)
def test_rules_may_read_further_tables(glue: Any, rule: str, result: str, measured: list[float]) -> None:
    assert evaluated(glue, rule, **CODES) == (result, measured)


@pytest.mark.parametrize("rule", ['IsComplete "id"', 'IsUnique "id"', 'ColumnValues "id" > 0'])
def test_a_share_of_no_rows_fails(glue: Any, rule: str) -> None:
    assert evaluated(glue, rule, table="empty") == ("FAIL", [])


def test_sees_the_data_of_the_moment(runtime: Runtime, glue: Any) -> None:
    define(runtime, "growing", "1,A,1\n")
    assert evaluated(glue, "RowCount = 1", table="growing")[0] == "PASS"
    runtime.client("s3", REGION).put_object(Bucket="quality", Key="growing/more.csv", Body=b"2,B,2\n")
    assert evaluated(glue, "RowCount = 2", table="growing")[0] == "PASS"


def test_a_result_names_each_rule_with_its_labels_and_counts_them(glue: Any) -> None:
    ended = run(glue, 'RowCount = 5 labels=["rule"="five"], IsComplete "code"')
    result = glue.get_data_quality_result(ResultId=ended["ResultIds"][0])
    assert (result["Score"], result["AggregatedMetrics"]["TotalRulesFailed"]) == (0.5, 1)
    first, second = result["RuleResults"]
    assert (first["Name"], first["Labels"], first["Result"]) == ("Rule_1", {"rule": "five"}, "PASS")
    assert second["EvaluationMessage"] == "Value: 0.8 does not meet the constraint requirement."
    batch = glue.batch_get_data_quality_result(ResultIds=[result["ResultId"], "none"])
    assert [item["ResultId"] for item in batch["Results"]] == [result["ResultId"]]
    assert batch["ResultsNotFound"] == ["none"]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ('Entropy "code" > 1', "does not evaluate the rule type 'Entropy'"),
        ('(RowCount > 1) and (Entropy "code" > 1)', "does not evaluate the rule type 'Entropy'"),
        ('CustomSql "select code from primary"', "only with a number to compare with"),
    ],
)
def test_what_is_not_evaluated_fails_the_run_by_name(glue: Any, rule: str, message: str) -> None:
    ended = run(glue, rule)
    assert ended["Status"] == "FAILED"
    assert message in ended["ErrorString"]


def test_a_ruleset_can_be_changed_and_deleted(glue: Any) -> None:
    target = {"DatabaseName": "db", "TableName": "t"}
    glue.create_data_quality_ruleset(Name="mine", Ruleset="Rules = [ RowCount > 0 ]", TargetTable=target)
    glue.update_data_quality_ruleset(Name="mine", Ruleset="Rules = [ RowCount > 1 ]", Description="more")
    found = glue.get_data_quality_ruleset(Name="mine")
    assert (found["Ruleset"], found["Description"], found["TargetTable"]) == (
        "Rules = [ RowCount > 1 ]",
        "more",
        target,
    )
    with pytest.raises(ClientError, match="already exists"):
        glue.create_data_quality_ruleset(Name="mine", Ruleset="Rules = [ RowCount > 0 ]")
    glue.delete_data_quality_ruleset(Name="mine")
    with pytest.raises(ClientError, match="Ruleset mine not found"):
        glue.get_data_quality_ruleset(Name="mine")


def test_a_call_that_is_repeated_with_its_token_starts_nothing_new(glue: Any) -> None:
    glue.create_data_quality_ruleset(Name="once", Ruleset="Rules = [ RowCount > 0 ]")
    request = {
        "DataSource": {"GlueTable": {"DatabaseName": "db", "TableName": "t"}},
        "Role": ROLE,
        "RulesetNames": ["once"],
        "ClientToken": "token",
    }
    first, second = (glue.start_data_quality_ruleset_evaluation_run(**request)["RunId"] for _ in range(2))
    assert first == second
    finished(glue, first)


@pytest.mark.parametrize(
    ("call", "arguments", "message"),
    [
        ("create_data_quality_ruleset", {"Name": "x", "Ruleset": "Rules ="}, "cannot be parsed"),
        ("create_data_quality_ruleset",
         {"Name": "x", "Ruleset": "Rules = []", "TargetTable": {"DatabaseName": "db", "TableName": "no"}}, "not found"),
        ("get_data_quality_ruleset_evaluation_run", {"RunId": "no"}, "run no not found"),
        ("get_data_quality_result", {"ResultId": "no"}, "result no not found"),
    ],
)  # fmt: skip
def test_refuses_what_glue_refuses(glue: Any, call: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        getattr(glue, call)(**arguments)


def test_regions_do_not_see_each_others_rulesets(runtime: Runtime, glue: Any) -> None:
    glue.create_data_quality_ruleset(Name="here", Ruleset="Rules = [ RowCount > 0 ]")
    with pytest.raises(ClientError, match="not found"):
        runtime.client("glue", "us-east-1").get_data_quality_ruleset(Name="here")

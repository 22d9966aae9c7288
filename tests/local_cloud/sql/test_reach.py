"""SQL statements reach their tables, and no file, network, code or setting."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from local_cloud.engines.glue.data_quality.engine import DataQualityEngine
from local_cloud.sql.duck import Session
from tests.local_cloud.sql.conftest import REGION, ROLE, Lake

SECRET = "only the file holds this"

# Each way out of a query, as DuckDB knows it. {file} is a file of this machine, which exists.
FUNCTIONS = [
    "select * from read_csv('{file}')",
    "select * from read_csv_auto('{file}')",
    "select * from read_text('{file}')",
    "select * from read_blob('{file}')",
    "select * from read_json('{file}')",
    "select * from read_json_auto('{file}')",
    "select * from read_ndjson_objects('{file}')",
    "select * from read_parquet('{file}')",
    "select * from parquet_scan('{file}')",
    "select * from parquet_metadata('{file}')",
    "select * from sniff_csv('{file}')",
    "select * from read_duckdb('{file}')",
    "select * from \"read_text\"('{file}')",
    "select * from main.read_text('{file}')",
    "select * from glob('/*')",
    "select * from read_csv('http://127.0.0.1:9/x')",
    "select * from read_text('s3://results/secret.txt')",
    "select * from query('select 1')",
    "select * from query_table('secret')",
    "select * from json_execute_serialized_sql('x')",
    "select * from duckdb_settings()",
    "select * from duckdb_secrets()",
    "select * from duckdb_databases()",
    "select * from duckdb_extensions()",
    "select * from pragma_database_size()",
    "select * from which_secret('s3://data', 's3')",
    "select * from sqlite_scan('{file}', 't')",
    "select current_setting('temp_directory')",
    "select getenv('HOME')",
    "select getvariable('x')",
    "select current_schemas(true)",
    "select * from (select 1) t, lateral read_text('{file}')",
    "select (select content from read_text('{file}'))",
    "with x as (select * from read_text('{file}')) select * from x",
]
TABLES = [
    'select * from "{file}"',
    "select * from '{file}'",
    'select * from "http://127.0.0.1:9/x.csv"',
    'select * from "s3://results/secret.csv"',
    "select * from duckdb_tables",
    "select * from sqlite_master",
    "select * from pragma_database_list",
    "select * from pg_catalog.pg_settings",
    # A name that the query defines is seen only where SQL has it seen.
    'select * from "{file}", (with "{file}" as (select 1 as a) select * from "{file}") t',
    'with a as (select * from "{file}"), "{file}" as (select 1 as b) select * from a',
    "select * from duckdb_settings, (with duckdb_settings as (select 1 as a) select * from duckdb_settings) t",
    # Variables of the server's own program.
    "select * from session",
]
STATEMENTS = [
    "copy (select 1) to '{file}.copy'",
    "attach '{file}.db' as stolen",
    "attach 's3://results/x.db' as stolen",
    "install json",
    "load '{file}'",
    "set threads = 1",
    "pragma threads = 1",
    "reset threads",
    "call enable_logging()",
    "export database '{file}.d'",
    "import database '{file}.d'",
    "checkpoint",
    "use memory",
    "create secret x (type s3)",
    "create macro f() as table select * from read_text('{file}')",
    "select * from (describe select 1)",
    "select * from (show all tables)",
    "select 1; select * from read_text('{file}')",
]
WAYS_OUT = [*FUNCTIONS, *TABLES, *STATEMENTS]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, lake: Lake) -> str:
    """A file of this machine, and an object that no table has."""
    for name in ("secret.txt", "secret.csv"):
        lake.client("s3").put_object(Bucket="results", Key=name, Body=SECRET.encode())
    path: Path = tmp_path_factory.mktemp("private") / "secret.csv"
    path.write_text(f"a\n{SECRET}\n")
    return str(path)


@pytest.fixture(scope="module")
def quality(lake: Lake) -> Iterator[Any]:
    """Evaluates CustomSql on a table of one row, and returns the result of the rule."""
    with DataQualityEngine(lake.runtime).patches():
        lake.put("one/x.csv", b"1\n")
        lake.query(
            "create external table one (a int) row format delimited fields terminated by ',' location 's3://data/one/'"
        )
        glue = lake.client("glue")

        def evaluate(rule: str) -> dict[str, Any]:
            glue.create_data_quality_ruleset(Name="reach", Ruleset=f"Rules = [{rule}]")
            try:
                run = glue.start_data_quality_ruleset_evaluation_run(
                    DataSource={"GlueTable": {"DatabaseName": "lake", "TableName": "one"}},
                    Role=ROLE,
                    RulesetNames=["reach"],
                )
                while (found := glue.get_data_quality_ruleset_evaluation_run(RunId=run["RunId"]))["Status"] in (
                    "STARTING",
                    "RUNNING",
                ):
                    time.sleep(0.01)
                assert found["Status"] == "SUCCEEDED", found
                results = glue.batch_get_data_quality_result(ResultIds=found["ResultIds"])["Results"]
                rule_result: dict[str, Any] = results[0]["RuleResults"][0]
                return rule_result
            finally:
                glue.delete_data_quality_ruleset(Name="reach")

        yield evaluate


@pytest.mark.parametrize("sql", WAYS_OUT)
def test_athena_refuses_every_way_out(lake: Lake, file: str, sql: str) -> None:
    reason = lake.reason(sql.format(file=file))
    assert reason.startswith(("FUNCTION_NOT_FOUND", "TABLE_NOT_FOUND", "SYNTAX_ERROR", "NOT_SUPPORTED")), reason
    assert SECRET not in reason


@pytest.mark.parametrize(
    "sql",
    [
        "unload (select * from read_text('{file}')) to 's3://data/stolen/' with (format = 'PARQUET')",
        "unload (pragma version) to 's3://data/stolen/' with (format = 'PARQUET')",
        "unload (select 1 as a) to '{file}.d/' with (format = 'PARQUET')",
        "create table stolen with (external_location = '{file}.d/') as select 1 as a",
        "create table stolen as select * from read_text('{file}')",
        "create view stolen as select * from read_text('{file}')",
    ],
)
def test_athena_writes_nothing_but_queries_and_only_to_s3(lake: Lake, file: str, sql: str) -> None:
    reason = lake.reason(sql.format(file=file))
    assert reason.startswith(("FUNCTION_NOT_FOUND", "SYNTAX_ERROR", "INVALID_TABLE_PROPERTY")), reason
    assert not Path(f"{file}.d").exists()


def test_a_query_that_writes_cannot_name_another_endpoint(lake: Lake) -> None:
    lake.query(
        "unload (select 1 as a) to 's3://data/odd?s3_endpoint=127.0.0.1:9&s3_use_ssl=false/' with (format = 'PARQUET')"
    )
    assert len(lake.keys("odd?s3_endpoint=127.0.0.1:9&s3_use_ssl=false/")) == 1


def test_a_stored_view_reaches_no_more_than_a_query(lake: Lake, file: str) -> None:
    stored = json.dumps({"originalSql": f"select * from read_text('{file}')", "catalog": "awsdatacatalog"})
    lake.client("glue").create_table(
        DatabaseName="lake",
        TableInput={
            "Name": "malicious",
            "TableType": "VIRTUAL_VIEW",
            "ViewOriginalText": f"/* Presto View: {base64.b64encode(stored.encode()).decode()} */",
        },
    )
    assert lake.reason("select * from malicious").startswith("FUNCTION_NOT_FOUND")


@pytest.mark.parametrize("sql", [sql for sql in WAYS_OUT if not sql.startswith(("set ", "use "))])
def test_redshift_refuses_every_way_out(lake: Lake, file: str, sql: str) -> None:
    assert SECRET not in lake.error(sql.format(file=file))
    assert not list(Path(file).parent.glob("*.*.*"))


@pytest.mark.parametrize(
    "sql",
    [
        f"copy stolen from '{{file}}' {ROLE} csv",
        f"unload ('select * from read_text(''{{file}}'')') to 's3://data/stolen/' {ROLE} format parquet",
        f"unload ('select 1') to '{{file}}.d' {ROLE} format parquet",
        "create table stolen as select * from read_text('{file}')",
        "create view stolen as select * from read_text('{file}')",
        "insert into thieves select content from read_text('{file}')",
        "update thieves set a = (select content from read_text('{file}'))",
        "delete from thieves where a = (select content from read_text('{file}'))",
        "create function f() returns int stable as $$ select 1 $$ language sql",
        "create sequence s",
        "create type t as enum ('a')",
    ],
)
def test_redshift_reads_and_writes_only_its_tables(lake: Lake, file: str, sql: str) -> None:
    lake.load("create table if not exists thieves (a varchar(100))")
    assert SECRET not in lake.error(sql.format(file=file))
    assert lake.load("select count(*) from thieves") == [[0]]


def test_a_setting_changes_nothing_in_a_warehouse(lake: Lake) -> None:
    lake.load("set integer_division to false")
    assert lake.load("select 7 / 2 as a") == [[3]]


@pytest.mark.parametrize("sql", WAYS_OUT)
def test_data_quality_refuses_every_way_out(quality: Any, file: str, sql: str) -> None:
    text = sql.format(file=file).replace('"', "`")
    found = quality(f'CustomSql "{text}" > 0')
    assert found["Result"] == "FAIL"
    assert SECRET not in str(found)
    refusals = ("UNRESOLVED_ROUTINE", "TABLE_OR_VIEW_NOT_FOUND", "SYNTAX_ERROR", "Error executing SQL")
    assert any(refusal in str(found) for refusal in refusals), found


@pytest.mark.parametrize(
    "rule",
    [
        'CustomSql "select count(*) from csv.`{file}`" > 0',
        "CustomSql \"select reflect('java.lang.System', 'getenv', 'HOME')\" > 0",
        "CustomSql \"select java_method('java.lang.System', 'getenv', 'HOME')\" > 0",
        "RowCount > 0 where \"a in (select content from read_text('{file}'))\"",
        'RowCount > 0 where "a = 1 union select * from duckdb_tables"',
        'ReferentialIntegrity "a" "duckdb_tables.table_oid" = 1.0',
    ],
)
def test_data_quality_reads_only_its_sources(quality: Any, file: str, rule: str) -> None:
    found = quality(rule.format(file=file))
    assert found["Result"] == "FAIL"
    assert "UNRESOLVED_ROUTINE" in str(found) or "TABLE_OR_VIEW_NOT_FOUND" in str(found), found


def test_data_quality_still_evaluates_queries(quality: Any) -> None:
    assert quality('CustomSql "with p as (select * from primary) select count(*) from p" = 1')["Result"] == "PASS"


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_text('{file}')",
        "copy (select 1) to '{file}.copy'",
        "select * from glob('/*')",
        "attach '{file}.db' as stolen",
        "load '{file}'",
        "install spatial",
        "set enable_external_access = true",
        "set lock_configuration = false",
        "select * from 'http://127.0.0.1:9/x.csv'",
        "select * from lake",
    ],
)
def test_a_session_is_closed_also_to_what_the_dialects_would_let_pass(lake: Lake, file: str, sql: str) -> None:
    session = Session(lake.runtime, REGION)
    with pytest.raises(duckdb.Error):
        session.execute(sql.format(file=file)).fetchall()
    session.close()

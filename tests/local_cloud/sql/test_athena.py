from __future__ import annotations

import gzip
import io
import json
from contextlib import suppress
from typing import Any

import awswrangler
import boto3
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from tests.local_cloud.sql.conftest import REGION, Lake, started_id

OPEN_CSV = "row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde' with serdeproperties ('separatorChar' = ',')"
OPENX = "row format serde 'org.openx.data.jsonserde.JsonSerDe'"


@pytest.fixture(scope="module")
def flights(lake: Lake) -> Lake:
    """Five flights in two partitions of Parquet, and two carriers as CSV."""
    lake.put("carriers/a.csv", b'code,name\nAA,"American, Inc."\nUA,United\n')
    lake.query(
        f"create external table carriers (code string, name string) {OPEN_CSV} location 's3://data/carriers/' "
        "tblproperties ('skip.header.line.count' = '1')"
    )
    lake.query(
        "create table flights with (format = 'PARQUET', external_location = 's3://data/flights/', "
        "partitioned_by = array['day']) as select * from (values "
        "('AA', 10, timestamp '2013-01-01 08:00:00', '2013-01-01'), "
        "('AA', 20, timestamp '2013-01-01 09:00:00', '2013-01-01'), "
        "('UA', 30, timestamp '2013-01-01 09:30:00', '2013-01-01'), "
        "('UA', null, timestamp '2013-01-02 08:15:00', '2013-01-02'), "
        "('UA', 50, timestamp '2013-01-02 23:00:00', '2013-01-02')) t (carrier, delay, left_at, day)"
    )
    return lake


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (
            "select c.name, count(*) as n, avg(f.delay) as mean from flights f join carriers c on f.carrier = c.code "
            "group by c.name order by mean desc",
            [["United", "3", "40.0"], ["American, Inc.", "2", "15.0"]],
        ),
        (
            "select hour(left_at), count(*), max(delay) from flights group by 1 order by 1",
            [["8", "2", "10"], ["9", "2", "30"], ["23", "1", "50"]],
        ),
        (
            "select day, carrier, delay, rank() over (partition by day order by delay desc nulls last) as place "
            "from flights order by day, place",
            [
                ["2013-01-01", "UA", "30", "1"],
                ["2013-01-01", "AA", "20", "2"],
                ["2013-01-01", "AA", "10", "3"],
                ["2013-01-02", "UA", "50", "1"],
                ["2013-01-02", "UA", None, "2"],
            ],
        ),
        ("select approx_percentile(delay, 0.5) from flights where day = '2013-01-01'", [["20"]]),
        (
            "select date_trunc('day', left_at), sum(case when delay > 15 then 1 else 0 end) * 1e0 / count(*) "
            "from flights group by 1 order by 1",
            [["2013-01-01 00:00:00.000", "0.6666666666666666"], ["2013-01-02 00:00:00.000", "0.5"]],
        ),
    ],
)
def test_answers_business_questions(flights: Lake, question: str, answer: list[list[str | None]]) -> None:
    assert flights.query(question) == answer


def test_values_have_athena_types_and_spelling(lake: Lake) -> None:
    sql = (
        "select 1, cast(1 as bigint), 1.50, 1e7, true, date '2024-01-02', timestamp '2024-01-02 03:04:05', 'a', "
        "array['x', null], map(array['k'], array[2]), cast(row(1) as row(f integer)), cast('ab' as varbinary), null"
    )
    assert lake.query(sql) == [
        [
            "1",
            "1",
            "1.50",
            "1.0E7",
            "true",
            "2024-01-02",
            "2024-01-02 03:04:05.000",
            "a",
            "[x, null]",
            "{k=2}",
            "{f=1}",
            "61 62",
            None,
        ]
    ]
    assert lake.types(sql)[:12] == (
        [
            "integer",
            "bigint",
            "decimal",
            "double",
            "boolean",
            "date",
            "timestamp",
            "varchar",
            "array",
            "map",
            "row",
            "varbinary",
        ]
    )


def test_fractions_of_four_bytes_and_early_years_are_spelled_as_java_does(lake: Lake) -> None:
    sql = (
        "select cast(0.1 as real), cast(3.4028235e38 as real), cast(1e-45 as real), array[cast(0.1 as real)], "
        "timestamp '0001-01-01 00:00:00'"
    )
    assert lake.query(sql) == [["0.1", "3.4028235E38", "1.4E-45", "[0.1]", "0001-01-01 00:00:00.000"]]


def test_partitions_are_invisible_until_they_are_registered(lake: Lake) -> None:
    for day in ("1", "2"):
        rows = [{"Id": int(day), "tags": ["a"]}, {"Id": None}]
        lake.put(f"raw/day={day}/x.json.gz", gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    lake.query(
        f"create external table raw (id int, tags array<string>) partitioned by (day string) {OPENX} "
        "location 's3://data/raw/'"
    )
    assert lake.query("select * from raw") == []
    lake.query("alter table raw add partition (day = '2')")
    assert lake.query("select id, tags, day from raw order by id") == [["2", "[a]", "2"], [None, None, "2"]]
    lake.query("msck repair table raw")
    assert lake.query("show partitions raw") == [["day=1"], ["day=2"]]
    assert lake.query("select count(*), sum(id) from raw") == [["4", "3"]]
    lake.query("alter table raw drop partition (day = '1')")
    assert lake.query("select sum(id) from raw") == [["2"]]


def test_projected_partitions_need_no_registration(lake: Lake) -> None:
    for day in ("2024-01-01", "2024-01-02", "2025-01-01"):
        lake.put(f"projected/day={day}/x.json", b'{"id": 1}\n')
    lake.query(
        f"create external table projected (id int) partitioned by (day string) {OPENX} "
        "location 's3://data/projected/' tblproperties ('projection.enabled' = 'true', "
        "'projection.day.type' = 'date', 'projection.day.format' = 'yyyy-MM-dd', "
        "'projection.day.range' = '2024-01-01,2024-12-31')"
    )
    assert lake.query("select day from projected order by day") == [["2024-01-01"], ["2024-01-02"]]


def test_lazy_simple_reads_what_it_cannot_convert_as_null(lake: Lake) -> None:
    lake.put("lazy/x.txt", b'1|"a"|2024-01-01\nx|\\N|\n')
    lake.query(
        "create external table lazy (id int, name string, d date) row format delimited fields terminated by '|' "
        "location 's3://data/lazy/'"
    )
    assert lake.query("select * from lazy") == [["1", '"a"', "2024-01-01"], [None, None, None]]


def test_malformed_json_fails_unless_the_table_ignores_it(lake: Lake) -> None:
    lake.put("broken/x.json", b'{"id": 1}\nnot json\n')
    for name, options in (("strict", ""), ("lenient", "with serdeproperties ('ignore.malformed.json' = 'true')")):
        lake.query(f"create external table {name} (id int) {OPENX} {options} location 's3://data/broken/'")
    assert "HIVE_CURSOR_ERROR: Row is not a valid JSON Object" in lake.reason("select * from strict")
    assert lake.query("select * from lenient") == [["1"], [None]]


def test_json_keys_are_found_in_any_case_inside_objects_too(lake: Lake) -> None:
    lines = ['{"orderId": 1}', '{"orderId": 2, "Lines": [{"unitPrice": 1.5, "byDay": {"Mon": {"Sold": 2}}}]}']
    lake.put("cases/x.json", "\n".join(lines).encode())
    lines_type = "array<struct<unitprice:double,byday:map<string,struct<sold:int>>>>"
    lake.query(f"create external table cases (orderid int, lines {lines_type}) {OPENX} location 's3://data/cases/'")
    assert lake.query("select orderid, lines from cases order by orderid") == [
        ["1", None],
        ["2", "[{unitprice=1.5, byday={Mon={sold=2}}}]"],
    ]


def test_json_times_are_in_utc_whatever_their_offset(lake: Lake) -> None:
    times = ["2024-11-03T01:30:00-04:00", "2024-11-03T05:30:00Z", "2024-11-03 05:30:00"]
    lake.put("times/x.json", "\n".join(json.dumps({"at": time, "all": [time]}) for time in times).encode())
    lake.query(
        f"create external table times (at timestamp, \"all\" array<timestamp>) {OPENX} location 's3://data/times/'"
    )
    found = "2024-11-03 05:30:00.000"
    assert lake.query('select at, "all" from times') == [[found, f"[{found}]"]] * 3


def test_columns_that_files_lack_are_null_and_others_are_ignored(lake: Lake) -> None:
    for name, table in (("a", pa.table({"id": [1], "extra": ["x"]})), ("b", pa.table({"id": [2], "note": ["n"]}))):
        buffer = io.BytesIO()
        pq.write_table(table, buffer)
        lake.put(f"evolved/{name}.parquet", buffer.getvalue())
    lake.query("create external table evolved (id bigint, note string) stored as parquet location 's3://data/evolved/'")
    assert lake.query("select * from evolved order by id") == [["1", None], ["2", "n"]]


def test_inserts_register_new_partitions(flights: Lake) -> None:
    flights.query(
        "create table copied with (partitioned_by = array['day']) as select carrier, day from flights limit 0"
    )
    flights.query("insert into copied values ('DL', '2014-01-01'), ('DL', '2014-01-02')")
    assert flights.query("show partitions copied") == [["day=2014-01-01"], ["day=2014-01-02"]]
    assert flights.query(
        "select carrier from copied where day = '2014-01-02' and \"$path\" like '%/day=2014-01-02/%'"
    ) == [["DL"]]


def test_partition_values_survive_their_way_through_folder_names(lake: Lake) -> None:
    lake.query(
        "create table odd with (partitioned_by = array['k']) as "
        "select * from (values (1, 'a b'), (2, 'x/y'), (3, null)) t (id, k)"
    )
    assert lake.query("select * from odd order by id") == [["1", "a b"], ["2", "x/y"], ["3", None]]
    assert lake.query("select id from odd where k = 'x/y'") == [["2"]]
    assert lake.query("select id from odd where k is null") == [["3"]]


def test_unload_writes_into_an_empty_folder_only(flights: Lake) -> None:
    sql = "unload (select carrier, day from flights) to 's3://data/unloaded/' with (format = 'PARQUET')"
    execution = flights.execution(sql)
    manifest = execution["Statistics"]["DataManifestLocation"]
    uris = flights.runtime.objects.read(manifest).decode().split()
    assert [uri.removeprefix("s3://data/") for uri in uris] == flights.keys("unloaded/")
    assert "HIVE_PATH_ALREADY_EXISTS" in flights.reason(sql)


def test_a_view_is_stored_in_the_catalog_and_read_back(flights: Lake) -> None:
    flights.query("create or replace view busy as select carrier, count(*) as n from flights group by carrier")
    assert flights.query("select * from busy where n > 2") == [["UA", "3"]]
    assert flights.query("show views") == [["busy"]]
    flights.query("drop view busy")
    assert "TABLE_NOT_FOUND" in flights.reason("select * from busy")


def test_execution_parameters_take_the_place_of_question_marks(flights: Lake) -> None:
    sql = "select delay from flights where carrier = ? and '?' <> 'x' and delay > ?"
    assert flights.query(sql, ExecutionParameters=["'AA'", "10"]) == [["20"]]
    assert "expected 2 but found 1" in flights.reason(sql, ExecutionParameters=["1"])


def test_a_request_that_is_repeated_by_its_token_runs_once(flights: Lake) -> None:
    request = {
        "ClientRequestToken": "0123456789abcdef0123456789abcdef",
        "ResultConfiguration": {"OutputLocation": "s3://results/"},
    }
    athena = flights.client("athena")
    one, other = (athena.start_query_execution(QueryString="select 1", **request) for _ in range(2))
    assert one["QueryExecutionId"] == other["QueryExecutionId"]
    with pytest.raises(ClientError, match="Idempotent parameters do not match"):
        athena.start_query_execution(QueryString="select 2", **request)


def test_a_prepared_statement_is_run_by_its_name(flights: Lake) -> None:
    flights.client("athena").create_prepared_statement(
        StatementName="by_carrier", WorkGroup="primary", QueryStatement="select count(*) from flights where carrier = ?"
    )
    assert flights.query("execute by_carrier using 'UA'") == [["3"]]


def test_results_are_paged(flights: Lake) -> None:
    execution = started_id(flights.execution("select delay from flights order by delay"))
    pages = (
        flights.client("athena")
        .get_paginator("get_query_results")
        .paginate(**execution, PaginationConfig={"PageSize": 2})
    )
    sizes = [len(page["ResultSet"]["Rows"]) for page in pages]
    assert sizes == [2, 2, 2]


def test_the_result_is_left_as_csv(flights: Lake) -> None:
    execution = flights.execution(
        "select carrier, delay, '' as \"E\" from flights where day = '2013-01-02' order by delay"
    )
    location = execution["ResultConfiguration"]["OutputLocation"]
    assert location == f"s3://results/{execution['QueryExecutionId']}.csv"
    assert flights.runtime.objects.read(location).decode() == '"carrier","delay","e"\n"UA","50",""\n"UA",,""\n'
    assert flights.runtime.objects.etag(f"{location}.metadata")


def work_group(lake: Lake, name: str, **configuration: Any) -> None:
    location = {"ResultConfiguration": {"OutputLocation": f"s3://results/{name}/"}}
    lake.client("athena").create_work_group(Name=name, Configuration={**location, **configuration})


def test_an_enforcing_workgroup_overrides_the_client(flights: Lake) -> None:
    work_group(flights, "strict", EnforceWorkGroupConfiguration=True)
    mine = {"OutputLocation": "s3://data/mine/"}
    execution = flights.execution("select 1", WorkGroup="strict", ResultConfiguration=mine)
    assert execution["ResultConfiguration"]["OutputLocation"].startswith("s3://results/strict/")
    sql = "create table refused with (external_location = 's3://data/x/') as select 1 as a"
    assert "enforces a centralized output location" in flights.reason(sql, WorkGroup="strict")


def test_a_query_beyond_the_cutoff_is_cancelled(flights: Lake) -> None:
    # 10 MB is the least that Athena accepts as a cutoff.
    work_group(flights, "thrifty", BytesScannedCutoffPerQuery=10_000_000)
    flights.put("long/x.csv", b"0123456789\n" * 1_000_000)
    flights.query(f"create external table long (x string) {OPEN_CSV} location 's3://data/long/'")
    execution = flights.execution("select count(distinct x) from long", WorkGroup="thrifty")
    assert execution["Status"]["State"] == "CANCELLED"
    assert "Bytes scanned limit was exceeded" in execution["Status"]["StateChangeReason"]


def test_scanned_bytes_are_those_of_the_columns_read(lake: Lake) -> None:
    rows = 150_000
    table = pa.table(
        {"k": [i % 7 for i in range(rows)], "noise": [str(i * 7919) + "x" * 30 + str(i) for i in range(rows)]}
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer, row_group_size=20_000, compression="none")
    size = len(buffer.getvalue())
    lake.put("wide/x.parquet", buffer.getvalue())
    lake.query("create external table wide (k bigint, noise string) stored as parquet location 's3://data/wide/'")
    one = lake.execution("select sum(k) from wide")["Statistics"]["DataScannedInBytes"]
    both = lake.execution("select sum(k), max(noise) from wide")["Statistics"]["DataScannedInBytes"]
    assert 0 < one < 0.05 * size
    assert 0.8 * size < both < 1.2 * size


def test_partitions_that_a_filter_excludes_are_not_read(flights: Lake) -> None:
    def scanned(where: str) -> int:
        sql = f"select sum(f.delay) from flights f join carriers c on f.carrier = c.code where {where}"
        return int(flights.execution(sql)["Statistics"]["DataScannedInBytes"])

    assert scanned("f.day = '2013-01-02'") < scanned("f.day >= '2013-01-01'")


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select * from missing", "TABLE_NOT_FOUND: Table 'awsdatacatalog.lake.missing' does not exist"),
        ("select nope from flights", "COLUMN_NOT_FOUND: line 1:1: Column 'nope' cannot be resolved"),
        ("select carrier from flights f join carriers c on f.delay = c.code", "TYPE_MISMATCH"),
        ("create view v as select 1", "MISSING_COLUMN_NAME: line 1:1: Column name not specified at position 1"),
        ("create view v as select carrier, carrier from flights", "DUPLICATE_COLUMN_NAME"),
        ("create view v as select f.*, f.day from flights f", "DUPLICATE_COLUMN_NAME"),
        ("create table t as select 1", "MISSING_COLUMN_NAME: line 1:1: Column name not specified at position 1"),
        ("create table t as select 1 as a, 2 as A", "DUPLICATE_COLUMN_NAME"),
        ("selec 1", "SYNTAX_ERROR"),
        ("select 1; select 2", "only one statement"),
        ("create database lake", "already exists"),
        ("select count(*) from flights where day = 20130101", "TYPE_MISMATCH"),
        ("select * from information_schema.tables", "information_schema is not served"),
        ('select *, "$path" from flights', "name the columns"),
        ("create table flights as select 1 as a", "TABLE_ALREADY_EXISTS"),
        ("create table t with (format = 'ORC') as select 1 as a", "only format = 'PARQUET'"),
        ("create table t with (partitioned_by = array['a']) as select 1 as a, 2 as b", "must be the last columns"),
        ("create table t as select now() as a", "Unsupported Hive type: timestamp with time zone"),
        ("insert into carriers values ('a', 'b')", "inserts only into Parquet"),
        ("optimize flights rewrite data using bin_pack", "for Iceberg tables only"),
    ],
)
def test_a_query_fails_with_its_reason(flights: Lake, sql: str, reason: str) -> None:
    assert reason in flights.reason(sql)


def test_refuses_a_query_without_output_location(lake: Lake) -> None:
    with pytest.raises(ClientError, match="No output location provided"):
        lake.client("athena").start_query_execution(QueryString="select 1")


def test_results_of_a_failed_query_are_refused(lake: Lake) -> None:
    execution = lake.execution("selec 1")
    with pytest.raises(ClientError, match="Final query state: FAILED"):
        lake.client("athena").get_query_results(**started_id(execution))


def test_a_stopped_query_is_cancelled(lake: Lake) -> None:
    athena = lake.client("athena")
    thousands = "unnest(sequence(1, 10000))"
    sql = f"select sum(a.x * b.x + c.x) from {thousands} a(x) cross join {thousands} b(x) cross join {thousands} c(x)"
    started = athena.start_query_execution(QueryString=sql, ResultConfiguration={"OutputLocation": "s3://results/"})
    athena.stop_query_execution(**started_id(started))
    execution = athena.get_query_execution(**started_id(started))["QueryExecution"]
    assert execution["Status"]["State"] == "CANCELLED"
    assert execution["Status"]["StateChangeReason"] == "Query cancelled by user"


def test_ddl_shows_and_describes(flights: Lake) -> None:
    assert ["flights"] in flights.query("show tables like 'fl*'")
    assert flights.query("show columns in carriers") == [["code"], ["name"]]
    described = flights.query("describe flights")
    assert [str(line[0]).split() for line in described[:4]] == [
        ["carrier", "string"],
        ["delay", "int"],
        ["left_at", "timestamp"],
        ["day", "string"],
    ]


def test_a_query_is_run_on_behalf_of_whoever_asks_and_ddl_looks_for_the_default_database(flights: Lake) -> None:
    role = "arn:aws:iam::123456789012:role/analyst"
    with suppress(ClientError):
        flights.client("glue").delete_database(Name="default")
    asked = Lake(runtime=flights.runtime, clients={"athena": flights.runtime.client("athena", REGION, role=role)})
    assert asked.query("select count(*) from carriers")
    recorded = flights.runtime.recording
    called = {(call.action, call.resource) for call in recorded.calls if call.role == role}
    assert ("glue:GetTable", "lake/carriers") in called
    assert [resource for action, resource in called if action == "s3:GetObject" and "carriers" in resource]
    assert [resource for action, resource in called if action == "s3:PutObject" and resource.startswith("results/")]
    assert ("glue:GetDatabase", "default") not in called
    asked.query("show columns in carriers")
    called = {(call.action, call.resource) for call in recorded.calls if call.role == role}
    assert {("glue:GetDatabase", "default"), ("glue:CreateDatabase", "default")} <= called


@pytest.mark.parametrize(
    "mode",
    [{}, {"ctas_approach": False}, {"ctas_approach": False, "unload_approach": True}],
    ids=["ctas", "csv", "unload"],
)
def test_awswrangler_reads_rows_with_their_types(
    flights: Lake, mode: dict[str, Any], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    for name, value in flights.runtime.environment(REGION).items():
        monkeypatch.setenv(name, value)
    frame = awswrangler.athena.read_sql_query(
        "select carrier, delay, left_at, delay * 1.5e0 as x from flights where day = '2013-01-02' order by left_at",
        database="lake",
        s3_output=f"s3://results/wrangler/{request.node.callspec.id}/",
        boto3_session=boto3.Session(region_name=REGION),
        **mode,
    )
    assert list(frame["carrier"]) == ["UA", "UA"]
    assert list(frame["delay"].astype("object").where(frame["delay"].notna(), None)) == [None, 50]
    assert str(frame["delay"].dtype) == "Int32"
    assert frame["left_at"][0] == pd.Timestamp("2013-01-02 08:15:00")
    assert frame["x"][1] == 75.0


@pytest.mark.parametrize(
    ("sql", "context"),
    [
        ('select * from "rds-catalog".lake.t', {"Database": "lake"}),
        ('insert into "rds-catalog".lake.t values (1)', {"Database": "lake"}),
        ("select 1", {"Database": "lake", "Catalog": "rds-catalog"}),
    ],
)
def test_another_catalog_than_glues_own_is_refused(lake: Lake, sql: str, context: dict[str, str]) -> None:
    reason = "NOT_SUPPORTED: the catalog 'rds-catalog' is not served locally, only 'AwsDataCatalog' and"
    assert lake.reason(sql, QueryExecutionContext=context).startswith(reason)
    own = {"Database": "lake", "Catalog": "AwsDataCatalog"}
    assert lake.query("select 1 from (select 2) t", QueryExecutionContext=own) == [["1"]]


def test_the_catalog_of_a_table_may_be_named(flights: Lake) -> None:
    sql = "select AwsDataCatalog.lake.flights.delay from AwsDataCatalog.lake.flights where delay > 30"
    assert flights.query(sql) == [["50"]]
    flights.query(f"create view of_named_catalog as {sql}")
    assert flights.query("select * from of_named_catalog") == [["50"]]
    assert "SCHEMA_NOT_FOUND" in flights.reason('select * from "awsdatacatalog/lake".flights')

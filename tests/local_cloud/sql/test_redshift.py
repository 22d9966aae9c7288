from __future__ import annotations

import gzip
import io
import time
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from tests.local_cloud.sql.conftest import ROLE, Lake


@pytest.fixture(scope="module")
def loaded(lake: Lake) -> Lake:
    """Three rows as Parquet in S3, and the table that they fit."""
    buffer = io.BytesIO()
    pq.write_table(pa.table({"id": pa.array([1, 2, 3], pa.int64()), "name": ["a", "b", None]}), buffer)
    lake.put("copy/x.parquet", buffer.getvalue())
    lake.put("csv/x.csv", b'id,name\n4,"d, e"\n,f\n')
    lake.put("json/x.json", b'{"id": 7, "name": "g"}\n{"id": 8}\n')
    return lake


def fresh(lake: Lake, name: str) -> str:
    lake.load(f"create table {name} (id bigint, name varchar(20))")
    return name


def test_physical_properties_of_a_table_are_dropped(lake: Lake) -> None:
    lake.load(
        "create table physical (id bigint not null identity(10, 5), k int encode az64 distkey sortkey, "
        "name varchar(max) encode zstd, s super, primary key (id)) diststyle key compound sortkey (k, name)"
    )
    lake.load("insert into physical (k, name, s) values (1, 'a', '{\"x\": 1}'), (1, 'b', null)")
    assert lake.load("select id, k, name, json_extract_path_text(s, 'x') from physical order by id") == [
        [10, 1, "a", "1"],
        [15, 1, "b", None],
    ]


def test_keys_are_not_enforced(lake: Lake) -> None:
    lake.load("create table keyed (id int primary key)")
    lake.load("insert into keyed values (1), (1)")
    assert lake.load("select count(*) from keyed") == [[2]]


def test_copies_parquet_csv_and_json(loaded: Lake) -> None:
    table = fresh(loaded, "copied")
    loaded.load(f"copy {table} from 's3://data/copy/' {ROLE} format as parquet")
    loaded.load(f"copy {table} (id, name) from 's3://data/csv/' {ROLE} csv ignoreheader 1")
    loaded.load(f"copy {table} from 's3://data/json/' {ROLE} format json 'auto'")
    assert loaded.load(f"select id, name from {table} order by id nulls last") == [
        [1, "a"],
        [2, "b"],
        [3, None],
        [4, "d, e"],
        [7, "g"],
        [8, None],
        [None, "f"],
    ]


def test_copies_nested_values_as_json_and_eight_bits_as_sixteen(loaded: Lake) -> None:
    at = [datetime(2024, 11, 3, 5, 30, 0, 1, tzinfo=UTC)]
    columns = {
        "tiny": pa.array([-128], pa.int8()),
        "times": pa.array([at], pa.list_(pa.timestamp("us", "UTC"))),
        "prices": pa.array([[Decimal("99.90")]], pa.list_(pa.decimal128(4, 2))),
        "counts": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
        "raw": pa.array([b"\x00\xff"], pa.binary()),
    }
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    loaded.put("nested/x.parquet", buffer.getvalue())
    loaded.load("create table nested (tiny smallint, times super, prices super, counts super, raw varbyte(9))")
    copy = f"copy nested from 's3://data/nested/' {ROLE} format as parquet"
    assert "'times' is nested: it loads into SUPER only with SERIALIZETOJSON" in loaded.error(copy)
    loaded.load(f"{copy} serializetojson")
    assert loaded.load("select * from nested") == [
        [-128, '["2024-11-03 05:30:00.000001"]', "[99.9]", '{"a":1}', "00ff"],
    ]


@pytest.mark.parametrize(
    ("body", "options", "expected"),
    [
        # https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-conversion.html
        (b"20.259,a\n", "csv", [["20.25", "a"]]),
        (b"-20.259,a\n", "csv", [["-20.25", "a"]]),
        (b"20.259,a\n", "csv roundec", [["20.26", "a"]]),
        (b'{"d": 20.259, "s": "a"}', "json 'auto'", [["20.25", "a"]]),
        (b'{"d": 20.259, "s": "a"}', "json 'auto' roundec", [["20.26", "a"]]),
        (b"20|\\N\n", "", [["20.00", None]]),
        (b"20,x\n", "csv null as 'x'", [["20.00", None]]),
        (gzip.compress(b"20,a\n", mtime=0), "csv gzip", [["20.00", "a"]]),
    ],
)
def test_copy_converts_as_documented(
    lake: Lake, request: pytest.FixtureRequest, body: bytes, options: str, expected: list[list[object]]
) -> None:
    name = f"c{abs(hash(request.node.name)):x}"
    lake.put(f"{name}/x", body)
    lake.load(f"create table {name} (d decimal(8, 2), s varchar(3))")
    lake.load(f"copy {name} from 's3://data/{name}/' {ROLE} {options}")
    assert lake.load(f"select * from {name}") == expected


@pytest.mark.parametrize(
    ("column", "body", "options", "reason"),
    [
        ("int", b"1.5\n", "csv", "Invalid digit"),
        ("int", b'{"x": 1.5}', "json 'auto'", "Invalid digit"),
        ("decimal(8, 2)", b"x\n", "csv", "Invalid digit"),
        ("decimal(38, 2)", b'{"x": 1234567890123456.78}', "json 'auto'", "more than 15 digits"),
        ("varchar(3)", b"abcd\n", "csv", "CHECK constraint failed"),
        ("varchar(3)", "ää\n".encode(), "csv", "CHECK constraint failed"),
        ("timestamp", b"2024-01-01T00:00:00\n", "csv", "Invalid timestamp format"),
        ("int", b"1\n", "csv truncatecolumns", "option TRUNCATECOLUMNS is not reproduced"),
        ("int", b"1\n", "csv dateformat 'DD-MM-YYYY'", "option DATEFORMAT is not reproduced"),
        ("int", b'{"X": 1}', "json 'auto ignorecase'", "only with 'auto'"),
        ("int", gzip.compress(b"1\n", mtime=0), "csv", "Error"),
    ],
)
def test_copy_does_not_load_what_does_not_fit(
    *, lake: Lake, request: pytest.FixtureRequest, column: str, body: bytes, options: str, reason: str
) -> None:
    name = f"c{abs(hash(request.node.name)):x}"
    lake.put(f"{name}/x", body)
    lake.load(f"create table {name} (x {column})")
    assert reason in lake.error(f"copy {name} from 's3://data/{name}/' {ROLE} {options}")


def test_super_values_are_not_navigated(lake: Lake) -> None:
    lake.load("create table documents (s super)")
    for path in ("s.a", "documents.s.a", "s[0]", "d.s.a"):
        alias = "documents d" if path.startswith("d.") else "documents"
        assert "navigation in SUPER values is not reproduced" in lake.error(f"select {path} from {alias}")
    assert lake.load("select documents.s, d.s from documents join documents d on true") == []


def test_texts_are_limited_and_the_time_of_day_has_no_zone(lake: Lake) -> None:
    lake.load("create table limited (s varchar(3))")
    assert "CHECK constraint failed" in lake.error("insert into limited values ('abcd')")
    assert lake.load("select 'abcd'::varchar(3)") == [["abc"]]
    assert lake.load("select getdate() > '2020-01-01'::timestamp") == [[True]]
    found = lake.statement("select getdate() as now")
    result = lake.client("redshift-data").get_statement_result(Id=found["Id"])
    assert result["ColumnMetadata"][0]["typeName"] == "timestamp"


@pytest.mark.parametrize(
    ("copy", "reason"),
    [
        ("copy target from 's3://data/none/' {role} parquet", "The specified S3 prefix 'none/' does not exist"),
        ("copy target from 's3://data/copy/' parquet", "needs IAM_ROLE or CREDENTIALS"),
        ("copy target from 's3://data/copy/' {role} parquet maxerror 3", "option MAXERROR is not reproduced"),
        ("copy target (nope) from 's3://data/copy/' {role} parquet", 'column "nope" of relation "target"'),
        ("copy target (id) from 's3://data/copy/' {role} parquet", "has 2 columns, the target has 1"),
        ("copy narrow from 's3://data/copy/' {role} parquet", "incompatible Parquet schema for column 'id'"),
        ("copy target from 's3://data/hidden/' {role} parquet", "would load the hidden file"),
    ],
)
def test_refuses_a_copy_that_redshift_would_refuse(loaded: Lake, copy: str, reason: str) -> None:
    loaded.load("create table if not exists target (id bigint, name varchar(20))")
    loaded.load("create table if not exists narrow (id int, name varchar(20))")
    loaded.put("hidden/_manifest", b"x")
    assert reason in loaded.error(copy.format(role=ROLE))


def test_unloads_into_an_empty_prefix_only(loaded: Lake) -> None:
    sql = f"unload ('select 1 as id, ''x'' as k') to 's3://data/unload/' {ROLE} format parquet partition by (k)"
    loaded.load(sql)
    assert loaded.keys("unload/") == ["unload/k=x/data_0.parquet"]
    assert "is not empty" in loaded.error(sql)
    loaded.load(f"{sql} allowoverwrite")


def test_joins_the_catalogs_tables_through_an_external_schema(loaded: Lake) -> None:
    loaded.query(
        "create external table orders (id bigint) partitioned by (day string) stored as parquet "
        "location 's3://data/orders/'"
    )
    loaded.query("insert into orders values (1, 'mon'), (2, 'tue'), (9, 'wed')")
    table = fresh(loaded, "people")
    loaded.load(f"copy {table} from 's3://data/copy/' {ROLE} parquet")
    schema = f"create external schema if not exists lake from data catalog database 'lake' {ROLE}"
    loaded.load(schema)
    loaded.load(schema)
    joined = "select p.name, o.day from lake.orders o join public.people p on p.id = o.id order by 1"
    assert loaded.load(joined) == [["a", "mon"], ["b", "tue"]]
    assert "already exists" in loaded.error(schema.replace("if not exists ", ""))
    assert "does not exist" in loaded.error("select * from lake.nothing")
    assert "view on an external table" in loaded.error("create view v as select * from lake.orders")


def test_nested_columns_of_an_external_table_have_no_name_of_their_own(lake: Lake) -> None:
    lake.query(
        "create external table nested (id bigint, s struct<x:int>) stored as parquet location 's3://data/nested_rows/'"
    )
    lake.query("insert into nested select bigint '1', cast(row(2) as row(x integer))")
    lake.load(f"create external schema nesting from data catalog database 'lake' {ROLE}")
    assert lake.load("select id from nesting.nested") == [[1]]
    assert lake.load("select count(*) from nesting.nested") == [[1]]
    assert "Nested tables do not support '*' in the SELECT clause" in lake.error("select * from nesting.nested")
    assert '"s" not found' in lake.error("select s from nesting.nested")


@pytest.mark.parametrize("comment", ["-- why\n", "/* why,\n at length */ ", "-- one\n-- two\n("])
def test_a_comment_does_not_hide_that_a_query_has_rows(lake: Lake, comment: str) -> None:
    query = f"{comment}select 42 as answer" + (")" if comment.endswith("(") else "")
    assert lake.load(query) == [[42]]


def test_merges(loaded: Lake) -> None:
    fresh(loaded, "merged")
    fresh(loaded, "staged")
    loaded.load("insert into merged values (1, 'old'), (2, 'kept')")
    loaded.load("insert into staged values (1, 'new'), (3, 'added')")
    loaded.load(
        "merge into merged using staged on merged.id = staged.id when matched then update set name = staged.name "
        "when not matched then insert (id, name) values (staged.id, staged.name)"
    )
    assert loaded.load("select * from merged order by id") == [[1, "new"], [2, "kept"], [3, "added"]]


def test_a_batch_is_one_transaction(lake: Lake) -> None:
    fresh(lake, "ledger")
    lake.statement("truncate ledger", "insert into ledger values (1, 'a')", "insert into ledger values (2, 'b')")
    assert "nowhere" in lake.error("delete from ledger", "insert into nowhere values (1)")
    assert lake.load("select count(*) from ledger") == [[2]]


@pytest.mark.parametrize(
    ("sqls", "message"),
    [
        (["select 1"] * 41, "Value at 'sqls' failed to satisfy constraint.* less than or equal to 40"),
        ([f"select '{'x' * 100_000}'"], "Cannot process query string larger than 100kB"),
    ],
)
def test_a_batch_has_40_statements_of_100_kilobytes_at_most(lake: Lake, sqls: list[str], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        lake.client("redshift-data").batch_execute_statement(Database="dev", WorkgroupName="lake", Sqls=sqls)


def test_a_batch_has_a_result_for_each_statement(lake: Lake) -> None:
    batch = lake.statement("select 1 as a", "select 'x' as b")
    assert [sub["HasResultSet"] for sub in batch["SubStatements"]] == [True, True]
    records = lake.client("redshift-data").get_statement_result(Id=f"{batch['Id']}:2")["Records"]
    assert records == [[{"stringValue": "x"}]]


def test_named_parameters_are_put_in_as_text(lake: Lake) -> None:
    sql = "select 'it''s :n', :n, :i::int + 1"
    parameters = [{"name": "n", "value": "o'x"}, {"name": "i", "value": "1"}]
    assert lake.load(sql, Parameters=parameters) == [["it's :n", "o'x", 2]]


def test_values_have_redshift_types(lake: Lake) -> None:
    found = lake.statement("select 7 / 2 as a, 1.50::decimal(5, 2) as b, true as c, date '2024-01-02' as d, null as e")
    result = lake.client("redshift-data").get_statement_result(Id=found["Id"])
    assert [column["typeName"] for column in result["ColumnMetadata"]][:4] == ["int4", "numeric", "bool", "date"]
    assert result["Records"] == [
        [
            {"longValue": 3},
            {"stringValue": "1.50"},
            {"booleanValue": True},
            {"stringValue": "2024-01-02"},
            {"isNull": True},
        ]
    ]


@pytest.mark.parametrize(
    "sql",
    ["grant usage on schema public to role r", "create user u password 'Secret123'", "vacuum full t", "analyze t"],
)
def test_administration_is_accepted_without_effect(lake: Lake, sql: str) -> None:
    assert lake.load(sql) == []


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select 1 / 0", "Divide by zero"),
        ("select * from nothing", "Table with name nothing does not exist"),
        ("select 1; select 2", "exactly one statement"),
        ("select s.items[0].sku from (select 1 as s) s", "navigation in SUPER values is not reproduced"),
        ("alter table a append from b", "is not reproduced"),
        ("create model m from t target x function f iam_role default", "CREATE MODEL is not reproduced"),
        ("show model m", "SHOW MODEL is not reproduced"),
        ("drop model if exists m", "DROP MODEL is not reproduced"),
    ],
)
def test_a_statement_fails_with_its_reason(lake: Lake, sql: str, reason: str) -> None:
    assert reason in lake.error(sql)


def test_databases_of_different_workgroups_are_apart(lake: Lake) -> None:
    fresh(lake, "mine")
    found = lake.statement("select * from mine", WorkgroupName="other")
    assert found["Status"] == "FAILED"


def test_statements_are_listed_newest_first(lake: Lake) -> None:
    last = lake.statement("select 42")
    listed = lake.client("redshift-data").list_statements(Status="FINISHED")["Statements"]
    assert listed[0]["Id"] == last["Id"]
    assert listed[0]["QueryString"] == "select 42"


def test_a_cancelled_statement_leaves_the_warehouse_to_others(lake: Lake) -> None:
    redshift = lake.client("redshift-data")
    endless = "select sum(a.n * b.n) from generate_series(1, 1000000) a(n) cross join generate_series(1, 1000000) b(n)"
    started = redshift.execute_statement(WorkgroupName="warehouse", Database="dev", Sql=endless)
    while redshift.describe_statement(Id=started["Id"])["Status"] != "STARTED":
        time.sleep(0.01)
    redshift.cancel_statement(Id=started["Id"])
    assert lake.load("select 1") == [[1]]
    assert redshift.describe_statement(Id=started["Id"])["Status"] == "ABORTED"


def test_an_unknown_or_finished_statement_is_refused(lake: Lake) -> None:
    redshift = lake.client("redshift-data")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        redshift.describe_statement(Id="00000000-0000-0000-0000-000000000000")
    with pytest.raises(ClientError, match="already in FINISHED state"):
        redshift.cancel_statement(Id=lake.statement("select 1")["Id"])
    with pytest.raises(ClientError, match="does not have result"):
        redshift.get_statement_result(Id=lake.statement("create table void (x int)")["Id"])

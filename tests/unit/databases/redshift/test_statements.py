"""The SQL of the warehouse, beside SQL written by hand, and as Redshift's grammar reads it."""

from __future__ import annotations

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.databases.redshift import statements

AIRLINES = Dataset(
    name="airlines",
    columns=[Column(name="carrier", type="string"), Column(name="name", type="varchar(50)", required=True)],
    primary_key=["carrier"],
)
FLIGHTS = Dataset(
    name="flights",
    columns=[
        Column(name="carrier", type="string", required=True),
        Column(name="flight", type="int", required=True),
        Column(name="delay", type="decimal(6,2)"),
        Column(name="stops", type="array<string>"),
        Column(name="month", type="tinyint"),
    ],
    primary_key=["carrier", "flight"],
    partition_keys=["month"],
)
EVENTS = Dataset(
    name="events",
    columns=[Column(name="text", type="string"), Column(name="day", type="date")],
    partition_keys=["day"],
)


def load(dataset: Dataset) -> list[str]:
    return statements.load(
        dataset,
        dataset.name,
        database="curated",
        uri=f"s3://bucket/{dataset.name}/",
        in_folders=bool(dataset.partition_keys),
    )


def test_an_external_schema_reads_a_catalog_database_by_the_default_role() -> None:
    assert statements.create_external_schema("curated") == (
        "CREATE EXTERNAL SCHEMA IF NOT EXISTS \"curated\" FROM DATA CATALOG DATABASE 'curated' IAM_ROLE default"
    )


def test_a_table_has_the_types_keys_and_order_of_its_dataset() -> None:
    assert statements.create_table(FLIGHTS, "flights") == (
        'CREATE TABLE IF NOT EXISTS "public"."flights" (\n'
        '  "carrier" varchar(65535) NOT NULL,\n'
        '  "flight" integer NOT NULL,\n'
        '  "delay" decimal(6,2),\n'
        '  "stops" super,\n'
        '  "month" smallint,\n'
        '  PRIMARY KEY ("carrier", "flight")\n'
        ")\n"
        "DISTSTYLE AUTO\n"
        'COMPOUND SORTKEY ("month")'
    )


def test_a_table_without_partition_keys_is_sorted_as_redshift_likes() -> None:
    assert statements.create_table(AIRLINES, "carriers") == (
        'CREATE TABLE IF NOT EXISTS "public"."carriers" (\n'
        '  "carrier" varchar(65535) NOT NULL,\n'
        '  "name" varchar(200) NOT NULL,\n'
        '  PRIMARY KEY ("carrier")\n'
        ")\n"
        "DISTSTYLE AUTO"
    )


def test_files_that_hold_every_column_replace_the_table_by_a_copy() -> None:
    assert load(AIRLINES) == [
        'DELETE FROM "public"."airlines"',
        'COPY "public"."airlines"\nFROM \'s3://bucket/airlines/\'\nIAM_ROLE default\nFORMAT AS PARQUET',
    ]


def test_partitions_with_a_primary_key_add_only_rows_that_are_not_there_yet() -> None:
    assert load(FLIGHTS) == [
        "SET json_serialization_enable TO true",
        'INSERT INTO "public"."flights" ("carrier", "flight", "delay", "stops", "month")\n'
        'SELECT lake."carrier", lake."flight", lake."delay", JSON_PARSE(lake."stops"), lake."month"\n'
        'FROM "curated"."flights" AS lake\n'
        'WHERE NOT EXISTS (SELECT 1 FROM "public"."flights" AS loaded '
        'WHERE loaded."carrier" = lake."carrier" AND loaded."flight" = lake."flight")',
    ]


def test_partitions_without_a_primary_key_replace_the_table() -> None:
    assert load(EVENTS) == [
        'DELETE FROM "public"."events"',
        'INSERT INTO "public"."events" ("text", "day")\n'
        'SELECT lake."text", lake."day"\n'
        'FROM "curated"."events" AS lake',
    ]


def test_partition_keys_inside_the_files_are_copied_like_any_column() -> None:
    copied = statements.load(EVENTS, "events", database="curated", uri="s3://bucket/events/", in_folders=False)
    assert copied[1].startswith("COPY")


def test_nested_columns_are_copied_as_super() -> None:
    nested = Dataset(name="trips", columns=[Column(name="stops", type="array<string>")])
    assert load(nested)[1].endswith("FORMAT AS PARQUET SERIALIZETOJSON")


@pytest.mark.parametrize("dataset", [AIRLINES, FLIGHTS, EVENTS])
def test_redshifts_grammar_accepts_every_statement(dataset: Dataset) -> None:
    for statement in [statements.create_table(dataset, dataset.name), *load(dataset)]:
        parsed = sqlglot.parse_one(statement, dialect="redshift")
        assert not isinstance(parsed, exp.Command)


def test_a_second_load_adds_only_what_is_new() -> None:
    hourly = Dataset(
        name="hourly",
        columns=[
            Column(name="hour", type="int"),
            Column(name="degrees", type="double"),
            Column(name="day", type="int"),
        ],
        primary_key=["day", "hour"],
        partition_keys=["day"],
    )
    (insert,) = load(hourly)
    (translated,) = sqlglot.transpile(insert, read="redshift", write="duckdb")
    database = duckdb.connect()
    database.execute("create schema public; create schema curated")
    for schema in ("public", "curated"):
        database.execute(f"create table {schema}.hourly (hour int, degrees double, day int)")
    database.execute("insert into curated.hourly values (0, 1.5, 1), (1, 2.5, 1)")
    for _ in range(2):
        database.execute(translated)
    database.execute("insert into curated.hourly values (0, 9.5, 2)")
    database.execute(translated)
    rows = database.execute("select * from public.hourly order by day, hour").fetchall()
    assert rows == [(0, 1.5, 1), (1, 2.5, 1), (0, 9.5, 2)]


def test_no_load_commits_before_its_end() -> None:
    every = " ".join(statement for dataset in (AIRLINES, FLIGHTS, EVENTS) for statement in load(dataset))
    assert "TRUNCATE" not in every


def test_a_uri_cannot_end_its_literal() -> None:
    copied = statements.load(AIRLINES, "airlines", database="curated", uri="s3://b/it's\\/", in_folders=False)
    assert "FROM 's3://b/it''s\\\\/'" in copied[1]


def test_a_name_cannot_end_its_quotes() -> None:
    assert statements.create_table(AIRLINES, 'a"b').startswith('CREATE TABLE IF NOT EXISTS "public"."a""b" (')


def test_accepts_names_of_127_characters_and_refuses_longer_ones() -> None:
    statements.check_name("n" * 127)
    with pytest.raises(ValueError, match="is too long for Redshift: 128 characters, at most 127"):
        statements.check_name("n" * 128)
    long = Dataset(name="wide", columns=[Column(name="c" * 128, type="int")])
    with pytest.raises(ValueError, match="is too long for Redshift"):
        statements.check_dataset(long)


def test_refuses_more_columns_than_a_table_of_redshift_has() -> None:
    wide = Dataset(name="wide", columns=[Column(name=f"c{number}", type="int") for number in range(1601)])
    with pytest.raises(ValueError, match="dataset 'wide' has 1601 columns; a table of Redshift has at most 1600"):
        statements.check_dataset(wide)


def test_the_check_of_a_shape_passes_only_on_a_table_that_was_made_with_it() -> None:
    connection = duckdb.connect()

    def run(*texts: str) -> None:
        for text in texts:
            connection.execute(sqlglot.transpile(text, read="redshift", write="duckdb")[0])

    wider = Dataset(name="events", columns=[*EVENTS.columns, Column(name="note", type="string")])
    connection.execute("create schema public")
    run(*statements.prepare_shapes(["events"]))
    with pytest.raises(duckdb.Error, match=statements.SHAPE_PREFIX):
        run(statements.check_shape(EVENTS, "events"))
    run('CREATE TABLE "public"."events" (x int)', *plain(statements.recreate(EVENTS, "events")))
    run(statements.check_shape(EVENTS, "events"))
    with pytest.raises(duckdb.Error, match=statements.SHAPE_PREFIX):
        run(statements.check_shape(wider, "events"))
    # And back again: what a table was before does not count.
    run(*plain(statements.recreate(wider, "events")))
    run(statements.check_shape(wider, "events"))
    with pytest.raises(duckdb.Error, match=statements.SHAPE_PREFIX):
        run(statements.check_shape(EVENTS, "events"))


def plain(texts: list[str]) -> list[str]:
    """Return statements without what only Redshift has."""
    return [text.partition("\nDISTSTYLE")[0] for text in texts]


def test_nothing_is_prepared_for_no_table() -> None:
    assert statements.prepare_shapes([]) == []

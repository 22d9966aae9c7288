"""Servers of a contract: how records come, and which of them are a lake's."""

from __future__ import annotations

import pytest

from lake_blueprints.contracts import Contract, DatasetFormat, Placement

HEAD = "version: 1.2.0\napiVersion: v3.1.0\nkind: DataContract\nid: orders\nstatus: active\n"
OBJECT = "schema: [{name: orders, properties: [{name: x, logicalType: string}]}]"


def contract(servers: str) -> Contract:
    return Contract.from_text(f"{HEAD}servers: [{servers}]\n{OBJECT}")


def warnings(found: Contract) -> list[str]:
    return [str(note) for note in found.notes if note.warning]


@pytest.mark.parametrize(
    ("server", "expected", "delimiter"),
    [
        ("type: s3, location: 's3://b/x', format: json", DatasetFormat.JSON, ","),
        ("type: s3, location: 's3://b/x', format: JSONL, delimiter: new_line", DatasetFormat.JSON, ","),
        ("type: s3, location: 's3://b/x', format: parquet", DatasetFormat.PARQUET, ","),
        ("type: s3, location: 's3://b/x', format: csv", DatasetFormat.CSV, ","),
        ("type: s3, location: 's3://b/x', format: csv, delimiter: ;", DatasetFormat.CSV, ";"),
        ("type: s3, location: 's3://b/x', format: csv, delimiter: tab", DatasetFormat.CSV, "\t"),
        ("type: custom, format: tsv", DatasetFormat.CSV, "\t"),
        ("type: local, path: x.csv, format: csv", DatasetFormat.CSV, ","),
        ("type: kafka, host: h, format: json", DatasetFormat.JSON, ","),
        ("type: kinesis, stream: s, format: json", DatasetFormat.JSON, ","),
        ("type: glue, account: a, database: d, format: parquet", DatasetFormat.PARQUET, ","),
        ("type: mysql, host: h, database: d", DatasetFormat.JSON, ","),
    ],
)
def test_reads_how_records_come(server: str, expected: DatasetFormat, delimiter: str) -> None:
    found = contract(f"{{server: x, {server}}}")
    assert (found["orders"].format, found["orders"].delimiter) == (expected, delimiter)
    assert warnings(found) == []


def test_the_first_server_that_says_so_decides() -> None:
    found = contract(
        "{server: a, type: mysql, host: h, database: d}, {server: b, type: kafka, host: h, format: avro}, "
        "{server: c, type: s3, location: 's3://b/x', format: csv}, {server: d, type: kafka, host: h, format: json}"
    )
    assert found["orders"].format is DatasetFormat.CSV
    assert warnings(found) == [
        "servers[1].format: records are not read as 'avro'; the lake reads json lines, csv and parquet"
    ]


@pytest.mark.parametrize(
    ("server", "warning"),
    [
        (
            "type: s3, location: 's3://b/x', format: json, delimiter: array",
            "servers[0].delimiter: a file with one array is not read; the lake reads one record a line",
        ),
        (
            "type: s3, location: 's3://b/x', format: csv, delimiter: '||'",
            "servers[0].delimiter: '||' is not one character; fields are read as separated by commas",
        ),
    ],
)
def test_warns_of_delimiters_that_are_not_read(server: str, warning: str) -> None:
    assert warnings(contract(f"{{server: x, {server}}}")) == [warning]


def test_takes_over_the_servers_of_a_lake() -> None:
    found = contract(
        "{server: files, type: s3, location: 's3://b/x', environment: prod, description: Files}, "
        "{server: catalog, type: glue, account: '1', database: d}, "
        "{server: sql, type: athena, schema: s}, "
        "{server: stream, type: kinesis, stream: orders}, "
        "{server: warehouse, type: redshift, database: d, schema: s}"
    )
    assert found["orders"].placements == (
        Placement(server="files", type="s3", environment="prod", properties={"location": "s3://b/x"}),
        Placement(server="catalog", type="glue", properties={"account": "1", "database": "d"}),
        Placement(server="sql", type="athena", properties={"schema": "s"}),
        Placement(server="stream", type="kinesis", properties={"stream": "orders"}),
        Placement(server="warehouse", type="redshift", properties={"database": "d", "schema": "s"}),
    )
    assert found.notes == ()
    assert hash(found)


def test_notes_the_others() -> None:
    found = contract("{server: shop, type: db2, host: h, port: 1, database: d}")
    assert found["orders"].placements == ()
    assert [(str(note), note.warning) for note in found.notes] == [
        ("servers[0]: nothing is placed by 'shop', a db2 server", False)
    ]


def test_takes_over_the_names_at_its_sources_and_not_their_addresses() -> None:
    found = contract(
        "{server: shop, type: postgresql, host: h, port: 5432, database: d, schema: s, environment: prod}, "
        "{server: old, type: mysql, host: h, port: 3306, database: d}"
    )
    assert found["orders"].placements == (
        Placement(server="shop", type="postgresql", environment="prod", properties={"database": "d", "schema": "s"}),
        Placement(server="old", type="mysql", properties={"database": "d"}),
    )
    assert found.notes == ()


def test_physical_types_are_those_of_the_server() -> None:
    item = "schema: [{name: a, properties: [{name: x, physicalType: DATE}]}]"
    kinds = {
        system: str(
            Contract.from_text(f"{HEAD}servers: [{{server: x, type: {system}}}]\n{item}").datasets[0].columns[0].type
        )
        for system in ("'oracle', host: h, port: 1, serviceName: s", "'postgres', host: h, database: d")
    }
    assert list(kinds.values()) == ["timestamp", "date"]

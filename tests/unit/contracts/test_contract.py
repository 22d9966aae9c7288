"""Contract: from ODCS text to datasets, and one clear line for what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from lake_blueprints.contracts import Contract, ContractError, DatasetFormat
from tests.support import ROOT

HEAD = "version: 1.2.0\napiVersion: v3.0.2\nkind: DataContract\nid: orders\n"


def contract(properties: str, head: str = HEAD, name: str = "orders") -> Contract:
    body = indent(dedent(properties).strip(), "      ")
    return Contract.from_text(f"{head}schema:\n  - name: {name}\n    properties:\n{body}\n")


def type_of(properties: str) -> str:
    return str(contract(properties).datasets[0].columns[0].type)


@pytest.mark.parametrize("file", sorted((ROOT / "examples").rglob("*.odcs.yaml")), ids=lambda path: str(path.name))
def test_reads_every_contract_that_we_ship(file: Path) -> None:
    assert Contract.from_file(file).datasets


def test_reads_the_flights_contract() -> None:
    dataset = Contract.from_file(ROOT / "examples/flights/contracts/flights.odcs.yaml")["flights"]
    assert dataset.partition_keys == ("year", "month")
    assert dataset.primary_key == ("time_hour", "carrier", "flight")
    assert dataset.format is DatasetFormat.JSON
    assert len(dataset.columns) == 19
    assert dataset.column("month").constraints.as_dict() == {"minimum": 1, "maximum": 12}
    assert dataset.column("time_hour").required
    assert not dataset.column("tailnum").required


@pytest.mark.parametrize(
    ("declared", "compiled"),
    [
        ("{logicalType: string}", "string"),
        ("{logicalType: integer}", "bigint"),
        ("{logicalType: integer, physicalType: INT}", "int"),
        ("{logicalType: integer, logicalTypeOptions: {format: i16}}", "smallint"),
        ("{logicalType: number}", "double"),
        ("{logicalType: number, physicalType: 'DECIMAL(10, 2)'}", "decimal(10,2)"),
        ("{logicalType: number, physicalType: 'NUMERIC(9)'}", "decimal(9,0)"),
        ("{logicalType: number, physicalType: NUMERIC}", "decimal(38,18)"),
        ("{logicalType: number, logicalTypeOptions: {format: f32}}", "float"),
        ("{logicalType: boolean}", "boolean"),
        ("{logicalType: date}", "date"),
        ("{logicalType: timestamp}", "timestamp"),
        ("{logicalType: timestamp, physicalType: TIMESTAMPTZ}", "timestamp"),
        ("{logicalType: time}", "string"),
        ("{logicalType: string, physicalType: INT}", "string"),
        ("{logicalType: string, physicalType: bytea}", "binary"),
        ("{physicalType: BIGINT}", "bigint"),
        ("{logicalType: array, items: {logicalType: integer}}", "array<bigint>"),
        ("{logicalType: vector}", "array<float>"),
        ("{logicalType: map, map: {key: {logicalType: string}, value: {logicalType: number}}}", "map<string,double>"),
        (
            "{logicalType: object, properties: [{name: Lat, logicalType: number}, "
            "{name: tags, logicalType: array, items: {logicalType: string}}]}",
            "struct<lat:double,tags:array<string>>",
        ),
    ],
)
def test_compiles_logical_and_physical_types(declared: str, compiled: str) -> None:
    assert type_of(f"- {{name: x, {declared.removeprefix('{').removesuffix('}')}}}") == compiled


def test_a_declared_length_sizes_the_string() -> None:
    dataset = contract("- {name: iso, logicalType: string, logicalTypeOptions: {maxLength: 2}}").datasets[0]
    assert dataset.columns[0].type.redshift == "varchar(8)"
    assert dataset.columns[0].constraints.max_length == 2


def test_folds_names_to_the_catalog_and_keeps_the_source_name() -> None:
    dataset = contract("- {name: Order Id, logicalType: string}\n- {name: 1st, logicalType: string}").datasets[0]
    assert [(column.name, column.source) for column in dataset.columns] == [("order_id", "Order Id"), ("_1st", "1st")]


def test_orders_keys_by_position_and_unnumbered_ones_after() -> None:
    dataset = contract(
        """
        - {name: c, logicalType: string, primaryKey: true}
        - {name: a, logicalType: string, primaryKey: true, primaryKeyPosition: 2, partitioned: true}
        - {name: b, logicalType: string, primaryKey: true, primaryKeyPosition: 1}
        """
    ).datasets[0]
    assert dataset.primary_key == ("b", "a", "c")
    assert dataset.partition_keys == ("a",)
    assert all(column.required for column in dataset.columns)


def test_carries_version_description_and_classification() -> None:
    column = "- {name: email, logicalType: string, classification: restricted, description: Where to write}"
    dataset = contract(column).datasets[0]
    assert dataset.version == "1.2.0"
    assert (dataset.columns[0].classification, dataset.columns[0].description) == ("restricted", "Where to write")


def test_one_contract_can_hold_many_datasets() -> None:
    columns = "[{name: a, logicalType: string}]"
    text = f"{HEAD}schema:\n- {{name: one, properties: {columns}}}\n- {{name: two, properties: {columns}}}\n"
    both = Contract.from_text(text)
    assert [dataset.name for dataset in both.datasets] == ["one", "two"]
    with pytest.raises(ContractError, match="contract 'orders' has no dataset 'three'; it has one, two"):
        both["three"]


def test_a_date_without_quotes_stays_text() -> None:
    column = "- {name: day, logicalType: date, logicalTypeOptions: {minimum: 2013-01-01}}"
    assert contract(column).datasets[0].columns[0].constraints.minimum == "2013-01-01"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the contract is empty"),
        ("- a list", "a contract is a mapping of keys to values, got a list"),
        ("a: [", r"line \d: not valid YAML"),
        (f"{HEAD}id: twice\n", "line 5: key 'id' is given twice"),
        (HEAD.replace("id: orders\n", ""), "contract: 'id' is missing; add it"),
        (f"{HEAD}schema: nonsense\n", "schema: must be a list, got 'nonsense'"),
        (
            "a: !!python/object/apply:os.system ['false']",
            "line 1: the YAML tag '!!python/object/apply:os.system' is not allowed",
        ),
    ],
)
def test_says_in_one_line_what_is_wrong_with_a_contract(text: str, message: str) -> None:
    with pytest.raises(ContractError, match=message) as raised:
        Contract.from_text(text)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ("- {name: x, logicalType: strin}", r"schema\[0\].properties\[0\].logicalType: 'strin' is not one of"),
        (
            "- {name: Order-Id, logicalType: string}\n- {name: order_id, logicalType: string}",
            "properties 'Order-Id' and 'order_id' have the same catalog name 'order_id'",
        ),
    ],
)
def test_names_the_property_that_is_wrong(properties: str, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        contract(properties)


def test_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "orders.odcs.yaml"
    with pytest.raises(ContractError, match=r"orders.odcs.yaml: cannot be read: No such file"):
        Contract.from_file(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ContractError, match=r"orders\.odcs\.yaml: is not UTF-8 text"):
        Contract.from_file(path)
    path.write_text("kind: x")
    with pytest.raises(ContractError, match=r"orders\.odcs\.yaml: contract: 'version' is missing; add it"):
        Contract.from_file(path)


def test_reads_a_folder_of_contracts_in_the_order_of_their_paths(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    for name in ("b", "a", "more/c"):
        text = f"{HEAD}schema: [{{name: {Path(name).name}, properties: [{{name: x, logicalType: string}}]}}]"
        (tmp_path / f"{name}.odcs.yaml").write_text(text)
    (tmp_path / "notes.yaml").write_text("not: a contract")
    contracts = Contract.from_directory(tmp_path)
    assert [dataset.name for one in contracts for dataset in one.datasets] == ["a", "b", "c"]


def test_names_every_file_of_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.odcs.yaml").write_text("")
    (tmp_path / "b.odcs.yaml").write_text("kind: x")
    with pytest.raises(ContractError) as raised:
        Contract.from_directory(tmp_path)
    first, second = str(raised.value).splitlines()
    assert first.startswith(f"{tmp_path}/a.odcs.yaml: the contract is empty")
    assert second.startswith(f"{tmp_path}/b.odcs.yaml: contract: 'version' is missing")


def test_refuses_a_folder_without_contracts(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"has no contract; none of its files is called \*\*/\*.odcs.yaml"):
        Contract.from_directory(tmp_path)


def test_warnings_about_the_contract_are_with_each_dataset_too() -> None:
    item = "{{name: {}, properties: [{{name: x, logicalType: string}}]}}"
    found = Contract.from_text(f"{HEAD}schema: [{item.format('a')}, {{name: b}}, {item.format('c')}]")
    told = "schema[1]: the object 'b' has no place in a lake: it has no properties"
    assert [[str(note) for note in dataset.notes] for dataset in found.datasets] == [[told], [told]]
    assert [str(note) for note in found.notes if note.warning] == [told]


CONTRACT: Any = Contract


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda: CONTRACT.from_file(None), "'path' of Contract.from_file must be str or Path, got None"),
        (
            lambda: CONTRACT.from_file("x", lenent=True),
            "has no option 'lenent'; did you mean 'lenient'",
        ),
        (lambda: CONTRACT.from_file("x", lenient="yes"), "'lenient' of Contract.from_file must be bool, got 'yes'"),
        (CONTRACT.from_file, "Contract.from_file needs 'path'; give path=…"),
        (lambda: CONTRACT.from_text(3), "'text' of Contract.from_text must be str, got 3"),
        (lambda: CONTRACT.from_directory("x", classifications="y"), "must be Classifications, got 'y'"),
    ],
)
def test_refuses_arguments_of_another_type(read: Callable[[], Contract], message: str) -> None:
    with pytest.raises(ContractError, match=re.escape(message)):
        read()

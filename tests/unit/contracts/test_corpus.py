"""Contracts of many industries and systems: each becomes a lake that is valid, or says what has no place in one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import open_data_contract_standard
import pytest
import yaml
from jsonschema_rs import Draft201909Validator

from lake_blueprints.contracts import Contract
from lake_blueprints.lake import DataLake
from tests.support import new_stack, resources, template_of, validation_findings

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.odcs.yaml"))
# What has no place in a lake, by contract.
LEFT_OUT = {
    "kafka-acl": ["payments-readers"],
    "rest-api": ["GetRates"],
    "mixed-objects": ["close_account", "archive"],
    "no-schema": [],
}
EMPTY = {"kafka-acl", "rest-api", "no-schema"}


def named(path: Path) -> str:
    return path.name.removesuffix(".odcs.yaml")


@cache
def document(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(path.read_text(), yaml.BaseLoader)
    return found


@pytest.mark.parametrize("path", CORPUS, ids=named)
def test_every_object_becomes_a_dataset_or_is_named_in_a_note(path: Path) -> None:
    contract = Contract.from_file(path)
    left_out = LEFT_OUT.get(named(path), [])
    assert len(contract.datasets) + len(left_out) == len(document(path).get("schema", []))
    said = " ".join(str(note) for note in contract.notes if note.warning)
    assert all(f"'{name}' has no place in a lake" in said for name in left_out)
    assert (not contract.datasets) == (named(path) in EMPTY)


@pytest.mark.parametrize("path", [path for path in CORPUS if named(path) not in EMPTY], ids=named)
def test_every_contract_becomes_a_valid_lake(path: Path) -> None:
    stack = new_stack()
    contract = Contract.from_file(path)
    # A warehouse compares the rows of tables with its own, and nested values cannot be compared.
    nested = any(column.type.nested for dataset in contract.datasets for column in dataset.columns)
    DataLake(stack, "Lake", datasets=contract.datasets, warehouse=not nested)
    template = template_of(stack)
    assert validation_findings(template) == []
    assert len(resources(template, "AWS::Glue::Table")) >= 2 * len(contract.datasets)


def test_a_contract_of_several_thousand_lines_becomes_a_valid_lake() -> None:
    columns = [
        {
            "name": f"measure{number}",
            "logicalType": "number",
            "description": f"What sensor {number} of the plant has measured.",
            "logicalTypeOptions": {"minimum": 0, "maximum": number},
        }
        for number in range(400)
    ]
    tables = [{"name": f"plant{number}", "properties": columns} for number in range(3)]
    head = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "plants", "version": "1.0.0", "status": "active"}
    text = yaml.dump({**head, "schema": tables}, Dumper=_WithoutAliases)
    assert text.count("\n") > 7_000
    stack = new_stack()
    datasets = Contract.from_text(text).datasets
    DataLake(stack, "Lake", datasets=datasets)
    assert [len(dataset.columns) for dataset in datasets] == [400] * 3
    assert validation_findings(template_of(stack)) == []


class _WithoutAliases(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def test_the_corpus_is_varied() -> None:
    documents = [document(path) for path in CORPUS]
    assert len(documents) >= 30
    assert {found["apiVersion"] for found in documents} == {"v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.2.0"}
    assert {found.get("status") for found in documents} >= {"proposed", "draft", "active", "deprecated", "retired"}


# --- coverage of the standard -----------------------------------------------------------------------------------

SCHEMA = json.loads(files(open_data_contract_standard).joinpath("schema.json").read_text(encoding="utf-8"))


def test_every_property_of_the_standard_is_in_the_corpus() -> None:
    seen: set[str] = set()
    for path in CORPUS:
        seen |= set(_used(yaml.safe_load(path.read_text()), SCHEMA, "#"))
    assert sorted(set(_declared(SCHEMA, "#")) - seen) == []


def _declared(schema: Any, place: str) -> Iterator[str]:
    """Yield where each property of a JSON schema is declared."""
    if isinstance(schema, list):
        for number, part in enumerate(schema):
            yield from _declared(part, f"{place}/{number}")
    if isinstance(schema, Mapping):
        for key, part in schema.items():
            if key == "properties":
                for name, declared in part.items():
                    yield f"{place}/properties/{name}"
                    yield from _declared(declared, f"{place}/properties/{name}")
            # An `if` tests a property that is declared elsewhere.
            elif key not in ("if", "not"):
                yield from _declared(part, f"{place}/{key}")


def _used(value: Any, schema: Any, place: str) -> Iterator[str]:
    """Yield the declarations of the properties that a value has."""
    if not isinstance(schema, Mapping):
        return
    if "$ref" in schema:
        yield from _used(value, _at(schema["$ref"]), schema["$ref"])
    for key in ("allOf", "anyOf", "oneOf"):
        for number, part in enumerate(schema.get(key, [])):
            if key == "allOf" or _valid(value, part):
                yield from _used(value, part, f"{place}/{key}/{number}")
    if "if" in schema and _valid(value, schema["if"]):
        yield from _used(value, schema.get("then", {}), f"{place}/then")
    if isinstance(value, Mapping):
        for name, part in schema.get("properties", {}).items():
            if name in value:
                yield f"{place}/properties/{name}"
                yield from _used(value[name], part, f"{place}/properties/{name}")
    if isinstance(value, list):
        for item in value:
            yield from _used(item, schema.get("items", {}), f"{place}/items")


def _at(reference: str) -> Any:
    found = SCHEMA
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def _valid(value: Any, schema: Mapping[str, Any]) -> bool:
    return Draft201909Validator({**schema, "$defs": SCHEMA["$defs"]}).is_valid(value)

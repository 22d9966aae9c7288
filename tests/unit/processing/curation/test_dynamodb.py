"""Exports of DynamoDB: complete ones are read by their manifests, and items keep every digit."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer

from tests.unit.processing.curation.test_curate import balance, column, part, plan

ID = column("id", "bigint", required=True)


def line(**values: Any) -> str:
    """Return the line of a full export, of an item that boto3 serializes."""
    return json.dumps({"Item": {name: TypeSerializer().serialize(value) for name, value in values.items()}})


def export(lake: Any, name: str, *lines: str, complete: bool = True) -> None:
    """Put an export as DynamoDB does: its marks, a data file, then the manifests with their checksums."""
    folder, file = f"AWSDynamoDB/{name}", f"AWSDynamoDB/{name}/data/one.json.gz"
    lake.put(f"{folder}/_started", directly=b"")
    lake.put(file, *lines)
    if complete:
        listed = {"itemCount": len(lines), "dataFileS3Key": f"{lake.name}/source/{file}"}
        lake.put(f"{folder}/manifest-files.json", listed)
        lake.put(f"{folder}/manifest-files.md5", "x")
        lake.put(f"{folder}/manifest-summary.json", {"itemCount": len(lines)})
        lake.put(f"{folder}/manifest-summary.md5", "x")


@pytest.fixture
def exports(lake: Any) -> Any:
    """Return a lake whose source is exports of items with an id."""
    lake.plan = plan(ID, format="dynamodb-json")
    return lake


def test_the_items_of_complete_exports_are_curated_and_nothing_beside_them(exports: Any) -> None:
    export(exports, "01", line(id=1), line(id=2))
    export(exports, "02", line(id=3), complete=False)
    exports.put("AWSDynamoDB/01/data/not-listed.json.gz", line(id=4))
    assert balance(exports.run()) == (2, 2, 0, 0, 0)
    assert exports.rows("id") == [(1,), (2,)]


def test_an_export_is_read_as_soon_as_it_is_complete_and_once(exports: Any) -> None:
    export(exports, "01", line(id=1), complete=False)
    assert balance(exports.run()) == (0, 0, 0, 0, 0)
    export(exports, "01", line(id=1))
    assert balance(exports.run()) == (1, 1, 0, 0, 0)
    assert balance(exports.run()) == (0, 0, 0, 0, 0)


def test_new_images_of_changes_are_items_and_deletions_are_quarantined(exports: Any) -> None:
    images = {"NewImage": {"id": {"N": "1"}}, "OldImage": {"id": {"N": "1"}, "old": {"BOOL": True}}}
    export(exports, "01", json.dumps(images), json.dumps({"OldImage": {"id": {"N": "2"}}}), "{")
    report = exports.run()
    assert balance(report) == (3, 1, 0, 0, 2)
    assert report["reasons"] == {"unreadable": 2}
    assert exports.rows("id") == [(1,)]


def test_values_of_every_type_arrive_as_they_are(exports: Any) -> None:
    kinds = {
        "amount": "decimal(38,10)",
        "size": "bigint",
        "ratio": "double",
        "open": "boolean",
        "photo": "binary",
        "stops": "array<string>",
        "gate": "struct<terminal:string,number:int>",
        "name": "string",
    }
    exports.plan = plan(ID, *(column(name, kind) for name, kind in kinds.items()), format="dynamodb-json")
    values = {
        "amount": Decimal("1234567890123456789012345678.0123456789"),
        "size": 9_223_372_036_854_775_807,
        "ratio": Decimal("0.1"),
        "open": True,
        "photo": b"\x00\xff",
        "stops": ["a", "", 'quote "', "Ü\n"],
        "gate": {"terminal": "B", "number": 7},
        "name": None,
    }
    attributes = {name: TypeSerializer().serialize(value) for name, value in values.items()}
    # In JSON, as an export writes it.
    attributes["photo"] = {"B": base64.b64encode(b"\x00\xff").decode()}
    export(exports, "01", json.dumps({"Item": {"id": {"N": "1"}, **attributes}}))
    assert balance(exports.run()) == (1, 1, 0, 0, 0)
    assert exports.rows(", ".join(kinds)) == [tuple((values | {"ratio": 0.1}).values())]


@pytest.mark.parametrize(
    ("attribute", "text"),
    [
        ({"N": "1E+2"}, "1E+2"),
        ({"N": "0.30000000000000004441"}, "0.30000000000000004441"),
        ({"NS": ["1", "2.50"]}, "[1,2.50]"),
        ({"SS": ["a", "b"]}, '["a", "b"]'),
        ({"L": [{"NULL": True}, {"M": {"k": {"S": "v"}}}]}, '[null,{"k":"v"}]'),
    ],
)
def test_an_attribute_is_plain_json(script: ModuleType, attribute: dict[str, Any], text: str) -> None:
    assert part("dynamodb").plain(json.dumps({"Item": {"a": attribute}})) == f'{{"a":{text}}}'


@pytest.mark.parametrize("text", [None, "", "1", "[]", "{}", '{"Item": 1}', '{"Item": {"a": {"X": 1}}}'])
def test_what_holds_no_item_is_none(script: ModuleType, text: str | None) -> None:
    assert part("dynamodb").plain(text) is None

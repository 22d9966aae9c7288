"""Valid contracts by generation, and the members that one may leave out.

The parts are those of the corpus, in which every property of the standard's JSON schema is; they are mixed, taken
away, and given values of many kinds, and what breaks the schema then is taken away again.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lake_blueprints.contracts.standard.validation import validate

CORPUS = Path(__file__).parent / "corpus"
# Of a contract, those that are lists of parts.
_LISTS = ("servers", "slaProperties", "roles", "support", "tags", "authoritativeDefinitions", "customProperties")
_SINGLE = ("team", "price", "description", "domain", "dataProduct", "tenant", "slaDefaultElement", "name")
# Of text, by the key that it stands under; others have any of the last.
_TEXTS: Mapping[str, tuple[str, ...]] = {
    "name": ("id", "orders", "Größe", "order-id", "價格", "select", "1st", "a b", "x" * 150),
    "physicalType": (
        "INT", "decimal(50,2)", "timestamp(9)", "ARRAY<STRUCT<a INT64>>", "table", "time", "jsonb", "VARCHAR(20)",
        "map<int,int>", "BINARY", "frobnicate", "date", "bigint unsigned", "row(a integer)", "[",
    ),
    "query": (
        "SELECT COUNT(*) FROM ${object} WHERE ${property} IS NULL", "SELECT max(x) FROM orders", "select 1; drop",
        "SELEC", "SELECT COUNT(*) FROM t QUALIFY 1 = 1", "SELECT '\"' FROM {model}", "",
    ),
    "value": ("4", "P3D", "500", "daily", "a", ""),
    "unit": ("h", "ms", "d", "rows", "percent", "fortnights"),
    "schedule": ("0 5 * * *", "0 5 1 * 1", "never"),
    "classification": ("pii", "public", "C4 top secret", ""),
    "pattern": ("^a+$", "(", "[a-z]"),
    "format": ("date-time", "dd.MM.yyyy", "csv", "parquet", "json", "qqq", "uuid"),
    "to": ("orders.id", "people.id", "crm.yaml#people.id", "schema/orders/properties/id"),
    "from": ("orders.id", "id"),
    "severity": ("error", "warning", "wrning"),
    "metric": ("nullValues", "rowCount", "duplicateValues", "invalidValues"),
    "apiVersion": ("v3.0.2", "v3.1.0", "v3.2.0"),
    "kind": ("DataContract",),
    "delimiter": (",", "tab", "||"),
    "defaultTimezone": ("UTC", "Europe/Berlin", "Nowhere/At-All"),
    "url": ("https://example.com", "mailto:a@example.com", "javascript:alert(1)", "http://[", ""),
    "access": ("read", "write", "whatever"),
}  # fmt: skip
_ANY = ("a", "b", "", "text with\nlines", "ünïcode", "<script>", "|`*_", "0", "null", "TODO", "x" * 300)


def contracts(number: int, first: int = 0) -> Iterator[dict[str, Any]]:
    """Yield as many valid contracts, the same ones every time, from the first of them on."""
    for seed in range(first, first + number):
        yield _repaired(_Generator(seed).contract())


def without_each_member(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a valid contract without each of its optional members in turn, and the member's place."""
    for path in _members(document):
        changed = copy.deepcopy(dict(document))
        holder: Any = changed
        for step in path[:-1]:
            holder = holder[step]
        del holder[path[-1]]
        if not list(validate(changed)):
            yield ".".join(map(str, path)), changed


def _members(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield (*path, key)
            yield from _members(part, (*path, key))
    if isinstance(value, list):
        for number, part in enumerate(value):
            yield (*path, number)
            yield from _members(part, (*path, number))


class _Generator:
    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def contract(self) -> dict[str, Any]:
        chance, documents = self._chance, _documents()
        found: dict[str, Any] = {"kind": "DataContract", "id": "c", "version": "1.0.0", "status": "active"}
        found["apiVersion"] = chance.choice(_TEXTS["apiVersion"])
        for key in _LISTS:
            parts = [part for document in documents for part in document.get(key) or []]
            if chance.random() < 0.3:
                found[key] = copy.deepcopy(chance.sample(parts, min(len(parts), chance.randint(1, 2))))
        for key in _SINGLE:
            if parts := [document[key] for document in documents if key in document and chance.random() < 0.1]:
                found[key] = copy.deepcopy(chance.choice(parts))
        found["schema"] = [self._object(name) for name in ("orders", "people")[: chance.randint(1, 2)]]
        self._change(found)
        return found

    def _object(self, name: str) -> dict[str, Any]:
        chance = self._chance
        objects = [item for document in _documents() for item in document.get("schema") or []]
        found = copy.deepcopy(chance.choice(objects))
        properties = [prop for item in objects for prop in item.get("properties") or []]
        found["properties"] = copy.deepcopy(chance.sample(properties, chance.randint(1, 3)))
        found.pop("physicalName", None)
        for number, prop in enumerate(found["properties"]):
            prop["name"] = f"{prop['name']}{number}"
            prop.pop("physicalName", None)
        found["properties"].append({"name": "id", "logicalType": "integer"})
        return {**found, "name": name}

    def _change(self, value: Any, depth: int = 0) -> None:
        """Take members away and give others values of many kinds, all the way down."""
        chance = self._chance
        if isinstance(value, list):
            for part in value:
                self._change(part, depth + 1)
        if not isinstance(value, dict):
            return
        for key, part in list(value.items()):
            if depth and key not in ("name", "properties") and chance.random() < 0.1:
                del value[key]
            elif depth and isinstance(part, str) and key != "logicalType" and chance.random() < 0.15:
                value[key] = chance.choice(_TEXTS.get(key, _ANY))
            else:
                self._change(part, depth + 1)


@cache
def _documents() -> list[dict[str, Any]]:
    return [yaml.safe_load(path.read_text()) for path in sorted(CORPUS.glob("*.odcs.yaml"))]


def _repaired(document: dict[str, Any]) -> dict[str, Any]:
    """Return a contract without those of its members that break the standard's schema."""
    for _ in range(200):
        broken = [finding.place for finding in validate(document)]
        if not broken:
            return document
        for place in sorted(set(broken), key=len, reverse=True):
            _remove(document, place)
    raise AssertionError("the contract cannot be repaired")


def _remove(document: dict[str, Any], place: str) -> None:
    path = [int(part) if part.isdigit() else part for part in place.replace("[", ".").replace("]", "").split(".")]
    if len(path) == 1 and path[0] in ("contract", "id", "version"):
        for key in [key for key in document if key not in ("apiVersion", "kind", "id", "version", "schema")]:
            del document[key]
        return
    holder: Any = document
    try:
        for step in path[:-1]:
            holder = holder[step]
        del holder[path[-1]]
    except (KeyError, IndexError, TypeError):
        return

"""A contract's document becomes datasets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import evolve, frozen

from lake_blueprints.contracts.classification import Classifications
from lake_blueprints.contracts.dataset import Dataset
from lake_blueprints.contracts.findings import Finding
from lake_blueprints.contracts.governance import Note
from lake_blueprints.contracts.names import catalog_names
from lake_blueprints.contracts.standard.drafts import placeholders
from lake_blueprints.contracts.standard.elements import Element, spelled, stored_properties
from lake_blueprints.contracts.standard.objects import ReadOptions, read_object
from lake_blueprints.contracts.standard.references import Objects
from lake_blueprints.contracts.standard.relationships import note_cycles
from lake_blueprints.contracts.standard.report import Report
from lake_blueprints.contracts.standard.servers import read_delivery, read_placements, type_system
from lake_blueprints.contracts.standard.sla_properties import Promise
from lake_blueprints.contracts.standard.team_and_roles import read_roles

# What is called, and what is no data at all.
_NOT_KEPT = frozenset(
    {"api", "endpoint", "rest", "rest api", "graphql", "operation", "method", "function", "procedure", "service", "acl"}
)


@frozen(kw_only=True)
class Reading:
    """Datasets and findings of one document.

    Parameters
    ----------
    datasets: tuple of Dataset
        In the contract's order, without those that have errors.
    notes: tuple of Note
        About the contract as a whole: those about a dataset are with it.
    errors: tuple of Finding
        Why it cannot be compiled.
    """

    datasets: tuple[Dataset, ...]
    notes: tuple[Note, ...]
    errors: tuple[Finding, ...]


def read_document(document: Mapping[str, Any], classifications: Classifications) -> Reading:
    """Read a document that is valid under the standard's JSON schema, with a judgement of its classifications."""
    report = Report()
    if "status" not in document and not document["apiVersion"].startswith("v3.2."):
        report.inform("contract", "'status' is missing, which the standard asks for before v3.2")
    for key in ("id", "version"):
        if not document[key].strip():
            report.fail(key, "is empty; fill it in")
    for place, text in placeholders(document):
        report.warn(place, f"'{text}' stands for a text that is not written yet; fill it in")
    placed = dict(_with_a_place(document, report))
    with report.at("schema"):
        catalog_names([spelled(item) for item in placed.values()], "schema objects")
    objects = Objects(tuple(placed.values()))
    servers = document.get("servers") or []
    setting = ReadOptions(
        document=document,
        objects=objects,
        system=type_system(servers),
        delivery=read_delivery(servers, report),
        placements=read_placements(servers, report),
        roles=read_roles(document, report),
        classifications=classifications,
    )
    promises = _promises(document, placed, objects, report)
    found: list[tuple[Dataset, str, Report]] = []
    for place, item in placed.items():
        own = Report(errors=report.errors)
        with report.at(place):
            if dataset := read_object(item, setting, promises[place], place, own):
                found.append((dataset, place, own))
    note_cycles(found)
    return Reading(
        datasets=tuple(evolve(dataset, notes=own.notes) for dataset, _, own in found),
        notes=tuple(report.notes),
        errors=tuple(dict.fromkeys(report.errors)),
    )


def _with_a_place(document: Mapping[str, Any], report: Report) -> Iterator[tuple[str, Element]]:
    """Yield the schema objects that a lake can hold, with their places; others are noted."""
    items = document.get("schema") or []
    if not items:
        report.warn("schema", "the contract promises no data: it has no schema object")
    servers = document.get("servers") or []
    for number, item in enumerate(items):
        place = f"schema[{number}]"
        kind = str(item.get("physicalType") or "").strip().lower()
        if kind in _NOT_KEPT:
            reason = f"its physicalType is '{item['physicalType']}', which is called, not kept as rows"
        elif servers and all(server["type"] == "api" for server in servers):
            reason = "its server is an API, which is called, not kept as rows"
        elif not dict(stored_properties(item, place)):
            reason = "it has no properties" if not item.get("properties") else "all of its properties are measures"
        else:
            yield place, item
            continue
        report.warn(place, f"the object '{item['name']}' has no place in a lake: {reason}")


def _promises(
    document: Mapping[str, Any], placed: Mapping[str, Element], objects: Objects, report: Report
) -> dict[str, list[tuple[str, Promise]]]:
    """Return the promises about each object by its place; one that names no element is about all."""
    by_place: dict[str, list[tuple[str, Promise]]] = {place: [] for place in placed}
    unknown = set()
    for number, promise in enumerate(document.get("slaProperties") or []):
        here = f"slaProperties[{number}]"
        elements = promise.get("element") or document.get("slaDefaultElement")
        named = list(objects.named(elements)) if elements else []
        for name in (name for name, item in named if item is None and name not in unknown):
            unknown.add(name)
            report.warn(f"{here}.element", f"'{name}' is no dataset of this contract, so nothing is promised about it")
        for place, item in placed.items():
            if not named or any(found is item for _, found in named):
                by_place[place].append((here, promise))
    return by_place

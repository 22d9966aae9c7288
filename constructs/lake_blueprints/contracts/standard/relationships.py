"""Keys of other schema objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import Any

from lake_blueprints.contracts.dataset import Dataset
from lake_blueprints.contracts.errors import ContractError
from lake_blueprints.contracts.governance import Relationship
from lake_blueprints.contracts.names import catalog_name
from lake_blueprints.contracts.standard.elements import Element, name_of, stored_properties
from lake_blueprints.contracts.standard.references import Objects, Target, find_property
from lake_blueprints.contracts.standard.report import Report

# Nobody reads more; among datasets that all refer to one another there are as many as relationships.
_MOST_CYCLES = 20
_MOST_NAMES = 20


class _CannotFollow(Exception):
    """A reference leads to no column; the message says why."""


class _NoSuchColumn(ContractError):
    """A reference leads to an object of this contract, and to no column of it."""


def read_relationships(item: Element, objects: Objects, place: str, report: Report) -> list[Relationship]:
    """Return the relationships of a schema object and of its properties.

    Parameters
    ----------
    item: mapping
        The schema object.
    objects: Objects
        Those of the contract that become datasets.
    place: str
        Of the schema object.
    report: Report
        Receives references that lead nowhere: errors where this contract has the object, and warnings where the object
        may be in another one.
    """
    found = []
    for here, starts, entry in _declared(item, place):
        try:
            ends = entry["to"] if isinstance(entry["to"], list) else [entry["to"]]
            columns = [starts] if isinstance(starts, str) else [_own_column(start, item, objects) for start in starts]
            if len(columns) != len(ends):
                report.fail(here, f"'from' has {len(columns)} columns and 'to' has {len(ends)}; give one for each")
                continue
            relationship = _relationship(columns, [objects.follow(end) for end in ends], ends)
        except _NoSuchColumn as error:
            report.fail(here, str(error))
            continue
        except (_CannotFollow, ContractError) as reason:
            report.warn(here, f"is ignored: {reason}")
            continue
        if relationship.contract:
            report.inform(here, f"leads to the contract '{relationship.contract}', which is not read")
        found.append(relationship)
    return list(dict.fromkeys(found))


def note_cycles(datasets: Sequence[tuple[Dataset, str, Report]]) -> None:
    """Note relationships that go round through several datasets; databases allow them, and so does a lake.

    Parameters
    ----------
    datasets: sequence of (Dataset, str, Report)
        Each with its place, and the report that receives the note.
    """
    graph = {
        dataset.name: {one.dataset for one in dataset.relationships if not one.contract and one.dataset != dataset.name}
        for dataset, _, _ in datasets
    }
    known = {dataset.name: (place, report) for dataset, place, report in datasets}
    for _ in range(_MOST_CYCLES):
        cycle = _cycle(graph)
        if cycle is None:
            return
        place, report = known[cycle[0]]
        way = " → ".join(cycle)
        report.warn(
            f"{place}.relationships", f"go round: {way}; each is checked by itself, and a join follows only one"
        )
        graph[cycle[0]].discard(cycle[1])


def _cycle(graph: Mapping[str, set[str]]) -> list[str] | None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        # graphlib lists it against the arrows.
        return list(reversed(error.args[1]))
    return None


def _declared(item: Element, place: str) -> Iterator[tuple[str, str | list[str], Mapping[str, Any]]]:
    """Yield each relationship with its place and where it starts: a column, or references to columns."""
    for number, entry in enumerate(item.get("relationships") or []):
        starts = entry["from"] if isinstance(entry["from"], list) else [entry["from"]]
        yield f"{place}.relationships[{number}]", starts, entry
    for index, prop in enumerate(item.get("properties") or []):
        for number, entry in enumerate(prop.get("relationships") or []):
            yield f"{place}.properties[{index}].relationships[{number}]", name_of(prop), entry


def _own_column(reference: str, item: Element, objects: Objects) -> str:
    target = objects.follow(reference)
    if target.object is not item:
        raise _CannotFollow(f"'{reference}' is not a property of '{item['name']}', beside which it stands")
    return _column(target, reference)


def _relationship(columns: list[str], targets: Sequence[Target], ends: Sequence[str]) -> Relationship:
    first = targets[0]
    if any((one.contract, one.object) != (first.contract, first.object) for one in targets):
        raise _CannotFollow("it leads to several objects")
    if first.contract:
        if any(len(one.path) != 2 for one in targets):
            raise _CannotFollow(f"'{ends[0]}' names no object and property of it")
        dataset = catalog_name(first.path[0])
        references = [catalog_name(one.path[1]) for one in targets]
    elif first.object is None:
        raise _CannotFollow(f"this contract has no dataset for '{ends[0]}'")
    else:
        dataset = name_of(first.object)
        references = [_column(one, end) for one, end in zip(targets, ends, strict=True)]
    return Relationship(columns=tuple(columns), dataset=dataset, references=tuple(references), contract=first.contract)


def _properties_of(target: Target) -> str:
    names = [prop["name"] for _, prop in stored_properties(target.object, "")] if target.object else []
    near = get_close_matches(target.path[0], names, 1) if target.path else []
    if near:
        return f" (did you mean '{near[0]}'?)"
    return f"; '{target.object['name']}' has {', '.join(names[:_MOST_NAMES])}" if target.object else ""


def _column(target: Target, reference: str) -> str:
    prop = find_property(target.object, target.path[0]) if target.object and target.path else None
    if prop is None or prop.get("semanticType") == "measure":
        raise _NoSuchColumn(f"'{reference}' names no property that there is{_properties_of(target)}")
    if len(target.path) > 1:
        raise _CannotFollow(f"'{reference}' is inside a column, and only columns are compared")
    return name_of(prop)

"""A schema object becomes a dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen

from lake_blueprints.contracts.classification import Classifications
from lake_blueprints.contracts.column import Column
from lake_blueprints.contracts.dataset import Dataset
from lake_blueprints.contracts.governance import AccessRole, Placement
from lake_blueprints.contracts.names import catalog_names
from lake_blueprints.contracts.standard.classification import classified_as_object, read_object_classification
from lake_blueprints.contracts.standard.columns import read_columns
from lake_blueprints.contracts.standard.elements import Element, name_of, one_line, spelled, stored_properties
from lake_blueprints.contracts.standard.partitioning import read_partition_keys, read_partitioning
from lake_blueprints.contracts.standard.references import Objects
from lake_blueprints.contracts.standard.relationships import read_relationships
from lake_blueprints.contracts.standard.report import Report
from lake_blueprints.contracts.standard.rules import read_rules
from lake_blueprints.contracts.standard.servers import DeliveryFormat, sql_system, with_topic
from lake_blueprints.contracts.standard.sla_properties import Promise, read_service_levels
from lake_blueprints.contracts.standard.team_and_roles import read_governance


@frozen(kw_only=True)
class ReadOptions:
    """Options that all objects of a contract are read with.

    Parameters
    ----------
    document: mapping
        The whole contract.
    objects: Objects
        Those that become datasets.
    system: str, optional
        Type of the server whose words the physical types are.
    delivery: DeliveryFormat
        How records come.
    placements: tuple of Placement
        Servers that are a lake's.
    roles: tuple of AccessRole
        Who may use the datasets.
    classifications: Classifications
        How classifications and tags are judged.
    """

    document: Mapping[str, Any]
    objects: Objects
    system: str | None
    delivery: DeliveryFormat
    placements: tuple[Placement, ...]
    roles: tuple[AccessRole, ...]
    classifications: Classifications


def read_object(
    item: Element, setting: ReadOptions, promises: Iterable[tuple[str, Promise]], place: str, report: Report
) -> Dataset | None:
    """Compile a schema object; None if what is wrong with its properties is reported.

    Raises
    ------
    ContractError
        If it cannot be a dataset as a whole.
    """
    if item.get("deprecated"):
        report.inform(place, f"'{item['name']}' is deprecated")
    properties = dict(stored_properties(item, place))
    before = len(report.errors)
    columns: Sequence[Column] = read_columns(properties, setting.system, setting.classifications, report)
    if len(report.errors) > before:
        return None
    _note_measures(item, properties, place, report)
    catalog_names([spelled(prop) for prop in properties.values()], "properties")
    governance = read_governance(setting.document, item)
    partitioned = _keys(properties, "partitioned", "partitionKeyPosition")
    partition_keys = read_partition_keys(partitioned, columns, report)
    classification = read_object_classification(setting.document, item, setting.classifications)
    columns = classified_as_object(columns, classification, governance.tags, place, report)
    return Dataset(
        name=name_of(item),
        columns=columns,
        primary_key=[name_of(prop) for _, prop in _keys(properties, "primaryKey", "primaryKeyPosition")],
        partition_keys=partition_keys,
        partitioning=read_partitioning(partitioned, partition_keys),
        format=setting.delivery.format,
        delimiter=setting.delivery.delimiter,
        description=_description(setting.document, item),
        classification=classification,
        version=setting.document["version"],
        quality=read_rules(item, place, report, sql_system(setting.document.get("servers") or [])),
        relationships=read_relationships(item, setting.objects, place, report),
        service_levels=read_service_levels(promises, report, _columns_by_element(item, properties)),
        roles=setting.roles,
        placements=with_topic(setting.placements, spelled(item)),
        governance=governance,
    )


def _columns_by_element(item: Element, properties: Mapping[str, Element]) -> dict[str, str]:
    """Return the columns by every name that an element may have: `orders.ordered`, `ordered`."""
    found = {}
    for prop in properties.values():
        for name in filter(None, (prop.get(key) for key in ("name", "physicalName", "id"))):
            found[str(name)] = name_of(prop)
            found |= {f"{item[key]}.{name}": name_of(prop) for key in ("name", "physicalName", "id") if item.get(key)}
    return {element: column for element, column in found.items() if element not in (item["name"], item.get("id"))}


def _note_measures(item: Element, stored: Mapping[str, Element], place: str, report: Report) -> None:
    for number, prop in enumerate(item["properties"]):
        if (here := f"{place}.properties[{number}]") not in stored:
            report.warn(here, f"'{prop['name']}' is a measure, which is computed when it is asked for: it is no column")


def _keys(properties: Mapping[str, Element], flag: str, position: str) -> list[tuple[str, Element]]:
    # The standard's default position is -1; such keys keep the order of the properties, after the numbered ones.
    chosen = [(place, prop) for place, prop in properties.items() if prop.get(flag)]
    return sorted(chosen, key=lambda key: key[1].get(position, -1) if key[1].get(position, -1) > 0 else len(properties))


def _description(document: Mapping[str, Any], item: Element) -> str | None:
    """Return what an object is for; the contract's limitations and usage hold for each of its objects."""
    contract = document.get("description") or {}
    purpose = one_line(item.get("description")) or one_line(contract.get("purpose"))
    others = [
        f"{key.capitalize()}: {text}" for key in ("limitations", "usage") if (text := one_line(contract.get(key)))
    ]
    parts = [*([purpose] if purpose else []), *others]
    ended = [part if part[-1] in ".!?" else f"{part}." for part in parts[:-1]]
    return " ".join([*ended, *parts[-1:]]) or None

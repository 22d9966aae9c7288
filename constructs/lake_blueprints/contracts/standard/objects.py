"""A schema object becomes a dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen

from lake_blueprints.contracts.column import Column
from lake_blueprints.contracts.dataset import Dataset
from lake_blueprints.contracts.governance import AccessRole, Placement
from lake_blueprints.contracts.names import catalog_names
from lake_blueprints.contracts.standard.columns import read_columns
from lake_blueprints.contracts.standard.elements import Element, custom, name_of, one_line, spelled
from lake_blueprints.contracts.standard.people import read_governance
from lake_blueprints.contracts.standard.promises import Promise, read_service_levels
from lake_blueprints.contracts.standard.relationships import read_relationships
from lake_blueprints.contracts.standard.report import Report
from lake_blueprints.contracts.standard.rules import read_rules
from lake_blueprints.contracts.standard.servers import Delivery


@frozen(kw_only=True)
class Setting:
    """What the objects of a contract share.

    Parameters
    ----------
    document: mapping
        The whole contract.
    objects: tuple of mapping
        The schema objects that become datasets.
    system: str, optional
        Type of the server whose words the physical types are.
    delivery: Delivery
        How records come.
    placements: tuple of Placement
        Servers that are a lake's.
    roles: tuple of AccessRole
        Who may use the datasets.
    """

    document: Mapping[str, Any]
    objects: tuple[Element, ...]
    system: str | None
    delivery: Delivery
    placements: tuple[Placement, ...]
    roles: tuple[AccessRole, ...]


def read_object(
    item: Element, setting: Setting, promises: Iterable[tuple[str, Promise]], place: str, report: Report
) -> Dataset | None:
    """Compile a schema object; None if what is wrong with its properties is reported.

    Raises
    ------
    ContractError
        If it cannot be a dataset as a whole.
    """
    properties = item["properties"]
    before = len(report.errors)
    columns = read_columns(properties, setting.system, place, report)
    if len(report.errors) > before:
        return None
    catalog_names([spelled(prop) for prop in properties], "properties")
    return Dataset(
        name=name_of(item),
        columns=columns,
        primary_key=_keys(properties, "primaryKey", "primaryKeyPosition"),
        partition_keys=_partition_keys(properties, columns, place, report),
        format=setting.delivery.format,
        delimiter=setting.delivery.delimiter,
        description=_description(setting.document, item),
        classification=one_line(custom(item, "classification")),
        version=setting.document["version"],
        quality=read_rules(item, place, report),
        relationships=read_relationships(item, setting.objects, place, report),
        service_levels=read_service_levels(promises, report),
        roles=setting.roles,
        placements=setting.placements,
        governance=read_governance(setting.document, item),
    )


def _keys(properties: Sequence[Element], flag: str, position: str) -> list[str]:
    # The standard's default position is -1; such keys keep the order of the properties, after the numbered ones.
    chosen = [prop for prop in properties if prop.get(flag)]
    chosen.sort(key=lambda prop: prop.get(position, -1) if prop.get(position, -1) > 0 else len(properties))
    return [name_of(prop) for prop in chosen]


def _partition_keys(properties: Sequence[Element], columns: Sequence[Column], place: str, report: Report) -> list[str]:
    keys = _keys(properties, "partitioned", "partitionKeyPosition")
    by_name = {column.name: (number, column) for number, column in enumerate(columns)}
    kept: list[str] = []
    for key in keys:
        number, column = by_name[key]
        here = f"{place}.properties[{number}].partitioned"
        if not column.partitionable:
            report.warn(
                here,
                f"'{key}' is a {column.type}, of which no folder's name can be made, so the data is not partitioned by "
                "it; partition by a string, a whole number or a date",
            )
        elif len(kept) == len(columns) - 1:
            report.warn(here, f"'{key}' is the last column; the data is not partitioned by it, as files need one")
        else:
            kept.append(key)
    return kept


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

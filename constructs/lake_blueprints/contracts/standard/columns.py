"""Properties of a schema object become columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lake_blueprints.contracts.classification import Classifications
from lake_blueprints.contracts.column import Column, Part
from lake_blueprints.contracts.masking import Masking
from lake_blueprints.contracts.names import LONGEST
from lake_blueprints.contracts.physical_types import resolve
from lake_blueprints.contracts.standard.classification import read_classification
from lake_blueprints.contracts.standard.elements import Element, custom, links, name_of, one_line, spelled, tags
from lake_blueprints.contracts.standard.partitioning import names_folders
from lake_blueprints.contracts.standard.report import Report
from lake_blueprints.contracts.standard.values import read_constraints, read_format, read_time_zone

# What only a column can be, or what only a column's values are checked for.
_KEYS = ("partitioned", "primaryKey")
_CHECKED = ("required", "unique", "logicalTypeOptions", "enum")


def read_columns(
    properties: Mapping[str, Element], system: str | None, classifications: Classifications, report: Report
) -> list[Column]:
    """Return the columns of a schema object; what is wrong with one is reported.

    Parameters
    ----------
    properties: mapping of str to mapping
        Of the schema object, by their places.
    system: str, optional
        Type of the server whose words the physical types are.
    classifications: Classifications
        How classifications and tags are judged.
    report: Report
        Receives errors and notes.
    """
    columns = []
    for place, prop in properties.items():
        with report.at(place):
            columns.append(_column(prop, system, classifications, place, report))
    return columns


def _column(prop: Element, system: str | None, classifications: Classifications, place: str, report: Report) -> Column:
    name = name_of(prop)
    if len(spelled(prop)) > LONGEST:
        report.warn(place, f"the name of {len(spelled(prop))} characters is longer than {LONGEST}; it becomes '{name}'")
    kind, loss = resolve(prop, system)
    if loss:
        report.warn(place, f"'{prop['name']}' becomes {_short(str(kind))}: {loss}")
    inner = [(child, here) for child, here, _ in _inside(prop, place, "")]
    _note_inner(inner, prop, place, report)
    masking = _masking(prop, place, report)
    if prop.get("deprecated"):
        report.inform(place, f"'{prop['name']}' is deprecated")
    return Column(
        name=name,
        type=kind,
        source=spelled(prop) if spelled(prop) != name else None,
        required=bool(prop.get("required") or prop.get("primaryKey") or names_folders(prop)),
        unique=bool(prop.get("unique")),
        format=read_format(prop, kind, place, report),
        time_zone=read_time_zone(prop, kind, place, report),
        description=one_line(prop.get("description")),
        classification=read_classification(prop, inner, place, report, masking=masking, judge=classifications),
        constraints=read_constraints(prop, kind, place, report),
        masking=masking,
        critical=bool(prop.get("criticalDataElement")),
        tags=tags(prop),
        classifications=classifications,
        business_name=one_line(prop.get("businessName")),
        links=links(prop),
        declared_type=_declared(prop),
        parts=[_part(child, path) for child, _, path in _inside(prop, place, "")],
        field_id=_field_id(prop, place, report),
    )


def _inside(prop: Element, place: str, path: str) -> Iterator[tuple[Element, str, str]]:
    """Yield the properties inside a property, with their places in the contract and their paths in the column."""
    # An array's own properties are those of its elements.
    within = f"{path}[]" if prop.get("logicalType") == "array" else path
    children = [
        (child, f"{place}.properties[{number}]", f"{within}.{spelled(child)}")
        for number, child in enumerate(prop.get("properties") or [])
    ]
    if prop.get("items"):
        children.append((prop["items"], f"{place}.items", f"{path}[]"))
    children += [(side, f"{place}.map.{key}", f"{path}.{key}") for key, side in (prop.get("map") or {}).items()]
    for child, here, there in children:
        yield child, here, there
        yield from _inside(child, here, there)


def _part(prop: Element, path: str) -> Part:
    return Part(
        path=path,
        declared_type=_declared(prop),
        description=one_line(prop.get("description")),
        business_name=one_line(prop.get("businessName")),
        classification=one_line(prop.get("classification")),
        tags=tags(prop),
    )


def _declared(prop: Element) -> str | None:
    return ", ".join(str(prop[key]) for key in ("logicalType", "physicalType") if prop.get(key)) or None


def _note_inner(inner: Sequence[tuple[Element, str]], prop: Element, place: str, report: Report) -> None:
    for child, here in inner:
        for key in _KEYS:
            if child.get(key):
                report.warn(f"{here}.{key}", "is ignored inside a column; only a whole column can be a key")
    if unchecked := [key for key in _CHECKED if any(child.get(key) for child, _ in inner)]:
        report.inform(place, f"inside '{prop['name']}' only types are checked, not {', '.join(unchecked)}")


def _masking(prop: Element, place: str, report: Report) -> Masking:
    given = custom(prop, "masking")
    if given is None:
        return Masking.REDACT
    try:
        return Masking(str(given).strip().lower())
    except ValueError:
        allowed = ", ".join(Masking)
        report.warn(f"{place}.customProperties", f"masking '{given}' is not one of {allowed}; it is redacted")
        return Masking.REDACT


def _field_id(prop: Element, place: str, report: Report) -> int | None:
    given = custom(prop, "fieldId")
    if given is None or (isinstance(given, int) and not isinstance(given, bool)):
        return given
    if isinstance(given, str) and given.strip().isdecimal():
        return int(given)
    report.fail(f"{place}.customProperties", f"fieldId must be a whole number, got '{given}'")
    return None


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"

"""Changes of columns and of the fields nested in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import evolve

from lake_blueprints.contracts.column import Column, Part
from lake_blueprints.contracts.dataset import Dataset
from lake_blueprints.contracts.evolution.bounds import constraint_changes
from lake_blueprints.contracts.evolution.changes import Change, Place
from lake_blueprints.contracts.evolution.widening import widens
from lake_blueprints.contracts.types import ArrayType, DataType, MapType, StructType


def column_changes(of: Place, old: Dataset, new: Dataset) -> Iterator[Change]:
    """Return what changed about the columns of a dataset."""
    before, after = ({name: at for at, name in enumerate(dataset.column_names)} for dataset in (old, new))
    gone = [column for column in old.columns if column.name not in after]
    added = [column for column in new.columns if column.name not in before]
    for column in gone:
        here = before[column.name]
        heir = next((other for other in added if _same_but_name(column, other, here == after[other.name])), None)
        if heir:
            added.remove(heir)
            yield of.column(column.name).major("column renamed", f"it is '{heir.name}' now")
        else:
            yield of.column(column.name).dropped("column", f"it was of type {column.type}")
    for column in added:
        place = of.column(column.name)
        if column.required:
            yield place.major("required column added", f"of type {column.type}; records without it are quarantined")
        else:
            yield place.minor("column added", f"of type {column.type}, null in older rows")
    for column in old.columns:
        if column.name in after:
            yield from _column(of.column(column.name), column, new.column(column.name))


def _same_but_name(column: Column, other: Column, same_place: bool) -> bool:
    same_words = column.description is not None and column.description == other.description
    return (same_words or same_place) and column.type == other.type and column.required == other.required


def _column(of: Place, old: Column, new: Column) -> Iterator[Change]:
    # The length of a string that has a longest text follows from that rule, which is compared below.
    if old.constraints.max_length == new.constraints.max_length or str(old.type) != str(new.type):
        yield from _type(of, old.type, new.type)
    yield from _source(of, old, new)
    for word, was, is_now in (("required", old.required, new.required), ("unique", old.unique, new.unique)):
        if was != is_now:
            yield of.rule(f"it is {'now' if is_now else 'no longer'} {word}", tighter=is_now)
    for text, tighter in constraint_changes(old.constraints, new.constraints):
        yield of.rule(text, tighter=tighter)
    changed = f"{old.classification or 'none'} → {new.classification or 'none'}"
    if old.restricted != new.restricted:
        word = "now" if new.restricted else "no longer"
        yield of.rule(f"it is {word} restricted: {changed}", tighter=new.restricted)
    elif old.classification != new.classification:
        yield of.patch("classification changed", changed)
    if old.restricted and new.restricted and old.masking is not new.masking:
        yield of.major("masking changed", f"{old.masking} → {new.masking}")
    if old.type == new.type:
        yield from _declared_types(of, _declared(old), _declared(new))
    words = ("description", "business_name", "tags", "links", "critical")
    said = any(getattr(old, word) != getattr(new, word) for word in words)
    if said or (old.type == new.type and _inner_words(old) != _inner_words(new)):
        yield of.patch("words changed", "its description or tags")


def _source(of: Place, old: Column, new: Column) -> Iterator[Change]:
    """Return what changed about where values are read from, and by what id Iceberg keeps them."""
    if (old.source or old.name) != (new.source or new.name):
        yield of.major("source changed", f"it is read from '{new.source or new.name}', not '{old.source or old.name}'")
    if old.format != new.format:
        yield of.major("source changed", f"format {old.format or 'ISO 8601'} → {new.format or 'ISO 8601'}")
    if old.time_zone != new.time_zone:
        yield of.major("source changed", f"time zone {old.time_zone or 'UTC'} → {new.time_zone or 'UTC'}")
    if old.field_id != new.field_id:
        changed = f"{old.field_id or 'of its name'} → {new.field_id or 'of its name'}"
        yield of.major("field id changed", f"{changed}; Iceberg tables no longer find its values in older files")


def _inner_words(column: Column) -> list[Part]:
    return [evolve(part, declared_type=None) for part in column.parts]


def _declared_types(of: Place, old: Mapping[str, str | None], new: Mapping[str, str | None]) -> Iterator[Change]:
    """Return the types that are written otherwise and are the same in the lake."""
    for path, text in old.items():
        if path in new and new[path] != text:
            yield of.inside(path).patch("declared type changed", f"{text or 'none'} → {new[path] or 'none'}")


def _declared(column: Column) -> dict[str, str | None]:
    """Return the types as the contract writes them, of the column and of what is inside it."""
    return {"": column.declared_type, **{part.path: part.declared_type for part in column.parts}}


def _type(of: Place, old: DataType, new: DataType) -> Iterator[Change]:
    match old, new:
        case StructType(), StructType():
            yield from _fields(of, old, new)
        case ArrayType(), ArrayType():
            yield from _type(of.inside("[]"), old.item, new.item)
        case MapType(), MapType():
            yield from _type(of.inside(".key"), old.key, new.key)
            yield from _type(of.inside(".value"), old.value, new.value)
        case _ if old == new:
            return
        case _ if widens(old, new):
            yield of.minor("type widened", f"{_full(old)} → {_full(new)}")
        case _:
            narrowed = widens(new, old)
            yield of.major(f"type {'narrowed' if narrowed else 'changed'}", f"{_full(old)} → {_full(new)}")


def _fields(of: Place, old: StructType, new: StructType) -> Iterator[Change]:
    before, after = dict(old.fields), dict(new.fields)
    sources, new_sources = dict(zip(before, old.sources, strict=True)), dict(zip(after, new.sources, strict=True))
    for name, kind in before.items():
        place = of.inside(f".{name}")
        if name not in after:
            yield place.dropped("field", f"it was of type {kind}")
            continue
        yield from _type(place, kind, after[name])
        if sources[name] != new_sources[name]:
            yield place.major("source changed", f"it is read from '{new_sources[name]}', not '{sources[name]}'")
    for name, kind in after.items():
        if name not in before:
            yield of.inside(f".{name}").minor("field added", f"of type {kind}, null in older rows")


def _full(kind: DataType) -> str:
    length = getattr(kind, "length", None)
    return f"{kind}({length})" if length else str(kind)

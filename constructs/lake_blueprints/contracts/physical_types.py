"""From a property of the standard to a type of the lake; docs/types.md lists what becomes of what.

Above 200 lines: one resolver of every notation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lake_blueprints.contracts.avro_text import read_avro
from lake_blueprints.contracts.names import catalog_names
from lake_blueprints.contracts.scalars import meaning_of, scalar
from lake_blueprints.contracts.type_text import ARRAYS, ROWS, WRAPPERS, Written, read
from lake_blueprints.contracts.type_words import ALIASES, DISAGREEING, ELEMENTS, FORMATS, LOGICAL, family
from lake_blueprints.contracts.types import ArrayType, DataType, MapType, ScalarType, StructType

# A physical type refines a logical one only within its family; a `string` that is stored as an INT stays a string.
_INTEGERS = frozenset({"tinyint", "smallint", "int", "bigint", "decimal"})
_REFINES: Mapping[str, frozenset[str]] = {
    "string": frozenset({"string"}),
    "boolean": frozenset({"boolean"}),
    "date": frozenset({"date"}),
    "timestamp": frozenset({"timestamp"}),
    "time": frozenset(),
    "integer": _INTEGERS,
    "number": _INTEGERS | {"float", "double"},
}
_HIDDEN = "spelled so inside an object, only the curation job finds it; Athena finds it null in raw JSON"
_DATE_WITH_TIME = (
    "a date of this server has a time of day, and values that show it are quarantined; physicalType timestamp keeps it"
)
_NO_WIDTH = "the latter is not known, so that it says no width"
_NO_VALUE = "values without parts are quarantined"
# Of a physical type; the empty one is that of a type that is not known.
_MAY_HOLD_PARTS = frozenset({"nested", "string", "binary", ""})
# Characters of an unknown type that a note repeats.
_SHOWN = 60


def resolve(prop: Mapping[str, Any], system: str | None = None) -> tuple[DataType, str | None]:
    """Return the lake's type of a property of the standard, and what is lost in it.

    The logical type decides the family, the physical type its width; without a logical type the physical one
    decides alone. What has no faithful type becomes the one of docs/types.md.

    Parameters
    ----------
    prop: mapping
        The property as the contract has it: `logicalType`, `physicalType`, `logicalTypeOptions`, `properties`,
        `items`, `map`.
    system: str, optional
        Type of the server whose words the physical types are, for instance `oracle`, whose DATE has a time of day.
        By default a word has its most common meaning.

    Returns
    -------
    tuple of DataType and str or None
        The type, and a note if something of the values is lost or kept otherwise than declared.

    Raises
    ------
    ContractError
        If two properties of an object have the same catalog name, or one has none.
    """
    known = (system or "").strip().lower()
    resolved = _Resolver(ALIASES.get(known, known)).property(prop)
    return resolved.type, "; ".join(resolved.notes) or None


@dataclass(frozen=True)
class _Resolved:
    type: DataType
    notes: tuple[str, ...] = ()

    def within(self, name: str) -> tuple[str, ...]:
        return tuple(f"'{name}': {note}" for note in self.notes)


@dataclass(frozen=True)
class _Resolver:
    system: str

    def property(self, prop: Mapping[str, Any], stored: Written | None = None) -> _Resolved:
        """Resolve a property, whose physical type may be known from the array or map that holds it."""
        physical = prop.get("physicalType")
        stored = _read(physical) if physical else stored
        logical = prop.get("logicalType") or _implied(prop)
        match logical:
            case "object":
                found = self._object(prop, stored)
            case "array":
                found = self._array(prop, stored)
            case "map":
                found = self._map(prop.get("map") or {}, stored)
            case "vector":
                element = (prop.get("logicalTypeOptions") or {}).get("elementType")
                found = _Resolved(ArrayType(ScalarType(ELEMENTS.get(str(element), "float"))))
            case None:
                return self._unguided(prop, stored)
            case _:
                return self._scalar(logical, prop, stored)
        if stored and found.type.nested and self._family(stored) not in _MAY_HOLD_PARTS:
            note = _beside(logical, str(physical or stored.name), _NO_VALUE)
            return _Resolved(found.type, (*found.notes, note))
        return found

    def _object(self, prop: Mapping[str, Any], stored: Written | None) -> _Resolved:
        if properties := prop.get("properties"):
            named = ((str(child.get("physicalName") or child["name"]), child) for child in properties)
            return self._struct([(name, self.property(child)) for name, child in named])
        found = self.written(stored) if stored else None
        if found and isinstance(found.type, StructType | MapType):
            return found
        return _text("an object without properties is kept as its JSON text")

    def _array(self, prop: Mapping[str, Any], stored: Written | None) -> _Resolved:
        element = stored.parts[0][1] if stored and stored.name in ARRAYS and stored.parts else None
        if prop.get("items") is not None:
            item = self.property(prop["items"], element)
        elif prop.get("properties"):
            item = self._object(prop, None)
        elif element:
            item = self.written(element)
        else:
            item = _text("an array without items is read as an array of texts")
        return _Resolved(ArrayType(item.type), item.notes)

    def _map(self, sides: Mapping[str, Any], stored: Written | None) -> _Resolved:
        if not sides and not (stored and stored.parts):
            return _mapped(_text(), _text("its values are kept as text"))
        parts = stored.parts if stored and stored.name == "map" and len(stored.parts) == 2 else (("", None), ("", None))
        key, value = (
            self.property(sides.get(side) or {}, part) for side, (_, part) in zip(("key", "value"), parts, strict=True)
        )
        return _mapped(key, value)

    def _struct(self, fields: Sequence[tuple[str, _Resolved]]) -> _Resolved:
        originals = [name for name, _ in fields]
        names = catalog_names(originals, "properties")
        kinds = [resolved.type for _, resolved in fields]
        notes = [note for name, resolved in fields for note in resolved.within(name)]
        notes += [f"'{text}': {_HIDDEN}" for text, name in zip(originals, names, strict=True) if text.lower() != name]
        return _Resolved(StructType(tuple(zip(names, kinds, strict=True)), tuple(originals)), tuple(notes))

    def _unguided(self, prop: Mapping[str, Any], stored: Written | None) -> _Resolved:
        if stored:
            return self.written(stored, prop)
        physical = prop.get("physicalType")
        return _text(_unknown(physical) if physical else "it has no type, so it is kept as text")

    def _scalar(self, logical: str, prop: Mapping[str, Any], stored: Written | None) -> _Resolved:
        found = self.written(stored, prop) if stored and not stored.parts else None
        if found and isinstance(found.type, ScalarType) and found.type.name in _REFINES[logical]:
            # An author who says 'string' expects text.
            return _Resolved(found.type) if logical == "string" else found
        by_format = FORMATS.get(str((prop.get("logicalTypeOptions") or {}).get("format")))
        meaning = by_format if by_format and logical in ("integer", "number") else LOGICAL[logical]
        kind, notes = scalar(meaning, Written(name=meaning.type), self.system, prop)
        if stored and logical in ("integer", "number") and not self._family(stored):
            notes = (*notes, _beside(logical, str(prop.get("physicalType") or stored.name), _NO_WIDTH))
        if stored and (pair := DISAGREEING[logical].get(self._family(stored))):
            if found and pair.type != "logical" and stored.name != "date":
                return found
            note = pair.note or _DATE_WITH_TIME
            notes = (*notes, _beside(logical, str(prop.get("physicalType") or stored.name), note))
        return _Resolved(kind, notes)

    def _family(self, stored: Written) -> str:
        """Return the family of a physical type, as in `DISAGREEING`; nothing for one that is not known."""
        if stored.parts or self._container(stored, None):
            return "nested"
        meaning = meaning_of(stored, self.system)
        return family(meaning) if meaning else ""

    def written(self, stored: Written, prop: Mapping[str, Any] | None = None) -> _Resolved:
        """Resolve a physical type by itself."""
        if held := self._container(stored, prop):
            return held
        if meaning := meaning_of(stored, self.system):
            return _Resolved(*scalar(meaning, stored, self.system, prop or {}))
        if stored.name.startswith("_"):
            # PostgreSQL's own name of an array type.
            item = self.written(Written(name=stored.name[1:], arguments=stored.arguments))
            return _Resolved(ArrayType(item.type), item.notes)
        return _text(_unknown(stored.name))

    def _container(self, stored: Written, prop: Mapping[str, Any] | None) -> _Resolved | None:
        name, parts = stored.name, [part for _, part in stored.parts]
        if name in WRAPPERS and len(parts) == 1:
            return self.written(parts[0], prop)
        if name in ARRAYS:
            element = self.written(parts[0]) if len(parts) == 1 else _text("its elements are kept as text")
            return _Resolved(ArrayType(element.type), element.notes)
        if name in ("vector", "halfvec"):
            return _Resolved(ArrayType(ScalarType("float")))
        if name == "map":
            sides = [self.written(part) for part in parts]
            return _mapped(*sides) if len(sides) == 2 else _mapped(_text(), _text("its values are kept as text"))
        if name in ROWS and parts:
            return self._struct([(label, self.written(part)) for label, part in stored.parts])
        return None


def _text(*notes: str) -> _Resolved:
    return _Resolved(ScalarType("string"), notes)


def _unknown(physical: str) -> str:
    return f"the type '{_shown(physical)}' is not known, so it is kept as text"


def _shown(physical: str) -> str:
    return physical if len(physical) <= _SHOWN else f"{physical[:_SHOWN]}…"


def _beside(logical: str, physical: str, note: str) -> str:
    return f"its logicalType is {logical} and its physicalType {_shown(physical)}: {note}"


def _implied(prop: Mapping[str, Any]) -> str | None:
    """Return the logical type that a property without one must have."""
    for key, logical in (("items", "array"), ("properties", "object"), ("map", "map")):
        if prop.get(key):
            return logical
    return None


def _read(text: str) -> Written | None:
    return (read_avro(text) if text.lstrip()[:1] in ("{", "[") else None) or read(text)


def _mapped(key: _Resolved, value: _Resolved) -> _Resolved:
    text = key.type == ScalarType("string", length=getattr(key.type, "length", None))
    notes = (*value.notes, *(() if text else ("keys of maps are kept as text, which JSON has no other of",)))
    return _Resolved(MapType(ScalarType("string"), value.type), notes)

"""Values with parts, converted part by part: by the names of fields, not their places, and as strictly as columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, DoubleType, FloatType, MapType, StructType

# Converts a value without parts from the one type to the other: null if it does not fit.
Convert = Callable[[Column, DataType, DataType], Column]


@dataclass(frozen=True)
class Shape:
    """A type as it is found, as it is wanted, and as wanted but with the names that the source gives fields."""

    found: DataType
    wanted: DataType
    sent: DataType

    @property
    def keeps(self) -> bool:
        """Whether values can stay as they are; a fraction might be infinite."""
        return self.found == self.wanted and not _has_fractions(self.found)

    @property
    def differs(self) -> bool:
        """Whether one has parts that the other has not."""
        kinds = (ArrayType, MapType, StructType)
        return any(isinstance(self.found, kind) != isinstance(self.wanted, kind) for kind in kinds)

    @property
    def item(self) -> Shape:
        return Shape(self.found.elementType, self.wanted.elementType, self.sent.elementType)

    @property
    def key(self) -> Shape:
        return Shape(self.found.keyType, self.wanted.keyType, self.sent.keyType)

    @property
    def value(self) -> Shape:
        return Shape(self.found.valueType, self.wanted.valueType, self.sent.valueType)

    def fields(self) -> Iterator[tuple[str, str | None, Shape]]:
        """Yield each wanted field with its name as it is found, None if it is not there."""
        exact = {field.name: field for field in self.found}
        folded = {field.name.lower(): field for field in self.found}
        for wanted, sent in zip(self.wanted, self.sent, strict=True):
            field = exact.get(sent.name) or folded.get(sent.name.lower()) or folded.get(wanted.name.lower())
            shape = Shape(field.dataType if field else wanted.dataType, wanted.dataType, sent.dataType)
            yield wanted.name, field.name if field else None, shape


def with_parts(value: Column, shape: Shape, convert: Convert) -> Column:
    """Convert a value: null if one of its parts does not fit."""
    return F.when(_fits(value, shape, convert), _made(value, shape, convert))


def _fits(value: Column, shape: Shape, convert: Convert) -> Column:
    if shape.keeps:
        return F.lit(True)
    if shape.differs:
        return value.isNull()
    match shape.wanted:
        case StructType():
            parts = (
                _fits(value.getField(found), part, convert) for _, found, part in shape.fields() if found is not None
            )
            held = reduce(Column.__and__, parts, F.lit(True))
        case ArrayType():
            held = F.forall(value, lambda item: _fits(item, shape.item, convert))
        case MapType():
            held = F.forall(F.map_keys(value), lambda key: _fits(key, shape.key, convert))
            held &= F.forall(F.map_values(value), lambda item: _fits(item, shape.value, convert))
        case _:
            held = convert(value, shape.found, shape.wanted).isNotNull()
    return value.isNull() | held


def _made(value: Column, shape: Shape, convert: Convert) -> Column:
    if shape.keeps or shape.differs:
        return value if shape.keeps else F.lit(None).cast(shape.wanted)
    match shape.wanted:
        case StructType():
            fields = (
                (F.lit(None).cast(part.wanted) if found is None else _made(value.getField(found), part, convert), name)
                for name, found, part in shape.fields()
            )
            return F.when(value.isNotNull(), F.struct(*(field.alias(name) for field, name in fields)))
        case ArrayType():
            return F.transform(value, lambda item: _made(item, shape.item, convert))
        case MapType():
            # Keys that stay are not recreated: Spark would stop at a record that has one twice.
            made = F.transform_values(value, lambda _, item: _made(item, shape.value, convert))
            return made if shape.key.keeps else F.transform_keys(made, lambda key, _: _made(key, shape.key, convert))
    return convert(value, shape.found, shape.wanted)


def _has_fractions(kind: DataType) -> bool:
    match kind:
        case StructType():
            return any(_has_fractions(field.dataType) for field in kind)
        case ArrayType():
            return _has_fractions(kind.elementType)
        case MapType():
            return _has_fractions(kind.keyType) or _has_fractions(kind.valueType)
    return isinstance(kind, DoubleType | FloatType)

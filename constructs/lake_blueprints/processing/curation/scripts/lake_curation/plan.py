"""The plan: what the data contract demands of the dataset, compiled to JSON by the constructs.

Above 200 lines: one class for each part of the plan.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from lake_curation.errors import CurateError

INTEGERS = ("tinyint", "smallint", "int", "bigint")
TEMPORAL = ("date", "timestamp", "timestamp_ntz")
NESTED = ("array", "map", "struct")
# Columns of a history, beside those of the records.
VALIDITY = VALID_FROM, VALID_TO, CURRENT = "valid_from", "valid_to", "is_current"
MASKINGS = ("none", "redact", "hash", "drop")
# As what Spark's JSON parser reads a type, where it would guess: it takes a number for a time, 200 for the tinyint
# -56, and skips what is not base64.
READ_AS = {
    **dict.fromkeys(("tinyint", "smallint"), "int"),
    "float": "double",
    **dict.fromkeys(("binary", *TEMPORAL), "string"),
}
# Each of these types in a type's text; names of fields may stand in backticks.
_GUESSED = re.compile(rf"`(?:[^`]|``)*`|(^|[<:,]\s*)({'|'.join(READ_AS)})(?=\s*(?:[,>]|$))")
TYPES = (*INTEGERS, "float", "double", "decimal", "boolean", "string", "binary", *TEMPORAL, *NESTED)


@dataclass(frozen=True, kw_only=True)
class Quality:
    """A rule of the contract about a column's values: a value that meets any of these breaks it."""

    rule: str
    null: bool = False
    any_of: list[Any] = field(default_factory=list)
    none_of: list[Any] | None = None
    unlike: str | None = None


@dataclass(frozen=True, kw_only=True)
class Field:
    """A column of the dataset: its name in the source, its Spark type, and the rules for its values."""

    name: str
    source: str
    type: str
    # The type with the fields of objects as the source spells them.
    sent: str | None = None
    required: bool = False
    format: str | None = None
    # The zone of times that say none.
    time_zone: str | None = None
    minimum: Any = None
    maximum: Any = None
    exclusive_minimum: Any = None
    exclusive_maximum: Any = None
    multiple_of: Any = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    enum: list[Any] | None = None
    quality: list[Quality] = field(default_factory=list)

    @property
    def family(self) -> str:
        """The type without its parameters: `decimal(10,2)` is a `decimal`."""
        return re.split(r"[(<]", self.type, maxsplit=1)[0]

    @property
    def json_type(self) -> str:
        """The type as which Spark's JSON parser reads the column."""

        def read_as(found: re.Match[str]) -> str:
            return found[1] + READ_AS[found[2]] if found[2] else found[0]

        return _GUESSED.sub(read_as, self.sent or self.type)


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """A join with a reference table; values of the keys that are `hidden` are in no message."""

    name: str
    on: list[str]
    columns: list[str]
    how: str = "left"
    hidden: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Derived:
    """A column that an SQL expression calculates."""

    expression: str
    type: str


@dataclass(frozen=True, kw_only=True)
class MaskedColumn:
    """A column of the table and what becomes of it in the masked copy: none, redact, hash or drop."""

    name: str
    type: str
    masking: str = "none"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Curation plan of a dataset; docs/etl.md explains each key."""

    dataset: str
    version: str
    format: str
    columns: list[Field]
    csv: dict[str, str] = field(default_factory=dict)
    primary_key: list[str] = field(default_factory=list)
    partition_keys: list[str] = field(default_factory=list)
    drop: list[str] = field(default_factory=list)
    drop_null_rows: list[str] = field(default_factory=list)
    filter: str | None = None
    derive: dict[str, Derived] = field(default_factory=dict)
    joins: list[Lookup] = field(default_factory=list)
    masked: list[MaskedColumn] = field(default_factory=list)
    table: dict[str, str] = field(default_factory=dict)
    # Of the rows with one key, the newest stays, by a column or by arrival, or all do, each with the time for which it
    # was valid; `deleted` is the condition that ends a key.
    newest: bool = False
    history: bool = False
    order_by: str | None = None
    deleted: str | None = None
    # Rows whose time in a column is longer ago are deleted.
    expire_by: str | None = None
    expire_days: int = 0

    @classmethod
    def parse(cls, text: str) -> Plan:
        """Read a plan; raise CurateError that names the key at fault."""
        try:
            document = json.loads(text)
        except ValueError as error:
            raise CurateError(f"plan: not valid JSON: {error}") from None
        given = _checked(cls, document, "plan")
        given["columns"] = [
            _field({"source": item.get("name"), **item}, f"plan: columns[{i}]")
            for i, item in enumerate(given["columns"])
        ]
        given["joins"] = [
            Lookup(**_checked(Lookup, item, f"plan: joins[{i}]")) for i, item in enumerate(given.get("joins", []))
        ]
        given["derive"] = {
            name: Derived(**_checked(Derived, item, f"plan: derive.{name}"))
            for name, item in given.get("derive", {}).items()
        }
        given["masked"] = [
            MaskedColumn(**_checked(MaskedColumn, item, f"plan: masked[{i}]"))
            for i, item in enumerate(given.get("masked", []))
        ]
        plan = cls(**given)
        plan._check()
        return plan

    @property
    def delimiter(self) -> str:
        """The separator of CSV fields."""
        return self.csv.get("delimiter", ",")

    @property
    def written(self) -> list[str]:
        """The columns of the table that are of the records, in its order."""
        return [name for name in dict.fromkeys(self._names()) if name not in self.drop]

    @property
    def row(self) -> list[str]:
        """The columns of the table, in its order."""
        return [*self.written, *(VALIDITY if self.history else ())]

    @property
    def row_key(self) -> list[str]:
        """The columns that tell rows of the table apart."""
        return [*self.primary_key, *([VALID_FROM] if self.history else [])]

    @property
    def late_keys(self) -> list[str]:
        """The keys that are not columns of the source; of a history, what orders it is a key."""
        columns = {column.name for column in self.columns} - self.derive.keys()
        return [key for key in self.keys if key not in columns]

    @property
    def keys(self) -> list[str]:
        """The partition keys, and what orders a history: a row must have them, whatever the contract says."""
        order = [self.order_by] if self.history and self.order_by else []
        return list(dict.fromkeys([*self.partition_keys, *order]))

    @property
    def identity(self) -> list[str]:
        """The columns that a deletion must have: the key, and what tells whether it is late."""
        return [*self.primary_key, *([self.order_by] if self.order_by else [])]

    def _names(self) -> list[str]:
        joined = [name for join in self.joins for name in join.columns]
        return [*(column.name for column in self.columns), *joined, *self.derive]

    def _check(self) -> None:
        if self.format not in ("json", "csv", "parquet", "dynamodb-json"):
            raise CurateError(f"plan: format must be json, csv, parquet or dynamodb-json, got {self.format!r}")
        for i, column in enumerate(self.columns):
            if column.family not in TYPES:
                raise CurateError(f"plan: columns[{i}]: type {column.type!r} is not a Spark type; one of {TYPES}")
        for attribute in ("name", "source"):
            for name, times in Counter(getattr(column, attribute).lower() for column in self.columns).items():
                if times > 1:
                    raise CurateError(f"plan: columns: {attribute} {name!r} is used {times} times")
        known = self._names()
        for key in ("primary_key", "partition_keys", "drop", "drop_null_rows"):
            for name in getattr(self, key):
                if name not in known:
                    raise CurateError(f"plan: {key}: {name!r} is not a column; columns are {', '.join(known)}")
        for name in {*self.primary_key, *self.partition_keys} & {*self.drop}:
            raise CurateError(f"plan: drop: {name!r} is part of the primary key or a partition key")
        self._check_keep()
        self._check_masked()
        for join in self.joins:
            if join.how not in ("left", "inner"):
                raise CurateError(f"plan: joins.{join.name}: how must be left or inner, got {join.how!r}")

    def _check_keep(self) -> None:
        if self.order_by and self.order_by not in self.written:
            raise CurateError(f"plan: order_by: {self.order_by!r} is not a column of the table")
        if (self.newest or self.history) and not self.primary_key:
            raise CurateError("plan: newest or history: there must be a primary_key")
        if self.expire_by and (self.expire_by not in self.written or self.expire_days < 1):
            raise CurateError("plan: expire_by must be a column of the table, and expire_days at least 1")
        if not self.history:
            return
        if self.newest or not self.order_by:
            raise CurateError("plan: history: there must be an order_by, and not newest as well")
        if taken := [name for name in self._names() if name.lower() in VALIDITY]:
            raise CurateError(f"plan: history: the name {taken[0]!r} is that of a column which the job writes")

    def _check_masked(self) -> None:
        if self.masked and [column.name for column in self.masked] != self.row:
            raise CurateError(f"plan: masked: must be the table's columns in its order, {', '.join(self.row)}")
        for column in self.masked:
            if column.masking not in MASKINGS:
                raise CurateError(f"plan: masked: {column.name!r}: masking must be one of {MASKINGS}")
            if column.masking != "none" and column.name in self.partition_keys:
                raise CurateError(f"plan: masked: {column.name!r} is a partition key: its values are in the path")


def _field(document: dict[str, Any], where: str) -> Field:
    given = _checked(Field, document, where)
    rules = given.pop("quality", [])
    quality = [Quality(**_checked(Quality, rule, f"{where}: quality[{i}]")) for i, rule in enumerate(rules)]
    return Field(**given, quality=quality)


def _checked(cls: type, document: Any, where: str) -> dict[str, Any]:
    """Return what `document` gives for the fields of a dataclass; null counts as not given."""
    if not isinstance(document, dict):
        raise CurateError(f"{where}: must be a JSON object, got {type(document).__name__}")
    known = {item.name: item for item in fields(cls)}
    if unknown := sorted(document.keys() - known.keys()):
        raise CurateError(f"{where}: unknown key {unknown[0]!r}; known keys are {', '.join(known)}")
    given = {key: value for key, value in document.items() if value is not None}
    for key, item in known.items():
        if key not in given:
            if item.default is MISSING and item.default_factory is MISSING:
                raise CurateError(f"{where}: {key} is missing")
            continue
        # Annotations are text here: `list[str] | None` is a list.
        kind = re.split(r"\W", str(item.type), maxsplit=1)[0]
        expected = {"str": str, "list": list, "dict": dict, "int": int, "bool": bool}.get(kind, object)
        if not isinstance(given[key], expected):
            raise CurateError(f"{where}: {key} must be {kind}, got {given[key]!r}")
    return given

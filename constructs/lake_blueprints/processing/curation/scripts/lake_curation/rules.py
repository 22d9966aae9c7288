"""The rules of a column: when a value breaks one, and the sentence that says so."""

from __future__ import annotations

import json
import operator
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F

from lake_curation.plan import Field, Plan, Quality

ORDER_MISSING = "missing, but it orders the versions of a key"


@dataclass(frozen=True)
class Rule:
    """A demand on a column: when it is broken, and how a sentence about the value goes on."""

    kind: str
    broken: Column
    sentence: str


def rules(plan: Plan, column: Field, found: Column, value: Column) -> Iterator[Rule]:
    """Yield the rules of a column, for its value as found in the record and as converted."""
    if column.name in plan.primary_key:
        yield Rule("key", found.isNull(), "missing, but part of the primary key")
    elif column.name in plan.partition_keys:
        yield Rule("partition", found.isNull() | (found.cast("string") == ""), "missing, but a partition key")
    elif column.name in plan.keys:
        yield Rule("key", found.isNull(), ORDER_MISSING)
    elif column.required:
        yield Rule("required", found.isNull(), "missing, but required")
    yield Rule("type", found.isNotNull() & value.isNull(), f"is not {_with_article(column.type)}")
    yield from _constraints(column, value)
    for quality in column.quality:
        yield Rule(
            f"quality: {quality.rule}", _breaks(quality, column, found, value), f"breaks the rule '{quality.rule}'"
        )


def _breaks(quality: Quality, column: Field, found: Column, value: Column) -> Column:
    conditions = []
    if quality.null:
        conditions.append(found.isNull())
    if quality.any_of:
        conditions.append(value.isin([_literal(item, column) for item in quality.any_of]))
    if quality.none_of is not None:
        conditions.append(value.isNotNull() & ~value.isin([_literal(item, column) for item in quality.none_of]))
    if quality.unlike is not None:
        conditions.append(~value.rlike(quality.unlike))
    return reduce(Column.__or__, (F.coalesce(condition, F.lit(False)) for condition in conditions))


def _literal(constant: Any, column: Field) -> Column:
    return F.lit(constant if isinstance(constant, str) else json.dumps(constant)).cast(column.type)


def _constraints(column: Field, value: Column) -> Iterator[Rule]:
    for bound, breaks, sentence in (
        (column.minimum, operator.lt, "is below the minimum"),
        (column.maximum, operator.gt, "is above the maximum"),
        (column.exclusive_minimum, operator.le, "is not above"),
        (column.exclusive_maximum, operator.ge, "is not below"),
    ):
        if bound is not None:
            yield Rule("range", breaks(value, _literal(bound, column)), f"{sentence} {bound}")
    if column.multiple_of is not None:
        exact = [part.cast("decimal(38,18)") for part in (value, F.lit(json.dumps(column.multiple_of)))]
        yield Rule("multiple", exact[0] % exact[1] != 0, f"is not a multiple of {column.multiple_of}")
    if column.min_length is not None:
        yield Rule("length", F.length(value) < column.min_length, f"is shorter than {column.min_length} characters")
    if column.max_length is not None:
        yield Rule("length", F.length(value) > column.max_length, f"is longer than {column.max_length} characters")
    if column.pattern is not None:
        yield Rule("pattern", ~value.rlike(column.pattern), f"does not match the pattern {column.pattern}")
    if column.enum is not None:
        allowed = ", ".join(str(item) for item in column.enum)
        yield Rule("enum", ~value.isin([_literal(item, column) for item in column.enum]), f"is not one of {allowed}")


def _with_article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"

"""Definitions of indexes from the columns of a dataset."""

from __future__ import annotations

import re
from typing import Any

from aws_cdk import Token

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.contracts.types import ArrayType, DataType, ScalarType, StructType
from lake_blueprints.foundation.arguments import checked_function

_SCALARS = {
    "boolean": "boolean",
    "tinyint": "byte",
    "smallint": "short",
    "int": "integer",
    "bigint": "long",
    "float": "float",
    "double": "double",
    "binary": "binary",
}
# A scaled number is calculated as a double, which holds so many digits.
_EXACT_DIGITS = 15
_LONGEST_KEYWORD = 256
# https://docs.opensearch.org/latest/api-reference/index-apis/create-index/, and what collections take.
_INDEX = re.compile(r"[a-z][a-z0-9_-]{0,254}")


def check_index(index: str) -> None:
    """Refuse a name that no index of a collection has.

    Raises
    ------
    ValueError
        If the name is invalid.
    """
    if not Token.is_unresolved(index) and not _INDEX.fullmatch(index):
        raise ValueError(f"an 'index' has 1 to 255 of a-z, 0-9, '_' and '-' and begins with a letter, got '{index}'")


@checked_function
def index_definition(dataset: Dataset, *, records: bool = False) -> dict[str, Any]:
    """Return the body of the request that creates an index for a dataset, whose other fields are refused.

    Text is searched by words, and by its whole value as `<column>.keyword`; a key, and text that has a pattern, a list
    of values or a longest length, by its whole value alone. Decimals are scaled numbers up to 15 digits and doubles
    beyond, lists of objects are nested documents, and maps flat objects.

    Parameters
    ----------
    dataset: Dataset
        The dataset.
    records: bool
        Whether the documents are records as the source sends them, such as a delivery stream's: with the source's
        names and formats of dates. By default they are rows of the curated table.

    Notes
    -----
    https://docs.opensearch.org/latest/field-types/

    Example
    -------
        >>> index_definition(contract["flights"])["mappings"]["dynamic"]
        'strict'
    """
    whole = {*dataset.primary_key, *dataset.partition_keys}
    properties = {
        (column.source or column.name) if records else column.name: _field(column, whole, records)
        for column in dataset.columns
    }
    return {"mappings": {"dynamic": "strict", "properties": properties}}


@checked_function
def index_template(dataset: Dataset, index: str | None = None, *, records: bool = True) -> dict[str, Any]:
    """Return the body of the request for a template of the indexes that a delivery rotates through.

    Parameters
    ----------
    dataset: Dataset
        The dataset.
    index: str, optional
        Name of the index before the time is appended. By default the dataset's.
    records: bool
        Whether the documents are records as the source sends them. By default they are, as of a delivery stream.

    Example
    -------
        >>> index_template(contract["flights"])["index_patterns"]
        ['flights-*']
    """
    return {"index_patterns": [f"{index or dataset.name}-*"], "template": index_definition(dataset, records=records)}


def _field(column: Column, whole: set[str], records: bool) -> dict[str, Any]:
    limits = column.constraints
    if isinstance(column.type, ScalarType) and column.type.name == "string":
        is_whole = column.name in whole or column.unique or limits.enum or limits.pattern or limits.max_length
        return {"type": "keyword"} if is_whole else _text()
    given = column.format if records else None
    return _typed(column.type, given)


def _text() -> dict[str, Any]:
    return {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": _LONGEST_KEYWORD}}}


def _typed(kind: DataType, date_format: str | None = None) -> dict[str, Any]:
    if isinstance(kind, ArrayType):
        # A field of OpenSearch holds one value or many.
        item = _typed(kind.item, date_format)
        return {**item, "type": "nested"} if isinstance(kind.item, StructType) else item
    if isinstance(kind, StructType):
        return {"type": "object", "properties": {name: _typed(part) for name, part in kind.fields}}
    return _scalar(kind, date_format) if isinstance(kind, ScalarType) else {"type": "flat_object"}


def _scalar(kind: ScalarType, date_format: str | None) -> dict[str, Any]:
    if kind.name == "string":
        return _text()
    if kind.name in ("date", "timestamp"):
        return {"type": "date", "format": date_format or "strict_date_optional_time"}
    if kind.name == "decimal":
        exact = (kind.precision or 0) <= _EXACT_DIGITS
        return {"type": "scaled_float", "scaling_factor": 10 ** (kind.scale or 0)} if exact else {"type": "double"}
    return {"type": _SCALARS[kind.name]}

"""Keys of a DynamoDB table, from a dataset's columns."""

from __future__ import annotations

from aws_cdk import aws_dynamodb as dynamodb

from lake_blueprints.contracts import Dataset
from lake_blueprints.contracts.types import ScalarType

_MOST_KEYS = 2
_NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal")
# Dates and times are ISO 8601 text, whose order is that of time.
_TEXTS = ("string", "varchar", "char", "date", "timestamp")
_KINDS = {
    **dict.fromkeys(_NUMBERS, dynamodb.AttributeType.NUMBER),
    **dict.fromkeys(_TEXTS, dynamodb.AttributeType.STRING),
    "binary": dynamodb.AttributeType.BINARY,
}

Key = dynamodb.Attribute | str


def table_keys(dataset: Dataset | None, partition_key: Key | None, sort_key: Key | None) -> list[dynamodb.Attribute]:
    """Return partition key and sort key: those given, else the primary key of the dataset.

    Raises
    ------
    ValueError
        If there are none or more than two, or a column is missing or of a type that DynamoDB takes for no key.
    """
    if partition_key is None and sort_key is not None:
        raise ValueError("'sort_key' needs a 'partition_key'")
    given: list[Key] = [key for key in (partition_key, sort_key) if key is not None]
    if not given and dataset:
        given = list(dataset.primary_key)
        if not 0 < len(given) <= _MOST_KEYS:
            raise ValueError(
                f"dataset '{dataset.name}' has {len(given)} primary key columns; a table has a partition key and at "
                "most one sort key, so name them as 'partition_key' and 'sort_key'"
            )
    if not given:
        raise ValueError("a table needs a 'partition_key', or a 'dataset' whose primary key it takes")
    return [_attribute(dataset, key) for key in given]


def _attribute(dataset: Dataset | None, key: Key) -> dynamodb.Attribute:
    if isinstance(key, dynamodb.Attribute):
        return key
    if dataset is None:
        raise ValueError(f"the type of the key '{key}' is not known; give a dynamodb.Attribute, or the 'dataset'")
    if key not in dataset.column_names:
        known = ", ".join(dataset.column_names)
        raise ValueError(f"the key '{key}' is no column of dataset '{dataset.name}'; its columns are {known}")
    kind = dataset.column(key).type
    if not isinstance(kind, ScalarType) or kind.name not in _KINDS:
        raise ValueError(
            f"the key '{key}' is a {kind}; DynamoDB takes text, numbers, dates, timestamps and binary values for keys"
        )
    return dynamodb.Attribute(name=key, type=_KINDS[kind.name])

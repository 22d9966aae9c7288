"""The SQL that trains a model of Redshift ML on a table, and asks for its state.

https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_MODEL.html,
https://docs.aws.amazon.com/redshift/latest/dg/r_create_model_usage_notes.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from aws_cdk import Token

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.databases.redshift.statements import literal, names, qualified, quoted, role_clause

READY = "Model is Ready"
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,126}")
_MOST_FEATURES = 256
_NOT_TRAINED_ON = ("super", "varbyte")
_NO_TARGETS = (*_NOT_TRAINED_ON, "decimal", "date", "time")


def create_model(
    dataset: Dataset,
    table: str,
    *,
    model: str,
    function: str,
    target: str,
    features: Sequence[str],
    role_arn: str,
    bucket: str,
    key_id: str,
    problem_type: str | None,
    max_runtime_seconds: int,
    max_cells: int,
) -> str:
    """Return the statement that exports some columns of a table and has SageMaker train on them."""
    return (
        f"CREATE MODEL {qualified(model)}\n"
        f"FROM (SELECT {names([*features, target])} FROM {qualified(table)})\n"
        f"TARGET {quoted(target)}\n"
        f"FUNCTION {qualified(function)}\n"
        f"{role_clause(role_arn)}\n"
        "AUTO ON\n"
        f"{f'PROBLEM_TYPE {problem_type}{chr(10)}' if problem_type else ''}"
        f"SETTINGS (S3_BUCKET {literal(bucket)}, KMS_KEY_ID {literal(key_id)}, "
        f"MAX_CELLS {max_cells}, MAX_RUNTIME {max_runtime_seconds})"
    )


def drop_model(model: str) -> str:
    """Return the statement that removes a model and its function, which no other could replace."""
    return f"DROP MODEL IF EXISTS {qualified(model)}"


def model_state(model: str) -> str:
    """Return the query of a model's state, `READY` once it can be asked."""
    return (
        "SELECT RTRIM(model_state) FROM svv_ml_model_info "
        f"WHERE schema_name = 'public' AND database_name = current_database() AND model_name = {literal(model)}"
    )


def check_model_name(option: str, name: str) -> None:
    """Refuse a name of a model or function that would need quotes.

    Raises
    ------
    ValueError
        With the option, the name and the names allowed.
    """
    if not Token.is_unresolved(name) and not _NAME.fullmatch(name):
        raise ValueError(f"'{option}' must be 1 to 127 of a-z, 0-9 and _, not beginning with a digit, got '{name}'")


def check_columns(dataset: Dataset, target: str, features: Sequence[str]) -> None:
    """Refuse columns on which Redshift ML cannot train.

    Raises
    ------
    ValueError
        If a column is missing or of a type that it does not take, or there are too many.
    """
    columns = {column.name: column for column in dataset.columns}
    for name in (target, *features):
        if name not in columns:
            raise ValueError(f"dataset '{dataset.name}' has no column '{name}'; it has {', '.join(columns)}")
    if target in features:
        raise ValueError(f"'features' must not have the target '{target}'")
    if not 1 <= len(features) <= _MOST_FEATURES:
        raise ValueError(f"'features' must be 1 to {_MOST_FEATURES} columns, got {len(features)}")
    for name in features:
        _check_type(columns[name], _NOT_TRAINED_ON, "trains on")
    _check_type(columns[target], _NO_TARGETS, "predicts")


def _check_type(column: Column, refused: tuple[str, ...], what: str) -> None:
    kind = column.type.redshift.lower()
    if kind.startswith(refused):
        raise ValueError(f"column '{column.name}' is {kind}, and Redshift ML {what} no {', '.join(refused)}")

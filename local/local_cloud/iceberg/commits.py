"""Commits as Iceberg's REST specification writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyiceberg.table import CommitTableRequest


def commit_of(
    namespace: str, name: str, requirements: Sequence[Mapping[str, Any]], updates: Sequence[Mapping[str, Any]]
) -> CommitTableRequest:
    """Return the commit of requirements and updates to a table.

    Raises
    ------
    ValidationError
        If one is none that the specification has, or that pyiceberg knows.
    """
    identifier = {"namespace": [namespace], "name": name}
    return CommitTableRequest.model_validate(
        {"identifier": identifier, "requirements": requirements, "updates": updates}
    )

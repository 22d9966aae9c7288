"""What of contracts the lake treats otherwise than their authors may expect, said once at synth."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from aws_cdk import Annotations
from constructs import IConstruct

from lake_blueprints.contracts import Dataset


def show_notes(scope: IConstruct, datasets: Iterable[Dataset]) -> None:
    """Make each note that is worth it a synth warning; what several datasets of a contract share is said once."""
    texts = {f"{_contract(dataset)}: {note}": None for dataset in datasets for note in dataset.notes if note.warning}
    for text in texts:
        # An id that stays, so that it can be acknowledged.
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        Annotations.of(scope).add_warning_v2(f"lake-blueprints:contract:{digest}", text)


def _contract(dataset: Dataset) -> str:
    contract = dataset.governance.contract
    return f"contract '{contract}'" if contract else f"dataset '{dataset.name}'"

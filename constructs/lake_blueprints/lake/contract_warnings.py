"""Synth warnings for contract statements that the lake does not implement as written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from aws_cdk import Annotations
from constructs import IConstruct

from lake_blueprints.contracts import Dataset, Masking, Note
from lake_blueprints.contracts.classification import Verdict, not_known


def add_contract_warnings(scope: IConstruct, datasets: Iterable[Dataset]) -> None:
    """Make each note that is worth it a synth warning; what several datasets of a contract share is said once."""
    noted = ((dataset, note) for dataset in datasets for note in (*dataset.notes, *_not_known(dataset)) if note.warning)
    texts = {f"{_contract(dataset)}: {note}": None for dataset, note in noted}
    for text in texts:
        # An id that stays, so that it can be acknowledged.
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        Annotations.of(scope).add_warning_v2(f"lake-blueprints:contract:{digest}", text)


def _not_known(dataset: Dataset) -> Iterator[Note]:
    """Yield the classifications of a dataset declared in code that nobody knows; a contract's are among its notes."""
    if dataset.governance.contract:
        return
    for column in dataset.columns:
        judge, label = column.classifications, column.classification
        if label and column.masking is not Masking.NONE and judge.verdict(label) is Verdict.UNKNOWN:
            yield Note(place=f"column '{column.name}'", text=not_known(label, column.name, judge), warning=True)


def _contract(dataset: Dataset) -> str:
    contract = dataset.governance.contract
    return f"contract '{contract}'" if contract else f"dataset '{dataset.name}'"

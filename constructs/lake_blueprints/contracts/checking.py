"""Every finding about a contract, for a command or an editor; `Contract.from_file` stops at the first."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from attrs import frozen

from lake_blueprints.contracts.contract import Contract
from lake_blueprints.contracts.errors import ContractError

Level = Literal["error", "warning", "info"]


@frozen
class Finding:
    """One thing to know about a contract.

    Parameters
    ----------
    place: str
        Where it stands in the contract, for instance `schema[0].properties[2].logicalType`, or `line 7`.
    message: str
        What is wrong, the value, the allowed values and the fix; one line.
    severity: str
        `error`: the contract cannot be compiled; `warning`: something is treated otherwise than its author may
        expect; `info`: for the data dictionary.
    """

    place: str
    message: str
    severity: Level = "error"

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


def check(path: str | Path) -> list[Finding]:
    """Return every finding about a contract file, errors first; an empty list if there is nothing to say."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        return [Finding("", f"cannot be read: {error.strerror}")]
    return check_text(text)


def check_text(text: str) -> list[Finding]:
    """Return every finding about a contract's text; see `check`."""
    try:
        contract = Contract.from_text(text)
    except ContractError as error:
        place, _, message = str(error).partition(": ")
        return [Finding(place, message)]
    notes = [note for dataset in contract.datasets for note in dataset.notes]
    return [Finding(note.place, note.text, "warning" if note.warning else "info") for note in notes]

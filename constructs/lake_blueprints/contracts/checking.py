"""Every finding about a contract, for a command or an editor; `Contract.from_file` stops at the first."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lake_blueprints.contracts.classification import Classifications
from lake_blueprints.contracts.errors import ContractError
from lake_blueprints.contracts.findings import Finding, Level
from lake_blueprints.contracts.governance import Note
from lake_blueprints.contracts.standard.document import read_document
from lake_blueprints.contracts.standard.text import load, read_text
from lake_blueprints.contracts.standard.validation import validate

__all__ = ("Finding", "Level", "check", "check_text")


def check(path: str | Path, *, classifications: Classifications | None = None) -> list[Finding]:
    """Return every finding about a contract file, errors first; an empty list if there is nothing to say.

    Parameters
    ----------
    path: str or Path
        The file.
    classifications: Classifications, optional
        How classifications and tags are judged; see `Contract.from_file`.
    """
    try:
        return check_text(read_text(Path(path)), classifications=classifications)
    except ContractError as error:
        return [Finding("", str(error))]


def check_text(text: str, *, classifications: Classifications | None = None) -> list[Finding]:
    """Return every finding about a contract's text; see `check`.

    What breaks the standard's JSON schema is all that is said about a contract that does.
    """
    try:
        document = load(text)
    except ContractError as error:
        return [Finding("", str(error))]
    if broken := list(validate(document)):
        return broken
    reading = read_document(document, classifications or Classifications())
    notes = [note for dataset in reading.datasets for note in dataset.notes]
    return [*reading.errors, *_as_findings((*reading.notes, *notes))]


def _as_findings(notes: Iterable[Note]) -> list[Finding]:
    found = [Finding(note.place, note.text, "warning" if note.warning else "info") for note in notes]
    return sorted(found, key=lambda finding: finding.severity != "warning")

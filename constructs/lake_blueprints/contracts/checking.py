"""Every finding about a contract, for a command or an editor; `Contract.from_file` stops at the first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from lake_blueprints.contracts.classification import Classifications
from lake_blueprints.contracts.contract import Contract
from lake_blueprints.contracts.dataset import Dataset
from lake_blueprints.contracts.dqdl import compile_ruleset
from lake_blueprints.contracts.errors import ContractError
from lake_blueprints.contracts.findings import Finding, Level
from lake_blueprints.contracts.governance import Note
from lake_blueprints.contracts.lake_checks import refusals
from lake_blueprints.contracts.standard.document import read_document
from lake_blueprints.contracts.standard.drafts import draft_notes
from lake_blueprints.contracts.standard.text import load, read_text
from lake_blueprints.contracts.standard.validation import validate, without_unknown_keys

__all__ = ("Finding", "Level", "check", "check_text", "check_together")


def check(path: str | Path, *, classifications: Classifications | None = None, lenient: bool = False) -> list[Finding]:
    """Return every finding about a contract file, errors first; an empty list if there is nothing to say.

    Parameters
    ----------
    path: str or Path
        The file.
    classifications: Classifications, optional
        How classifications and tags are judged; see `Contract.from_file`.
    lenient: bool
        Whether keys that the standard does not know are warnings. By default they are errors.
    """
    try:
        return check_text(read_text(Path(path)), classifications=classifications, lenient=lenient)
    except ContractError as error:
        return [Finding("", str(error))]


def check_text(text: str, *, classifications: Classifications | None = None, lenient: bool = False) -> list[Finding]:
    """Return every finding about a contract's text; see `check`.

    What breaks the standard's JSON schema is all that is said about a contract that does.
    """
    try:
        document = load(text)
    except ContractError as error:
        return [Finding("", str(error))]
    ignored: list[Finding] = []
    if lenient:
        document, ignored = without_unknown_keys(document)
    if broken := list(validate(document)):
        return [*broken, *ignored]
    reading = read_document(document, classifications or Classifications())
    notes = [note for dataset in reading.datasets for note in dataset.notes]
    return [*reading.errors, *ignored, *_as_findings((*draft_notes(text), *reading.notes, *notes))]


def check_together(contracts: Mapping[Path, Contract]) -> Iterator[tuple[Path, Finding]]:
    """Return why no lake can be made of several contracts together, and which of their rules are not evaluated.

    Parameters
    ----------
    contracts: mapping of Path to Contract
        Those of one lake, by their files; each is valid by itself.
    """
    ids: dict[str, Path] = {}
    datasets: dict[str, Dataset] = {}
    homes: dict[str, Path] = {}
    for path, contract in contracts.items():
        if contract.id in ids:
            yield path, Finding("id", f"{ids[contract.id]} has the id '{contract.id}' too; change one")
        ids.setdefault(contract.id, path)
        for dataset in contract.datasets:
            if dataset.name in homes:
                text = (
                    f"{homes[dataset.name]} has a dataset '{dataset.name}' too; rename one, as a lake has one of a name"
                )
                yield path, Finding("schema", text)
            else:
                homes[dataset.name], datasets[dataset.name] = path, dataset
    if contracts and not datasets:
        yield next(iter(contracts)), Finding("schema", "no lake can be made, since no contract has a dataset")
    for dataset, reason in refusals(datasets):
        yield homes[dataset.name], Finding("", reason)
    for dataset in datasets.values():
        with suppress(ContractError):
            for note in compile_ruleset(dataset, others=_others(dataset, datasets)).notes:
                yield homes[dataset.name], Finding(note.place, note.text, "warning" if note.warning else "info")


def _others(dataset: Dataset, datasets: Mapping[str, Dataset]) -> dict[str, Dataset]:
    return {name: other for name, other in datasets.items() if name != dataset.name}


def _as_findings(notes: Iterable[Note]) -> list[Finding]:
    found = [Finding(note.place, note.text, "warning" if note.warning else "info") for note in notes]
    return sorted(found, key=lambda finding: finding.severity != "warning")

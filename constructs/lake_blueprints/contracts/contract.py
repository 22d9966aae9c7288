"""A contract file of the Open Data Contract Standard (ODCS v3), read into datasets."""

from __future__ import annotations

from pathlib import Path

from attrs import evolve, field, frozen

from lake_blueprints.contracts.arguments import checked, checked_function
from lake_blueprints.contracts.classification import Classifications
from lake_blueprints.contracts.column import as_tuple
from lake_blueprints.contracts.dataset import Dataset
from lake_blueprints.contracts.errors import ContractError
from lake_blueprints.contracts.findings import Finding
from lake_blueprints.contracts.governance import Note
from lake_blueprints.contracts.standard.document import read_document
from lake_blueprints.contracts.standard.drafts import draft_notes
from lake_blueprints.contracts.standard.text import load, read_text
from lake_blueprints.contracts.standard.validation import validate, without_unknown_keys


@checked
@frozen(kw_only=True)
class Contract:
    """The datasets that one contract promises.

    Parameters
    ----------
    id, version: str
        As the contract says.
    datasets: tuple of Dataset
        One for each schema object that has a place in a lake, in the contract's order.
    notes: tuple of Note
        About the contract as a whole: which objects have no place and why, which servers are not the lake's. Notes
        about a dataset are with it, as are those of these that are warnings. By default none.
    classifications: Classifications
        How it was judged which columns are restricted. By default by words that many use.
    """

    id: str
    version: str
    datasets: tuple[Dataset, ...]
    notes: tuple[Note, ...] = field(default=(), converter=as_tuple)
    classifications: Classifications = field(factory=Classifications)

    @classmethod
    @checked_function
    def from_file(
        cls, path: str | Path, *, classifications: Classifications | None = None, lenient: bool = False
    ) -> Contract:
        """Read a contract from a YAML (or JSON) file of at most 4 MB, of version 3.0 to 3.2 of the standard.

        Nothing in it is executed, and nothing that it refers to is fetched.

        Parameters
        ----------
        path: str or Path
            The file.
        classifications: Classifications, optional
            How classifications and tags are judged: your organization's own levels, and what becomes of one that is
            not known. By default by words that many use; one that is not known restricts.
        lenient: bool
            Whether keys that the standard does not know, of older versions or of other tools, are ignored with a
            warning that names them. By default they are refused.

        Raises
        ------
        ContractError
            If the file is missing, is not YAML, breaks the standard's JSON schema, or promises what a lake
            cannot hold; the message starts with the file's name and names the place inside. It is the first mistake;
            `lake contract check` lists all.

        Example
        -------
            >>> contract = Contract.from_file("contracts/flights.odcs.yaml")
            >>> contract["flights"].primary_key
        """
        try:
            return cls.from_text(read_text(Path(path)), classifications=classifications, lenient=lenient)
        except ContractError as error:
            raise ContractError(f"{path}: {error}") from None

    @classmethod
    @checked_function
    def from_text(cls, text: str, *, classifications: Classifications | None = None, lenient: bool = False) -> Contract:
        """Read a contract from YAML text; see `from_file`."""
        judge = classifications or Classifications()
        document = load(text)
        ignored: list[Finding] = []
        if lenient:
            document, ignored = without_unknown_keys(document)
        for finding in validate(document):
            raise ContractError(str(finding))
        reading = read_document(document, judge)
        for finding in reading.errors:
            raise ContractError(str(finding))
        # A lake is built of datasets, and warns of what it finds with them.
        unknown = (Note(place=finding.place, text=finding.message, warning=True) for finding in ignored)
        notes = (*unknown, *draft_notes(text), *reading.notes)
        warnings = [note for note in notes if note.warning]
        datasets = tuple(evolve(dataset, notes=(*warnings, *dataset.notes)) for dataset in reading.datasets)
        return cls(
            id=document["id"],
            version=document["version"],
            datasets=datasets,
            notes=notes,
            classifications=judge,
        )

    @classmethod
    @checked_function
    def from_directory(
        cls,
        path: str | Path,
        *,
        pattern: str = "**/*.odcs.yaml",
        classifications: Classifications | None = None,
        lenient: bool = False,
    ) -> tuple[Contract, ...]:
        """Read every contract of a folder, in the order of their paths.

        Parameters
        ----------
        path: str or Path
            Folder.
        pattern: str
            Which files. By default those called `*.odcs.yaml`, in folders below as well.
        classifications: Classifications, optional
            How classifications and tags are judged; see `from_file`.
        lenient: bool
            Whether keys that the standard does not know are ignored; see `from_file`. By default they are refused.

        Raises
        ------
        ContractError
            If there is no such file, or if some cannot be read: with a line for each of them.
        """
        files = sorted(Path(path).glob(pattern))
        if not files:
            raise ContractError(f"{path}: has no contract; none of its files is called {pattern}")
        contracts, errors = [], []
        for file in files:
            try:
                contracts.append(cls.from_file(file, classifications=classifications, lenient=lenient))
            except ContractError as error:
                errors.append(str(error))
        if errors:
            raise ContractError("\n".join(errors))
        return tuple(contracts)

    def __getitem__(self, name: str) -> Dataset:
        for dataset in self.datasets:
            if dataset.name == name:
                return dataset
        known = ", ".join(dataset.name for dataset in self.datasets) or "none"
        raise ContractError(f"contract '{self.id}' has no dataset '{name}'; it has {known}")

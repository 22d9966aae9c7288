"""Report of every mistake in a contract, not only the first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from attrs import Factory, define

from lake_blueprints.contracts.errors import ContractError
from lake_blueprints.contracts.findings import Finding
from lake_blueprints.contracts.governance import Note

# A line that quotes names of a stranger stays a line.
_LONGEST = 600


@define
class Report:
    """Errors and notes of a contract, or of one of its schema objects.

    Parameters
    ----------
    errors: list of Finding
        Why it cannot be compiled. By default nothing.
    notes: list of Note
        What is treated otherwise than its author may expect. By default nothing.
    """

    errors: list[Finding] = Factory(list)
    notes: list[Note] = Factory(list)

    def fail(self, place: str, text: str) -> None:
        """Record why the contract cannot be compiled."""
        self.errors.append(Finding(place, _line(text)))

    def warn(self, place: str, text: str) -> None:
        """Note something that is worth a synth warning."""
        self.notes.append(Note(place=place, text=_line(text), warning=True))

    def inform(self, place: str, text: str) -> None:
        """Note something for the data dictionary."""
        self.notes.append(Note(place=place, text=_line(text)))

    @contextmanager
    def at(self, place: str) -> Iterator[None]:
        """Record a ContractError of the block as an error at that place, and go on after the block."""
        try:
            yield
        except ContractError as error:
            self.fail(place, str(error))


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"

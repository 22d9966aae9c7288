"""One thing to know about a contract, as data."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

Level = Literal["error", "warning", "info"]


@frozen
class Finding:
    """One thing to know about a contract.

    Parameters
    ----------
    place: str
        Where it stands in the contract, for instance `schema[0].properties[2].logicalType`. Empty if it is about
        the file, or if the message says the line.
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

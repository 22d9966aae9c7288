"""Results of a run, of which the summary and the report are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from examples.demo.errors import DemoError
from examples.orders.places import Fact

SHOP = "the shop"


@dataclass(frozen=True, kw_only=True)
class Written:
    """Work of the writer: changes, transactions and seconds."""

    changes: int
    transactions: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class AddedColumn:
    """A column that no contract declares, and how many rows have a value in it, by place; None: it is not there."""

    name: str
    rows: dict[str, int | None]


@dataclass(frozen=True, kw_only=True)
class Erased:
    """A customer who is nowhere any more.

    `deleted` rows were the shop's; `versions` of objects held the customer after that, and were written again or
    removed.
    """

    name: str
    deleted: int
    versions: int


@dataclass(kw_only=True)
class Results:
    """Results of a run."""

    rows: int = 0
    written: Written | None = None
    position: str = ""
    # By place, then by table and by status.
    totals: dict[str, dict[str, Fact]] = field(default_factory=dict)
    answers: dict[str, dict[str, Fact]] = field(default_factory=dict)
    # Seconds, by place.
    lags: dict[str, float] = field(default_factory=dict)
    ages: dict[str, float] = field(default_factory=dict)
    column: AddedColumn | None = None
    erased: Erased | None = None

    def check(self) -> None:
        """Refuse numbers that are not the shop's.

        Raises
        ------
        DemoError
            With the first that differs.
        """
        for place, facts in self.totals.items():
            _compare(place, facts, {name: self.totals[SHOP][name] for name in facts})
        for place, facts in self.answers.items():
            _compare(place, facts, self.answers[SHOP])


def _compare(place: str, found: Mapping[str, Fact], right: Mapping[str, Fact]) -> None:
    for name in found.keys() | right.keys():
        if found.get(name) != right.get(name):
            raise DemoError(f"{place} has {found.get(name)} of {name}, and {SHOP} {right.get(name)}")

"""Results of a run, of which the summary and the report are made."""

from __future__ import annotations

from dataclasses import dataclass, field

from examples.demo.queries import Answer
from examples.flights.account import Account
from examples.flights.history import History
from examples.flights.model import Model
from examples.flights.questions import Question


@dataclass
class Results:
    """Results of a run."""

    months: int
    corrupt: int
    answers: dict[str, tuple[Question, Answer]] = field(default_factory=dict)
    raw_bytes: dict[str, int] = field(default_factory=dict)
    unanswerable: list[str] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    states: dict[str, float] = field(default_factory=dict)
    checked_cells: int = 0
    history: History | None = None
    model: Model | None = None

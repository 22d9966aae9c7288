"""Notes: what is worth a warning is said once."""

from __future__ import annotations

import aws_cdk as cdk
from attrs import evolve

from lake_blueprints.contracts import Dataset, Note
from lake_blueprints.lake import DataLake
from tests.support import warnings_of


def test_warnings_of_a_contract_are_shown_once(stack: cdk.Stack, passengers: Dataset, seats: Dataset) -> None:
    shared = Note(place="servers[0]", text="a kafka server is ignored", warning=True)
    quiet = Note(place="team", text="kept for the dictionary")
    own = Note(place="schema[1]", text="text has no limit", warning=True)
    first = evolve(passengers, notes=(shared, quiet))
    second = evolve(seats, notes=(shared, own), governance=passengers.governance)
    DataLake(stack, "Lake", datasets=[first, second])
    found = [text.partition(" [ack:")[0] for text in warnings_of(stack)]
    assert found == [
        "contract 'passengers-1': servers[0]: a kafka server is ignored",
        "contract 'passengers-1': schema[1]: text has no limit",
    ]

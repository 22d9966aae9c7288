"""Notes: what is worth a warning is said once."""

from __future__ import annotations

import aws_cdk as cdk
from attrs import evolve

from lake_blueprints.contracts import Classifications, Column, Contract, Dataset, Masking, Note
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


def test_a_classification_in_code_that_is_not_known_is_shown(stack: cdk.Stack) -> None:
    columns = [
        Column(name="a", type="int", classification="Green"),
        Column(name="b", type="int", classification="Green", classifications=Classifications(harmless=["green"])),
        Column(name="c", type="int", classification="Green", masking=Masking.NONE),
    ]
    DataLake(stack, "Lake", datasets=[Dataset(name="x", columns=columns)])
    (found,) = [text.partition(" [ack:")[0] for text in warnings_of(stack)]
    assert found.startswith("dataset 'x': column 'a': classification 'Green' is neither known nor declared, so 'a' is ")


def test_a_classification_of_a_contract_that_is_not_known_is_shown_once(stack: cdk.Stack) -> None:
    text = "{apiVersion: v3.2.0, kind: DataContract, id: i, version: 1.0.0, schema: [{name: x, properties: ["
    text += "{name: a, logicalType: string, classification: Green}]}]}"
    DataLake(stack, "Lake", datasets=Contract.from_text(text).datasets)
    (found,) = warnings_of(stack)
    assert found.startswith("contract 'i': schema[0].properties[0].classification: classification 'Green' is neither")

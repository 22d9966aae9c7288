"""Datasets of several contracts together."""

from __future__ import annotations

import pytest

from lake_blueprints.contracts import Column, ContractError, Dataset
from lake_blueprints.contracts.by_name import by_name

FLIGHTS = Dataset(name="flights", columns=[Column(name="id", type="int")])


def test_each_is_found_under_its_name() -> None:
    assert by_name([FLIGHTS]) == {"flights": FLIGHTS}


def test_refuses_two_of_one_name_whichever_contracts_they_are_from() -> None:
    with pytest.raises(ContractError, match="'datasets' has two named 'flights'; rename one"):
        by_name([FLIGHTS, FLIGHTS])


def test_refuses_none() -> None:
    with pytest.raises(ContractError, match="'datasets' must hold at least one dataset, got none"):
        by_name([])

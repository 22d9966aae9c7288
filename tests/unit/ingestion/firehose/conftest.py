"""A dataset whose records call its columns something else."""

from __future__ import annotations

import pytest

from lake_blueprints.contracts import Column, Dataset


@pytest.fixture
def flights() -> Dataset:
    return Dataset(
        name="flights",
        columns=[
            Column(name="carrier_code", type="string", source="Carrier-Code"),
            Column(name="delay", type="double"),
            Column(name="origin", type="string", source='The "Origin"'),
            Column(name="month", type="int"),
        ],
        partition_keys=["origin", "month"],
    )

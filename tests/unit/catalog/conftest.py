"""A dataset with every kind of column that tables treat differently."""

from __future__ import annotations

import pytest

from lake_blueprints.contracts import Column, Constraints, Dataset, Masking


@pytest.fixture
def flights() -> Dataset:
    return Dataset(
        name="flights",
        description="Every flight.",
        classification="internal",
        version="1.2.0",
        columns=[
            Column(name="carrier_code", type="string", source="Carrier-Code", description="Two\nletters."),
            Column(name="delay", type="double", classification="restricted", masking=Masking.NONE),
            Column(name="origin", type="string", source="ORIGIN"),
            Column(name="legs", type="array<struct<dest:string,miles:int>>"),
            Column(name="month", type="int", constraints=Constraints(minimum=1, maximum=12)),
        ],
        partition_keys=["month"],
    )

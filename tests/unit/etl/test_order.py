"""The order of curation."""

from __future__ import annotations

import pytest

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.etl import Curation, ReferenceJoin, in_waves

DATASETS = {
    name: Dataset(name=name, columns=[Column(name="id", type="int"), Column(name=f"{name}_value", type="int")])
    for name in ("flights", "weather", "stations", "airlines")
}


def joining(*names: str) -> Curation:
    joins = [ReferenceJoin(reference=DATASETS[name], on=["id"], columns=[f"{name}_value"]) for name in names]
    return Curation(joins=joins)


def waves(**curations: Curation) -> list[list[str]]:
    return [[dataset.name for dataset in wave] for wave in in_waves(DATASETS, curations)]


def test_without_joins_all_go_together() -> None:
    assert waves() == [["flights", "weather", "stations", "airlines"]]


def test_each_follows_all_that_it_joins() -> None:
    assert waves(flights=joining("weather", "airlines"), weather=joining("stations")) == [
        ["stations", "airlines"],
        ["weather"],
        ["flights"],
    ]


def test_refuses_a_circle() -> None:
    with pytest.raises(ValueError, match="join in a circle: flights -> weather -> flights; break it"):
        waves(flights=joining("weather"), weather=joining("flights"))

"""The order of curation."""

from __future__ import annotations

import pytest

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.processing.curation import Curation, ReferenceJoin, dependency_levels

DATASETS = {
    name: Dataset(name=name, columns=[Column(name="id", type="int"), Column(name=f"{name}_value", type="int")])
    for name in ("flights", "weather", "stations", "airlines")
}


def joining(*names: str) -> Curation:
    joins = [ReferenceJoin(reference=DATASETS[name], on=["id"], columns=[f"{name}_value"]) for name in names]
    return Curation(joins=joins)


def waves(**curations: Curation) -> list[list[str]]:
    return [[dataset.name for dataset in wave] for wave in dependency_levels(DATASETS, curations)]


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


def chain(length: int) -> tuple[dict[str, Dataset], dict[str, Curation]]:
    """Return datasets each of which joins the one before it."""
    datasets = [
        Dataset(name=f"d{at}", columns=[Column(name="id", type="int"), Column(name=f"v{at}", type="int")])
        for at in range(length)
    ]
    curations = {
        f"d{at}": Curation(joins=[ReferenceJoin(reference=datasets[at - 1], on=["id"], columns=[f"v{at - 1}"])])
        for at in range(1, length)
    }
    return {dataset.name: dataset for dataset in datasets}, curations


def test_a_chain_of_joins_may_be_as_long_as_it_likes() -> None:
    datasets, curations = chain(1_100)
    assert [[found.name for found in wave] for wave in dependency_levels(datasets, curations)] == [
        [name] for name in datasets
    ]


def test_refuses_a_long_circle_in_one_short_line() -> None:
    datasets, curations = chain(1_100)
    curations["d0"] = Curation(joins=[ReferenceJoin(reference=datasets["d1099"], on=["id"], columns=["v1099"])])
    with pytest.raises(ValueError, match=r"^'curations' join in a circle: d0 -> d1099 -> .*") as raised:
        dependency_levels(datasets, curations)
    assert str(raised.value).endswith("-> 1090 more -> d0; break it")
    assert len(str(raised.value)) < 200

"""Hyperparameters from the tags of columns."""

from __future__ import annotations

import pytest

from lake_blueprints.contracts import Column, ContractError, Dataset
from lake_blueprints.machine_learning.training import hyperparameters_from_tags


def dataset(**tags: str) -> Dataset:
    columns = [Column(name=name, type="string", tags=[tag]) for name, tag in tags.items()]
    return Dataset(name="flights", columns=[*columns, Column(name="id", type="int")])


def test_tags_say_what_is_learnt_from_what() -> None:
    task = hyperparameters_from_tags(
        dataset(delay="target", carrier="feature", hour="feature", at="event-time", plane="other")
    )
    assert task == {"target": "delay", "features": "carrier,hour", "time_column": "at"}


def test_a_dataset_without_a_target_has_no_task() -> None:
    assert hyperparameters_from_tags(dataset(carrier="feature", at="event-time")) is None


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ({"a": "target", "at": "event-time"}, "'flights' has a column tagged 'target' but none tagged 'feature'"),
        (
            {"a": "target", "b": "target", "c": "feature", "at": "event-time"},
            "a model needs one column tagged 'target'; dataset 'flights' has a, b",
        ),
        ({"a": "target", "c": "feature"}, "needs one column tagged 'event-time'; dataset 'flights' has none"),
    ],
    ids=["no feature", "two targets", "no time"],
)
def test_refuses_tags_that_make_no_task(tags: dict[str, str], message: str) -> None:
    with pytest.raises(ContractError, match=message):
        hyperparameters_from_tags(dataset(**tags))

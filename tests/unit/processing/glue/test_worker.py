"""Worker: Glue's own rules for the size of a job."""

from __future__ import annotations

from typing import Any

import pytest

from lake_blueprints.processing.glue import Worker, WorkerType


def test_is_two_small_workers_of_glue_5_1_by_default() -> None:
    worker = Worker()
    assert (worker.glue_version, worker.type, worker.count, worker.execution_class) == ("5.1", "G.1X", 2, "STANDARD")


def test_flex_uses_spare_capacity() -> None:
    assert Worker(type=WorkerType.G_2X, flex=True).execution_class == "FLEX"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"glue_version": "2.0"}, "'glue_version' must be one of 4.0, 5.0, 5.1, 6.0, got '2.0'"),
        ({"count": 1}, "'count' must be 2 to 299 workers, got 1"),
        ({"count": 300}, "'count' must be 2 to 299 workers, got 300"),
        ({"type": WorkerType.G_4X, "flex": True}, "'flex' needs workers of type G.1X or G.2X, got G.4X"),
    ],
)
def test_refuses(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Worker(**options)

"""The watch on the places: how long an order takes to each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from examples.demo.errors import DemoError
from examples.orders.watch import Watch
from tests.postgresql import until


def test_says_for_each_place_how_long_ago_the_order_was_written() -> None:
    written = datetime.now(UTC) - timedelta(seconds=100)
    asked = iter([False, True])
    with Watch({"Athena": lambda: True, "DynamoDB": lambda: next(asked)}, written) as watch:
        until(lambda: "Athena" in watch.seconds, seconds=10)
    assert set(watch.seconds) == {"Athena", "DynamoDB"}
    assert all(seconds >= 100 for seconds in watch.seconds.values())


def test_names_the_places_to_which_the_order_never_came() -> None:
    arrived = {"OpenSearch": lambda: False, "Athena": lambda: True, "DynamoDB": lambda: False}
    never = pytest.raises(DemoError, match="an order has not arrived: DynamoDB, OpenSearch")
    with never, Watch(arrived, datetime.now(UTC)):
        pass


def test_passes_on_what_a_place_says_is_wrong() -> None:
    def fails() -> bool:
        raise DemoError("Athena: no such table")

    with pytest.raises(DemoError, match="no such table"), Watch({"Athena": fails}, datetime.now(UTC)):
        pass

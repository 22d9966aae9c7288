"""The script that loads items: values, retries, and tables that it refuses."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import Row

import lake_blueprints
from local_cloud.engines.glue import runtime

GLUE_RUNTIME = Path(runtime.__path__[0])
SCRIPT = Path(lake_blueprints.__file__).parent / "processing" / "item_load" / "scripts" / "load_items.py"


@pytest.fixture(scope="module")
def script() -> Iterator[Any]:
    sys.path.insert(0, str(GLUE_RUNTIME))
    spec = spec_from_file_location("load_items", SCRIPT)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(GLUE_RUNTIME))


class Throttled:
    """A client that takes one item at a time."""

    def __init__(self, *, takes: int = 1) -> None:
        self.takes, self.taken = takes, list[Any]()

    def batch_write_item(self, RequestItems: dict[str, list[Any]]) -> dict[str, Any]:
        ((table, requests),) = RequestItems.items()
        self.taken += requests[: self.takes]
        rest = requests[self.takes :]
        return {"UnprocessedItems": {table: rest} if rest else {}}


@pytest.mark.parametrize(
    ("value", "attribute"),
    [
        (0.1, Decimal("0.1")),
        (1e22, Decimal("1E+22")),
        (Decimal("1.10"), Decimal("1.10")),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4, 5, 6, UTC), "2026-01-02T03:04:05.000006Z"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05.000000Z"),
        (bytearray(b"\x00"), b"\x00"),
        ({"a": None, "b": [1, None]}, {"b": [1, None]}),
    ],
)
def test_values_keep_every_digit(script: Any, value: Any, attribute: Any) -> None:
    assert script.attribute(value) == attribute


def test_the_text_of_times_has_their_order(script: Any) -> None:
    times = [datetime(2026, 1, 2, 3, 4, second, part, UTC) for second in (5, 6) for part in (0, 500_000, 999_999)]
    assert sorted(map(script.attribute, times)) == [script.attribute(time) for time in times]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e300, 1e-300])
def test_refuses_numbers_that_dynamodb_cannot_hold_without_saying_them(script: Any, number: float) -> None:
    with pytest.raises(script.LoadError, match="column 'speed' has a number that DynamoDB cannot hold") as raised:
        script.item(Row(speed=number), None)
    assert str(number) not in str(raised.value).split()


@pytest.mark.parametrize(
    "expires", [datetime(2026, 1, 2, tzinfo=UTC), date(2026, 1, 2), 1767312000], ids=["time", "day", "seconds"]
)
def test_items_expire_in_seconds_since_1970(script: Any, expires: Any) -> None:
    assert script.item(Row(expires=expires), "expires") == {"expires": {"N": "1767312000"}}


def test_nulls_are_left_out_the_time_to_live_included(script: Any) -> None:
    assert script.item(Row(id="a", expires=None), "expires") == {"id": {"S": "a"}}


def test_puts_what_is_handed_back_until_all_of_it_is_taken(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script.time, "sleep", lambda _: None)
    client = Throttled()
    script.put(client, "table", [{"id": {"N": str(number)}} for number in range(25)])
    assert [request["PutRequest"]["Item"]["id"]["N"] for request in client.taken] == [*map(str, range(25))]


def test_gives_up_on_a_table_that_takes_nothing(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script.time, "sleep", lambda _: None)
    with pytest.raises(script.LoadError, match="DynamoDB took none of 1 items, at 12 attempts"):
        script.put(Throttled(takes=0), "table", [{"id": {"N": "1"}}])

"""Items of a load: values, retries, and tables that it refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import Row


@pytest.fixture(scope="module")
def items(part: Callable[[str], Any]) -> Any:
    return part("items")


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
def test_values_keep_every_digit(items: Any, value: Any, attribute: Any) -> None:
    assert items.attribute(value) == attribute


def test_the_text_of_times_has_their_order(items: Any) -> None:
    times = [datetime(2026, 1, 2, 3, 4, second, part, UTC) for second in (5, 6) for part in (0, 500_000, 999_999)]
    assert sorted(map(items.attribute, times)) == [items.attribute(time) for time in times]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e300, 1e-300])
def test_refuses_numbers_that_dynamodb_cannot_hold_without_saying_them(items: Any, number: float) -> None:
    with pytest.raises(items.LoadError, match="column 'speed' has a number that DynamoDB cannot hold") as raised:
        items.item(Row(speed=number), None)
    assert str(number) not in str(raised.value).split()


@pytest.mark.parametrize(
    "expires", [datetime(2026, 1, 2, tzinfo=UTC), date(2026, 1, 2), 1767312000], ids=["time", "day", "seconds"]
)
def test_items_expire_in_seconds_since_1970(items: Any, expires: Any) -> None:
    assert items.item(Row(expires=expires), "expires") == {"expires": {"N": "1767312000"}}


def test_nulls_are_left_out_the_time_to_live_included(items: Any) -> None:
    assert items.item(Row(id="a", expires=None), "expires") == {"id": {"S": "a"}}


def test_puts_what_is_handed_back_until_all_of_it_is_taken(items: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items.time, "sleep", lambda _: None)
    client = Throttled()
    items.write(client, "table", [{"PutRequest": {"Item": {"id": {"N": str(n)}}}} for n in range(25)])
    assert [request["PutRequest"]["Item"]["id"]["N"] for request in client.taken] == [*map(str, range(25))]


def test_gives_up_on_a_table_that_takes_nothing(items: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items.time, "sleep", lambda _: None)
    with pytest.raises(items.LoadError, match="DynamoDB took none of 1 items, at 12 attempts"):
        items.write(Throttled(takes=0), "table", [{"PutRequest": {"Item": {"id": {"N": "1"}}}}])


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (Row(a=Decimal("1.10"), b="x|y"), {"a": {"N": "1.1"}, "b": {"S": "x|y"}}),
        (Row(a=100, b=bytearray(b"\x00")), {"a": {"N": "1E+2"}, "b": {"B": b"\x00"}}),
        (Row(a=Decimal("9" * 37 + "8"), b="x"), {"a": {"N": "9" * 37 + "8"}, "b": {"S": "x"}}),
        # DynamoDB has one zero.
        (Row(a=-0.0, b="x"), {"a": {"N": "0"}, "b": {"S": "x"}}),
    ],
)
def test_keys_of_rows_are_those_that_dynamodb_lists(items: Any, row: Row, found: dict[str, Any]) -> None:
    target = items.Items(table="t", arn="a", keys=["a", "b"])
    assert items.key_of(target.key(row), ["a", "b"]) == found
    assert items.key_text({**found, "other": {"S": "z"}}, ["a", "b"]) == target.key(row)

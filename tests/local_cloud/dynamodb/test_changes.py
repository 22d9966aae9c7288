"""The history of a table: windows, earlier states, sizes."""

from __future__ import annotations

from typing import Any

import pytest

from local_cloud.engines.dynamodb.changes import Change, History, Image, size_of


def item(number: int | None) -> Image | None:
    return None if number is None else {"k": {"S": "a"}, "v": {"N": str(number)}}


def history(*changes: tuple[int, int | None, int | None]) -> History:
    keys = {"k": {"S": "a"}}
    made = [Change(micros=micros, keys=keys, old=item(old), new=item(new)) for micros, old, new in changes]
    return History(changes=made)


# What each operation leaves: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ([(10, None, 1)], [(None, 1)]),
        ([(10, 1, 2)], [(1, 2)]),
        ([(10, 1, None)], [(1, None)]),
        ([(10, None, 1), (11, 1, 2)], [(None, 2)]),
        ([(10, 1, 2), (19, 2, 3)], [(1, 3)]),
        ([(10, None, 1), (11, 1, None)], []),
        ([(10, 1, None), (11, None, 2)], [(1, 2)]),
        ([(9, None, 1), (10, 1, 2), (20, 2, 3)], [(1, 2)]),
        ([(9, None, 1), (20, 1, 2)], []),
    ],
)
def test_a_window_holds_its_start_and_not_its_end(changes: Any, found: Any) -> None:
    between = history(*changes).between(10, 20)
    assert [(change.old, change.new) for change in between] == [(item(old), item(new)) for old, new in found]


@pytest.mark.parametrize(("micros", "value"), [(9, None), (10, None), (11, 1), (12, 2), (13, None), (14, 3)])
def test_an_earlier_state(micros: int, value: int | None) -> None:
    past = history((10, None, 1), (11, 1, 2), (12, 2, None), (13, None, 3))
    now = [found for found in [item(3)] if found]
    assert past.rewind(now, lambda image: {"k": image["k"]}, micros) == [x for x in [item(value)] if x]


def test_two_changes_never_have_the_same_time() -> None:
    future = history((2**53, None, 1))
    assert future.next_micros() == 2**53 + 1


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "é"}, 2),
        ({"N": "84.84"}, 3),
        ({"N": "-1"}, 3),
        ({"N": "100"}, 2),
        ({"B": "AP8="}, 2),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["ab", "c"]}, 3),
        ({"L": [{"S": "ab"}]}, 6),
        ({"M": {"k": {"S": "ab"}}}, 7),
    ],
)
def test_the_size_of_a_value(value: dict[str, Any], size: int) -> None:
    assert size_of({"a": value}) == 1 + size

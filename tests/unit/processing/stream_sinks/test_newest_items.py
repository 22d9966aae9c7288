"""The newest record of each key in a table: whatever comes late, again or out of order changes nothing."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from lake_sinks.newest import Newest
from lake_sinks.newest_items import NewestItems

from local_cloud.cloud import LocalCloud

READINGS = [
    {"device": f"D{device}", "measured": minute, "temp": minute * 2} for device in range(5) for minute in range(9)
]


@pytest.fixture
def table(cloud: LocalCloud, request: pytest.FixtureRequest) -> str:
    name = str(request.node.name).replace("[", "-").replace("]", "")[:200]
    cloud.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "device", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "device", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def items(cloud: LocalCloud, table: str) -> dict[str, dict[str, Any]]:
    return {one["device"]["S"]: one for one in cloud.client("dynamodb").scan(TableName=table)["Items"]}


def newest_items(cloud: LocalCloud, table: str, **options: Any) -> NewestItems:
    newest = Newest(keys=["device"], event_time="measured", lifetime=options.pop("lifetime", None))
    return NewestItems(client=cloud.client("dynamodb"), table=table, newest=newest, **options)


@pytest.mark.parametrize("seed", range(3))
def test_in_any_order_and_any_batches_the_newest_record_of_each_key_stays(
    cloud: LocalCloud, table: str, seed: int
) -> None:
    draw = random.Random(seed)
    rows = [*READINGS, *draw.sample(READINGS, 20)]
    draw.shuffle(rows)
    for first in range(0, len(rows), 10):
        newest_items(cloud, table).keep(rows[first : first + 10])
    found = items(cloud, table)
    assert found.keys() == {f"D{device}" for device in range(5)}
    assert {(item["measured"]["N"], item["temp"]["N"]) for item in found.values()} == {("8", "16")}


def test_of_the_same_time_the_later_record_of_the_stream_stays(cloud: LocalCloud, table: str) -> None:
    first, corrected = ({"device": "D", "measured": 1, "temp": temp} for temp in (10, 11))
    newest_items(cloud, table).keep([first, corrected])
    assert items(cloud, table)["D"]["temp"]["N"] == "11"
    newest_items(cloud, table).keep([{**corrected, "temp": 12}])
    assert items(cloud, table)["D"]["temp"]["N"] == "12"


def test_an_item_of_another_writer_that_has_no_time_is_replaced(cloud: LocalCloud, table: str) -> None:
    cloud.client("dynamodb").put_item(TableName=table, Item={"device": {"S": "D"}, "temp": {"N": "1"}})
    newest_items(cloud, table).keep([{"device": "D", "measured": 1, "temp": 2}])
    assert items(cloud, table)["D"]["temp"]["N"] == "2"


def test_an_item_expires_some_time_after_it_was_written(cloud: LocalCloud, table: str) -> None:
    before = time.time()
    newest_items(cloud, table, time_to_live="expires", lifetime=3600).keep([{"device": "D", "measured": 1}])
    assert 3600 - 1 <= int(items(cloud, table)["D"]["expires"]["N"]) - before <= 3600 + 60


@pytest.mark.parametrize(
    ("value", "seconds"), [("2026-01-01T00:00:00.500000Z", "1767225600"), ("2026-01-01", "1767225600"), (7, "7")]
)
def test_a_column_that_says_when_an_item_expires_becomes_seconds(
    cloud: LocalCloud, table: str, value: Any, seconds: str
) -> None:
    newest_items(cloud, table, time_to_live="until").keep([{"device": "D", "measured": 1, "until": value}])
    assert items(cloud, table)["D"]["until"]["N"] == seconds


def test_what_the_table_refuses_fails_the_batch(cloud: LocalCloud) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        newest_items(cloud, "missing").keep(READINGS)


def test_a_record_that_deletes_leaves_its_key_and_time_so_that_no_older_one_comes_back(
    cloud: LocalCloud, table: str
) -> None:
    newest = Newest(keys=["device"], event_time="measured", deleted="gone")
    sink = NewestItems(client=cloud.client("dynamodb"), table=table, newest=newest, time_to_live="until")
    sink.keep([{"device": "D", "measured": 2, "temp": 1, "until": 7, "gone": True}])
    sink.keep([{"device": "D", "measured": 1, "temp": 2}])
    assert items(cloud, table)["D"] == {
        "device": {"S": "D"},
        "measured": {"N": "2"},
        "until": {"N": "7"},
        "gone": {"BOOL": True},
    }

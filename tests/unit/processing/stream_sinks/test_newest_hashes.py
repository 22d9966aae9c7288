"""The newest record of each key in a cache: whatever comes late, again or out of order changes nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import valkey
from lake_sinks.newest import Newest
from lake_sinks.newest_hashes import NewestHashes, Token, in_order

from local_cloud.cloud import LocalCloud

NAME, USER = "state", "lake"


@pytest.fixture(scope="module")
def client(cloud: LocalCloud) -> Iterator[Any]:
    """A client that signs in by IAM, as the function does."""
    service = cloud.client("elasticache")
    service.create_user(
        UserId=USER,
        UserName=USER,
        Engine="valkey",
        AccessString="on ~* &* +@all -@admin -@dangerous +info",
        AuthenticationMode={"Type": "iam"},
    )
    nobody = {"Type": "no-password-required"}
    service.create_user(
        UserId="nobody", UserName="default", Engine="valkey", AccessString="off -@all", AuthenticationMode=nobody
    )
    service.create_user_group(UserGroupId="users", Engine="valkey", UserIds=[USER, "nobody"])
    cache = service.create_serverless_cache(ServerlessCacheName=NAME, Engine="valkey", UserGroupId="users")
    at, patch = cache["ServerlessCache"]["Endpoint"], pytest.MonkeyPatch()
    for name, value in cloud.environment().items():
        if name.startswith("AWS_"):
            patch.setenv(name, value)
    with valkey.Valkey(
        host=at["Address"],
        port=at["Port"],
        ssl=True,
        ssl_check_hostname=True,
        ssl_ca_certs=str(cloud.authority),
        credential_provider=Token(cache_name=NAME, user=USER),
        decode_responses=True,
    ) as connected:
        yield connected
    patch.undo()


def hashes(client: Any, prefix: str, **options: Any) -> NewestHashes:
    common = {"keys": ["device"], "event_time": "measured"}
    return NewestHashes(client=client, prefix=prefix, newest=Newest(**{**common, **options}))


@pytest.mark.parametrize("seed", range(3))
def test_in_any_order_and_any_batches_the_newest_record_of_each_key_stays(client: Any, seed: int) -> None:
    draw = random.Random(seed)
    rows = [{"device": f"D{device}", "measured": time} for device in range(3) for time in (-20, -3, Decimal("9.5"), 10)]
    rows += draw.sample(rows, 6)
    draw.shuffle(rows)
    for first in range(0, len(rows), 5):
        hashes(client, f"seed{seed}").keep(rows[first : first + 5])
    assert {client.hget(f"seed{seed}:D{device}", "measured") for device in range(3)} == {"10"}


def test_a_newer_record_replaces_all_of_an_older_one(client: Any) -> None:
    old = {"device": "D", "measured": "2026-01-01T10:00:00.250000Z", "temp": Decimal("20.50"), "ok": True}
    new = {"device": "D", "measured": "2026-01-01T10:00:00.260000Z", "photo": b"\xff", "stops": ["A"]}
    hashes(client, "all").keep([old])
    assert client.hgetall("all:D") == {**old, "temp": "20.50", "ok": "true"}
    hashes(client, "all").keep([{**new, "photo": b"x"}])
    hashes(client, "all").keep([old])
    assert client.hgetall("all:D") == {**new, "photo": "x", "stops": '["A"]'}


def test_of_the_same_time_the_later_record_of_the_stream_stays(client: Any) -> None:
    for temp in (10, 11):
        hashes(client, "same").keep([{"device": "D", "measured": 1, "temp": temp}])
    assert client.hget("same:D", "temp") == "11"


def test_a_record_that_deletes_leaves_its_key_and_time_so_that_no_older_one_comes_back(client: Any) -> None:
    sink = hashes(client, "deleted", deleted="gone")
    sink.keep([{"device": "D", "measured": 2, "temp": 1, "gone": True}])
    sink.keep([{"device": "D", "measured": 1, "temp": 2}])
    assert client.hgetall("deleted:D") == {"device": "D", "measured": "2", "measured:order": "250002", "gone": "true"}
    sink.keep([{"device": "D", "measured": 3, "temp": 3, "gone": False}])
    assert client.hget("deleted:D", "temp") == "3"


def test_a_record_expires_after_it_was_written_and_an_older_one_does_not_prolong_it(client: Any) -> None:
    hashes(client, "brief", lifetime=600).keep([{"device": "D", "measured": 2}])
    hashes(client, "brief", lifetime=9000).keep([{"device": "D", "measured": 1}])
    assert 0 < client.ttl("brief:D") <= 600
    hashes(client, "brief").keep([{"device": "D", "measured": 3}])
    assert client.ttl("brief:D") == -1


def test_keys_of_several_columns_are_told_apart(client: Any) -> None:
    rows = [{"device": device, "place": place, "measured": 1} for device, place in (("a:b", "c"), ("a", "b:c"))]
    hashes(client, "pair", keys=["device", "place"]).keep(rows)
    assert sorted(client.scan_iter("pair:*")) == ["pair:a%3Ab:c", "pair:a:b%3Ac"]


def test_what_the_cache_refuses_fails_the_batch(client: Any) -> None:
    client.set("text:D", "of another writer")
    with pytest.raises(valkey.ResponseError, match="WRONGTYPE"):
        hashes(client, "text").keep([{"device": "D", "measured": 1}])


def test_texts_of_numbers_have_their_order() -> None:
    draw = random.Random(0)
    whole = [draw.randrange(-(10**18), 10**18) for _ in range(200)]
    parts = [Decimal(draw.randrange(-(10**20), 10**20)).scaleb(draw.randrange(-40, 20)) for _ in range(200)]
    near: list[Decimal | int] = [
        10**16,
        10**16 + 1,
        9_999_999_999_999_999,
        Decimal("0.1"),
        Decimal("0.10"),
        0,
        Decimal("-0"),
        -1,
        -12,
        -2,
    ]
    numbers: list[Decimal | int] = sorted([*whole, *parts, *near])
    texts = [in_order(number) for number in numbers]
    assert texts == sorted(texts)
    assert len(set(texts)) == len(set(numbers))

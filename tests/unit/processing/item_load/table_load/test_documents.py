"""The script that loads an index, against a real collection: values, repetition, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import Row

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.databases.opensearch import index_definition
from local_cloud.cloud import LocalCloud

ROLE = "arn:aws:iam::123456789012:role/load"
REGION = "us-east-1"
FLIGHTS = Dataset(
    name="flights",
    columns=[Column(name="id", type="bigint"), Column(name="delay", type="int"), Column(name="note", type="string")],
    primary_key=["id"],
)


@pytest.fixture(scope="module")
def documents(part: Callable[[str], Any]) -> Any:
    return part("documents")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture(scope="module")
def endpoint(cloud: LocalCloud) -> str:
    """A collection whose index `flights` the role may write."""
    serverless = cloud.client("opensearchserverless")
    permissions = ["aoss:CreateIndex", "aoss:UpdateIndex", "aoss:DescribeIndex"]
    permissions += ["aoss:WriteDocument", "aoss:ReadDocument"]
    rules = [{"ResourceType": "index", "Resource": ["index/search/flights"], "Permission": permissions}]
    policy = json.dumps([{"Principal": [ROLE], "Rules": rules}])
    serverless.create_access_policy(name="search", type="data", policy=policy)
    created = serverless.create_collection(name="search", type="SEARCH", encryptionConfig={"aWSOwnedKey": True})
    identifier = created["createCollectionDetail"]["id"]
    return str(serverless.batch_get_collection(ids=[identifier])["collectionDetails"][0]["collectionEndpoint"])


@pytest.fixture
def index(documents: Any, cloud: LocalCloud, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The index as a run of the role sees it, with the environment that the cloud gives to it."""
    for name, value in cloud._running.runtime.environment(REGION, role=ROLE).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(documents, "LONGEST_WAIT", 0.0)
    return documents.Index(endpoint, "flights", REGION)


@pytest.fixture
def target(documents: Any, index: Any, endpoint: str) -> Any:
    """The index as a store, whose searches find everything at once."""
    definition = index_definition(FLIGHTS)
    return documents.Documents(
        endpoint=endpoint, name="flights", keys=["id"], definition=definition, region=REGION, began=0.0
    )


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (Decimal("1.10"), 1.1),
        (Decimal("12345678901234567.89"), "12345678901234567.89"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4, 5, 6_000, UTC), "2026-01-02T03:04:05.006Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 6_007, UTC), "2026-01-02T03:04:05.006007Z"),
        (float("nan"), None),
        (bytearray(b"\x00"), "AA=="),
        ({"a": None, "b": [1, Decimal(2)]}, {"b": [1, 2.0]}),
        (True, True),
    ],
)
def test_values_are_those_of_json(documents: Any, value: Any, found: Any) -> None:
    assert documents.value_of(value) == found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Row(a="x|y", b="z"), Row(a="x", b="y|z")),
        (Row(a="x\\", b="y"), Row(a="x", b="\\y")),
        (Row(a="x\\|y", b="z"), Row(a="x\\", b="y|z")),
        (Row(a=datetime(2026, 1, 2, 3, 4, 5, 6_007, UTC), b=1), Row(a=datetime(2026, 1, 2, 3, 4, 5, 6_008, UTC), b=1)),
    ],
    ids=["bars", "backslashes", "both", "microseconds"],
)
def test_rows_of_different_keys_are_different_documents(documents: Any, one: Row, other: Row) -> None:
    assert documents.id_of(one.asDict(), ["a", "b"]) != documents.id_of(other.asDict(), ["a", "b"])


@pytest.mark.parametrize(
    ("row", "keys", "found"),
    [
        (Row(a="x|y\\"), ["a"], "x|y\\"),
        (Row(a="x", b=2), ["a", "b"], "x|2"),
        (
            Row(a=datetime(2026, 1, 2, tzinfo=UTC), b=date(2026, 1, 2)),
            ["a", "b"],
            "2026-01-02T00:00:00.000Z|2026-01-02",
        ),
    ],
)
def test_ids_are_the_values_of_the_key(documents: Any, row: Row, keys: list[str], found: str) -> None:
    assert documents.id_of(row.asDict(), keys) == found


def test_rows_are_documents_once_however_often_they_are_loaded(
    documents: Any, cloud: LocalCloud, endpoint: str, target: Any
) -> None:
    rows = [Row(id=n, delay=n % 7, note=f"flight {n}" if n % 2 else None) for n in range(2_500)]
    for _ in range(2):
        target.prepare()
        assert list(target.put(iter(rows))) == [2_500]
    own = cloud._running.runtime.environment(REGION)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in own.items():
            patch.setenv(name, value)
        reader = documents.Index(endpoint, "flights", REGION)
        assert reader.ask("GET", "/_count", b"")[1]["count"] == 2_500
        assert reader.ask("GET", "/_doc/7", b"")[1]["_source"] == {"id": 7, "delay": 0, "note": "flight 7"}


def test_an_index_gets_the_columns_that_it_lacks(index: Any, target: Any) -> None:
    target.prepare()
    more = [*FLIGHTS.columns, Column(name="gate", type="string")]
    index.create(index_definition(Dataset(name="flights", columns=more, primary_key=["id"])))
    assert list(target.put(iter([Row(id=1, gate="B2")]))) == [1]


def test_a_document_that_the_index_refuses_fails_the_run_without_its_values(documents: Any, target: Any) -> None:
    target.prepare()
    with pytest.raises(documents.LoadError, match="refuses 1 documents: strict_dynamic_mapping_exception") as failed:
        list(target.put(iter([Row(id=1, secret="hidden")])))
    assert "hidden" not in str(failed.value)


def test_a_role_without_data_access_fails_the_run(documents: Any, index: Any, endpoint: str) -> None:
    other = documents.Index(endpoint, "others", REGION)
    with pytest.raises(documents.LoadError, match="index 'others' cannot be defined: 403"):
        other.create(index_definition(FLIGHTS))


def test_a_busy_index_gets_again_what_it_has_not_taken(
    documents: Any, index: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[int]()
    taken = documents.Index.ask

    def busy(self: Any, method: str, path: str, body: bytes) -> Any:
        asked.append(body.count(b"\n") // 2)
        if len(asked) == 1:
            return 503, {}
        status, answer = taken(self, method, path, body)
        if len(asked) == 2:
            answer["items"][0]["index"] = {"status": 429, "error": {"type": "busy"}}
        return status, answer

    index.create(index_definition(FLIGHTS))
    monkeypatch.setattr(documents.Index, "ask", busy)
    index.put([("1", {"id": 1}), ("2", {"id": 2})])
    assert asked == [2, 2, 1]


def test_the_index_notes_what_it_holds_whatever_columns_it_gets(target: Any) -> None:
    target.prepare()
    assert target.noted() is None
    target.note("1-a")
    assert target.prepare()
    assert target.noted() == "1-a"
    target.note(None)
    assert target.noted() is None


def test_ids_are_found_page_by_page_and_deleted_once(
    documents: Any, target: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "PAGE", 100)
    target.prepare()
    rows = [Row(id=number, delay=1, note="x") for number in range(5_000, 5_350)]
    assert list(target.put(iter(rows))) == [350]
    held = list(target.held(0, 4))
    assert {target.key(row) for row in rows} <= set(held)
    assert len(held) == len(set(held))
    assert list(target.held(1, 4)) == []
    for _ in range(2):
        assert list(target.delete(iter(held))) == [len(held)]
        assert list(target.held(0, 4)) == []


def test_documents_that_an_index_cannot_tell_apart_by_its_order_are_found_on_every_page(
    documents: Any, index: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A date sorts by milliseconds, and a decimal beyond 15 digits as a double.
    held = sorted([(number // 3, f"{number}") for number in range(31)])

    def searched(self: Any, method: str, path: str, body: bytes) -> Any:
        asked = json.loads(body)
        (after,) = asked.get("search_after", [-1])
        hits = [{"_id": key, "sort": [order]} for order, key in held if order > after]
        return 200, {"hits": {"hits": hits[: asked["size"]]}}

    monkeypatch.setattr(documents.Index, "ask", searched)
    for size in (4, 5, 10, 31, 40):
        monkeypatch.setattr(documents, "PAGE", size)
        assert sorted(index.ids(["id"])) == sorted(key for _, key in held)
    monkeypatch.setattr(documents, "PAGE", 3)
    with pytest.raises(documents.LoadError, match="sorts 3 documents or more as one"):
        list(index.ids(["id"]))

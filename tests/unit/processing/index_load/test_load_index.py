"""The script that loads an index, against a real collection: values, repetition, and what is refused."""

from __future__ import annotations

import json
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
from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.databases.opensearch import index_definition
from local_cloud.cloud import LocalCloud
from local_cloud.engines.glue import runtime

GLUE_RUNTIME = Path(runtime.__path__[0])
SCRIPT = Path(lake_blueprints.__file__).parent / "processing" / "index_load" / "scripts" / "load_index.py"
ROLE = "arn:aws:iam::123456789012:role/load"
REGION = "us-east-1"
FLIGHTS = Dataset(
    name="flights",
    columns=[Column(name="id", type="bigint"), Column(name="delay", type="int"), Column(name="note", type="string")],
    primary_key=["id"],
)


@pytest.fixture(scope="module")
def script() -> Iterator[Any]:
    sys.path.insert(0, str(GLUE_RUNTIME))
    spec = spec_from_file_location("load_index", SCRIPT)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(GLUE_RUNTIME))


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture(scope="module")
def endpoint(cloud: LocalCloud) -> str:
    """A collection whose index `flights` the role may write."""
    serverless = cloud.client("opensearchserverless")
    permissions = ["aoss:CreateIndex", "aoss:UpdateIndex", "aoss:WriteDocument"]
    rules = [{"ResourceType": "index", "Resource": ["index/search/flights"], "Permission": permissions}]
    policy = json.dumps([{"Principal": [ROLE], "Rules": rules}])
    serverless.create_access_policy(name="search", type="data", policy=policy)
    created = serverless.create_collection(name="search", type="SEARCH", encryptionConfig={"aWSOwnedKey": True})
    identifier = created["createCollectionDetail"]["id"]
    return str(serverless.batch_get_collection(ids=[identifier])["collectionDetails"][0]["collectionEndpoint"])


@pytest.fixture
def index(script: Any, cloud: LocalCloud, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The index as a run of the role sees it, with the environment that the cloud gives to it."""
    for name, value in cloud._running.runtime.environment(REGION, role=ROLE).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(script, "LONGEST_WAIT", 0.0)
    return script.Index(endpoint, "flights", REGION)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (Decimal("1.10"), 1.1),
        (Decimal("12345678901234567.89"), "12345678901234567.89"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4, 5, 6_000, UTC), "2026-01-02T03:04:05.006Z"),
        (float("nan"), None),
        (bytearray(b"\x00"), "AA=="),
        ({"a": None, "b": [1, Decimal(2)]}, {"b": [1, 2.0]}),
        (True, True),
    ],
)
def test_values_are_those_of_json(script: Any, value: Any, found: Any) -> None:
    assert script.value_of(value) == found


def test_rows_are_documents_once_however_often_they_are_loaded(
    script: Any, cloud: LocalCloud, endpoint: str, index: Any
) -> None:
    definition = index_definition(FLIGHTS)
    rows = [Row(id=n, delay=n % 7, note=f"flight {n}" if n % 2 else None) for n in range(2_500)]
    for _ in range(2):
        index.create(definition)
        assert list(script.put_rows(iter(rows), index, ["id"])) == [2_500]
    own = cloud._running.runtime.environment(REGION)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in own.items():
            patch.setenv(name, value)
        reader = script.Index(endpoint, "flights", REGION)
        assert reader.ask("GET", "/_count", b"")[1]["count"] == 2_500
        assert reader.ask("GET", "/_doc/7", b"")[1]["_source"] == {"id": 7, "delay": 0, "note": "flight 7"}


def test_an_index_gets_the_columns_that_it_lacks(script: Any, index: Any) -> None:
    index.create(index_definition(FLIGHTS))
    more = [*FLIGHTS.columns, Column(name="gate", type="string")]
    index.create(index_definition(Dataset(name="flights", columns=more, primary_key=["id"])))
    assert list(script.put_rows(iter([Row(id=1, gate="B2")]), index, ["id"])) == [1]


def test_a_document_that_the_index_refuses_fails_the_run_without_its_values(script: Any, index: Any) -> None:
    index.create(index_definition(FLIGHTS))
    with pytest.raises(script.LoadError, match="refuses 1 documents: strict_dynamic_mapping_exception") as failed:
        list(script.put_rows(iter([Row(id=1, secret="hidden")]), index, ["id"]))
    assert "hidden" not in str(failed.value)


def test_a_role_without_data_access_fails_the_run(script: Any, index: Any, endpoint: str) -> None:
    other = script.Index(endpoint, "others", REGION)
    with pytest.raises(script.LoadError, match="index 'others' cannot be defined: 403"):
        other.create(index_definition(FLIGHTS))


def test_a_busy_index_gets_again_what_it_has_not_taken(
    script: Any, index: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[int]()
    taken = script.Index.ask

    def busy(self: Any, method: str, path: str, body: bytes) -> Any:
        asked.append(body.count(b"\n") // 2)
        if len(asked) == 1:
            return 503, {}
        status, answer = taken(self, method, path, body)
        if len(asked) == 2:
            answer["items"][0]["index"] = {"status": 429, "error": {"type": "busy"}}
        return status, answer

    index.create(index_definition(FLIGHTS))
    monkeypatch.setattr(script.Index, "ask", busy)
    index.put([("1", {"id": 1}), ("2", {"id": 2})])
    assert asked == [2, 2, 1]

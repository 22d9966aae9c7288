"""Domains: an unmodified client reaches them as it reaches those of AWS, and what is missing is refused by name."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable
from typing import Any

import pytest
from opensearchpy import OpenSearch
from opensearchpy.exceptions import AuthenticationException, AuthorizationException, RequestError, TransportError

from local_cloud.cloud import LocalCloud
from local_cloud.engines.opensearch.server import PACKAGE
from local_cloud.packages import OptionalPackage
from local_cloud.server.access_keys import AccessKey
from tests.local_cloud.opensearch.conftest import ROLE, Connect, client_of, signed

STRICT = {"mappings": {"dynamic": "strict", "properties": {"carrier": {"type": "keyword"}, "delay": {"type": "long"}}}}
VECTORS = {
    "settings": {"index.knn": True},
    "mappings": {"properties": {"near": {"type": "knn_vector", "dimension": 3}}},
}


def test_documents_are_indexed_and_found(domain: str, connect: Connect) -> None:
    client = connect(domain, "es")
    client.indices.create(index="strict", body=STRICT)
    client.index(index="strict", id="1", body={"carrier": "ÜA", "delay": 12}, refresh=True)
    client.index(index="strict", id="2", body={"carrier": "BA", "delay": 3}, refresh=True)
    found = client.search(index="strict", body={"query": {"range": {"delay": {"gt": 10}}}})
    assert [hit["_source"]["carrier"] for hit in found["hits"]["hits"]] == ["ÜA"]
    with pytest.raises(RequestError, match="strict_dynamic_mapping_exception"):
        client.index(index="strict", body={"other": 1})


def test_its_own_user_signs_in_with_a_password(cloud: LocalCloud, domain: str) -> None:
    assert client_of(cloud, domain, ("lake", "Secret-123")).info()["version"]["distribution"] == "opensearch"
    with pytest.raises(AuthenticationException):
        client_of(cloud, domain, ("lake", "guessed")).info()


@pytest.mark.parametrize(
    ("auth", "message"),
    [
        (lambda _: None, "User: anonymous is not authorized to perform: es:ESHttpGet"),
        (lambda _: signed(AccessKey.draw(), "es"), "The security token included in the request is invalid"),
        (lambda own: signed(AccessKey(id=own.id, secret="guessed"), "es"), "does not match the signature you provided"),
        (lambda own: signed(own, "aoss"), "Credential should be scoped to correct service"),
    ],
)
def test_strangers_are_refused(cloud: LocalCloud, domain: str, auth: Callable[[AccessKey], Any], message: str) -> None:
    client = client_of(cloud, domain, auth(cloud._running.runtime.keys.own))
    with pytest.raises(AuthorizationException, match=message):
        client.info()


@pytest.mark.parametrize(
    ("ask", "what"),
    [
        (lambda client: client.transport.perform_request("GET", "/_plugins/_security/api/roles"), "_plugins/_security"),
        (lambda client: client.transport.perform_request("PUT", "/_plugins/_ism/policies/p"), "_plugins/_ism"),
        (lambda client: client.transport.perform_request("GET", "/_osmem/clones"), "_osmem"),
        (lambda client: client.snapshot.get_repository(), "GET /_snapshot"),
        (lambda client: client.indices.create(index="vectors", body=VECTORS), r"k-NN \(knn_vector\)"),
        (
            lambda client: client.search(body={"query": {"knn": {"near": {"vector": [1], "k": 1}}}}, index="*"),
            r"\[knn\] query",
        ),
    ],
)
def test_what_the_server_lacks_is_refused_by_name(
    domain: str, connect: Connect, ask: Callable[[OpenSearch], Any], what: str
) -> None:
    with pytest.raises(RequestError, match=f"{what} is not supported by the local cloud"):
        ask(connect(domain, "es"))


def test_a_document_may_speak_of_vectors(domain: str, connect: Connect) -> None:
    client = connect(domain, "es")
    lines = '{"index":{"_index":"words","_id":"1"}}\n{"kind":"knn_vector"}\n'
    assert not client.bulk(body=lines, refresh=True)["errors"]
    assert client.index(index="words", id="2", body={"kind": "knn"})["result"] == "created"


def test_requests_of_a_role_are_recorded(cloud: LocalCloud, domain: str, connect: Connect) -> None:
    connect(domain, "es", ROLE).count(index="_all")
    calls = {(call.role, call.action, call.resource) for call in cloud._running.runtime.recording.calls}
    assert (ROLE, "es:ESHttpPost", "domain/flights/_all/_count") in calls


def test_tls_is_of_the_cloud_and_of_1_2_at_least(domain: str) -> None:
    host, _, port = domain.partition(":")
    with pytest.raises(ssl.SSLCertVerificationError):
        http.client.HTTPSConnection(host, int(port), context=ssl.create_default_context()).request("GET", "/")


def test_domains_are_apart_and_end_with_their_deletion(cloud: LocalCloud, domain: str, connect: Connect) -> None:
    service = cloud.client("opensearch")
    other = service.create_domain(DomainName="other", VPCOptions={"SubnetIds": ["subnet-1"]})
    endpoint = other["DomainStatus"]["Endpoints"]["vpc"]
    connect(domain, "es").index(index="mine", body={}, refresh=True)
    client = connect(endpoint, "es")
    assert not client.indices.exists(index="mine")
    with pytest.raises(service.exceptions.ResourceAlreadyExistsException):
        service.create_domain(DomainName="other")
    service.delete_domain(DomainName="other")
    with pytest.raises(TransportError):
        client.info()


def test_without_its_package_a_domain_is_refused_with_the_extra(
    cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local_cloud.engines.opensearch.engine.PACKAGE", OptionalPackage(module="nix", extra="search"))
    service = cloud.client("opensearch")
    with pytest.raises(service.exceptions.ValidationException, match=r"pip install 'lake-local-cloud\[search\]'"):
        service.create_domain(DomainName="nowhere")
    assert service.list_domain_names()["DomainNames"] == [{"DomainName": "flights", "EngineType": "OpenSearch"}]
    assert PACKAGE.extra == "search"


def test_a_server_that_ends_by_itself_says_that_what_it_held_is_lost(cloud: LocalCloud, connect: Connect) -> None:
    service = cloud.client("opensearch")
    endpoint = service.create_domain(DomainName="fragile")["DomainStatus"]["Endpoint"]
    client = connect(endpoint, "es")
    client.index(index="a", body={})
    (engine,) = (one for one in cloud._running._engines if type(one).__name__ == "OpenSearchEngine")
    server = next(one for arn, one in engine._domains.items() if arn.endswith("/fragile"))  # type: ignore[attr-defined]
    server._process.stop()
    with pytest.raises(TransportError, match="has ended by itself, and what it held is lost"):
        client.count(index="a")
    service.delete_domain(DomainName="fragile")

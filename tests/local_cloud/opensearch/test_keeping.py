"""Keeping: domains, collections and caches are there again after a restart, with what they held."""

from __future__ import annotations

from pathlib import Path

from local_cloud.cloud import LocalCloud
from tests.local_cloud.opensearch.conftest import client_of, make_collection, signed
from tests.local_cloud.valkey import test_caches as caches


def test_what_they_hold_is_there_after_a_restart(tmp_path: Path) -> None:
    with LocalCloud(workdir=tmp_path) as cloud:
        own = cloud._running.runtime.keys.own
        domain = cloud.client("opensearch").create_domain(DomainName="kept")["DomainStatus"]["Endpoint"]
        collection = make_collection(cloud, "kept", "SEARCH")
        client = client_of(cloud, domain, signed(own, "es"))
        client.indices.put_index_template(name="t", body={"index_patterns": ["t-*"]})
        client.index(index="a", id="1", body={"delay": 1})
        client_of(cloud, collection, signed(own, "aoss")).index(index="b", id="2", body={"delay": 2})
        caches.make(cloud)
        caches.connect(cloud, username=caches.USER, password=caches.token(cloud)).set("c", "3")
        cloud._running.keep()
    with LocalCloud(workdir=tmp_path) as cloud:
        own = cloud._running.runtime.keys.own
        client = client_of(cloud, domain, signed(own, "es"))
        assert client.get(index="a", id="1")["_source"] == {"delay": 1}
        assert client.indices.exists_index_template(name="t")
        found = client_of(cloud, collection, signed(own, "aoss")).get(index="b", id="2")
        assert found["_source"] == {"delay": 2}
        assert caches.connect(cloud, username=caches.USER, password=caches.token(cloud)).get("c") == b"3"

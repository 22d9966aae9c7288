"""Collections: they take what AWS takes, from those whom a data access policy allows it."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from opensearchpy.exceptions import AuthorizationException, NotFoundError, RequestError

from local_cloud.cloud import LocalCloud
from tests.local_cloud.opensearch.conftest import ROLE, Connect, make_collection


def test_a_role_reads_what_its_policy_names_and_nothing_else(collection: str, connect: Connect) -> None:
    own = connect(collection, "aoss")
    for index in ("flights-2026", "other"):
        own.index(index=index, id="1", body={"delay": 3})
    reader = connect(collection, "aoss", ROLE)
    assert reader.get(index="flights-2026", id="1")["_source"] == {"delay": 3}
    for ask in (
        lambda: reader.get(index="other", id="1"),
        lambda: reader.index(index="flights-2026", body={}),
        lambda: reader.indices.create(index="flights-2027"),
        reader.indices.get_alias,
        lambda: connect(collection, "aoss", f"{ROLE}-of-others").get(index="flights-2026", id="1"),
    ):
        with pytest.raises(AuthorizationException, match="Forbidden"):
            ask()


def test_a_policy_is_in_force_as_soon_as_it_changes(cloud: LocalCloud, connect: Connect) -> None:
    reader = connect(make_collection(cloud, "changing", "SEARCH"), "aoss", ROLE)
    serverless = cloud.client("opensearchserverless")
    found = serverless.get_access_policy(name="changing", type="data")["accessPolicyDetail"]
    rules = [
        {"ResourceType": "index", "Resource": ["index/changing/*"], "Permission": ["aoss:*"]},
        {"ResourceType": "collection", "Resource": ["collection/changing"], "Permission": ["aoss:*"]},
    ]
    change = {"name": "changing", "type": "data", "policy": json.dumps([{"Principal": [ROLE], "Rules": rules}])}
    with pytest.raises(serverless.exceptions.ConflictException):
        serverless.update_access_policy(**change, policyVersion="0000000000000000000000")
    serverless.update_access_policy(**change, policyVersion=found["policyVersion"])
    assert reader.indices.create(index="new")["acknowledged"]
    assert reader.indices.get_alias() == {"new": {"aliases": {}}}


@pytest.mark.parametrize("path", ["/_cluster/health", "/_nodes", "/_refresh", "/_plugins/_security/api/roles"])
def test_what_collections_do_not_have_is_not_found(collection: str, connect: Connect, path: str) -> None:
    with pytest.raises(NotFoundError):
        connect(collection, "aoss").transport.perform_request("GET", path)


def test_time_series_take_no_ids(cloud: LocalCloud, connect: Connect) -> None:
    client = connect(make_collection(cloud, "series", "TIMESERIES"), "aoss")
    assert client.index(index="a", body={"delay": 1})["result"] == "created"
    with pytest.raises(RequestError, match="Document ID is not supported"):
        client.index(index="a", id="1", body={"delay": 1})
    with pytest.raises(RequestError, match="Document ID is not supported"):
        client.bulk(body='{"index":{"_index":"a","_id":"1"}}\n{"delay":1}\n')


def test_a_collection_needs_its_policy_and_its_group(cloud: LocalCloud) -> None:
    serverless = cloud.client("opensearchserverless")
    with pytest.raises(ClientError, match="No matching security policy of encryption type found"):
        serverless.create_collection(name="bare")
    with pytest.raises(ClientError, match="must have standby replicas ENABLED"):
        serverless.create_collection_group(name="idle", standbyReplicas="DISABLED", generation="NEXTGEN")
    limits = {"minSearchCapacityInOCU": 0.0, "maxSearchCapacityInOCU": 2.0}
    asked = {"name": "idle", "standbyReplicas": "ENABLED", "generation": "NEXTGEN", "capacityLimits": limits}
    group = serverless.create_collection_group(**asked)["createCollectionGroupDetail"]
    assert {name: group[name] for name in asked} == asked
    owned = {"aWSOwnedKey": True}
    with pytest.raises(ClientError, match="has the standby replicas of its collection group"):
        serverless.create_collection(
            name="grouped", collectionGroupName="idle", standbyReplicas="DISABLED", encryptionConfig=owned
        )
    serverless.create_collection(name="grouped", collectionGroupName="idle", encryptionConfig=owned)
    with pytest.raises(ClientError, match="has collections; delete them first"):
        serverless.delete_collection_group(id=group["id"])


def test_vectors_are_refused_by_name(cloud: LocalCloud) -> None:
    with pytest.raises(ClientError, match="VECTORSEARCH is not supported by the local cloud"):
        cloud.client("opensearchserverless").create_collection(
            name="vectors", type="VECTORSEARCH", encryptionConfig={"aWSOwnedKey": True}
        )


def test_protected_collections_stay(cloud: LocalCloud) -> None:
    serverless = cloud.client("opensearchserverless")
    created = serverless.create_collection(
        name="kept", deletionProtection="ENABLED", encryptionConfig={"aWSOwnedKey": True}
    )["createCollectionDetail"]
    with pytest.raises(serverless.exceptions.ConflictException, match="protected against deletion"):
        serverless.delete_collection(id=created["id"])
    serverless.update_collection(id=created["id"], deletionProtection="DISABLED")
    serverless.delete_collection(id=created["id"])
    assert serverless.list_collections(collectionFilters={"name": "kept"})["collectionSummaries"] == []

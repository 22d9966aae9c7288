"""A cloud with domains and collections, and unmodified clients of OpenSearch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from opensearchpy import OpenSearch, Urllib3AWSV4SignerAuth

from local_cloud.cloud import LocalCloud
from local_cloud.server.access_keys import AccessKey

REGION = "us-east-1"
ROLE = "arn:aws:iam::123456789012:role/reader"

Connect = Callable[..., OpenSearch]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as running:
        yield running


def signed(key: AccessKey, service: str) -> Urllib3AWSV4SignerAuth:
    """Return what signs the requests of a client."""
    credentials = boto3.Session(key.id, key.secret, region_name=REGION).get_credentials()
    return Urllib3AWSV4SignerAuth(credentials, REGION, service)


def client_of(cloud: LocalCloud, endpoint: str, auth: Any) -> OpenSearch:
    """Return a client that trusts the cloud's authority alone."""
    certificate = str(cloud._running.runtime.authority.certificate)
    return OpenSearch(hosts=[f"https://{endpoint.removeprefix('https://')}"], http_auth=auth, ca_certs=certificate)


@pytest.fixture(scope="module")
def connect(cloud: LocalCloud) -> Connect:
    """Connect to a domain or collection, under a role if one is given."""

    def connect(endpoint: str, service: str, role: str | None = None) -> OpenSearch:
        return client_of(cloud, endpoint, signed(cloud._running.runtime.key(role), service))

    return connect


@pytest.fixture(scope="module")
def domain(cloud: LocalCloud) -> str:
    """The endpoint of a domain that keeps a user of its own."""
    user = {"MasterUserName": "lake", "MasterUserPassword": "Secret-123"}
    security = {"Enabled": True, "InternalUserDatabaseEnabled": True, "MasterUserOptions": user}
    status = cloud.client("opensearch").create_domain(DomainName="flights", AdvancedSecurityOptions=security)
    endpoint: str = status["DomainStatus"]["Endpoint"]
    return endpoint


@pytest.fixture(scope="module")
def collection(cloud: LocalCloud) -> str:
    """The endpoint of a collection whose index `flights` a role may read."""
    return make_collection(cloud, "flights", "SEARCH")


def make_collection(cloud: LocalCloud, name: str, kind: str) -> str:
    serverless = cloud.client("opensearchserverless")
    encryption = {"AWSOwnedKey": True, "Rules": [{"ResourceType": "collection", "Resource": [f"collection/{name}"]}]}
    serverless.create_security_policy(name=name, type="encryption", policy=json.dumps(encryption))
    allowed = {"ResourceType": "index", "Resource": [f"index/{name}/flights*"], "Permission": ["aoss:ReadDocument"]}
    policy = [{"Principal": [ROLE], "Rules": [allowed]}]
    serverless.create_access_policy(name=name, type="data", policy=json.dumps(policy))
    identifier = serverless.create_collection(name=name, type=kind)["createCollectionDetail"]["id"]
    found = serverless.batch_get_collection(ids=[identifier])["collectionDetails"][0]
    endpoint: str = found["collectionEndpoint"]
    return endpoint

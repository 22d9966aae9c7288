"""The guard: what a web page can send is refused, and so is what is not signed with a key of this cloud."""

from __future__ import annotations

import base64
import hashlib
import http.client
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session

from local_cloud.cloud import LocalCloud
from local_cloud.console.access import Access

REGION = "us-east-1"
EVIL = "http://evil.example"
APP = "https://app.example"
ROLE = "arn:aws:iam::123456789012:role/r"

# What a page would sign with: the key that every local cloud took before each drew its own.
GUESSED = (
    "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/{0}/aws4_request, SignedHeaders=host, Signature=" + "0" * 64
)
IN_QUERY = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=local%2F20260101%2Fus-east-1%2F{0}%2Faws4_request"
    "&X-Amz-Date=20260101T000000Z&X-Amz-Expires=604800&X-Amz-SignedHeaders=host&X-Amz-Signature=" + "0" * 64
)
TOPIC = "Action=CreateTopic&Name=planted&Version=2010-03-31"
FORM = "application/x-www-form-urlencoded"
JSON = "application/x-amz-json-1.0"


def send(
    cloud: LocalCloud, method: str, target: str, headers: dict[str, str], body: str = "", *, host: str | None = None
) -> http.client.HTTPResponse:
    """Send exactly these headers, as a browser writes them."""
    port = urlsplit(cloud.endpoint).port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", (host or "localhost:{port}").format(port=port))
    for name, value in headers.items():
        connection.putheader(name, value.format(port=port) if name == "Origin" else value)
    if body:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body.encode() if body else None)
    answer = connection.getresponse()
    answer.read()
    return answer


def assert_refused(answer: http.client.HTTPResponse) -> None:
    assert answer.status in (400, 403), answer.status
    assert not [name for name, _ in answer.getheaders() if name.lower().startswith("access-control-")]


def signed_for(service: str) -> dict[str, str]:
    return {"Authorization": GUESSED.format(service), "X-Amz-Date": "20260101T000000Z"}


# Method, target, headers, body: what the fetch of a page sends once its preflight has passed, and every request that
# needs none. Where a page's browser says where the request comes from, it is in the headers.
FROM_PAGES: dict[str, tuple[str, str, dict[str, str], str]] = {
    "fetch of a JSON API": (
        "POST",
        "/",
        {
            "Origin": EVIL,
            "Content-Type": JSON,
            "X-Amz-Target": "AWSStepFunctions.ListStateMachines",
            **signed_for("states"),
        },
        "{}",
    ),
    "fetch of a query API": ("POST", "/", {"Origin": EVIL, "Content-Type": FORM, **signed_for("sns")}, TOPIC),
    "PUT of a bucket": ("PUT", "/planted", {"Origin": EVIL, **signed_for("s3")}, ""),
    "DELETE": ("DELETE", "/planted", {"Origin": EVIL, **signed_for("s3")}, ""),
    "simple POST of text": (
        "POST",
        "/?" + IN_QUERY.format("sns"),
        {"Origin": EVIL, "Content-Type": "text/plain"},
        TOPIC,
    ),
    "simple POST of a form": ("POST", "/?" + IN_QUERY.format("sns"), {"Origin": EVIL, "Content-Type": FORM}, TOPIC),
    "simple POST of a form, no credentials": ("POST", "/", {"Origin": EVIL, "Content-Type": FORM}, TOPIC),
    "form of files": (
        "POST",
        "/planted",
        {"Origin": EVIL, "Content-Type": "multipart/form-data; boundary=b"},
        '--b\r\nContent-Disposition: form-data; name="AWSAccessKeyId"\r\n\r\nlocal\r\n--b--\r\n',
    ),
    "form in an old browser": ("POST", "/?" + IN_QUERY.format("sns"), {"Content-Type": FORM}, TOPIC),
    "form of files in an old browser": (
        "POST",
        "/planted",
        {"Content-Type": "multipart/form-data; boundary=b"},
        '--b\r\nContent-Disposition: form-data; name="AWSAccessKeyId"\r\n\r\nlocal\r\n--b--\r\n',
    ),
    "beacon": (
        "POST",
        "/_local/drain",
        {"Origin": EVIL, "Content-Type": "text/plain", "Sec-Fetch-Mode": "no-cors"},
        "x",
    ),
    "no-cors GET": ("GET", f"/?{TOPIC}&" + IN_QUERY.format("sns"), {"Sec-Fetch-Site": "cross-site"}, ""),
    "image": (
        "GET",
        f"/?{TOPIC}&" + IN_QUERY.format("sns"),
        {"Sec-Fetch-Dest": "image", "Sec-Fetch-Site": "same-site"},
        "",
    ),
    "image in an old browser": ("GET", f"/?{TOPIC}&" + IN_QUERY.format("sns"), {"Referer": EVIL}, ""),
    "image by version 2": ("GET", f"/?{TOPIC}&AWSAccessKeyId=local&Signature=x&Expires=9999999999", {}, ""),
    "image without credentials": ("GET", f"/?{TOPIC}", {}, ""),
    "sandboxed frame": ("POST", "/", {"Origin": "null", "Content-Type": FORM, **signed_for("sns")}, TOPIC),
    "page on another port": (
        "POST",
        "/",
        {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-site", "Content-Type": FORM, **signed_for("sns")},
        TOPIC,
    ),
    "page in a bucket": (
        "POST",
        "/",
        {"Origin": "http://localhost:{port}", "Content-Type": FORM, **signed_for("sns")},
        TOPIC,
    ),
    "extension": ("GET", "/_local/status", {"Origin": "chrome-extension://abc"}, ""),
    "websocket": (
        "GET",
        "/",
        {"Origin": EVIL, "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"},
        "",
    ),
    "link to the controls": ("GET", "/_local/status", {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none"}, ""),
    "link to moto's controls": ("GET", "/moto-api/", {}, ""),
    "reset of moto": ("POST", "/moto-api/reset", {"Content-Type": "text/plain"}, "x"),
    "metadata of an instance": ("GET", "/latest/meta-data/iam/security-credentials/", {}, ""),
    "two origins": ("GET", "/", {"Origin": f"{APP}, {EVIL}"}, ""),
    "link to the console": (
        "GET",
        "/_local/console",
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site"},
        "",
    ),
    "fetch of the console": ("GET", "/_local/console/stacks", {"Origin": EVIL}, ""),
    "drain by the console": ("POST", "/_local/console/drain", {"Origin": EVIL, "Content-Type": FORM}, "x"),
    "console in a frame of another port": ("GET", "/_local/console/x/tables", {"Sec-Fetch-Site": "same-site"}, ""),
    "second request in the first": (
        "POST",
        "/",
        {"Origin": EVIL, "Content-Type": "text/plain"},
        f"POST /?{TOPIC} HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ),
}
PREFLIGHTS = [
    "/",
    "/planted",
    "/planted/key",
    "/_local/drain",
    "/_local/console/drain",
    "/moto-api/reset",
    "/2015-03-31/functions",
]
REBOUND = [
    "evil.example",
    "evil.example:{port}",
    "localhost",
    "localhost:1",
    "localhost:{port}.evil.example",
    "localhost.evil.example:{port}",
    "evil-localhost:{port}",
    "evil.example/.localhost:{port}",
    "evil.example@localhost:{port}",
    "127.0.0.1.nip.io:{port}",
    "127.0.0.2:{port}",
    "localhost.:{port}",
    "localhost:{port}, evil.example",
    "[::2]:{port}",
]


@pytest.mark.parametrize("kind", FROM_PAGES)
def test_a_page_is_refused(cloud: LocalCloud, kind: str) -> None:
    assert_refused(send(cloud, *FROM_PAGES[kind]))
    assert_nothing_happened(cloud)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("target", PREFLIGHTS)
@pytest.mark.parametrize("origin", [EVIL, "null", "http://localhost:{port}", "https://evil.example:443"])
def test_a_preflight_passes_nowhere(cloud: LocalCloud, origin: str, target: str, method: str) -> None:
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization,x-amz-target"}
    assert_refused(send(cloud, "OPTIONS", target, {"Origin": origin, **asked}))
    assert_refused(send(cloud, "OPTIONS", target, asked))


@pytest.mark.parametrize("host", REBOUND)
def test_a_name_that_was_bound_to_this_machine_is_refused(cloud: LocalCloud, host: str) -> None:
    headers = {"Content-Type": FORM, **signed_for("sns")}
    answer = send(cloud, "POST", "/", headers, TOPIC, host=host)
    assert_refused(answer)
    own = cloud.access_key
    request = AWSRequest("POST", f"{cloud.endpoint}/", headers={"Content-Type": FORM}, data=TOPIC)
    request.headers["Host"] = host.format(port=urlsplit(cloud.endpoint).port)
    SigV4Auth(Credentials(own.id, own.secret), "sns", REGION).add_auth(request)
    signed = {name: value for name, value in request.headers.items() if name != "Host"}
    assert_refused(send(cloud, "POST", "/", signed, TOPIC, host=host))
    assert_nothing_happened(cloud)


def test_a_proxys_target_is_refused(cloud: LocalCloud) -> None:
    assert_refused(send(cloud, "GET", "http://evil.example/", {}))
    assert_refused(send(cloud, "GET", f"{cloud.endpoint}/", {}))


def assert_nothing_happened(cloud: LocalCloud) -> None:
    assert cloud.client("sns").list_topics()["Topics"] == []
    assert cloud.client("s3").list_buckets()["Buckets"] == []


@pytest.mark.parametrize(
    "host", ["localhost:{port}", "127.0.0.1:{port}", "LOCALHOST:{port}", "b.localhost:{port}", "b.s3.localhost:{port}"]
)
def test_this_machines_names_pass(cloud: LocalCloud, host: str) -> None:
    own, name = cloud.access_key, host.format(port=urlsplit(cloud.endpoint).port)
    request = AWSRequest("POST", f"{cloud.endpoint}/", headers={"Content-Type": FORM}, data="Action=ListTopics")
    request.headers["Host"] = name
    SigV4Auth(Credentials(own.id, own.secret), "sns", REGION).add_auth(request)
    signed = {key: value for key, value in request.headers.items() if key != "Host"}
    assert send(cloud, "POST", "/", signed, "Action=ListTopics", host=name).status == 200


# A key that no cloud knows, and a wrong secret of one that it knows.
WRONG_KEYS = [
    ("s3", "list_buckets", ("InvalidAccessKeyId", "SignatureDoesNotMatch"), 403),
    ("glue", "get_databases", ("UnrecognizedClientException", "InvalidSignatureException"), 400),
    ("lambda", "list_functions", ("UnrecognizedClientException", "InvalidSignatureException"), 403),
    ("sns", "list_topics", ("InvalidClientTokenId", "SignatureDoesNotMatch"), 403),
    ("sts", "get_caller_identity", ("InvalidClientTokenId", "SignatureDoesNotMatch"), 403),
    ("ec2", "describe_vpcs", ("InvalidClientTokenId", "SignatureDoesNotMatch"), 403),
    ("route53", "list_hosted_zones", ("InvalidClientTokenId", "SignatureDoesNotMatch"), 403),
]


@pytest.mark.parametrize(("service", "operation", "codes", "status"), WRONG_KEYS)
def test_a_wrong_key_is_refused_as_the_service_does(
    cloud: LocalCloud, service: str, operation: str, codes: tuple[str, str], status: int
) -> None:
    for key, code in zip(("local", cloud.access_key.id), codes, strict=True):
        client = boto3.client(
            service,
            region_name=REGION,
            endpoint_url=cloud.endpoint,
            aws_access_key_id=key,
            aws_secret_access_key="local",
        )
        with pytest.raises(ClientError) as caught:
            getattr(client, operation)()
        assert caught.value.response["Error"]["Code"] == code
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_changed_request_is_refused(cloud: LocalCloud) -> None:
    own = cloud.access_key
    request = AWSRequest("POST", f"{cloud.endpoint}/", headers={"Content-Type": FORM}, data="Action=ListTopics")
    SigV4Auth(Credentials(own.id, own.secret), "sns", REGION).add_auth(request)
    headers = dict(request.headers)
    assert send(cloud, "POST", "/", headers, "Action=ListTopics").status == 200
    assert send(cloud, "POST", "/", headers, TOPIC).status == 403
    assert send(cloud, "POST", "/?x=1", headers, "Action=ListTopics").status == 403
    assert send(cloud, "POST", "/x", headers, "Action=ListTopics").status == 403
    assert send(cloud, "POST", "/", {**headers, "X-Amz-Date": "20200101T000000Z"}, "Action=ListTopics").status == 403
    unsigned = {name: value for name, value in headers.items() if name != "Authorization"}
    assert send(cloud, "POST", "/", unsigned, "Action=ListTopics").status == 403
    for nonsense in ("AWS4-HMAC-SHA256", "Bearer x", "AWS local:x", GUESSED.format("sns").replace("=local/", "=/")):
        assert send(cloud, "POST", "/", {**headers, "Authorization": nonsense}, "Action=ListTopics").status == 403


class _OfIceberg(SigV4Auth):  # type: ignore[misc]
    """Signs as Iceberg's client in Java: its header with the body's hash is in Base64, and signed like any other."""

    def canonical_request(self, request: AWSRequest) -> str:
        digest = hashlib.sha256(request.body).digest()
        request.headers["X-Amz-Content-SHA256"] = base64.b64encode(digest).decode()
        return str(super().canonical_request(request)).rpartition("\n")[0] + f"\n{digest.hex()}"


def test_a_header_with_the_hash_of_the_body_stands_for_it_in_s3_alone(cloud: LocalCloud) -> None:
    own, body = cloud.access_key, "Action=ListTopics"
    request = AWSRequest("POST", f"{cloud.endpoint}/", headers={"Content-Type": FORM}, data=body.encode())
    _OfIceberg(Credentials(own.id, own.secret), "sns", REGION).add_auth(request)
    assert send(cloud, "POST", "/", dict(request.headers), body).status == 200
    assert send(cloud, "POST", "/", dict(request.headers), TOPIC).status == 403


@pytest.fixture
def s3(cloud: LocalCloud) -> Iterator[Any]:
    """S3 with one object, whose name needs every kind of encoding."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="data")
    s3.put_object(Bucket="data", Key=KEY, Body=b"content")
    yield s3
    s3.delete_bucket_cors(Bucket="data")
    for item in s3.list_objects_v2(Bucket="data")["Contents"]:
        s3.delete_object(Bucket="data", Key=item["Key"])
    s3.delete_bucket(Bucket="data")


KEY = "a b/ü(1)+~=&?#%.txt"


def signer(cloud: LocalCloud, version: str) -> Any:
    config = Config(signature_version=version, s3={"addressing_style": "path"})
    return boto3.client(
        "s3", region_name=REGION, endpoint_url=cloud.endpoint, config=config, **cloud.access_key.arguments
    )


def status_of(url: str, **request: Any) -> int:
    try:
        with urlopen(Request(url, **request)) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_presigned_url_is_good_for_its_request_and_time(cloud: LocalCloud, s3: Any, version: str) -> None:
    client = signer(cloud, version)
    url = client.generate_presigned_url("get_object", Params={"Bucket": "data", "Key": KEY})
    assert status_of(url) == 200
    assert status_of(url, headers={"Range": "bytes=0-1"}) == 206
    assert status_of(url, method="DELETE") == 403
    assert status_of(url.replace("/data/", "/date/")) == 403
    assert status_of(url.replace("Expires=", "Expires=1")) == 403
    assert status_of(url.replace(cloud.access_key.id, "local")) == 403
    past = client.generate_presigned_url("get_object", Params={"Bucket": "data", "Key": KEY}, ExpiresIn=-60)
    assert status_of(past) == 403
    upload = client.generate_presigned_url(
        "put_object", Params={"Bucket": "data", "Key": "up", "ContentType": "text/plain", "ACL": "private"}
    )
    given = {"Content-Type": "text/plain", "x-amz-acl": "private"}
    assert status_of(upload, method="PUT", data=b"up", headers=given) == 200
    assert s3.get_object(Bucket="data", Key="up")["Body"].read() == b"up"


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_presigned_form_uploads(cloud: LocalCloud, s3: Any, version: str) -> None:
    form = signer(cloud, version).generate_presigned_post("data", "form.txt")

    def post(fields: dict[str, str]) -> int:
        parts = [
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
        ]
        file = '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\ncontent\r\n--b--\r\n'
        body = "".join([*parts, file]).encode()
        return status_of(form["url"], data=body, headers={"Content-Type": "multipart/form-data; boundary=b"})

    assert post({**form["fields"], "policy": form["fields"]["policy"] + "A"}) == 403
    assert post({name: value for name, value in form["fields"].items() if "ignature" not in name}) == 403
    assert post(form["fields"]) == 204
    assert s3.get_object(Bucket="data", Key="form.txt")["Body"].read() == b"content"


def test_a_signature_in_the_query_string_is_checked_for_every_service(cloud: LocalCloud) -> None:
    own = cloud.access_key
    for secret in (own.secret, "local"):
        request = AWSRequest("GET", f"{cloud.endpoint}/?Action=ListTopics")
        SigV4QueryAuth(Credentials(own.id, secret), "sns", REGION).add_auth(request)
        answer = URLLib3Session().send(request.prepare())
        assert (answer.status_code == 403) == (secret != own.secret)


def test_only_keys_that_this_cloud_has_issued_pass(cloud: LocalCloud) -> None:
    def identity(key: str, secret: str, token: str | None = None) -> str:
        client = boto3.client(
            "sts",
            region_name=REGION,
            endpoint_url=cloud.endpoint,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
        )
        return str(client.get_caller_identity()["Arn"])

    iam = cloud.client("iam")
    role = iam.create_role(RoleName="assumed", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    given = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    assert identity(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]).endswith("assumed/session")
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        identity(given["AccessKeyId"], "guessed", given["SessionToken"])

    iam.create_user(UserName="user")
    key = iam.create_access_key(UserName="user")["AccessKey"]
    assert identity(key["AccessKeyId"], key["SecretAccessKey"]).endswith("user/user")
    iam.update_access_key(UserName="user", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        identity(key["AccessKeyId"], key["SecretAccessKey"])


PREFLIGHT = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "X-Amz-Date, range"}


def allow(s3: Any, *origins: str) -> None:
    rule = {
        "AllowedOrigins": list(origins),
        "AllowedMethods": ["GET", "PUT"],
        "AllowedHeaders": ["x-amz-*", "Range"],
        "ExposeHeaders": ["ETag"],
        "MaxAgeSeconds": 600,
    }
    s3.put_bucket_cors(Bucket="data", CORSConfiguration={"CORSRules": [rule]})


def test_a_bucket_opens_itself_to_the_origins_that_it_names(cloud: LocalCloud, s3: Any) -> None:
    allow(s3, APP, "http://*.example.org")
    for origin in (APP, "http://a.example.org"):
        answer = send(cloud, "OPTIONS", "/data/k", {"Origin": origin, **PREFLIGHT})
        assert answer.status == 200
        found = {name: value for name, value in answer.getheaders() if name.startswith(("Access", "Vary"))}
        assert found == {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Allow-Methods": "GET, PUT",
            "Access-Control-Allow-Headers": "x-amz-date, range",
            "Access-Control-Expose-Headers": "ETag",
            "Access-Control-Max-Age": "600",
            "Vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
        }
    refused: list[dict[str, str]] = [
        {"Origin": EVIL, **PREFLIGHT},
        {"Origin": "null", **PREFLIGHT},
        {"Origin": f"{APP}.evil.example", **PREFLIGHT},
        {"Origin": APP, **PREFLIGHT, "Access-Control-Request-Method": "DELETE"},
        {"Origin": APP, **PREFLIGHT, "Access-Control-Request-Headers": "authorization"},
        {"Origin": APP},
    ]
    for headers in refused:
        assert_refused(send(cloud, "OPTIONS", "/data/k", headers))
    for elsewhere in ("/", "/other/k", "/_local/drain", "/2015-03-31/functions"):
        assert_refused(send(cloud, "OPTIONS", elsewhere, {"Origin": APP, **PREFLIGHT}))


def test_a_bucket_with_rules_still_wants_a_signature(cloud: LocalCloud, s3: Any) -> None:
    allow(s3, APP)
    url = urlsplit(s3.generate_presigned_url("get_object", Params={"Bucket": "data", "Key": KEY}))
    target = f"{url.path}?{url.query}"
    answer = send(cloud, "GET", target, {"Origin": APP, "Sec-Fetch-Site": "cross-site"})
    assert (answer.status, answer.getheader("Access-Control-Allow-Origin")) == (200, APP)
    assert send(cloud, "GET", url.path, {"Origin": APP}).status == 403
    assert_refused(send(cloud, "GET", target, {"Origin": EVIL}))
    allow(s3, "*")
    assert send(cloud, "GET", target, {"Origin": EVIL}).getheader("Access-Control-Allow-Origin") == "*"
    assert send(cloud, "GET", quote(f"/data/{KEY}"), {"Origin": EVIL}).status == 403


def test_the_origins_of_a_bucket_reach_no_other_service(cloud: LocalCloud, s3: Any) -> None:
    allow(s3, "*")
    own = cloud.access_key
    rule = {"AllowedOrigins": ["*"], "AllowedMethods": ["POST"], "AllowedHeaders": ["*"]}
    s3.put_bucket_cors(Bucket="data", CORSConfiguration={"CORSRules": [rule]})
    request = AWSRequest("POST", f"{cloud.endpoint}/data", headers={"Content-Type": FORM}, data=TOPIC)
    SigV4Auth(Credentials(own.id, own.secret), "sns", REGION).add_auth(request)
    assert send(cloud, "POST", "/data", {**dict(request.headers), "Origin": APP}, TOPIC).status == 403
    assert cloud.client("sns").list_topics()["Topics"] == []


def test_no_answer_to_a_program_carries_a_cors_header(cloud: LocalCloud, s3: Any) -> None:
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "data", "Key": KEY})
    with urlopen(url) as answer:
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_any_key_is_taken_only_by_a_cloud_that_is_started_so(tmp_path: Path, cloud: LocalCloud) -> None:
    cloud.stop()
    try:
        with LocalCloud(workdir=tmp_path, any_credentials=True) as open_cloud:
            client = boto3.client(
                "sns",
                region_name=REGION,
                endpoint_url=open_cloud.endpoint,
                aws_access_key_id="local",
                aws_secret_access_key="local",
            )
            assert client.list_topics()["Topics"] == []
            for kind in ("fetch of a query API", "no-cors GET", "image without credentials", "websocket", "beacon"):
                assert_refused(send(open_cloud, *FROM_PAGES[kind]))
            assert_refused(send(open_cloud, "POST", "/", signed_for("sns"), TOPIC, host="evil.example:{port}"))
            assert_nothing_happened(open_cloud)
    finally:
        cloud.start()


def test_each_cloud_draws_its_own_key(cloud: LocalCloud, tmp_path: Path) -> None:
    before = cloud.access_key
    cloud.stop()
    cloud.start()
    assert cloud.access_key != before
    assert len(cloud.access_key.secret) == 60
    assert cloud.access_key.secret not in repr(cloud.access_key)
    assert cloud.environment()["AWS_SECRET_ACCESS_KEY"] == cloud.access_key.secret


def test_nobody_else_can_enter_the_folders_or_read_the_files(tmp_path: Path, cloud: LocalCloud) -> None:
    cloud.stop()
    try:
        folder = tmp_path / "work"
        folder.mkdir()
        folder.chmod(0o777)
        with LocalCloud(workdir=folder) as private:
            assert folder.stat().st_mode & 0o777 == 0o700
            assert private._running.runtime.cache.stat().st_mode & 0o777 == 0o700
    finally:
        cloud.start()


def function(cloud: LocalCloud, code: str) -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("index.py", code)
    created = cloud.client("lambda").create_function(
        FunctionName="f",
        Runtime="python3.12",
        Role=ROLE,
        Handler="index.handler",
        Code={"ZipFile": archive.getvalue()},
        Timeout=60,
    )
    return str(created["FunctionArn"])


def test_what_the_cloud_starts_finds_the_key_in_its_environment(cloud: LocalCloud) -> None:
    assume = json.dumps({"Version": "2012-10-17", "Statement": []})
    cloud.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=assume)
    arn = function(
        cloud,
        "import boto3, os\n"
        "def handler(event, context):\n"
        "    mask = os.umask(0)\n"
        "    return [boto3.client('sqs').send_message(QueueUrl=event['url'], MessageBody='x') and 'sent', mask]\n",
    )
    url = cloud.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    cloud.client("s3").create_bucket(Bucket="items")
    cloud.client("s3").put_object(Bucket="items", Key="list.json", Body=b"[1, 2]")
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "items", "Key": "list.json"}}
    states: dict[str, Any] = {
        "Function": {
            "Type": "Task",
            "Resource": arn,
            "Parameters": {"url": url},
            "ResultPath": "$.direct",
            "Next": "Invoke",
        },
        "Invoke": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": arn, "Payload": {"url": url}},
            "ResultSelector": {"payload.$": "$.Payload"},
            "ResultPath": "$.invoked",
            "Next": "Send",
        },
        "Send": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {"QueueUrl": url, "MessageBody": "y"},
            "ResultPath": None,
            "Next": "Sdk",
        },
        "Sdk": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:glue:getDatabases",
            "ResultPath": None,
            "Next": "Map",
        },
        "Map": {
            "Type": "Map",
            "ItemReader": {**reader, "ReaderConfig": {"InputType": "JSON"}},
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "Pass",
                "States": {"Pass": {"Type": "Pass", "End": True}},
            },
            "ResultPath": "$.items",
            "End": True,
        },
    }
    definition = json.dumps({"StartAt": "Function", "States": states})
    machine = cloud.client("stepfunctions").create_state_machine(name="m", definition=definition, roleArn=ROLE)
    assert cloud.execute(machine["stateMachineArn"]) == {
        "direct": ["sent", 0o077],
        "invoked": {"payload": ["sent", 0o077]},
        "items": [1, 2],
    }
    attributes = cloud.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    assert attributes["Attributes"]["ApproximateNumberOfMessages"] == "3"


# Of a browser in which the console is open: a GET by a link of its own, and one of its forms.
SHOWN = {"Sec-Fetch-Site": "same-origin"}
POSTED = {**SHOWN, "Origin": "http://localhost:{port}", "Content-Type": FORM}


@pytest.fixture(scope="module")
def opened(cloud: LocalCloud) -> tuple[str, str]:
    """The folder of the console's pages, and the cookie that a browser has once it has opened the console."""
    answer = send(cloud, "GET", cloud.console.removeprefix(cloud.endpoint), {"Sec-Fetch-Site": "none"})
    assert answer.status == 303
    cookie, *attributes = answer.headers["Set-Cookie"].split("; ")
    folder = answer.headers["Location"]
    assert sorted(attributes) == ["HttpOnly", f"Path={folder}", "SameSite=Strict"]
    assert cloud.console.partition("token=")[2] not in f"{folder} {cookie}"
    return folder, cookie


def test_the_console_opens_by_its_token_and_stays_open_by_its_cookie(
    cloud: LocalCloud, opened: tuple[str, str]
) -> None:
    folder, cookie = opened
    assert send(cloud, "GET", folder + "streams", {"Cookie": cookie, **SHOWN}).status == 200
    assert send(cloud, "GET", folder + "streams", {"Cookie": f"other=1; {cookie}"}).status == 200
    posted = send(cloud, "POST", folder + "drain", {"Cookie": cookie, **POSTED}, "region=us-east-1")
    assert (posted.status, posted.headers["Location"]) == (303, f"{folder}streams?drained=yes")


@pytest.mark.parametrize("page", ["", "stacks", "tables", "nothing"])
def test_a_page_of_the_console_is_nothing_without_token_and_cookie(
    cloud: LocalCloud, opened: tuple[str, str], page: str
) -> None:
    folder, cookie = opened
    name, _, value = cookie.partition("=")
    token = cloud.console.partition("token=")[2]
    for target, given in (
        (f"/_local/console/{page}", {}),
        (f"/_local/console/{page}", {"Cookie": cookie}),
        (f"/_local/console/{page}?token=", {}),
        (f"/_local/console/{page}?token={token[:-1]}", {}),
        (f"/_local/console/{page}?token={value}", {}),
        (f"/_local/console/{page}?token=%C3%BC%FF", {}),
        (f"{folder}{page}", {}),
        (f"{folder}{page}", {"Cookie": f"{name}="}),
        (f"{folder}{page}", {"Cookie": f"{name}={token}"}),
        (f"{folder}{page}", {"Cookie": f"{name}=\xfc; ;=,"}),
        (f"{folder.upper()}{page}", {"Cookie": cookie}),
        (f"/_local/console/x/{page}", {"Cookie": cookie}),
        (f"/_local/console//{page}", {"Cookie": cookie}),
    ):
        answer = send(cloud, "GET", target, given)
        assert_refused(answer)
        assert "Set-Cookie" not in answer.headers
        assert "Location" not in answer.headers
        assert int(answer.headers["Content-Length"]) < 100


# A browser sends the cookie with what pages of the same site ask for: those of other ports, and of no TLS.
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "https://localhost:{port}"},
        {"Origin": "http://127.0.0.1:{port}"},
        {"Origin": "http://b.localhost:{port}"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_page_has_no_use_of_the_cookie(
    cloud: LocalCloud, opened: tuple[str, str], method: str, headers: dict[str, str]
) -> None:
    folder, cookie = opened
    target = folder + ("drain" if method == "POST" else "streams")
    assert_refused(send(cloud, method, target, {"Cookie": cookie, "Content-Type": FORM, **headers}))
    with_token = target.replace(folder, "/_local/console/") + "?" + cloud.console.partition("?")[2]
    assert_refused(send(cloud, method, with_token, headers))


def test_a_form_without_its_origin_is_refused(cloud: LocalCloud, opened: tuple[str, str]) -> None:
    folder, cookie = opened
    assert_refused(send(cloud, "POST", folder + "drain", {"Cookie": cookie, "Content-Type": FORM}))
    assert_refused(send(cloud, "POST", cloud.console.removeprefix(cloud.endpoint), POSTED))
    for method in ("PUT", "DELETE", "OPTIONS", "PATCH"):
        assert_refused(send(cloud, method, folder + "drain", {"Cookie": cookie, "Origin": "http://localhost:{port}"}))
    # An action is none of the addresses that a link can ask for.
    assert send(cloud, "GET", folder + "drain", {"Cookie": cookie}).status == 404


@pytest.mark.parametrize("host", [*REBOUND, "b.localhost:{port}", "b.s3.localhost:{port}"])
def test_the_console_has_its_own_names_only(cloud: LocalCloud, opened: tuple[str, str], host: str) -> None:
    folder, cookie = opened
    assert_refused(send(cloud, "GET", folder + "streams", {"Cookie": cookie}, host=host))
    assert_refused(send(cloud, "GET", cloud.console.removeprefix(cloud.endpoint), {}, host=host))


def test_a_page_of_the_console_cannot_be_framed_nor_load_anything(cloud: LocalCloud, opened: tuple[str, str]) -> None:
    folder, cookie = opened
    answer = send(cloud, "GET", folder + "streams", {"Cookie": cookie})
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["form-action"] == policy["connect-src"] == "'self'"
    assert policy["script-src"].startswith("'nonce-")
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "no-store"
    again = send(cloud, "GET", folder + "streams", {"Cookie": cookie})
    assert again.headers["Content-Security-Policy"] != answer.headers["Content-Security-Policy"]


def test_each_cloud_draws_its_own_secrets(cloud: LocalCloud) -> None:
    first, second = Access(), Access()
    drawn = {secret for each in (first, second) for secret in (each.token, each.folder, each.cookie)}
    assert len(drawn) == 6
    assert min(map(len, drawn)) == 43
    assert not any(secret in repr(first) for secret in drawn)


def test_an_object_that_is_a_page_runs_no_script_at_the_origin_of_the_console(cloud: LocalCloud, s3: Any) -> None:
    s3.put_object(
        Bucket="data", Key="page.html", Body=b"<script>open('/_local/console')</script>", ContentType="text/html"
    )
    for version in ("s3", "s3v4"):
        url = signer(cloud, version).generate_presigned_url("get_object", Params={"Bucket": "data", "Key": "page.html"})
        with urlopen(url) as answer:
            assert answer.headers["Content-Security-Policy"] == "sandbox"
    headers = s3.get_object(Bucket="data", Key="page.html")["ResponseMetadata"]["HTTPHeaders"]
    assert "content-security-policy" not in headers

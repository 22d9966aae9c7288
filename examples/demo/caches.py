"""Caches of Valkey in the local cloud, as an application reads them that signs in by IAM."""

from __future__ import annotations

from urllib.parse import urlencode

import valkey
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local_cloud.cloud import LocalCloud


def open_cache(cloud: LocalCloud, *, name: str, user: str) -> valkey.Valkey:
    """Return a client of a serverless cache, who has signed in as one of its users."""
    service, key = cloud.client("elasticache"), cloud.access_key
    (found,) = service.describe_serverless_caches(ServerlessCacheName=name)["ServerlessCaches"]
    query = urlencode({"Action": "connect", "User": user, "ResourceType": "ServerlessCache"})
    request = AWSRequest("GET", f"https://{name}/?{query}")
    signer = SigV4QueryAuth(Credentials(key.id, key.secret), "elasticache", service.meta.region_name, expires=900)
    signer.add_auth(request)
    return valkey.Valkey(
        host=found["Endpoint"]["Address"],
        port=found["Endpoint"]["Port"],
        username=user,
        password=str(request.url).removeprefix("https://"),
        ssl=True,
        ssl_check_hostname=True,
        ssl_ca_certs=str(cloud.authority),
        decode_responses=True,
    )

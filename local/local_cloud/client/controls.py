"""The local cloud's own addresses, below `/_local/`, which take signed requests as all others do."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local_cloud.errors import LocalCloudError
from local_cloud.server.access_keys import AccessKey


def call(endpoint: str, key: AccessKey, method: str, name: str) -> dict[str, Any]:
    """Call one of them, such as `POST drain`, and return its answer.

    Raises
    ------
    LocalCloudError
        If it fails, or nothing listens.
    """
    request = AWSRequest(method, f"{endpoint}/_local/{name}")
    SigV4Auth(Credentials(key.id, key.secret), "local", "us-east-1").add_auth(request)
    try:
        with urlopen(Request(request.url, method=method, headers=dict(request.headers))) as response:
            answer: dict[str, Any] = json.load(response)
            return answer
    except HTTPError as error:
        raise LocalCloudError(f"{name} failed: {_reason(error.read())}") from None
    except URLError as error:
        raise LocalCloudError(f"nothing answers at {endpoint}: {error.reason}") from None


def _reason(content: bytes) -> str:
    try:
        return str(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError):
        return content.decode(errors="replace")

"""Configuration of a Kafka client within the cloud, which signs in by IAM as every other does."""

from __future__ import annotations

import base64
import time
from typing import Any

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local_cloud.server.access_keys import AccessKey
from local_cloud.server.runtime import Runtime

_SECONDS = 900


def configuration(runtime: Runtime, brokers: str, *, region: str, role: str | None = None) -> dict[str, Any]:
    """Return what a client of confluent-kafka needs to reach brokers, under a role if one is given."""
    return {
        "bootstrap.servers": brokers,
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "OAUTHBEARER",
        "oauth_cb": lambda _: _token(runtime.key(role), region),
        "ssl.ca.location": str(runtime.authority.certificate),
        # It may outlive its broker, when the cloud ends, and would say so.
        "log_level": 0,
        "error_cb": lambda _: None,
    }


def _token(key: AccessKey, region: str) -> tuple[str, float]:
    # https://github.com/aws/aws-msk-iam-sasl-signer-python
    request = AWSRequest("GET", f"https://kafka.{region}.amazonaws.com/?Action=kafka-cluster%3AConnect")
    signer = SigV4QueryAuth(Credentials(key.id, key.secret), "kafka-cluster", region, expires=_SECONDS)
    signer.add_auth(request)
    signed = base64.urlsafe_b64encode(str(request.url).encode()).decode().rstrip("=")
    return signed, time.time() + _SECONDS

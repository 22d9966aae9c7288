"""The boto3 clients by which a local cloud calls itself."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from local_cloud.server.access_keys import AccessKey

# Those of the services that an app has, under a few roles; one takes about a megabyte.
_MOST: Final = 64


def client(
    endpoint: str, key: AccessKey, service: str, region: str, *, read_timeout: float = 60, session: Any = boto3
) -> Any:
    """Return a new boto3 client of the local cloud at `endpoint`, which waits for an answer for so many seconds."""
    return session.client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        **key.arguments,
        config=Config(read_timeout=read_timeout, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


class Clients:
    """Clients that are made once for each service, Region and key: making one takes longer than a call.

    Parameters
    ----------
    endpoint: str
        URL of the cloud.
    """

    def __init__(self, endpoint: str) -> None:
        self._lock = threading.Lock()
        self._made = functools.lru_cache(maxsize=_MOST)(functools.partial(client, endpoint, session=boto3.Session()))

    def get(self, key: AccessKey, service: str, region: str, *, read_timeout: float) -> Any:
        """Return a client, which serves all threads."""
        # Unlike the session: https://docs.aws.amazon.com/boto3/latest/guide/session.html#multithreading-or-multiprocessing-with-sessions
        with self._lock:
            return self._made(key, service, region, read_timeout=read_timeout)

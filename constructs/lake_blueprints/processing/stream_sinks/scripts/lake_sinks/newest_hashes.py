"""The newest record of each key, kept as a hash in a cache of Valkey."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import urlencode

import boto3
import valkey
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest

from lake_sinks.batches import Row, read_batch
from lake_sinks.dataset import Dataset
from lake_sinks.newest import Newest
from lake_sinks.texts import shown

# Looks and writes in one: nothing else is done in between. A column that the newer record lacks goes with the older.
_KEEP = """
local time = redis.call('HGET', KEYS[1], ARGV[1])
if time and time > ARGV[2] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
if ARGV[3] ~= '' then redis.call('EXPIRE', KEYS[1], ARGV[3]) end
return 1
"""
_COMPLEMENT = str.maketrans("0123456789", "9876543210")


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Keep the newest records of a batch; a batch may come twice."""
    batch = read_batch(event, _dataset())
    _hashes().keep(batch.rows)
    return batch.answer


@dataclass(frozen=True, kw_only=True)
class NewestHashes:
    """Hashes of a cache that are never replaced by older records.

    Parameters
    ----------
    client: valkey.Valkey
        Client of the cache.
    prefix: str
        First part of the keys.
    newest: Newest
        How the newest record is known.
    """

    client: Any
    prefix: str
    newest: Newest

    def keep(self, rows: Iterable[Row]) -> None:
        """Write the newest row of each key, unless the cache has a newer one; what it refuses is raised."""
        with self.client.pipeline(transaction=False) as pipeline:
            for row in self.newest.of(rows):
                self._add(pipeline, row)
            pipeline.execute()

    def _add(self, pipeline: Any, row: Row) -> None:
        time = row[self.newest.event_time]
        values = {name: value if isinstance(value, bytes) else shown(value) for name, value in row.items()}
        # A timestamp is its own order; that of numbers is beside them, since Lua has no more digits than a double.
        name, order = self.newest.event_time, values[self.newest.event_time]
        if not isinstance(time, str):
            name, order = f"{name}:order", in_order(time)
            values[name] = order
        fields = [part for field in values.items() for part in field]
        pipeline.eval(_KEEP, 1, self._key(row), name, order, self.newest.lifetime or "", *fields)

    def _key(self, row: Row) -> str:
        parts = (re.sub("[%:]", lambda sign: f"%{ord(sign[0]):02X}", shown(row[name])) for name in self.newest.keys)
        return ":".join([self.prefix, *parts])


def in_order(value: Decimal | int) -> str:
    """Return a number as text, in whose order the numbers are, exactly.

    The sign, the exponent and the digits; those of a negative number are complements to nine, and end in a letter,
    since of two of them the longer one is the smaller.
    """
    sign, digits, _ = (number := Decimal(value)).as_tuple()
    if not number:
        return "1"
    text = f"{number.adjusted() + 5000:04}{''.join(map(str, digits)).rstrip('0')}"
    return f"0{text.translate(_COMPLEMENT)}A" if sign else f"2{text}"


@dataclass(frozen=True, kw_only=True)
class Token(valkey.CredentialProvider):
    """Signs in by IAM: each connection with a token of its own, of 15 minutes.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html

    Parameters
    ----------
    cache_name: str
        Name of the serverless cache.
    user: str
        Name of the user, which is its id as well.
    """

    cache_name: str
    user: str

    def get_credentials(self) -> tuple[str, str]:
        session = boto3.Session()
        query = urlencode({"Action": "connect", "User": self.user, "ResourceType": "ServerlessCache"})
        request = AWSRequest("GET", f"https://{self.cache_name}/?{query}")
        SigV4QueryAuth(session.get_credentials(), "elasticache", session.region_name, expires=900).add_auth(request)
        return self.user, str(request.url).removeprefix("https://")


@cache
def _dataset() -> Dataset:
    return Dataset.load()


@cache
def _hashes() -> NewestHashes:
    given = os.environ
    client = valkey.Valkey(
        host=given["HOST"],
        port=int(given["PORT"]),
        ssl=True,
        # By default valkey takes the certificate of any host.
        ssl_check_hostname=True,
        credential_provider=Token(cache_name=given["CACHE"], user=given["USER_NAME"]),
        socket_connect_timeout=5,
        socket_timeout=30,
        # Between two batches the cache may have closed it.
        health_check_interval=30,
    )
    return NewestHashes(client=client, prefix=given.get("PREFIX", _dataset().name), newest=Newest.load())
